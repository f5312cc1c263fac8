package e2e

import (
	"bytes"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/copies"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// copying binds with what becomes of copies, sends a document and publishes it back; the deed is done with its copy.
func copying(b *testenv.Bed, c binding.Copies) (
	document, file string, data []byte, deed func(), done func() copies.Copy,
) {
	data = testenv.Bytes('k', 800)
	made := b.Bind("Publish")
	document = b.Kept("Teaser", data)
	p := b.Pushed(document).Pushes[0]
	b.Run(b.Julia, p.File)
	b.Settle()

	// It came back while copies were left: including it begins at once.
	item, err := b.App.Binding.Edit(b.T.Context(), testenv.Viewer, made.ID, binding.Change{Version: 1, Copies: &c})
	if err != nil {
		b.T.Fatal(err)
	}
	b.Await(item)

	deed = func() { _, _ = b.App.Copies.Include(b.T.Context(), testenv.Viewer, made.ID) }
	return document, p.File, data, deed, func() copies.Copy {
		b.T.Helper()
		deed() // what was begun is not begun again
		b.Settle()
		got, err := b.App.Copies.Get(b.T.Context(), testenv.Viewer, p.ID)
		if err != nil {
			b.T.Fatal(err)
		}
		return got
	}
}

// sceneCopyRemoved deletes the copy of what came back: once, and nothing else.
func sceneCopyRemoved(b *testenv.Bed) (deed, check func()) {
	document, _, data, deed, done := copying(b, binding.Copies{Action: binding.DeleteCopy})
	b.Add(b.Root, "Another.mov", testenv.Bytes('z', 10))
	return deed, func() {
		b.T.Helper()
		c := done()
		b.AllDone()
		left := b.Assets("file")
		if c.State != copies.Deleted || c.Reason != "" || len(left) != 1 || left[0].Name != "Another.mov" {
			b.T.Errorf("the copy is %s for %q, and Frame.io has %v; want it deleted and the other left", c.State,
				c.Reason, left)
		}
		if !bytes.Equal(b.Content(document), data) || len(b.Nuxeo.Versions(document)) != 1 {
			b.T.Errorf("the document has %d versions, want its content and that of the return",
				len(b.Nuxeo.Versions(document)))
		}
	}
}

// sceneCopyMoved moves the copy into a folder that is made once.
func sceneCopyMoved(b *testenv.Bed) (deed, check func()) {
	_, file, _, deed, done := copying(b, binding.Copies{Action: binding.MoveCopy, Folder: "Returned"})
	return deed, func() {
		b.T.Helper()
		c := done()
		b.AllDone()
		folders := b.Assets("folder")
		if c.State != copies.Moved || c.Home != b.Root || len(folders) != 1 || len(b.Assets("file")) != 1 {
			b.T.Errorf("the copy is %s for %q from %q, with the folders %v and %d files; want it moved from %q to "+
				"one folder",
				c.State, c.Reason, c.Home, folders, len(b.Assets("file")), b.Root)
		}
		for _, f := range b.Assets("file") {
			if f.ID != file || len(folders) == 1 && f.ParentID != folders[0].ID {
				b.T.Errorf("the file %s is in %s, want %s in the folder", f.ID, f.ParentID, file)
			}
		}
	}
}

// sceneCopyBack moves a copy back that was moved.
func sceneCopyBack(b *testenv.Bed) (deed, check func()) {
	_, file, _, move, done := copying(b, binding.Copies{Action: binding.MoveCopy, Folder: "Returned"})
	move()
	b.Settle()
	moved := done()
	deed = func() { _, _ = b.App.Copies.Revert(b.T.Context(), testenv.Viewer, moved.Push) }
	return deed, func() {
		b.T.Helper()
		if done().State == copies.Moved { // nothing was promised: the person tries again
			deed()
		}

		c := done()
		b.AllDone()
		if c.State != copies.Restored {
			b.T.Errorf("the copy is %s for %q, want it restored", c.State, c.Reason)
		}
		for _, f := range b.Assets("file") {
			if f.ID != file || f.ParentID != b.Root {
				b.T.Errorf("the file %s is in %s, want %s where it was", f.ID, f.ParentID, file)
			}
		}
	}
}
