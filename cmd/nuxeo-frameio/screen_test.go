package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

func moving(id, title string, done, size int64) api.Item {
	left := int64(75)
	return api.Item{
		Id: id, Title: title, State: api.ItemStateRunning, Step: "transfer",
		Transfer: &api.Transfer{Done: done, Size: size, Rate: 12_300_000, SecondsLeft: &left},
	}
}

// Whatever the width, a line fits and keeps what matters most.
func TestLinesFit(t *testing.T) {
	t.Parallel()
	long := "A very long title 日本語のタイトル of a film that nobody can read to its end.mov"
	message := "The document is locked by julia,\nwho has it open"
	for width := 1; width < 200; width++ {
		for _, v := range []api.Item{
			moving("1", long, 50_300_000, 120_000_000),
			{Title: long, State: api.ItemStateFailed, Message: &message},
		} {
			line := lineOf(v, width)
			if cells(line) > width || strings.ContainsAny(line, "\n\r") {
				t.Errorf("at %d: %q takes %d, want one line that fits", width, line, cells(line))
			}
			if width >= 60 && v.Transfer != nil && !strings.Contains(line, "41%  50.3 MB of 120 MB  12.3 MB/s") {
				t.Errorf("at %d: %q, want how much has moved, and how fast", width, line)
			}
		}
	}
}

// Redrawing goes up by as many rows as the old lines take now.
func TestRedraw(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	width := 80
	s := &screen{
		t:       &terminal{out: &out},
		items:   map[string]api.Item{},
		printed: map[string]string{},
		size:    func() (int, int) { return width, 6 },
	}

	s.put(moving("1", "Teaser.mp4", 1, 3))
	s.draw()
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("it went up without reason, want no movement: %q", out.String())
	}

	width = 40
	out.Reset()
	s.draw()
	if !strings.HasPrefix(out.String(), "\x1b[2A") {
		t.Errorf("a line of 79 takes two rows of 40: %q, want it to go up 2", out.String())
	}

	for i := range 10 {
		s.put(api.Item{Id: fmt.Sprint("done", i), Title: "Done", State: api.ItemStateDone})
	}

	s.draw()
	if n := len(s.shown); n != 5 || !strings.HasPrefix(s.shown[0], "▶") || s.shown[4] != "… and 7 more" {
		t.Errorf("the screen shows %q, want 5 lines from ▶ to … and 7 more", s.shown)
	}
}

func TestProgressText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		done, size int64
		want       string
	}{
		{50_300_000, 120_000_000, "50.3 MB of 120 MB"},
		{1, 999, "1 byte of 999 bytes"},
		{5_000_000, 2_000_000_000, "5 MB of 2 GB"},
	} {
		if got := progressText(c.done, c.size); got != c.want {
			t.Errorf("%d of %d is %q, want %q", c.done, c.size, got, c.want)
		}
	}

	v := moving("1", "x", 50_300_000, 120_000_000)
	if got := sizeOf(v); got != "50.3 MB of 120 MB" {
		t.Errorf("while it runs the size is %q, want 50.3 MB of 120 MB", got)
	}

	if v.State = api.ItemStateDone; sizeOf(v) != "120 MB" {
		t.Errorf("when it is done the size is %q, want 120 MB", sizeOf(v))
	}
}

func TestQuoted(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"bin/nuxeo-frameio": "bin/nuxeo-frameio",
		"/my tools/it's":    `'/my tools/it'\''s'`,
		"a$b":               "'a$b'",
	} {
		if got := quoted(word); got != want {
			t.Errorf("%q is quoted as %s, want %s", word, got, want)
		}
	}
}
