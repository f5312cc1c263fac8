package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// screen shows items: redrawn in place on a terminal, a line for each change
// elsewhere.
type screen struct {
	t       *terminal
	size    func() (width, height int) // of the terminal; nil elsewhere
	order   []string
	items   map[string]api.Item
	printed map[string]string
	shown   []string // the lines that the next drawing replaces
}

func newScreen(t *terminal) *screen {
	s := &screen{t: t, items: map[string]api.Item{}, printed: map[string]string{}}
	if _, _, ok := t.size(); ok {
		s.size = func() (int, int) {
			width, height, _ := t.size()
			return width, height
		}
	}

	return s
}

func (s *screen) put(v api.Item) {
	if _, seen := s.items[v.Id]; !seen {
		s.order = append(s.order, v.Id)
	}
	s.items[v.Id] = v
}

// draw shows what changed and reports whether everything is finished.
func (s *screen) draw() bool {
	finished := len(s.order) > 0
	for _, v := range s.items {
		finished = finished && final(v)
	}

	// A terminal is drawn anew.
	if s.size != nil {
		s.redraw(finished)
		return finished
	}

	// A file or pipe gets a line for each change.
	for _, id := range s.order {
		v := s.items[id]
		if key := stateOf(v) + str(v.Message); s.printed[id] != key {
			s.printed[id] = key
			s.t.printf("%s\n", lineOf(v, 0))
		}
	}

	return finished
}

// redraw replaces what it drew before. Lines stay one cell short of the width;
// when the window has become narrower since, old ones take several rows.
func (s *screen) redraw(finished bool) {
	width, height := s.size()
	if rows := rowsOf(s.shown, width); rows > 0 {
		s.t.printf("\x1b[%dA\r\x1b[J", min(rows, height))
	}
	s.shown = s.lines(width-1, height-2, finished)
	for _, line := range s.shown {
		s.t.printf("%s\n", s.t.marked(line))
	}
}

// lines are as many items as there is room for, those that are not finished
// first; in the end all.
func (s *screen) lines(width, room int, finished bool) []string {
	order := s.order
	if room = max(room, 1); len(order) > room && !finished {
		order = slices.Clone(order)
		slices.SortStableFunc(order, func(a, b string) int {
			return rank(s.items[a]) - rank(s.items[b])
		})
		order = order[:room]
	}

	// What does not fit is counted.
	var out []string
	for _, id := range order {
		out = append(out, lineOf(s.items[id], width))
	}

	if more := len(s.order) - len(order); more > 0 {
		out = append(out, clip(fmt.Sprintf("… and %d more", more), width))
	}

	return out
}

func rank(v api.Item) int {
	switch {
	case v.State == api.ItemStateRunning:
		return 0
	case final(v):
		return 2
	}
	return 1
}

// rowsOf is how many rows lines take at a width.
func rowsOf(lines []string, width int) (n int) {
	for _, l := range lines {
		n += max(1, (cells(l)+width-1)/width)
	}
	return n
}

// cells is how many cells of a terminal a text takes.
func cells(text string) (n int) {
	for _, r := range text {
		n += cell(r)
	}
	return n
}

func cell(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r >= 0x1F300, r >= 0xFF01 && r <= 0xFF60, unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana,
		unicode.Katakana):
		return 2
	}
	return 1
}

// clip cuts a text to a width; 0 is none.
func clip(text string, width int) string {
	if width <= 0 || cells(text) <= width {
		return text
	}

	n := 0
	for i, r := range text {
		if n += cell(r); n > width-1 {
			return text[:i] + "…"
		}
	}

	return text
}

// pad makes a text exactly so wide.
func pad(text string, width int) string {
	text = clip(text, width)
	return text + strings.Repeat(" ", max(0, width-cells(text)))
}

func final(v api.Item) bool {
	return v.State == api.ItemStateDone || v.State == api.ItemStateFailed || v.State == api.ItemStateCanceled
}

// verdict is an error when something failed.
func (s *screen) verdict() error {
	for _, v := range s.items {
		if v.State == api.ItemStateFailed {
			return fault.New(fault.Code(str(v.Code)), "%s: %s", v.Title, str(v.Message)).With(str(v.Remedy))
		}
	}
	return nil
}

// The widths of a line where there is room, and what they shrink to.
const (
	titleWidth, leastTitle = 32, 8
	barWidth, leastBar     = 24, 6
)

// lineOf is an item in one line, with a bar while bytes move. It is cut to the
// width; 0 is none.
func lineOf(v api.Item, width int) string {
	p := v.Transfer
	if p == nil || v.State != api.ItemStateRunning || v.Step != "transfer" {
		title := titleWidth
		if width > 0 {
			title = max(leastTitle, min(title, width/3))
		}
		line := mark(v) + " " + pad(plain.Line(v.Title), title) + " " + stateOf(v)
		if m := str(v.Message); m != "" {
			line += ": " + plain.Line(m)
		}
		return clip(line, width)
	}

	// How far the bytes are stands at the end; title and bar share what is left of the line.
	tail := fmt.Sprintf(" %3d%%  %s  %s/s%s", percent(p.Done, p.Size), progressText(p.Done, p.Size), plain.Size(p.Rate),
		left(p.SecondsLeft))
	if p.QuietSince != nil {
		tail = fmt.Sprintf(" %3d%%  %s  no answer since %s", percent(p.Done, p.Size), progressText(p.Done, p.Size),
			p.QuietSince.Local().Format("15:04:05"))
	}

	title, wide := titleWidth, barWidth
	if width > 0 {
		over := 2 + title + 1 + 2 + wide + cells(tail) - width
		cut := min(max(over, 0), wide-leastBar)
		wide, over = wide-cut, over-cut
		title -= min(max(over, 0), title-leastTitle)
	}

	return clip(mark(v)+" "+pad(plain.Line(v.Title), title)+" "+bar(p.Done, p.Size, wide)+tail, width)
}

func mark(v api.Item) string {
	switch v.State {
	case api.ItemStateDone:
		return "✓"
	case api.ItemStateFailed:
		return "✗"
	case api.ItemStateCanceled:
		return "–"
	case api.ItemStateRunning:
		return "▶"
	}
	return "…"
}

func bar(done, size int64, width int) string {
	n := int(percent(done, size)) * width / 100
	return "[" + strings.Repeat("█", n) + strings.Repeat("░", width-n) + "]"
}

func percent(done, size int64) int64 {
	if size <= 0 {
		return 0
	}
	return min(100, int64(float64(done)/float64(size)*100))
}

func left(seconds *int64) string {
	if seconds == nil {
		return ""
	}
	return "  " + (time.Duration(*seconds) * time.Second).String() + " left"
}
