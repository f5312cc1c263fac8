package publish_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// cut is one of three versions of a film.
func cut(n byte) []byte { return testenv.Bytes('a'+n, 1000+100*int(n)) }

// stacked is a stack of three versions of a film, and its files.
func stacked(b *testenv.Bed) (stack string, files []string) {
	for n, name := range []string{"Cut.mov", "Cut v2.mov", "Cut v3.mov"} {
		files = append(files, b.Add(b.Root, name, cut(byte(n))))
	}
	return b.Frameio.Stack(files[0], files[1], files[2]), files
}

// by finds the documents below the bound folder by the file that they tell of.
func by(b *testenv.Bed) map[string]nuxeosim.DocView {
	b.T.Helper()
	all := map[string]nuxeosim.DocView{}
	for _, d := range b.Nuxeo.Children(b.Folder) {
		file, _ := d.Properties["frameio:fileId"].(string)
		if _, is := all[file]; is {
			b.T.Errorf("%s and %s tell of one file, %s, want one document for each", all[file].UID, d.UID, file)
		}
		all[file] = d
	}

	return all
}

func told(docs map[string]nuxeosim.DocView) []string { return slices.Sorted(maps.Keys(docs)) }

// A version that was taken out of a stack is an asset by itself: it gets a document, and
// the stack keeps its own.
func TestTakenOutOfItsStack(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	stack, files := stacked(b)
	b.Published(b.Josh, stack)
	uid := b.Only().UID

	b.Frameio.Move(files[2], b.Root)
	b.Published(b.Josh, files[2])
	b.Published(b.Josh, stack)
	docs := by(b)
	if len(docs) != 2 || docs[files[1]].UID == "" || docs[files[2]].UID == "" {
		t.Fatalf("documents of %v, want of %s and %s", told(docs), files[1], files[2])
	}

	if d := docs[files[1]]; d.UID != uid || d.Content.Digest != testenv.MD5(cut(1)) {
		t.Errorf("the stack has %s with %d bytes, want %s with its newest file", d.UID, d.Content.Length, uid)
	}

	if d := docs[files[2]]; d.Content.Digest != testenv.MD5(cut(2)) {
		t.Errorf("the file has %d bytes, want its own", d.Content.Length)
	}
}

// Of a stack that is not there any more, the file whose content the document has keeps
// the document.
func TestStackThatIsGone(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	stack, files := stacked(b)
	b.Published(b.Josh, stack)
	uid := b.Only().UID
	for _, f := range files {
		b.Frameio.Move(f, b.Root)
	}

	b.Published(b.Josh, files[0], files[2])
	docs := by(b)
	if len(docs) != 2 || docs[files[0]].UID == "" || docs[files[2]].UID == "" {
		t.Fatalf("documents of %v, want of %s and %s", told(docs), files[0], files[2])
	}

	if docs[files[2]].UID != uid || docs[files[2]].Content.Digest != testenv.MD5(cut(2)) ||
		docs[files[0]].Content.Digest != testenv.MD5(cut(0)) {
		t.Errorf("the newest file has %s, want %s", docs[files[2]].UID, uid)
	}
}

// Of a stack that the publisher may not see, nobody knows that it is gone: the file that
// left it gets a document of its own.
func TestStackThatMayNotBeSeen(t *testing.T) {
	t.Parallel()
	for _, hidden := range []string{"/version_stacks/%s$", "/files/%s$"} {
		b := testenv.New(t)
		b.Bind("Publish")
		stack, files := stacked(b)
		b.Published(b.Josh, stack)
		uid := b.Only().UID

		which := stack
		if strings.Contains(hidden, "files") { // the stack is gone, its newest file may be anywhere
			which = files[2]
			for _, f := range files {
				b.Frameio.Move(f, b.Root)
			}
		} else {
			b.Frameio.Move(files[0], b.Root)
		}

		b.Frameio.Faults().Add(faults.Rule{
			Method: "GET",
			Path:   fmt.Sprintf(hidden, which),
			Status: http.StatusForbidden,
		})

		b.Published(b.Josh, files[0])
		docs := by(b)
		if len(docs) != 2 || docs[files[0]].UID == uid || docs[files[0]].Content.Digest != testenv.MD5(cut(0)) {
			t.Errorf("with %s hidden there are documents of %v, want one of %s by itself", hidden, told(docs), files[0])
		}
	}
}

// The same in a mirrored tree, whatever is fetched.
func TestMirroredStackThatLosesAFile(t *testing.T) {
	t.Parallel()
	for _, fetch := range []string{foldersync.Original, foldersync.Metadata} {
		t.Run(fetch, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			stack, files := stacked(b)
			m := b.Mirrored(func(q *foldersync.Request) { q.Fetch, q.Gone = fetch, foldersync.Trash })
			before := by(b)[files[2]]
			if before.UID == "" || before.Properties["frameio:stackId"] != stack {
				t.Fatalf("documents of %v, want of %s", told(by(b)), files[2])
			}

			b.Frameio.Move(files[2], b.Root)
			m.Refresh(false)
			docs := by(b)
			if len(docs) != 2 || docs[files[2]].UID == "" || docs[files[1]].UID != before.UID {
				t.Fatalf("documents of %v, want of %s, which is %s, and %s", told(docs), files[1], before.UID, files[2])
			}

			if got := docs[files[2]].Properties["frameio:stackId"]; got != "" {
				t.Errorf("the file that left tells of stack %v, want none", got)
			}

			for _, f := range files[:2] { // and then there is no stack
				b.Frameio.Move(f, b.Root)
			}

			m.Refresh(true)
			after := by(b)
			if len(after) != 3 || after[files[1]].UID != before.UID || after[files[2]].UID != docs[files[2]].UID {
				t.Fatalf("documents of %v, want of %v, the second and third as before", told(after), files)
			}

			for uid, d := range after {
				if d.IsTrashed || d.Properties["frameio:stackId"] != "" {
					t.Errorf("%s is in the trash (%t) and tells of stack %v, want neither", uid, d.IsTrashed,
						d.Properties["frameio:stackId"])
				}
			}
		})
	}
}
