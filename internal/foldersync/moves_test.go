package foldersync_test

import (
	"net/http"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// What is missing where a run looks, and lies where it does not, is not gone: whatever it
// was put into there, however deep, and whether or not anything of that is known.
func TestWhatIsSomewhereElseIsNotGone(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(b *testenv.Bed, file, to string) (uploading string){
		"into a folder that is new": func(b *testenv.Bed, file, to string) (uploading string) {
			b.Frameio.Move(file, b.Frameio.AddFolder(b.Frameio.AddFolder(to, "New"), "Newer"))
			return ""
		},
		"onto a stack": func(b *testenv.Bed, file, to string) (uploading string) {
			b.Frameio.Move(file, to)
			b.Frameio.Stack(file, b.Add(to, "Second.mov", testenv.Bytes('b', 400)))
			return ""
		},
		"onto a stack that grows": func(b *testenv.Bed, file, to string) (uploading string) {
			b.Frameio.Move(file, to)
			second := b.Add(to, "Second.mov", testenv.Bytes('b', 400), frameiosim.NotUploadedYet())
			b.Frameio.Stack(file, second)
			return second
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			from, to := b.Frameio.AddFolder(b.Root, "From"),
				b.Frameio.AddFolder(b.Frameio.AddFolder(b.Root, "Between"), "To")
			file := b.Add(from, "First.mov", testenv.Bytes('a', 300))
			for _, other := range []string{"One.mov", "Two.mov", "Three.mov"} {
				b.Add(from, other, testenv.Bytes('o', 100))
			}

			m := b.Mirrored(func(q *foldersync.Request) { q.Gone = foldersync.Trash })
			uid := m.At(m.At(m.Folder, "From").UID, "First").UID

			uploading := away(b, file, to)
			if err := b.App.Sync.OnFolderChanged(t.Context(), m.Account, m.Workspace, from); err != nil {
				t.Fatal(err)
			}

			if r := hinted(m); !r.Partial || r.Gone != 0 {
				t.Errorf("the run that looks where the file was: partial %v, %d gone, want partial with 0",
					r.Partial, r.Gone)
			}

			if d, there := b.Nuxeo.Doc(uid); !there || d.IsTrashed {
				t.Fatalf("the document is there %v, in the trash %v, want it as it was", there, d.IsTrashed)
			}

			if uploading != "" {
				b.Frameio.FinishUpload(uploading)
			}

			m.Refresh(false)
			if d, _ := b.Nuxeo.Doc(uid); d.IsTrashed || d.Path == "" || m.At(m.Folder, "From").UID == d.ParentUID {
				t.Errorf("after all was looked at the document is at %s, in the trash %v, want it where the file is",
					d.Path, d.IsTrashed)
			}
		})
	}
}

// What nobody may look at any more is not gone either.
func TestWhatMayNotBeSeenIsNotGone(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := b.Add(b.Root, "First.mov", testenv.Bytes('a', 300))
	for _, other := range []string{"One.mov", "Two.mov", "Three.mov"} {
		b.Add(b.Root, other, testenv.Bytes('o', 100))
	}

	m := b.Mirrored(func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	uid := m.At(m.Folder, "First").UID

	_, elsewhere := b.Frameio.AddProject(b.Workspace, "Restricted")
	b.Frameio.Move(file, elsewhere)
	b.Frameio.Faults().Add(faults.Rule{Method: "GET", Path: "/files/" + file + "$", Status: http.StatusForbidden})
	if r := m.Refresh(false); r.State != foldersync.Done || r.Gone != 0 {
		t.Errorf("the run ended %s with %d gone, want done with 0", r.State, r.Gone)
	}

	if d, there := b.Nuxeo.Doc(uid); !there || d.IsTrashed {
		t.Errorf("the document is there %v, in the trash %v, want it as it was", there, d.IsTrashed)
	}
}

// A document that an attempt made and could not record is called as its asset is called
// now, unless a person has given it another title.
func TestWhatWasMadeBeforeIsCalledAsNow(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{"Old": "New", "Mine": "Mine"} {
		for _, fetch := range []string{foldersync.Original, foldersync.Metadata} {
			b := testenv.New(t)
			file := b.Add(b.Root, "New.mov", testenv.Bytes('a', 300))
			folder, _ := b.Nuxeo.Doc(b.Folder)
			uid := b.Nuxeo.MkDoc(folder.Path+"/Old", "File", map[string]any{
				"dc:title": title, "dc:source": ingest.Source(b.Account, file), "dc:creator": "josh",
			})

			b.Mirrored(func(q *foldersync.Request) { q.Fetch = fetch })
			if d, _ := b.Nuxeo.Doc(uid); d.Title != want || len(b.Nuxeo.Children(b.Folder)) != 1 {
				t.Errorf("with %s, what was called %q is called %q, want %q; there are %d documents, want 1",
					fetch, title, d.Title, want, len(b.Nuxeo.Children(b.Folder)))
			}
		}
	}
}

// The same of a folder.
func TestAFolderThatWasMadeBeforeIsCalledAsNow(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{"Old": "New", "Mine": "Mine"} {
		b := testenv.New(t)
		day := b.Frameio.AddFolder(b.Root, "New")
		folder, _ := b.Nuxeo.Doc(b.Folder)
		uid := b.Nuxeo.MkDoc(folder.Path+"/Old", "Folder", map[string]any{
			"dc:title": title, "dc:source": ingest.Source(b.Account, day), "dc:creator": "josh",
		})

		m := b.Mirrored()
		if d, _ := b.Nuxeo.Doc(uid); d.Title != want || len(b.Nuxeo.Children(b.Folder)) != 1 {
			t.Errorf("what was called %q is called %q, want %q; there are %d folders, want 1", title, d.Title, want,
				len(b.Nuxeo.Children(b.Folder)))
		}

		if r := m.Refresh(false); r.Renamed != 0 {
			t.Errorf("the next run renames %d, want none", r.Renamed)
		}
	}
}

// A stack takes the document of a file that was put on it along, also when the run does
// not look where the file was.
func TestAStackElsewhereTakesTheDocument(t *testing.T) {
	t.Parallel()
	for _, fetch := range []string{foldersync.Original, foldersync.Metadata} {
		b := testenv.New(t)
		from, to := b.Frameio.AddFolder(b.Root, "From"),
			b.Frameio.AddFolder(b.Frameio.AddFolder(b.Root, "Between"), "To")
		file := b.Add(from, "First.mov", testenv.Bytes('a', 300))
		m := b.Mirrored(func(q *foldersync.Request) { q.Fetch, q.Gone = fetch, foldersync.Trash })
		uid := m.At(m.At(m.Folder, "From").UID, "First").UID

		b.Frameio.Move(file, to)
		b.Frameio.Stack(file, b.Add(to, "Second.mov", testenv.Bytes('b', 400)))
		if err := b.App.Sync.OnFolderChanged(t.Context(), m.Account, m.Workspace, to); err != nil {
			t.Fatal(err)
		}

		if r := hinted(m); !r.Partial || r.Created != 0 || r.Gone != 0 {
			t.Errorf("with %s the run that looks where the stack is: partial %v, %d created, %d gone, want partial "+
				"with none", fetch, r.Partial, r.Created, r.Gone)
		}

		m.Refresh(false)
		if d, there := b.Nuxeo.Doc(uid); !there || d.IsTrashed || d.Title != "Second" ||
			d.ParentUID == m.At(m.Folder, "From").UID {
			t.Errorf("with %s the document is %q at %s, in the trash %v; want it to be the stack's", fetch, d.Title,
				d.Path, d.IsTrashed)
		}
	}
}

// For a moment only, while it is brought, a file is on a stack that no listing shows: the
// document stays that stack's, and goes when the stack is not there.
func TestTheDocumentOfAStackThatNoListingShowed(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	shown, hidden := b.Frameio.AddFolder(b.Root, "Shown"), b.Frameio.AddFolder(b.Root, "Hidden")
	b.Add(shown, "Other.mov", testenv.Bytes('o', 200))
	file := b.Add(shown, "First.mov", testenv.Bytes('a', 300))
	below := b.Add(hidden, "Below.mov", testenv.Bytes('b', 400))
	b.Before("/files/"+file+"$", func() {
		b.Frameio.Move(file, hidden)
		b.Frameio.Stack(below, file)
	})

	m := b.Mirrored(func(q *foldersync.Request) { q.Root, q.Gone = shown, foldersync.Trash })
	uid := m.At(m.Folder, "First").UID

	b.Frameio.Move(file, shown)
	m.Refresh(false)
	now := m.At(m.Folder, "First")
	if now.UID == uid {
		t.Fatalf("the file's document: got that of the stack, %s, want another", uid)
	}

	m.Refresh(false)
	if d, there := b.Nuxeo.Doc(uid); !there || !d.IsTrashed {
		t.Errorf("the document of the stack is at %s, want it in the trash", d.Path)
	}

	if d, there := b.Nuxeo.Doc(now.UID); !there || d.IsTrashed {
		t.Errorf("the document of the file is there: %v, in the trash: %v; want it there", there, d.IsTrashed)
	}
}

// Very much that is missing where a run looks may have been moved: only a run that looks
// everywhere asks whether it is right that it is gone.
func TestManyThatWereMovedAreNotAskedFor(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	from, to := b.Frameio.AddFolder(b.Root, "From"), b.Frameio.AddFolder(b.Root, "To")
	var files []string
	for _, name := range []string{"One", "Two", "Three", "Four"} {
		files = append(files, b.Add(from, name+".mov", testenv.Bytes(name[0], 100)))
	}

	m := b.Mirrored(func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	uid := m.At(m.At(m.Folder, "From").UID, "One").UID

	for _, file := range files {
		b.Frameio.Move(file, to)
	}

	if err := b.App.Sync.OnFolderChanged(t.Context(), m.Account, m.Workspace, from); err != nil {
		t.Fatal(err)
	}

	if r := hinted(m); r.State != foldersync.Done || m.Get().State != foldersync.Active {
		t.Errorf("the run ends %s and the synchronization is %s: %s; want done and active", r.State,
			m.Get().State, m.Get().Reason)
	}

	if r := hinted(m); r.Partial || r.Moved != 4 || r.Gone != 0 {
		t.Errorf("the run after it: partial %v, %d moved, %d gone; want a whole one with 4 and 0", r.Partial,
			r.Moved, r.Gone)
	}

	if d, _ := b.Nuxeo.Doc(uid); d.IsTrashed || d.ParentUID != m.At(m.Folder, "To").UID {
		t.Errorf("the document is at %s, in the trash %v; want it in To", d.Path, d.IsTrashed)
	}
}

// A file that was listed and then put onto a stack elsewhere, which was listed as well, does not take the stack's
// document to where the file was.
func TestAFileThatJoinsAStackMeanwhileDoesNotMoveIt(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day := b.Frameio.AddFolder(b.Root, "Day")
	first := b.Add(day, "First.mov", testenv.Bytes('a', 300))
	second := b.Add(b.Root, "Second.mov", testenv.Bytes('b', 400))
	b.Before("/folders/"+day+"/", func() {
		b.Frameio.Move(second, day)
		b.Frameio.Stack(first, second)
	})

	m := b.Mirrored()
	m.Is(map[string][]byte{"/Day": nil, "/Day/Second": testenv.Bytes('b', 400)})
	m.Refresh(false)
	m.Is(map[string][]byte{"/Day": nil, "/Day/Second": testenv.Bytes('b', 400)})
}
