package upgrade

import (
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// mirror synchronizes the folder with the project.
func (st *stage) mirror(change func(*foldersync.Request)) {
	st.T.Helper()
	q := foldersync.Request{
		Folder:    st.Folder,
		Workspace: st.Workspace,
		Project:   st.Project,
		Comments:  true,
		Events:    true,
	}

	change(&q)
	if _, err := st.App.Sync.Add(st.T.Context(), "josh", q); err != nil {
		st.T.Fatal(err)
	}
}

func (st *stage) refresh() {
	st.T.Helper()
	if _, err := st.App.Sync.Refresh(st.T.Context(), testenv.Viewer, st.sync().ID, true); err != nil {
		st.T.Fatal(err)
	}
}

func (st *stage) sync() foldersync.Sync {
	st.T.Helper()
	s, err := st.App.Sync.ForFolder(st.T.Context(), testenv.Viewer, st.Folder)
	if err != nil {
		st.T.Fatal(err)
	}
	return s
}

// mirrored checks that the folder is as the project, and that one more run changes nothing.
func (st *stage) mirrored(want map[string]string) {
	st.T.Helper()
	st.AllDone()
	st.isTree(want)
	st.refresh()
	st.AllDone()
	st.isTree(want)
	st.refresh()
	st.AllDone()
	s := st.sync()
	if r := s.Last; r.State != foldersync.Done || r.Created+r.Updated+r.Renamed+r.Moved+r.Gone+r.Failed > 0 {
		st.T.Errorf("a run more is %+v, want one that finds nothing", r)
	}

	if s.Troubled+s.Conflicting > 0 || s.State != foldersync.Active {
		st.T.Errorf("the sync is %+v, want one that is active and in order", s)
	}
}

// isTree checks what is in the folder, by path; of a document its content.
func (st *stage) isTree(want map[string]string) {
	st.T.Helper()
	got := st.Tree()
	for path, data := range want {
		all := got[path]
		if len(all) != 1 || string(st.Content(all[0].UID)) != data || all[0].LockOwner != "" {
			st.T.Errorf("at %q there is %v, want one document with %q that nobody has locked", path, all, data)
		}
		delete(got, path)
	}

	if len(got) > 0 {
		st.T.Errorf("there is %v too much", got)
	}
}

func (st *stage) at(path string) nuxeosim.DocView {
	st.T.Helper()
	all := st.Tree()[path]
	if len(all) != 1 {
		st.T.Fatalf("there are %d documents at %q, want one", len(all), path)
	}
	return all[0]
}

// holds checks what versions a document has.
func (st *stage) holds(path string, want ...string) {
	st.T.Helper()
	var got []string
	for _, v := range st.Nuxeo.Versions(st.at(path).UID) {
		got = append(got, string(st.Content(v.UID)))
	}
	if !slices.Equal(got, want) {
		st.T.Errorf("the versions of %q hold %q, want %q", path, got, want)
	}
}

// syncNew begins to mirror a tree, in which a stack has an earlier file.
func syncNew(st *stage) (deed, check func()) {
	day := st.folder(st.Root, "Day")
	file := st.file(day, "Cut.mov", "a cut")
	st.remark(file, "too long")
	one, two := st.file(day, "Take 1.mov", "the first take"), st.file(day, "Take 2.mov", "the second take")
	st.name("stack", st.Frameio.Stack(one, two))
	return func() { st.mirror(func(q *foldersync.Request) { q.Earlier = true }) }, func() {
		st.T.Helper()
		st.mirrored(map[string]string{"Day/Cut": "a cut", "Day/Take 2": "the second take"})
		st.holds("Day/Cut", "a cut")
		st.holds("Day/Take 2", "the first take", "the second take")
		if c := st.Nuxeo.Comments(st.at("Day/Cut").UID); len(c) != 1 {
			st.T.Errorf("there are %d comments, want one", len(c))
		}
	}
}

// syncChanges follows: a new version, a move, a new name, and what is gone.
func syncChanges(st *stage) (deed, check func()) {
	day, night := st.folder(st.Root, "Day"), st.folder(st.Root, "Night")
	first, moved := st.file(day, "Cut.mov", "a cut"), st.file(day, "Moved.mov", "to be moved")
	lost := st.file(day, "Lost.mov", "to be lost")
	st.file(night, "Stays.mov", "it stays")
	st.mirror(func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	st.Settle()
	uids := []string{st.at("Day/Cut").UID, st.at("Day/Moved").UID}
	st.name("stack", st.Frameio.Stack(first, st.file(day, "Cut 2.mov", "another cut")))
	st.Frameio.Move(moved, night)
	st.Frameio.Rename(night, "Evening")
	st.Frameio.Delete(lost)
	return st.refresh, func() {
		st.T.Helper()
		st.mirrored(map[string]string{
			"Day/Cut 2": "another cut", "Evening/Moved": "to be moved", "Evening/Stays": "it stays",
		})
		if got := []string{st.at("Day/Cut 2").UID, st.at("Evening/Moved").UID}; !slices.Equal(got, uids) {
			st.T.Errorf("the documents are %v, want those from before, %v", got, uids)
		}
		st.holds("Day/Cut 2", "a cut", "another cut")
	}
}

// syncPlain makes documents without content, with a poster.
func syncPlain(st *stage) (deed, check func()) {
	file, lost := st.file(st.Root, "Cut.mov", "a cut"), st.file(st.Root, "Lost.mov", "to be lost")
	st.mirror(func(q *foldersync.Request) { q.Fetch, q.Gone = foldersync.Metadata, foldersync.Trash })
	st.Settle()
	uid := st.at("Cut").UID
	st.Frameio.Delete(lost)
	st.file(st.Root, "New.mov", "a new one")
	st.Frameio.SetStatus(file, "Approved")
	return st.refresh, func() {
		st.T.Helper()
		st.mirrored(map[string]string{"Cut": "", "New": ""})
		old, fresh := st.at("Cut"), st.at("New")
		if old.UID != uid || old.Properties["frameio:status"] != "Approved" ||
			fresh.Properties["frameio:poster"] == nil {
			st.T.Errorf("the documents are %+v and %+v, want the one from before, approved, and one with a poster", old,
				fresh)
		}
	}
}

// syncCheck only compares.
func syncCheck(st *stage) (deed, check func()) {
	st.file(st.Root, "Cut.mov", "a cut")
	st.mirror(func(*foldersync.Request) {})
	st.Settle()
	st.file(st.Root, "New.mov", "a new one")
	return func() {
			if _, err := st.App.Sync.Check(st.T.Context(), testenv.Viewer, st.sync().ID); err != nil {
				st.T.Fatal(err)
			}
		}, func() {
			st.T.Helper()
			st.AllDone()
			st.isTree(map[string]string{"Cut": "a cut"})
			st.refresh()
			st.mirrored(map[string]string{"Cut": "a cut", "New": "a new one"})
		}
}
