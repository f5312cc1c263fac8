package foldersync_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// While a new version of an asset is still being uploaded, the asset is not gone: its
// document stays where it is, and gets the new version once that is there.
func TestWhatIsStillUploadedIsNotGone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		before func(b *testenv.Bed) (stack func(version string) (asset string))
	}{
		{"a file becomes a stack", func(b *testenv.Bed) func(string) string {
			file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 1000))
			return func(version string) string { return b.Frameio.Stack(file, version) }
		}},
		{"a stack grows", func(b *testenv.Bed) func(string) string {
			stack := b.Frameio.Stack(b.Add(b.Root, "First.mov", testenv.Bytes('f', 900)),
				b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 1000)))
			return func(version string) string { b.Frameio.AddToStack(stack, version); return stack }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			stack := c.before(b)
			b.Add(b.Root, "Other.mov", testenv.Bytes('o', 100))
			m := b.Mirrored(func(q *foldersync.Request) { q.Gone = foldersync.Trash })
			uid := m.At(b.Folder, "Cut").UID

			next := b.Add(b.Root, "Cut 2.mov", testenv.Bytes('b', 1200), frameiosim.NotUploadedYet())
			stack(next)
			if d := m.Differences(); fmt.Sprint(d) != "map[Cut 2.mov:* still being uploaded to Frame.io]" &&
				fmt.Sprint(d) != "map[Cut 2.mov:+ still being uploaded to Frame.io Cut.mov:* still being uploaded to "+
					"Frame.io]" {
				t.Errorf("a check while it is uploaded tells %v, want only that Cut 2.mov is still being uploaded", d)
			}

			if r := m.Refresh(false); r.Gone != 0 || r.State != foldersync.Done {
				t.Errorf("the run while it is uploaded ended %s with %d gone, want done with 0", r.State, r.Gone)
			}

			if d, there := b.Nuxeo.Doc(uid); !there || d.IsTrashed || d.Content.Length != 1000 {
				t.Fatalf("the document while it is uploaded: there %v, %+v, want it as it was", there, d)
			}

			b.Frameio.FinishUpload(next)
			m.Refresh(false)
			d, _ := b.Nuxeo.Doc(uid)
			if d.IsTrashed || d.Content == nil || d.Content.Length != 1200 {
				t.Errorf("the document afterwards: %+v, want the new version", d)
			}

			if titles := titles(m); !slices.Equal(titles, []string{"Cut 2", "Other"}) {
				t.Errorf("the folder holds %v, want the document once", titles)
			}
		})
	}
}

// What cannot be brought is told of, and is no reason to touch what is there.
func TestWhatIsEmptyOrUnfinishedIsTold(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Frameio.AddFile(b.Root, "empty.srt", frameiosim.Bytes(nil), frameiosim.WithCreator(b.Josh))
	b.Add(b.Root, "never.mov", testenv.Bytes('n', 100), frameiosim.NotUploadedYet())
	b.Add(b.Root, "fine.mov", testenv.Bytes('a', 100))
	m := b.Mirrored()
	if got := m.Get().Last; got.Assets != 1 || got.Created != 1 {
		t.Errorf("the run counts %d assets and %d created, want 1 of each", got.Assets, got.Created)
	}

	want := map[string]string{"empty.srt": "+ empty on Frame.io", "never.mov": "+ still being uploaded to Frame.io"}
	if got := m.Differences(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("a check tells %v, want %v", got, want)
	}
}

// titles are those of the documents in the folder, without trash.
func titles(m *testenv.Mirror) (all []string) {
	for _, d := range m.Documents() {
		if !d.IsTrashed {
			all = append(all, d.Title)
		}
	}
	slices.Sort(all)
	return all
}
