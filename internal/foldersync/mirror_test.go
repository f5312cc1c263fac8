package foldersync_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func TestATreeIsMirrored(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	a, c := testenv.Bytes('a', 500), testenv.Bytes('c', 700)
	day := b.Frameio.AddFolder(b.Root, "Day 1")
	inner := b.Frameio.AddFolder(day, "Sound")
	b.Frameio.AddFolder(b.Root, "Empty")
	file := b.Add(day, "Cut.mov", a)
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	one, two := b.Add(inner, "Mix 1.wav", testenv.Bytes('b', 600)), b.Add(inner, "Mix 2.wav", c)
	b.Frameio.Stack(one, two)
	m := b.Mirrored()
	m.Is(map[string][]byte{"/Day 1": nil, "/Day 1/Cut": a, "/Day 1/Sound": nil, "/Day 1/Sound/Mix 2": c, "/Empty": nil})
	s := m.Get()
	if s.State != foldersync.Active || s.Last.State != foldersync.Done || s.Last.Created != 2 || s.Last.Assets != 2 ||
		s.Last.Folders != 3 || s.Assets != 2 || s.Troubled != 0 {
		t.Errorf("the synchronization is %+v after %+v; want it active, with 2 assets created in 3 folders, and no "+
			"trouble", s, s.Last)
	}

	if !b.Says(m.At(m.Folder, "Cut").UID, "Too long.")() {
		t.Error("the comments: got no \"Too long.\", want it")
	}

	// one for each asset, and one for the frame rate of the commented one
	if calls := b.Frameio.Calls("files.show"); calls != 3 {
		t.Errorf("%d files were looked at, want 3", calls)
	}

	folder, _ := b.Nuxeo.Doc(b.Folder)
	if folder.Properties["frameiosync:project"] != "Film" {
		t.Errorf("the folder shows the project %v, want Film", folder.Properties["frameiosync:project"])
	}

	b.Mails(1)
}

func TestARefreshWithoutChangesWritesNothing(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day := b.Frameio.AddFolder(b.Root, "Day 1")
	for i := range 5 {
		b.Add(day, fmt.Sprintf("Cut %d.mov", i), testenv.Bytes(byte('a'+i), 300))
	}

	m := b.Mirrored()
	before := m.Below(m.Folder, "")
	b.Watch()
	if r := m.Refresh(false); r.State != foldersync.Done || r.Assets != 5 || r.Created+r.Updated+r.Unchanged+r.Renamed+
		r.Moved+r.Gone != 0 {
		t.Errorf("the refresh is %+v, want it done with 5 assets and nothing to do", r)
	}

	for _, w := range b.Writes() {
		t.Errorf("the refresh wrote %s, want no write", w)
	}

	if after := m.Below(m.Folder, ""); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("Nuxeo holds %v, want %v as before", after, before)
	}
}

func TestARefreshBringsWhatChanged(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day, night := b.Frameio.AddFolder(b.Root, "Day"), b.Frameio.AddFolder(b.Root, "Night")
	a, n := testenv.Bytes('a', 500), testenv.Bytes('n', 800)
	renamed, moved, newer := b.Add(day, "Renamed.mov", a), b.Add(day, "Moved.mov", testenv.Bytes('m', 400)),
		b.Add(day, "Newer.mov", testenv.Bytes('o', 300))
	m := b.Mirrored()
	uids := map[string]string{}
	for _, title := range []string{"Renamed", "Moved", "Newer"} {
		uids[title] = m.At(m.Folder, title).UID
	}

	b.Frameio.Rename(renamed, "Other name.mov")
	b.Frameio.Move(moved, night)
	b.Frameio.Stack(newer, b.Add(day, "Newer 2.mov", n))
	b.Frameio.Rename(day, "Morning")
	b.Frameio.AddFolder(night, "Late")
	b.Add(night, "Fresh.mov", testenv.Bytes('f', 200))
	r := m.Refresh(false)
	if r.Created != 1 || r.Updated != 1 || r.Renamed != 2 || r.Moved != 1 || r.Failed != 0 || r.Gone != 0 {
		t.Errorf("the refresh is %+v, want 1 created, 1 updated, 2 renamed, 1 moved, none failed or gone", r)
	}

	m.Is(map[string][]byte{
		"/Morning": nil, "/Morning/Other name": a, "/Morning/Newer 2": n, "/Night": nil,
		"/Night/Moved": testenv.Bytes('m', 400), "/Night/Late": nil, "/Night/Fresh": testenv.Bytes('f', 200),
	})

	for was, now := range map[string]string{"Renamed": "Other name", "Moved": "Moved", "Newer": "Newer 2"} {
		if uid := m.At(m.Folder, now).UID; uid != uids[was] {
			t.Errorf("%s is the document %s now, want %s: it was copied", was, uid, uids[was])
		}
	}

	if v := b.Nuxeo.Versions(uids["Newer"]); len(v) != 2 { // the old content and the new one
		t.Errorf("%d versions, want 2", len(v))
	}

	if again := m.Refresh(false); again.Created+again.Updated+again.Unchanged+again.Renamed+
		again.Moved+again.Gone != 0 {
		t.Errorf("once more: %+v, want nothing to do", again)
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	mine, theirs := testenv.Bytes('x', 900), testenv.Bytes('n', 700)
	for use, want := range map[string][]byte{foldersync.NuxeoWins: mine, foldersync.FrameioWins: theirs} {
		t.Run(use, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
			m := b.Mirrored()
			uid := m.At(m.Folder, "Cut").UID
			if err := b.Nuxeo.Edit("josh", uid, map[string]any{
				"file:content": nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: mine},
			}); err != nil {
				t.Fatal(err)
			}

			if r := m.Refresh(false); r.Conflicting+r.Updated != 0 {
				t.Errorf("the refresh after a change in Nuxeo alone is %+v, want no conflict and no update", r)
			}

			b.Frameio.Stack(file, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('n', 700)))
			if r := m.Refresh(false); r.Conflicting != 1 || m.Get().Conflicting != 1 {
				t.Errorf("the refresh after changes on both sides is %+v with %d conflicts in all, want 1 and 1", r,
					m.Get().Conflicting)
			}

			m.Is(map[string][]byte{"/Cut": mine}) // its name and place wait
			page, err := b.App.Sync.Troubles(t.Context(), testenv.Viewer, m.ID, "", 10)
			if err != nil || len(page.List) != 1 {
				t.Fatalf("the troubles are %v, %v; want one", page.List, err)
			}

			_, err = b.App.Sync.ResolveConflict(t.Context(), testenv.Viewer, m.ID, page.List[0].Key, use)
			if err != nil {
				t.Fatal(err)
			}

			b.Settle()
			m.Refresh(false)
			m.Is(map[string][]byte{"/Cut 2": want})
			if m.Get().Conflicting != 0 {
				t.Errorf("conflicts: got %d, want 0", m.Get().Conflicting)
			}

			if use == foldersync.FrameioWins && len(b.Nuxeo.Versions(uid)) == 0 {
				t.Error("the versions: got none, want one with what Nuxeo had")
			}
		})
	}
}

func TestWhatIsGone(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{foldersync.Keep, foldersync.Trash} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			for i := range 8 {
				b.Add(b.Root, fmt.Sprintf("Cut %d.mov", i), testenv.Bytes(byte('a'+i), 300))
			}

			lost := b.Add(b.Root, "Lost.mov", testenv.Bytes('z', 300))
			m := b.Mirrored(func(q *foldersync.Request) { q.Gone = policy })
			uid := m.At(m.Folder, "Lost").UID
			b.Nuxeo.MkDoc("/default-domain/workspaces/film/By hand", "File", nil)
			b.Frameio.Delete(lost)
			if r := m.Refresh(false); r.Gone != 1 || m.Get().Missing != 1 {
				t.Errorf("the refresh is %+v with %d missing in all, want 1 gone and 1", r, m.Get().Missing)
			}

			if d, _ := b.Nuxeo.Doc(uid); d.IsTrashed != (policy == foldersync.Trash) {
				t.Errorf("what is gone on Frame.io is in the trash: %v, want %v", d.IsTrashed,
					policy == foldersync.Trash)
			}

			if r := m.Refresh(false); r.Gone != 0 {
				t.Errorf("the next refresh is %+v, want none gone", r)
			}
		})
	}
}

func TestManyThatDisappearAreAskedFor(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day := b.Frameio.AddFolder(b.Root, "Day")
	for i := range 4 {
		b.Add(day, fmt.Sprintf("Cut %d.mov", i), testenv.Bytes(byte('a'+i), 300))
	}

	m := b.Mirrored(func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	before := fmt.Sprint(m.Below(m.Folder, ""))
	b.Frameio.Delete(day)
	r := m.Refresh(false)
	if s := m.Get(); r.State != foldersync.Stopped || s.State != foldersync.Paused ||
		!strings.Contains(s.Reason, "4 of 4") || s.Remedy == "" {
		t.Errorf("the refresh is %+v, and the synchronization %+v; want stopped and paused for 4 of 4, with a remedy",
			r, s)
	}

	if after := fmt.Sprint(m.Below(m.Folder, "")); after != before {
		t.Errorf("Nuxeo holds %s, want %s as before", after, before)
	}

	if r := m.Refresh(true); r.State != foldersync.Done || r.Gone != 4 || len(m.Below(m.Folder, "")) != 0 {
		t.Errorf("the refresh that was confirmed is %+v, and Nuxeo holds %v; want it done with 4 gone, and nothing", r,
			m.Below(m.Folder, ""))
	}
}

func TestRemovedSyncsLeaveEverything(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	a := testenv.Bytes('a', 300)
	b.Add(b.Root, "Cut.mov", a)
	m := b.Mirrored()
	if err := b.App.Sync.Remove(t.Context(), testenv.Viewer, m.ID); err != nil {
		t.Fatal(err)
	}

	b.Settle()
	m.Is(map[string][]byte{"/Cut": a})
	if _, err := b.App.Sync.Refresh(t.Context(), testenv.Viewer, m.ID, false); !fault.Is(err, fault.NotFound) {
		t.Errorf("refreshing what was removed: got %v, want not found", err)
	}

	folder, _ := b.Nuxeo.Doc(b.Folder)
	for _, f := range folder.Facets {
		if f == foldersync.Facet {
			t.Errorf("the facets of the folder: got %s, want none of ours", f)
		}
	}

	again := b.Mirrored() // what is there is taken over
	again.Is(map[string][]byte{"/Cut": a})
	if d := b.Nuxeo.Children(b.Folder); len(d) != 1 {
		t.Errorf("%d documents below the folder, want 1", len(d))
	}
}

func TestWhatCannotBeSynchronized(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	folder, _ := b.Nuxeo.Doc(b.Folder)
	below := b.Nuxeo.MkDoc(folder.Path+"/Below", "Folder", nil)
	b.Mirrored()
	for name, q := range map[string]foldersync.Request{
		"the same": b.SyncRequest(), "below": {Folder: below, Workspace: b.Workspace, Project: b.Project},
	} {
		if _, err := b.App.Sync.Add(t.Context(), "josh", q); !fault.Is(err, fault.Conflict) ||
			!strings.Contains(err.Error(), folder.Title) {
			t.Errorf("adding %s: got %v, want a conflict with %s", name, err, folder.Title)
		}
	}

	outer := b.Nuxeo.MkDoc("/default-domain/workspaces/Outer", "Folder", map[string]any{"dc:creator": "josh"})
	b.Grant("/default-domain/workspaces/Outer")
	if err := b.Nuxeo.Move(b.Folder, outer, ""); err != nil {
		t.Fatal(err)
	}

	if _, err := b.App.Sync.Add(t.Context(), "josh", foldersync.Request{
		Folder: outer, Workspace: b.Workspace,
		Project: b.Project,
	}); !fault.Is(err, fault.Conflict) {
		t.Errorf("adding a folder above: got %v, want a conflict", err)
	}

	for field, change := range map[string]func(*foldersync.Request){
		"project": func(q *foldersync.Request) {
			q.Project = "no"
		}, "frameio_folder": func(q *foldersync.Request) { q.Root = "no" },
		"folder": func(q *foldersync.Request) { q.Folder = "no" }, "every": func(q *foldersync.Request) { q.Every = 1 },
		"gone": func(q *foldersync.Request) {
			q.Gone = "burn"
		}, "media": func(q *foldersync.Request) { q.Filter.Media = []string{"smell"} },
	} {
		q := b.SyncRequest()
		q.Folder = b.Nuxeo.MkDoc("/default-domain/workspaces/"+field, "Folder", map[string]any{"dc:creator": "josh"})
		b.Grant("/default-domain/workspaces/" + field)
		change(&q)
		if _, err := b.App.Sync.Add(t.Context(), "josh", q); fault.From(err).Field != field {
			t.Errorf("a bad %s: got %+v, want this field refused", field, fault.From(err))
		}
	}
}

// A folder that people put into the trash in Nuxeo is made again when something is
// to be put into it.
func TestATrashedFolderIsMadeAgain(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day := b.Frameio.AddFolder(b.Root, "Day")
	inner := b.Frameio.AddFolder(day, "Sound")
	b.Add(inner, "Mix.wav", testenv.Bytes('a', 300))
	m := b.Mirrored()
	trashed := m.At(m.Folder, "Day").UID
	below := m.At(trashed, "Sound").UID
	if err := b.Nuxeo.Trash(trashed); err != nil {
		t.Fatal(err)
	}

	b.Comes("what is in the folder is in the trash as well", func() bool {
		d, _ := b.Nuxeo.Doc(below)
		return d.IsTrashed
	})

	b.Add(inner, "Fresh.wav", testenv.Bytes('f', 300))
	if r := m.Refresh(false); r.State != foldersync.Done || r.Created != 1 || r.Failed != 0 {
		t.Errorf("the refresh is %+v, want it done with 1 created and none failed", r)
	}

	m.Is(map[string][]byte{"/Day": nil, "/Day/Sound": nil, "/Day/Sound/Fresh": testenv.Bytes('f', 300)})
}

func TestFilters(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Add(b.Root, "Keep.mov", testenv.Bytes('a', 300))
	b.Add(b.Root, "Large.mov", testenv.Bytes('a', 3000))
	b.Add(b.Root, "Sound.wav", testenv.Bytes('a', 300))
	m := b.Mirrored(func(q *foldersync.Request) {
		q.Filter = foldersync.Filter{Name: "*.mov", Media: []string{"video"}, Most: 1000}
	})

	m.Is(map[string][]byte{"/Keep": testenv.Bytes('a', 300)})
	p, err := b.App.Sync.Preview(t.Context(), "josh", b.SyncRequest(), 0)
	if err != nil || !p.Complete || p.Assets != 3 || p.Bytes != 3600 {
		t.Errorf("the preview is %+v, %v; want it complete, with 3 assets of 3600 bytes", p, err)
	}
}

// What failed has left nothing in Nuxeo: when it goes, nobody is asked.
func TestWhatFailedMayGo(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	b.Frameio.Faults().Add(faults.Rule{Path: "^/assets/", Status: 403})
	m := b.Mirrored()
	if r := m.Get().Last; r.Failed != 1 {
		t.Fatalf("%d assets failed, want 1", r.Failed)
	}

	b.Frameio.Delete(file)
	if r := m.Refresh(false); r.State != foldersync.Done || m.Get().State != foldersync.Active {
		t.Errorf("the run ends %s and the synchronization is %s: %s; want done and active", r.State,
			m.Get().State, m.Get().Reason)
	}
}
