package e2e

import (
	"cmp"
	"crypto/md5"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// mirror is a folder that is synchronized with the project.
type mirror struct {
	*testenv.Bed
	id string
}

func syncRequest(b *testenv.Bed) foldersync.Request {
	return foldersync.Request{
		Folder:    b.Folder,
		Workspace: b.Workspace,
		Project:   b.Project,
		Comments:  true,
		Events:    true,
	}
}

// mirrored synchronizes the folder as josh and waits until it is.
func mirrored(b *testenv.Bed, change ...func(*foldersync.Request)) *mirror {
	b.T.Helper()
	q := syncRequest(b)
	for _, c := range change {
		c(&q)
	}

	s, err := b.App.Sync.Add(b.T.Context(), "josh", q)
	if err != nil {
		b.T.Fatal(err)
	}

	b.Settle()
	return &mirror{b, s.ID}
}

func (m *mirror) get() foldersync.Sync {
	m.T.Helper()
	s, err := m.App.Sync.Get(m.T.Context(), testenv.Viewer, m.id)
	if err != nil {
		m.T.Fatal(err)
	}
	return s
}

// refresh begins a run and waits until it has ended.
func (m *mirror) refresh(sure bool) foldersync.Run {
	m.T.Helper()
	if _, err := m.App.Sync.Refresh(m.T.Context(), testenv.Viewer, m.id, sure); err != nil {
		m.T.Fatal(err)
	}
	m.Settle()
	return *m.get().Last
}

// tree is what is below a document, by path of titles; of a document its content.
func (m *mirror) tree(uid, at string) map[string]string {
	out := map[string]string{}
	for _, d := range m.Nuxeo.Children(uid) {
		if d.IsTrashed {
			continue
		}

		where := at + "/" + d.Title
		if d.Type == "Folder" {
			out[where] = ""
			for k, v := range m.tree(d.UID, where) {
				out[k] = v
			}
			continue
		}

		data := ""
		if d.Content != nil {
			data = fmt.Sprintf("%s %d", d.Content.Digest[:6], d.Content.Length)
		}

		out[where] = data
	}

	return out
}

func (m *mirror) is(want map[string][]byte) {
	m.T.Helper()
	got := m.tree(m.Folder, "")
	for path, data := range want {
		value, ok := got[path]
		if !ok || data != nil && !strings.HasPrefix(value, md5of(data)[:6]) {
			m.T.Errorf("%s is %q (%v), want it with the content of %d bytes; there are %v", path, value, ok, len(data),
				got)
		}
		delete(got, path)
	}

	if len(got) > 0 {
		m.T.Errorf("too many documents: %v, want none besides", got)
	}
}

// at is the document with a title.
func (m *mirror) at(uid, title string) nuxeosim.DocView {
	m.T.Helper()
	all := m.Nuxeo.Children(uid)
	slices.SortStableFunc(all, func(a, b nuxeosim.DocView) int { // what is not in the trash comes first
		return cmp.Compare(strconv.FormatBool(a.IsTrashed), strconv.FormatBool(b.IsTrashed))
	})

	for _, d := range all {
		if d.Title == title {
			return d
		}
		if d.Type == "Folder" {
			for _, in := range m.Nuxeo.Children(d.UID) {
				if in.Title == title {
					return in
				}
			}
		}
	}

	m.T.Fatalf("there is no document %q, want one", title)
	return nuxeosim.DocView{}
}

func TestATreeIsMirrored(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	a, c := content('a', 500), content('c', 700)
	day := b.Frameio.AddFolder(b.Root, "Day 1")
	inner := b.Frameio.AddFolder(day, "Sound")
	b.Frameio.AddFolder(b.Root, "Empty")
	file := add(b, day, "Cut.mov", a)
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	one, two := add(b, inner, "Mix 1.wav", content('b', 600)), add(b, inner, "Mix 2.wav", c)
	b.Frameio.Stack(one, two)
	m := mirrored(b)
	m.is(map[string][]byte{"/Day 1": nil, "/Day 1/Cut": a, "/Day 1/Sound": nil, "/Day 1/Sound/Mix 2": c, "/Empty": nil})
	s := m.get()
	if s.State != foldersync.Active || s.Last.State != foldersync.Done || s.Last.Created != 2 || s.Last.Assets != 2 ||
		s.Last.Folders != 3 || s.Assets != 2 || s.Troubled != 0 {
		t.Errorf("the synchronization is %+v after %+v; want it active, with 2 assets created in 3 folders, and no "+
			"trouble", s, s.Last)
	}

	if !says(b, m.at(m.Folder, "Cut").UID, "Too long.")() {
		t.Error("the comment is not there")
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
		add(b, day, fmt.Sprintf("Cut %d.mov", i), content(byte('a'+i), 300))
	}

	m := mirrored(b)
	before := m.tree(m.Folder, "")
	b.Watch()
	if r := m.refresh(false); r.State != foldersync.Done || r.Assets != 5 || r.Created+r.Updated+r.Unchanged+r.Renamed+
		r.Moved+r.Gone != 0 {
		t.Errorf("the refresh is %+v, want it done with 5 assets and nothing to do", r)
	}

	for _, w := range b.Writes() {
		t.Errorf("the refresh wrote %s, want no write", w)
	}

	if after := m.tree(m.Folder, ""); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("Nuxeo holds %v, want %v as before", after, before)
	}
}

func TestARefreshBringsWhatChanged(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day, night := b.Frameio.AddFolder(b.Root, "Day"), b.Frameio.AddFolder(b.Root, "Night")
	a, n := content('a', 500), content('n', 800)
	renamed, moved, newer := add(b, day, "Renamed.mov", a), add(b, day, "Moved.mov", content('m', 400)),
		add(b, day, "Newer.mov", content('o', 300))
	m := mirrored(b)
	uids := map[string]string{}
	for _, title := range []string{"Renamed", "Moved", "Newer"} {
		uids[title] = m.at(m.Folder, title).UID
	}

	b.Frameio.Rename(renamed, "Other name.mov")
	b.Frameio.Move(moved, night)
	b.Frameio.Stack(newer, add(b, day, "Newer 2.mov", n))
	b.Frameio.Rename(day, "Morning")
	b.Frameio.AddFolder(night, "Late")
	add(b, night, "Fresh.mov", content('f', 200))
	r := m.refresh(false)
	if r.Created != 1 || r.Updated != 1 || r.Renamed != 2 || r.Moved != 1 || r.Failed != 0 || r.Gone != 0 {
		t.Errorf("the refresh is %+v, want 1 created, 1 updated, 2 renamed, 1 moved, none failed or gone", r)
	}

	m.is(map[string][]byte{
		"/Morning": nil, "/Morning/Other name": a, "/Morning/Newer 2": n, "/Night": nil,
		"/Night/Moved": content('m', 400), "/Night/Late": nil, "/Night/Fresh": content('f', 200),
	})

	for was, now := range map[string]string{"Renamed": "Other name", "Moved": "Moved", "Newer": "Newer 2"} {
		if uid := m.at(m.Folder, now).UID; uid != uids[was] {
			t.Errorf("%s is the document %s now, want %s: it was copied", was, uid, uids[was])
		}
	}

	if v := b.Nuxeo.Versions(uids["Newer"]); len(v) != 2 { // the old content and the new one
		t.Errorf("%d versions, want 2", len(v))
	}

	if again := m.refresh(false); again.Created+again.Updated+again.Unchanged+again.Renamed+
		again.Moved+again.Gone != 0 {
		t.Errorf("once more: %+v, want nothing to do", again)
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	mine := content('x', 900)
	for use, want := range map[string][]byte{foldersync.NuxeoWins: mine, foldersync.FrameioWins: content('n', 700)} {
		t.Run(use, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			file := add(b, b.Root, "Cut.mov", content('a', 500))
			m := mirrored(b)
			uid := m.at(m.Folder, "Cut").UID
			if err := b.Nuxeo.Edit("josh", uid, map[string]any{
				"file:content": nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: mine},
			}); err != nil {
				t.Fatal(err)
			}

			if r := m.refresh(false); r.Conflicting+r.Updated != 0 {
				t.Errorf("the refresh after a change in Nuxeo alone is %+v, want no conflict and no update", r)
			}

			b.Frameio.Stack(file, add(b, b.Root, "Cut 2.mov", content('n', 700)))
			if r := m.refresh(false); r.Conflicting != 1 || m.get().Conflicting != 1 {
				t.Errorf("the refresh after changes on both sides is %+v with %d conflicts in all, want 1 and 1", r,
					m.get().Conflicting)
			}

			m.is(map[string][]byte{"/Cut": mine}) // its name and place wait
			page, err := b.App.Sync.Troubles(t.Context(), testenv.Viewer, m.id, "", 10)
			if err != nil || len(page.List) != 1 {
				t.Fatalf("the troubles are %v, %v; want one", page.List, err)
			}

			_, err = b.App.Sync.ResolveConflict(t.Context(), testenv.Viewer, m.id, page.List[0].Key, use)
			if err != nil {
				t.Fatal(err)
			}

			b.Settle()
			m.refresh(false)
			m.is(map[string][]byte{"/Cut 2": want})
			if m.get().Conflicting != 0 {
				t.Error("it is in conflict still")
			}

			if use == foldersync.FrameioWins && len(b.Nuxeo.Versions(uid)) == 0 {
				t.Error("no version holds what Nuxeo had")
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
				add(b, b.Root, fmt.Sprintf("Cut %d.mov", i), content(byte('a'+i), 300))
			}

			lost := add(b, b.Root, "Lost.mov", content('z', 300))
			m := mirrored(b, func(q *foldersync.Request) { q.Gone = policy })
			uid := m.at(m.Folder, "Lost").UID
			b.Nuxeo.MkDoc("/default-domain/workspaces/film/By hand", "File", nil)
			b.Frameio.Delete(lost)
			if r := m.refresh(false); r.Gone != 1 || m.get().Missing != 1 {
				t.Errorf("the refresh is %+v with %d missing in all, want 1 gone and 1", r, m.get().Missing)
			}

			if d, _ := b.Nuxeo.Doc(uid); d.IsTrashed != (policy == foldersync.Trash) {
				t.Errorf("what is gone on Frame.io is in the trash: %v, want %v", d.IsTrashed,
					policy == foldersync.Trash)
			}

			if r := m.refresh(false); r.Gone != 0 {
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
		add(b, day, fmt.Sprintf("Cut %d.mov", i), content(byte('a'+i), 300))
	}

	m := mirrored(b, func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	before := fmt.Sprint(m.tree(m.Folder, ""))
	b.Frameio.Delete(day)
	r := m.refresh(false)
	if s := m.get(); r.State != foldersync.Stopped || s.State != foldersync.Paused ||
		!strings.Contains(s.Reason, "4 of 4") || s.Remedy == "" {
		t.Errorf("the refresh is %+v, and the synchronization %+v; want stopped and paused for 4 of 4, with a remedy",
			r, s)
	}

	if after := fmt.Sprint(m.tree(m.Folder, "")); after != before {
		t.Errorf("Nuxeo holds %s, want %s as before", after, before)
	}

	if r := m.refresh(true); r.State != foldersync.Done || r.Gone != 4 || len(m.tree(m.Folder, "")) != 0 {
		t.Errorf("the refresh that was confirmed is %+v, and Nuxeo holds %v; want it done with 4 gone, and nothing", r,
			m.tree(m.Folder, ""))
	}
}

func TestRemovedSyncsLeaveEverything(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	a := content('a', 300)
	add(b, b.Root, "Cut.mov", a)
	m := mirrored(b)
	if err := b.App.Sync.Remove(t.Context(), testenv.Viewer, m.id); err != nil {
		t.Fatal(err)
	}

	b.Settle()
	m.is(map[string][]byte{"/Cut": a})
	if _, err := b.App.Sync.Refresh(t.Context(), testenv.Viewer, m.id, false); !fault.Is(err, fault.NotFound) {
		t.Errorf("refreshing what was removed: got %v, want not found", err)
	}

	folder, _ := b.Nuxeo.Doc(b.Folder)
	for _, f := range folder.Facets {
		if f == foldersync.Facet {
			t.Error("the folder still shows it")
		}
	}

	again := mirrored(b) // what is there is taken over
	again.is(map[string][]byte{"/Cut": a})
	if d := b.Nuxeo.Children(b.Folder); len(d) != 1 {
		t.Errorf("%d documents below the folder, want 1", len(d))
	}
}

func TestWhatCannotBeSynchronized(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	folder, _ := b.Nuxeo.Doc(b.Folder)
	below := b.Nuxeo.MkDoc(folder.Path+"/Below", "Folder", nil)
	mirrored(b)
	for name, q := range map[string]foldersync.Request{
		"the same": syncRequest(b), "below": {Folder: below, Workspace: b.Workspace, Project: b.Project},
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
		q := syncRequest(b)
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
	add(b, inner, "Mix.wav", content('a', 300))
	m := mirrored(b)
	trashed := m.at(m.Folder, "Day").UID
	below := m.at(trashed, "Sound").UID
	if err := b.Nuxeo.Trash(trashed); err != nil {
		t.Fatal(err)
	}

	comes(b, "what is in the folder is in the trash as well", func() bool {
		d, _ := b.Nuxeo.Doc(below)
		return d.IsTrashed
	})

	add(b, inner, "Fresh.wav", content('f', 300))
	if r := m.refresh(false); r.State != foldersync.Done || r.Created != 1 || r.Failed != 0 {
		t.Errorf("the refresh is %+v, want it done with 1 created and none failed", r)
	}

	m.is(map[string][]byte{"/Day": nil, "/Day/Sound": nil, "/Day/Sound/Fresh": content('f', 300)})
}

func TestFilters(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	add(b, b.Root, "Keep.mov", content('a', 300))
	add(b, b.Root, "Large.mov", content('a', 3000))
	add(b, b.Root, "Sound.wav", content('a', 300))
	m := mirrored(b, func(q *foldersync.Request) {
		q.Filter = foldersync.Filter{Name: "*.mov", Media: []string{"video"}, Most: 1000}
	})

	m.is(map[string][]byte{"/Keep": content('a', 300)})
	p, err := b.App.Sync.Preview(t.Context(), "josh", syncRequest(b), 0)
	if err != nil || !p.Complete || p.Assets != 3 || p.Bytes != 3600 {
		t.Errorf("the preview is %+v, %v; want it complete, with 3 assets of 3600 bytes", p, err)
	}
}

func md5of(data []byte) string { return fmt.Sprintf("%x", md5.Sum(data)) }

// What failed has left nothing in Nuxeo: when it goes, nobody is asked.
func TestWhatFailedMayGo(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := add(b, b.Root, "Cut.mov", content('a', 300))
	b.Frameio.Faults().Add(faults.Rule{Path: "^/assets/", Status: 403})
	m := mirrored(b)
	if r := m.get().Last; r.Failed != 1 {
		t.Fatalf("%d assets failed, want 1", r.Failed)
	}

	b.Frameio.Delete(file)
	if r := m.refresh(false); r.State != foldersync.Done || m.get().State != foldersync.Active {
		t.Errorf("the run ends %s and the synchronization is %s: %s; want done and active", r.State,
			m.get().State, m.get().Reason)
	}
}
