package mail

import (
	"fmt"
	"slices"
	"testing"
)

func TestWhatFailedIsSaidFirst(t *testing.T) {
	t.Parallel()
	line := func(kind string, n int) (all []Line) {
		for i := range n {
			all = append(all, Line{Title: fmt.Sprintf("%s %d", kind, i)})
		}
		return all
	}

	for _, c := range []struct {
		failed, well, lines, more int
		first, last               string
	}{
		{0, 3, 3, 0, "well 0", "well 2"},
		{0, 305, 50, 255, "well 0", "well 49"},
		{1, 304, 6, 299, "failed 0", "well 4"},
		{70, 0, 70, 0, "failed 0", "failed 69"},
		{70, 2, 72, 0, "failed 0", "well 1"},
	} {
		lines, more := Lines(line("failed", c.failed), line("well", c.well))
		if len(lines) != c.lines || more != c.more || lines[0].Title != c.first || lines[len(lines)-1].Title != c.last {
			t.Errorf("%d failed and %d went well: %d lines from %q to %q and %d more, want %d from %q to %q and %d",
				c.failed, c.well, len(lines), lines[0].Title, lines[len(lines)-1].Title, more, c.lines,
				c.first, c.last, c.more)
		}
		if n := slices.IndexFunc(lines, func(l Line) bool { return l.Title == "well 0" }); c.well > 0 && n != c.failed {
			t.Errorf("what went well begins at line %d, want %d", n, c.failed)
		}
	}
}
