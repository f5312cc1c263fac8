package e2e

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
			b.Frameio.Stack(file, add(b, to, "Second.mov", content('b', 400)))
			return ""
		},
		"onto a stack that grows": func(b *testenv.Bed, file, to string) (uploading string) {
			b.Frameio.Move(file, to)
			second := add(b, to, "Second.mov", content('b', 400), frameiosim.NotUploadedYet())
			b.Frameio.Stack(file, second)
			return second
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			from, to := b.Frameio.AddFolder(b.Root, "From"),
				b.Frameio.AddFolder(b.Frameio.AddFolder(b.Root, "Between"), "To")
			file := add(b, from, "First.mov", content('a', 300))
			for _, other := range []string{"One.mov", "Two.mov", "Three.mov"} {
				add(b, from, other, content('o', 100))
			}

			m := mirrored(b, func(q *foldersync.Request) { q.Gone = foldersync.Trash })
			uid := m.at(m.at(m.Folder, "From").UID, "First").UID

			uploading := away(b, file, to)
			if err := b.App.Sync.OnFolderChanged(t.Context(), m.Account, m.Workspace, from); err != nil {
				t.Fatal(err)
			}

			if r := m.told(); !r.Partial || r.Gone != 0 {
				t.Errorf("the run that looks where the file was: partial %v, %d gone, want partial with 0",
					r.Partial, r.Gone)
			}

			if d, there := b.Nuxeo.Doc(uid); !there || d.IsTrashed {
				t.Fatalf("the document is there %v, in the trash %v, want it as it was", there, d.IsTrashed)
			}

			if uploading != "" {
				b.Frameio.FinishUpload(uploading)
			}

			m.refresh(false)
			if d, _ := b.Nuxeo.Doc(uid); d.IsTrashed || d.Path == "" || m.at(m.Folder, "From").UID == d.ParentUID {
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
	file := add(b, b.Root, "First.mov", content('a', 300))
	for _, other := range []string{"One.mov", "Two.mov", "Three.mov"} {
		add(b, b.Root, other, content('o', 100))
	}

	m := mirrored(b, func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	uid := m.at(m.Folder, "First").UID

	_, elsewhere := b.Frameio.AddProject(b.Workspace, "Restricted")
	b.Frameio.Move(file, elsewhere)
	b.Frameio.Faults().Add(faults.Rule{Method: "GET", Path: "/files/" + file + "$", Status: http.StatusForbidden})
	if r := m.refresh(false); r.State != foldersync.Done || r.Gone != 0 {
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
			file := add(b, b.Root, "New.mov", content('a', 300))
			folder, _ := b.Nuxeo.Doc(b.Folder)
			uid := b.Nuxeo.MkDoc(folder.Path+"/Old", "File", map[string]any{
				"dc:title": title, "dc:source": ingest.Source(b.Account, file), "dc:creator": "josh",
			})

			mirrored(b, func(q *foldersync.Request) { q.Fetch = fetch })
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

		m := mirrored(b)
		if d, _ := b.Nuxeo.Doc(uid); d.Title != want || len(b.Nuxeo.Children(b.Folder)) != 1 {
			t.Errorf("what was called %q is called %q, want %q; there are %d folders, want 1", title, d.Title, want,
				len(b.Nuxeo.Children(b.Folder)))
		}

		if r := m.refresh(false); r.Renamed != 0 {
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
		file := add(b, from, "First.mov", content('a', 300))
		m := mirrored(b, func(q *foldersync.Request) { q.Fetch, q.Gone = fetch, foldersync.Trash })
		uid := m.at(m.at(m.Folder, "From").UID, "First").UID

		b.Frameio.Move(file, to)
		b.Frameio.Stack(file, add(b, to, "Second.mov", content('b', 400)))
		if err := b.App.Sync.OnFolderChanged(t.Context(), m.Account, m.Workspace, to); err != nil {
			t.Fatal(err)
		}

		if r := m.told(); !r.Partial || r.Created != 0 || r.Gone != 0 {
			t.Errorf("with %s the run that looks where the stack is: partial %v, %d created, %d gone, want partial "+
				"with none", fetch, r.Partial, r.Created, r.Gone)
		}

		m.refresh(false)
		if d, there := b.Nuxeo.Doc(uid); !there || d.IsTrashed || d.Title != "Second" ||
			d.ParentUID == m.at(m.Folder, "From").UID {
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
	add(b, shown, "Other.mov", content('o', 200))
	file, below := add(b, shown, "First.mov", content('a', 300)), add(b, hidden, "Below.mov", content('b', 400))
	before(b, "/files/"+file+"$", func() {
		b.Frameio.Move(file, hidden)
		b.Frameio.Stack(below, file)
	})

	m := mirrored(b, func(q *foldersync.Request) { q.Root, q.Gone = shown, foldersync.Trash })
	uid := m.at(m.Folder, "First").UID

	b.Frameio.Move(file, shown)
	m.refresh(false)
	now := m.at(m.Folder, "First")
	if now.UID == uid {
		t.Fatal("the file took the document of a stack that is there")
	}

	m.refresh(false)
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
		files = append(files, add(b, from, name+".mov", content(name[0], 100)))
	}

	m := mirrored(b, func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	uid := m.at(m.at(m.Folder, "From").UID, "One").UID

	for _, file := range files {
		b.Frameio.Move(file, to)
	}

	if err := b.App.Sync.OnFolderChanged(t.Context(), m.Account, m.Workspace, from); err != nil {
		t.Fatal(err)
	}

	if r := m.told(); r.State != foldersync.Done || m.get().State != foldersync.Active {
		t.Errorf("the run ends %s and the synchronization is %s: %s; want done and active", r.State,
			m.get().State, m.get().Reason)
	}

	if r := m.told(); r.Partial || r.Moved != 4 || r.Gone != 0 {
		t.Errorf("the run after it: partial %v, %d moved, %d gone; want a whole one with 4 and 0", r.Partial,
			r.Moved, r.Gone)
	}

	if d, _ := b.Nuxeo.Doc(uid); d.IsTrashed || d.ParentUID != m.at(m.Folder, "To").UID {
		t.Errorf("the document is at %s, in the trash %v; want it in To", d.Path, d.IsTrashed)
	}
}

// A file that was listed and then put onto a stack elsewhere, which was listed as well, does not take the stack's
// document to where the file was.
func TestAFileThatJoinsAStackMeanwhileDoesNotMoveIt(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	day := b.Frameio.AddFolder(b.Root, "Day")
	first, second := add(b, day, "First.mov", content('a', 300)), add(b, b.Root, "Second.mov", content('b', 400))
	before(b, "/folders/"+day+"/", func() {
		b.Frameio.Move(second, day)
		b.Frameio.Stack(first, second)
	})

	m := mirrored(b)
	m.is(map[string][]byte{"/Day": nil, "/Day/Second": content('b', 400)})
	m.refresh(false)
	m.is(map[string][]byte{"/Day": nil, "/Day/Second": content('b', 400)})
}
