package nuxeo_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// remarks makes nine comments, of which every third is an annotation, a minute apart.
// The fifth has two replies.
func remarks(w *world) (uid string) {
	w.Helper()
	uid = w.sim.MkDoc(folder+"/talk", "File", nil)
	for i := range 9 {
		k := nuxeo.Comment{Text: fmt.Sprint(i), Created: time.Date(2026, 1, 2, 3, i, 0, 0, time.UTC)}
		if i%3 == 0 {
			k.XPath = "file:content"
		}

		made, err := w.CreateComment(w.Context(), uid, k, "")
		w.must(err)
		if i == 4 {
			for range 2 {
				_, err := w.CreateComment(w.Context(), made.ID, nuxeo.Comment{Text: "reply"}, "")
				w.must(err)
			}
		}
	}

	return uid
}

func texts(list []nuxeo.Comment) (out []string) {
	for _, k := range list {
		out = append(out, k.Text)
	}
	return out
}

func TestLatestRemarksAreTheNewest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	uid := remarks(w)
	for _, c := range []struct {
		what string
		of   func(most int) (nuxeo.Remarks, error)
		most int
		want []string
		more bool
	}{
		{"comments", func(n int) (nuxeo.Remarks, error) {
			return w.LatestComments(t.Context(), uid, n)
		}, 4, []string{"8", "7", "6", "5"}, true},
		{"comments", func(n int) (nuxeo.Remarks, error) {
			return w.LatestComments(t.Context(), uid, n)
		}, 9, []string{"8", "7", "6", "5", "4", "3", "2", "1", "0"}, false},
		{"annotations", func(n int) (nuxeo.Remarks, error) {
			return w.LatestAnnotations(t.Context(), uid, n)
		}, 2, []string{"6", "3"}, true},
		{"annotations", func(n int) (nuxeo.Remarks, error) {
			return w.LatestAnnotations(t.Context(), uid, n)
		}, 3, []string{"6", "3", "0"}, false},
	} {
		r, err := c.of(c.most)
		w.must(err)
		if got := texts(r.List); !slices.Equal(got, c.want) || r.More != c.more {
			t.Errorf("the latest %d %s are %v, more: %v; want %v, more: %v", c.most, c.what, got,
				r.More, c.want, c.more)
		}

		for _, k := range r.List {
			want := 0
			switch {
			case c.what == "annotations":
				want = -1
			case k.Text == "4":
				want = 2
			}
			if got := r.Replies[k.ID]; got != want {
				t.Errorf("of the %s, %q has %d replies, want %d", c.what, k.Text, got, want)
			}
		}
	}
}

func TestCommentsAreAllOfThemOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *nuxeosim.Options) { o.MaxPageSize = 4 })
	var list []nuxeo.Comment
	for k, err := range w.Comments(t.Context(), remarks(w)) {
		w.must(err)
		list = append(list, k)
	}

	if got, want := texts(list), []string{"8", "7", "6", "5", "4", "3", "2", "1", "0"}; !slices.Equal(got, want) {
		t.Errorf("the comments are %v, want %v", got, want)
	}
}
