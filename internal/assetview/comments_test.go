package assetview

import (
	"slices"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
)

// Comments are read beside the picture: those of the newest version first, and of each version what is about all of it,
// then one after the other. Those of a file that no version holds come last.
func TestCommentsComeByVersionAndPlace(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	comment := func(id, file string, frame int64, after time.Duration) Comment {
		c := Comment{ID: id, File: file, Shown: review.Shown{Created: at.Add(after)}}
		if frame >= 0 {
			c.Frame = &frame
		}
		return c
	}

	page := comment("second page", "new", -1, 0)
	page.Page = new(int64(2))
	list := []Comment{
		comment("old, late", "old", 100, 0),
		comment("lost", "gone", 0, 0),
		comment("new, late", "new", 500, 0),
		comment("new, early, said later", "new", 10, time.Hour),
		comment("new, early", "new", 10, 0),
		page,
		comment("of all of it", "new", -1, 2*time.Hour),
		comment("old, early", "old", 5, time.Hour),
	}

	// The document as it is comes first; the newest version holds the same file.
	order(list, []Version{{File: "new", Current: true}, {File: "new"}, {File: "old"}})
	var got []string
	for _, c := range list {
		got = append(got, c.ID)
	}

	if want := []string{
		"of all of it", "second page", "new, early", "new, early, said later", "new, late",
		"old, early", "old, late", "lost",
	}; !slices.Equal(got, want) {
		t.Errorf("the comments come as %q, want %q", got, want)
	}
}
