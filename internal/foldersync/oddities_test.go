package foldersync_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// What Frame.io lists and cannot be read is neither gone nor changed: its document stays,
// what is beside it comes, and people are told. Where not even the id can be read, nothing
// at all is taken for gone.
func TestWhatCannotBeReadIsNotGone(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]map[string]any{
		"a size that is a list": {"file_size": []int{1}}, "a status that is a number": {"status": 3},
		"metadata that is text": {"metadata": "none"},
		"no id":                 {"id": nil}, "an id that is a number": {"id": 7},
		"a head that is text": {"head_version": "x", "file_size": "big"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Loose()) // the simulated Frame.io says what the contract does not
			day := b.Frameio.AddFolder(b.Root, "Day")
			file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 1000))
			lost := b.Add(b.Root, "Lost.mov", testenv.Bytes('l', 300))
			stack := b.Frameio.Stack(b.Add(b.Root, "One.mov", testenv.Bytes('1', 400)),
				b.Add(b.Root, "Two.mov", testenv.Bytes('2', 500)))
			b.Add(day, "Inside.mov", testenv.Bytes('i', 200))
			m := b.Mirrored(func(q *foldersync.Request) { q.Gone = foldersync.Trash })
			before := tree(b)

			for _, id := range []string{file, stack, day} {
				b.Frameio.SetOdd(id, odd)
			}

			b.Add(b.Root, "New.mov", testenv.Bytes('n', 600))
			b.Frameio.Delete(lost)
			nameless := odd["id"] != nil || name == "no id"
			wantGone := 1
			if nameless {
				wantGone = 0
			}

			for range 2 {
				if r := m.Refresh(false); r.State != foldersync.Done || r.Gone > wantGone || r.Failed > 0 ||
					!strings.Contains(r.Message, "cannot be read") {
					t.Errorf("the run ended %s with %d gone and %d failed, saying %q; want done, at most %d and "+
						"none, and that a folder cannot be read", r.State, r.Gone, r.Failed, r.Message, wantGone)
				}
			}

			after := tree(b)
			delete(before, "Lost")
			if nameless {
				delete(after, "Lost")
			}

			before["New"] = after["New"]
			if !maps.Equal(before, after) || after["New"] == "" {
				t.Errorf("Nuxeo holds %v, want %v", after, before)
			}

			told := fmt.Sprint(m.Differences())
			if n := strings.Count(told, "cannot be read"); n == 0 || !nameless && n < 2 {
				t.Errorf("the check tells %s, want what cannot be read", told)
			}

			for _, id := range []string{file, stack, day} {
				b.Frameio.SetOdd(id, nil)
			}

			m.Refresh(true)
			if after := tree(b); !maps.Equal(before, after) {
				t.Errorf("once it can be read again Nuxeo holds %v, want %v", after, before)
			}

			if d := m.Differences(); len(d) != 0 {
				t.Errorf("once it can be read again the check tells %v, want nothing", d)
			}
		})
	}
}

// tree is what is in the folder and not in the trash, by path below it.
func tree(b *testenv.Bed) map[string]string {
	all := map[string]string{}
	for path, docs := range b.Tree() {
		for _, d := range docs {
			if !d.IsTrashed {
				all[path] += d.UID
			}
		}
	}

	return all
}
