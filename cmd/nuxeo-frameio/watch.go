package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type itemsWatch struct {
	clientFlags
	Item   string `arg:"" optional:"" help:"Id of one item; without it, the newest of yours."`
	Parent string `help:"Only those of an interaction or a binding; ends when all are finished." placeholder:"ID"`
}

// Run watches items until they are finished, or until it is stopped.
func (c *itemsWatch) Run(t *terminal) error {
	return c.session(t, func(k *client) error { return c.watch(t, k) })
}

func (c *itemsWatch) watch(t *terminal, k *client) error {
	q := url.Values{}
	if c.Item != "" {
		q.Set("item", c.Item)
	}
	if c.Parent != "" {
		q.Set("parent", c.Parent)
	}
	r, err := http.NewRequestWithContext(t.ctx, http.MethodGet, k.base+"/api/v1/events?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+k.session)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return k.unreachable(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var p api.Problem
		if json.NewDecoder(resp.Body).Decode(&p) != nil {
			return problem(nil, resp)
		}
		return problem(&p, resp)
	}
	screen := newScreen(t)
	in := bufio.NewScanner(resp.Body)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		data, ok := strings.CutPrefix(in.Text(), "data: ")
		if !ok {
			if in.Text() == "" && screen.draw() && (c.Item != "" || c.Parent != "") {
				return screen.verdict()
			}
			continue
		}
		if c.JSON {
			t.printf("%s\n", data)
		}
		var v api.Item
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			return err
		}
		screen.put(v)
	}
	if t.ctx.Err() != nil {
		return nil
	}
	return fault.New(fault.Unavailable, "The connector ended the watch.").With("Watch again.")
}

// screen shows items: redrawn in place on a terminal, a line for each change
// elsewhere.
type screen struct {
	t       *terminal
	live    bool
	order   []string
	items   map[string]api.Item
	printed map[string]string
	lines   int
}

func newScreen(t *terminal) *screen {
	f, ok := t.out.(*os.File)
	return &screen{t: t, live: ok && term.IsTerminal(int(f.Fd())), items: map[string]api.Item{}, printed: map[string]string{}}
}

func (s *screen) put(v api.Item) {
	if _, seen := s.items[v.Id]; !seen {
		s.order = append(s.order, v.Id)
	}
	s.items[v.Id] = v
}

// draw shows what changed and says whether everything is finished.
func (s *screen) draw() bool {
	if s.live && s.lines > 0 {
		s.t.printf("\x1b[%dA\x1b[J", s.lines)
	}
	s.lines = 0
	finished := len(s.order) > 0
	for _, id := range s.order {
		v := s.items[id]
		if !final(v) {
			finished = false
		}
		line := lineOf(v)
		if s.live {
			s.t.printf("%s\n", line)
			s.lines++
		} else if key := stateOf(v) + str(v.Message); s.printed[id] != key {
			s.printed[id] = key
			s.t.printf("%s\n", line)
		}
	}
	return finished
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

// lineOf is one item in one line, with a bar while bytes move.
func lineOf(v api.Item) string {
	head := fmt.Sprintf("%s %-32s", mark(v), short(v.Title, 32))
	if p := v.Transfer; p != nil && v.State == api.ItemStateRunning && v.Step == "transfer" {
		return fmt.Sprintf("%s %s %3d%%  %s of %s  %s/s%s", head, bar(p.Done, p.Size), percent(p.Done, p.Size),
			bytesText(p.Done), bytesText(p.Size), bytesText(p.Rate), left(p.SecondsLeft))
	}
	line := head + " " + stateOf(v)
	if m := str(v.Message); m != "" {
		line += ": " + m
	}
	return line
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

const barWidth = 24

func bar(done, size int64) string {
	n := int(percent(done, size)) * barWidth / 100
	return "[" + strings.Repeat("█", n) + strings.Repeat("░", barWidth-n) + "]"
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

type publishCmd struct {
	clientFlags
	Binding string   `arg:"" help:"Id of the binding, as in \"bindings\"."`
	Assets  []string `arg:"" help:"Ids or view addresses of files, version stacks or folders."`
	NoWatch bool     `help:"Do not wait until everything has arrived."`
}

// Run publishes assets and watches them arrive.
func (c *publishCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		resp, err := k.PublishWithResponse(t.ctx, api.PublishJSONRequestBody{Binding: c.Binding, Assets: c.Assets})
		if err != nil {
			return k.unreachable(err)
		}
		if resp.JSON202 == nil {
			return problem(resp.ApplicationproblemJSONDefault, resp.HTTPResponse)
		}
		if c.JSON {
			if err := printJSON(t, resp.JSON202); err != nil {
				return err
			}
		} else {
			t.printf("%s\n", resp.JSON202.Message)
		}
		if c.NoWatch {
			return nil
		}
		w := itemsWatch{clientFlags: c.clientFlags, Parent: resp.JSON202.Interaction}
		return w.watch(t, k)
	})
}
