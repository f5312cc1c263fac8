package review

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

// Of all comments one is in memory at a time: the next is asked for when the one before is
// written.
func TestCommentsAreStreamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const n = 40
	ahead := 0
	all := func(yield func(frameio.Comment, error) bool) {
		for i := range n {
			ahead = max(ahead, i-w.writes)
			if !yield(comment(fmt.Sprint("c", i), strings.Repeat("word ", 1000)), nil) {
				return
			}
		}
	}

	if err := w.importer.Import(t.Context(), w.target, all); err != nil {
		t.Fatal(err)
	}

	if ahead > 0 || w.writes != n {
		t.Errorf("the list was read %d comments ahead of %d writes, want 0 ahead of %d", ahead, w.writes, n)
	}

	rows, err := w.importer.loadImported(t.Context(), w.target)
	if err != nil {
		t.Fatal(err)
	}

	for _, row := range rows {
		if size := len(row.commentID + row.parentID + row.kind + row.nuxeoID + row.hash + row.writer); size > 300 {
			t.Errorf("of a comment of 5,000 characters %d bytes are held, want at most 300", size)
		}
	}
}

// A listing takes as long as the writes, and what moves past it meanwhile is not gone.
func TestWhatAListingMissesIsNotGone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	a, b, c := comment("a", "one"), comment("b", "two"), comment("c", "three", comment("d", "four"))
	w.must(a, b, c)
	want := strings.ReplaceAll(w.shown(), "comment a: one\n", "")

	looks := 0
	moving := func(yield func(frameio.Comment, error) bool) {
		if looks++; looks == 1 {
			_ = yield(b, nil) // a went, so that c came to stand before what is listed next
			return
		}
		_ = yield(b, nil) && yield(c, nil)
	}

	if err := w.importer.Import(t.Context(), w.target, moving); err != nil {
		t.Fatal(err)
	}

	if got := w.shown(); got != want || looks != 2 {
		t.Errorf("after %d looks there is\n%s\nwant after 2\n%s", looks, got, want)
	}
}

// What people are shown at once is bounded by its length, not only by its number.
func TestShownCommentsAreBounded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var long []frameio.Comment
	for i := range maxShown/40_000 + 5 {
		long = append(long, comment(fmt.Sprint("c", i), strings.Repeat("x", 40_000)))
	}

	w.must(long...)

	list, more, err := List(t.Context(), w.importer.DB, w.target.LinkID, 2000)
	if err != nil || !more || len(list) == 0 || len(list) > maxShown/40_000 {
		t.Errorf("%d of %d long comments are shown, more %t, %v, want at most %d and more", len(list), len(long), more,
			err, maxShown/40_000)
	}

	if list, more, err = List(t.Context(), w.importer.DB, w.target.LinkID, 3); len(list) != 3 || !more || err != nil {
		t.Errorf("asked for 3: %d, more %t, %v; want 3 and more", len(list), more, err)
	}
}
