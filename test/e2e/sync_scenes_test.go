package e2e

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// settled refreshes until both sides are equal, and once more, which must find
// nothing.
func (m *mirror) settled(want map[string][]byte) {
	m.T.Helper()
	m.refresh(true)
	m.is(want)
	if r := m.refresh(true); r.State != foldersync.Done || r.Created+r.Updated+r.Unchanged+r.Renamed+r.Moved+
		r.Gone+r.Failed > 0 {
		m.T.Errorf("once more: %+v, want it done, and nothing to do", r)
	}

	if s := m.get(); s.Troubled+s.Conflicting > 0 || s.State != foldersync.Active {
		m.T.Errorf("the synchronization is %+v, want it active, with no trouble and no conflict", s)
	}
}

func sceneSync(b *testenv.Bed) (deed, check func()) {
	day := b.Frameio.AddFolder(b.Root, "Day")
	b.Frameio.AddFolder(day, "Empty")
	file := add(b, day, "Cut.mov", content('1', 3000))
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	begin := func() {
		_, err := b.App.Sync.Add(b.T.Context(), "josh", syncRequest(b))
		if err != nil && !fault.Is(err, fault.Conflict) {
			b.T.Log(err)
		}
	}

	return begin, func() {
		b.T.Helper()
		begin()
		b.Settle()
		s, err := b.App.Sync.ForFolder(b.T.Context(), testenv.Viewer, b.Folder)
		if err != nil {
			b.T.Fatal(err)
		}

		m := &mirror{b, s.ID}
		m.settled(map[string][]byte{"/Day": nil, "/Day/Cut": content('1', 3000), "/Day/Empty": nil})
		if c := b.Nuxeo.Comments(m.at(b.Folder, "Cut").UID); len(c) != 1 {
			b.T.Errorf("%d comments, want 1", len(c))
		}
	}
}

func sceneSyncChanges(b *testenv.Bed) (deed, check func()) {
	day, night := b.Frameio.AddFolder(b.Root, "Day"), b.Frameio.AddFolder(b.Root, "Night")
	first, moved, lost := add(b, day, "Cut.mov", content('1', 3000)), add(b, day, "Moved.mov", content('m', 500)),
		add(b, day, "Lost.mov", content('l', 400))
	m := mirrored(b, func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	uids := []string{m.at(b.Folder, "Cut").UID, m.at(b.Folder, "Moved").UID}
	begin := func() { _, _ = b.App.Sync.Refresh(b.T.Context(), testenv.Viewer, m.id, true) }
	b.Frameio.Stack(first, add(b, day, "Cut 2.mov", content('2', 2500)))
	b.Frameio.Move(moved, night)
	b.Frameio.Rename(night, "Evening")
	b.Frameio.Delete(lost)
	return begin, func() {
		b.T.Helper()
		m.settled(map[string][]byte{
			"/Day":           nil,
			"/Day/Cut 2":     content('2', 2500),
			"/Evening":       nil,
			"/Evening/Moved": content('m', 500),
		})
		if m.at(b.Folder, "Cut 2").UID != uids[0] || m.at(b.Folder, "Moved").UID != uids[1] {
			b.T.Error("something was copied")
		}

		if v := b.Nuxeo.Versions(uids[0]); len(v) != 2 {
			b.T.Errorf("%d versions, want 2", len(v))
		}
	}
}

// sceneSyncPlain makes documents without content, and tells of them when something is
// new. Since a file is missing, which may be on a stack now, an item makes the new one.
func sceneSyncPlain(b *testenv.Bed) (deed, check func()) {
	file, lost := add(b, b.Root, "Cut.mov", content('1', 300)), add(b, b.Root, "Lost.mov", content('l', 300))
	m := mirrored(b, plain, func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	uid := m.at(b.Folder, "Cut").UID
	b.Frameio.Delete(lost)
	add(b, b.Root, "New.mov", content('n', 200))
	b.Frameio.SetStatus(file, "Approved")
	begin := func() { _, _ = b.App.Sync.Refresh(b.T.Context(), testenv.Viewer, m.id, true) }
	return begin, func() {
		b.T.Helper()
		m.settled(map[string][]byte{"/Cut": nil, "/New": nil})
		old, fresh := m.at(b.Folder, "Cut"), m.at(b.Folder, "New")
		if old.UID != uid || shows(old, "frameio:status") != "Approved" || fresh.Properties["frameio:poster"] == nil ||
			old.Content != nil || fresh.Content != nil {
			b.T.Errorf("the documents are %+v and %+v, want %s with Approved and one with a picture, both without "+
				"content", old, fresh, uid)
		}
	}
}

// sceneSyncEarlier brings the files below a stack's head as versions.
func sceneSyncEarlier(b *testenv.Bed) (deed, check func()) {
	first, second, third := content('1', 300), content('2', 400), content('3', 500)
	b.Frameio.Stack(add(b, b.Root, "Cut 1.mov", first), add(b, b.Root, "Cut 2.mov", second),
		add(b, b.Root, "Cut 3.mov", third))
	request := func(q *foldersync.Request) { q.Earlier = true }
	var m *mirror
	return func() { m = mirrored(b, request) }, func() {
		b.T.Helper()
		m.settled(map[string][]byte{"/Cut 3": third})
		versionsHold(b, m.at(b.Folder, "Cut 3").UID, first, second, third)
	}
}

// sceneSyncBoth keeps what both sides made of a document.
func sceneSyncBoth(b *testenv.Bed) (deed, check func()) {
	file, mine := add(b, b.Root, "Cut.mov", content('a', 500)), content('x', 900)
	m := mirrored(b, func(q *foldersync.Request) { q.Conflicts = foldersync.KeepBoth })
	if err := b.Nuxeo.Edit("josh", m.at(b.Folder, "Cut").UID, map[string]any{
		"file:content": nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: mine},
	}); err != nil {
		b.T.Fatal(err)
	}

	b.Frameio.Stack(file, add(b, b.Root, "Cut 2.mov", content('n', 700)))
	return func() { m.refresh(true) }, func() {
		b.T.Helper()
		m.settled(map[string][]byte{"/Cut (changed in Nuxeo)": mine, "/Cut 2": content('n', 700)})
	}
}
