package foldersync_test

import (
	"fmt"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// What Nuxeo drops from a title is no renaming by a person: nothing is told of it or
// written again, and a new name on Frame.io arrives.
func TestEmojiInNamesAreNoRenaming(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day := b.Frameio.AddFolder(b.Root, "Day 🌞")
	file := b.Add(day, "👩\u200d👧 Cut 🎬.mov", testenv.Bytes('a', 300))
	m := b.Mirrored()
	if d := m.Differences(); len(d) != 0 {
		t.Errorf("the check tells %v, want nothing", d)
	}

	if r := m.Refresh(true); r.Renamed+r.Updated+r.Created+r.Failed != 0 {
		t.Errorf("the refresh wrote %+v, want nothing", r)
	}

	m.Is(map[string][]byte{"/Day ": nil, "/Day / Cut ": testenv.Bytes('a', 300)})

	b.Frameio.Rename(file, "🎬 Take.mov")
	b.Frameio.Rename(day, "Night 🌙")
	if r := m.Refresh(true); r.Renamed != 2 {
		t.Errorf("the refresh renamed %d, want 2: %+v", r.Renamed, r)
	}

	m.Is(map[string][]byte{"/Night ": nil, "/Night / Take": testenv.Bytes('a', 300)})
}

func TestACheckTellsWhatDiffers(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day, night, dusk := b.Frameio.AddFolder(b.Root, "Day"), b.Frameio.AddFolder(b.Root, "Night"),
		b.Frameio.AddFolder(b.Root, "Dusk")
	ids := map[string]string{}
	for i, name := range []string{
		"Same", "Renamed", "Lost", "Edited", "Discarded", "Newer", "Ours",
		"Elsewhere", "Moved",
	} {
		ids[name] = b.Add(day, name+".mov", testenv.Bytes(byte('a'+i), 300))
	}

	m := b.Mirrored()
	if _, err := b.App.Sync.Differences(t.Context(), testenv.Viewer, m.ID, "", 10); !fault.Is(err, fault.NotFound) {
		t.Errorf("the differences before a check: got %v, want not found", err)
	}

	if d := m.Differences(); len(d) != 0 {
		t.Errorf("both are equal, and the check tells %v, want nothing", d)
	}

	b.Frameio.Rename(ids["Renamed"], "Called otherwise.mov")
	b.Frameio.Rename(dusk, "Dawn")
	b.Frameio.Delete(ids["Lost"])
	b.Frameio.Move(ids["Moved"], night)
	b.Frameio.SetStatus(ids["Newer"], "Approved")
	b.Add(night, "Fresh.mov", testenv.Bytes('z', 300))
	mine := map[string]any{
		"file:content": nuxeosim.Blob{Name: "x.mov", MimeType: "video/quicktime", Data: testenv.Bytes('x', 10)},
	}

	if err := b.Nuxeo.Edit("josh", m.At(b.Folder, "Edited").UID, mine); err != nil {
		t.Fatal(err)
	}

	for _, err := range []error{
		b.Nuxeo.Trash(m.At(b.Folder, "Discarded").UID),
		b.Nuxeo.SetProps(m.At(b.Folder, "Ours").UID, map[string]any{"dc:title": "Our name"}),
		b.Nuxeo.Move(m.At(b.Folder, "Elsewhere").UID, b.Folder, ""),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}

	got := m.Differences()
	want := map[string]string{
		// Its metadata names it too.
		"Called otherwise.mov": "* renamed on Frame.io, changed on Frame.io",

		"Dawn":      "* renamed on Frame.io",
		"Lost.mov":  "- not on Frame.io",
		"Moved.mov": "* moved on Frame.io",
		"Newer.mov": "* changed on Frame.io",
		"Fresh.mov": "+ not in Nuxeo", "Edited.mov": "* changed in Nuxeo", "Discarded.mov": "* missing in Nuxeo",
		"Ours.mov": "* renamed in Nuxeo", "Elsewhere.mov": "* moved in Nuxeo",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v\nwant %v", got, want)
	}

	if s := m.Get(); s.State != foldersync.Active || s.Check == nil || s.Last.Why != foldersync.First {
		t.Errorf("after the check the synchronization is %+v, want it active, with a check, and its last run the first",
			s)
	}
}
