package e2e

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func sceneSync(b *testenv.Bed) (deed, check func()) {
	day := b.Frameio.AddFolder(b.Root, "Day")
	b.Frameio.AddFolder(day, "Empty")
	file := b.Add(day, "Cut.mov", testenv.Bytes('1', 3000))
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	begin := func() {
		_, err := b.App.Sync.Add(b.T.Context(), "josh", b.SyncRequest())
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

		m := &testenv.Mirror{Bed: b, ID: s.ID}
		m.Settled(map[string][]byte{"/Day": nil, "/Day/Cut": testenv.Bytes('1', 3000), "/Day/Empty": nil})
		if c := b.Nuxeo.Comments(m.At(b.Folder, "Cut").UID); len(c) != 1 {
			b.T.Errorf("%d comments, want 1", len(c))
		}
	}
}

func sceneSyncChanges(b *testenv.Bed) (deed, check func()) {
	day, night := b.Frameio.AddFolder(b.Root, "Day"), b.Frameio.AddFolder(b.Root, "Night")
	first := b.Add(day, "Cut.mov", testenv.Bytes('1', 3000))
	moved := b.Add(day, "Moved.mov", testenv.Bytes('m', 500))
	lost := b.Add(day, "Lost.mov", testenv.Bytes('l', 400))
	m := b.Mirrored(func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	uids := []string{m.At(b.Folder, "Cut").UID, m.At(b.Folder, "Moved").UID}
	begin := func() { _, _ = b.App.Sync.Refresh(b.T.Context(), testenv.Viewer, m.ID, true) }
	b.Frameio.Stack(first, b.Add(day, "Cut 2.mov", testenv.Bytes('2', 2500)))
	b.Frameio.Move(moved, night)
	b.Frameio.Rename(night, "Evening")
	b.Frameio.Delete(lost)
	return begin, func() {
		b.T.Helper()
		m.Settled(map[string][]byte{
			"/Day":           nil,
			"/Day/Cut 2":     testenv.Bytes('2', 2500),
			"/Evening":       nil,
			"/Evening/Moved": testenv.Bytes('m', 500),
		})
		if m.At(b.Folder, "Cut 2").UID != uids[0] || m.At(b.Folder, "Moved").UID != uids[1] {
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
	file, lost := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 300)), b.Add(b.Root, "Lost.mov", testenv.Bytes('l', 300))
	m := b.Mirrored(func(q *foldersync.Request) { q.Fetch, q.Gone = foldersync.Metadata, foldersync.Trash })
	uid := m.At(b.Folder, "Cut").UID
	b.Frameio.Delete(lost)
	b.Add(b.Root, "New.mov", testenv.Bytes('n', 200))
	b.Frameio.SetStatus(file, "Approved")
	begin := func() { _, _ = b.App.Sync.Refresh(b.T.Context(), testenv.Viewer, m.ID, true) }
	return begin, func() {
		b.T.Helper()
		m.Settled(map[string][]byte{"/Cut": nil, "/New": nil})
		old, fresh := m.At(b.Folder, "Cut"), m.At(b.Folder, "New")
		if old.UID != uid || old.Properties["frameio:status"] != "Approved" || old.Content != nil ||
			fresh.Properties["frameio:poster"] == nil || fresh.Content != nil {
			b.T.Errorf("the documents are %+v and %+v, want %s with Approved and one with a picture, both without "+
				"content", old, fresh, uid)
		}
	}
}

// sceneSyncEarlier brings the files below a stack's head as versions.
func sceneSyncEarlier(b *testenv.Bed) (deed, check func()) {
	first, second, third := testenv.Bytes('1', 300), testenv.Bytes('2', 400), testenv.Bytes('3', 500)
	b.Frameio.Stack(b.Add(b.Root, "Cut 1.mov", first), b.Add(b.Root, "Cut 2.mov", second),
		b.Add(b.Root, "Cut 3.mov", third))
	request := func(q *foldersync.Request) { q.Earlier = true }
	var m *testenv.Mirror
	return func() { m = b.Mirrored(request) }, func() {
		b.T.Helper()
		m.Settled(map[string][]byte{"/Cut 3": third})
		b.CheckVersions(m.At(b.Folder, "Cut 3").UID, first, second, third)
	}
}

// sceneSyncBoth keeps what both sides made of a document.
func sceneSyncBoth(b *testenv.Bed) (deed, check func()) {
	file, mine := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500)), testenv.Bytes('x', 900)
	m := b.Mirrored(func(q *foldersync.Request) { q.Conflicts = foldersync.KeepBoth })
	if err := b.Nuxeo.Edit("josh", m.At(b.Folder, "Cut").UID, map[string]any{
		"file:content": nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: mine},
	}); err != nil {
		b.T.Fatal(err)
	}

	b.Frameio.Stack(file, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('n', 700)))
	return func() { m.Refresh(true) }, func() {
		b.T.Helper()
		m.Settled(map[string][]byte{"/Cut (changed in Nuxeo)": mine, "/Cut 2": testenv.Bytes('n', 700)})
	}
}
