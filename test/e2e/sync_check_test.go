package e2e

import (
	"fmt"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// checked compares and says what differs, by name.
func (m *mirror) checked() map[string]string {
	m.T.Helper()
	if _, err := m.App.Sync.Check(m.T.Context(), testenv.Viewer, m.id); err != nil {
		m.T.Fatal(err)
	}

	m.Settle()
	out, after := map[string]string{}, ""
	for {
		page, err := m.App.Sync.Differences(m.T.Context(), testenv.Viewer, m.id, after, 3)
		if err != nil {
			m.T.Fatal(err)
		}
		for _, d := range page.List {
			out[d.Name] = string(d.Sign) + " " + d.What
		}
		if after = page.Next; after == "" {
			return out
		}
	}
}

// What Nuxeo drops from a title is no renaming by a person: nothing is told of it or
// written again, and a new name on Frame.io arrives.
func TestEmojiInNamesAreNoRenaming(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day := b.Frameio.AddFolder(b.Root, "Day 🌞")
	file := add(b, day, "👩\u200d👧 Cut 🎬.mov", content('a', 300))
	m := mirrored(b)
	if d := m.checked(); len(d) != 0 {
		t.Errorf("the check tells %v, want nothing", d)
	}

	if r := m.refresh(true); r.Renamed+r.Updated+r.Created+r.Failed != 0 {
		t.Errorf("the refresh wrote %+v, want nothing", r)
	}

	m.is(map[string][]byte{"/Day ": nil, "/Day / Cut ": content('a', 300)})

	b.Frameio.Rename(file, "🎬 Take.mov")
	b.Frameio.Rename(day, "Night 🌙")
	if r := m.refresh(true); r.Renamed != 2 {
		t.Errorf("the refresh renamed %d, want 2: %+v", r.Renamed, r)
	}

	m.is(map[string][]byte{"/Night ": nil, "/Night / Take": content('a', 300)})
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
		ids[name] = add(b, day, name+".mov", content(byte('a'+i), 300))
	}

	m := mirrored(b)
	if _, err := b.App.Sync.Differences(t.Context(), testenv.Viewer, m.id, "", 10); !fault.Is(err, fault.NotFound) {
		t.Errorf("the differences before a check: got %v, want not found", err)
	}

	if d := m.checked(); len(d) != 0 {
		t.Errorf("both are equal, and the check tells %v, want nothing", d)
	}

	b.Frameio.Rename(ids["Renamed"], "Called otherwise.mov")
	b.Frameio.Rename(dusk, "Dawn")
	b.Frameio.Delete(ids["Lost"])
	b.Frameio.Move(ids["Moved"], night)
	b.Frameio.SetStatus(ids["Newer"], "Approved")
	add(b, night, "Fresh.mov", content('z', 300))
	mine := map[string]any{
		"file:content": nuxeosim.Blob{Name: "x.mov", MimeType: "video/quicktime", Data: content('x', 10)},
	}

	if err := b.Nuxeo.Edit("josh", m.at(b.Folder, "Edited").UID, mine); err != nil {
		t.Fatal(err)
	}

	for _, err := range []error{
		b.Nuxeo.Trash(m.at(b.Folder, "Discarded").UID),
		b.Nuxeo.SetProps(m.at(b.Folder, "Ours").UID, map[string]any{"dc:title": "Our name"}),
		b.Nuxeo.Move(m.at(b.Folder, "Elsewhere").UID, b.Folder, ""),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}

	got := m.checked()
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

	if s := m.get(); s.State != foldersync.Active || s.Check == nil || s.Last.Why != foldersync.First {
		t.Errorf("after the check the synchronization is %+v, want it active, with a check, and its last run the first",
			s)
	}
}
