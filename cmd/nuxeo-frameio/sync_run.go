package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type syncRefresh struct {
	syncFlags
	Sure   bool `env:"-" help:"Go on although very much is gone on Frame.io, as a run that asks says."`
	NoWait bool `env:"-" help:"Do not wait until everything has arrived."`
	DryRun bool `env:"-" help:"Only say what it would do, as \"sync plan\" does."`
}

// Run begins a run and shows how it goes.
func (c *syncRefresh) Run(t *terminal) error {
	if c.DryRun {
		return (&syncPlan{syncFlags: c.syncFlags}).Run(t)
	}
	return c.session(t, func(k *client) error {
		s, err := c.sync(t, k)
		if err != nil {
			return err
		}

		got, err := k.RefreshSync(t.ctx, s.Id, api.RefreshSyncJSONRequestBody{Sure: &c.Sure})
		if err != nil {
			return err
		}

		return c.follow(t, k, *got, c.NoWait)
	})
}

// follow shows a run until it has ended, and says how it came out.
func (c *clientFlags) follow(t *terminal, k *client, s api.Sync, not bool) error {
	if not && c.JSON {
		return printJSON(t, s)
	}

	if not {
		t.printf("It runs; see `nuxeo-frameio sync show %s`.\n", s.Id)
		return nil
	}

	// Show how it goes, and then how it came out.
	shown := &runLine{screen: newScreen(t), title: s.FolderTitle, silent: c.JSON}
	s, err := k.ended(t, s, shown.put)
	shown.end()
	if err != nil {
		return err
	}

	if !c.JSON && s.Comments && s.CommentsWaiting > 0 {
		t.printf("Comments come last: %s.\n", commentsText(s))
	}

	if c.JSON {
		if err := printJSON(t, s); err != nil {
			return err
		}
	}

	return c.verdict(t, k, s)
}

// The times between looks at a run, the first and the longest.
const (
	lookFirst = 100 * time.Millisecond
	lookLast  = 2 * time.Second
)

// ended looks at a synchronization until nothing of its last run is under way, or of
// its check where there is one.
func (c *client) ended(t *terminal, s api.Sync, put func(api.Sync)) (api.Sync, error) {
	check := s.Check != nil && s.Check.State == api.SyncRunStateRunning
	if check {
		s.Last = s.Check
	}

	for pause := lookFirst; s.Last != nil; pause = min(2*pause, lookLast) {
		put(s)
		if s.Last.State != api.SyncRunStateRunning && s.Last.Waiting == 0 {
			break
		}

		select {
		case <-time.After(pause):
		case <-t.ctx.Done():
		}

		// To stop watching stops nothing else.
		got, err := c.GetSync(t.ctx, s.Id)
		if t.ctx.Err() != nil {
			return s, fault.New(fault.Canceled, "It goes on without you.").With("See `nuxeo-frameio sync show " + s.Id +
				"`.")
		}

		if err != nil {
			return s, err
		}

		if s = *got; check {
			s.Last = s.Check
		}
	}

	return s, nil
}

// verdict tells what a run did; it is an error when it asks or something failed.
func (c *clientFlags) verdict(t *terminal, k *client, s api.Sync) error {
	r := s.Last
	if r == nil {
		return nil
	}

	switch {
	case r.State == api.SyncRunStateStopped:
		return fault.New(fault.Conflict, "%s Nothing has been changed.", str(r.Message)).
			With("Look at Frame.io. If that is right, confirm it: `nuxeo-frameio sync refresh " + s.Id + " --sure`.")
	case r.State == api.SyncRunStateFailed:
		return k.whyFailed(t, s)
	case !c.JSON:
		t.printf("%s\n", r.Summary)
		if r.Message != nil {
			t.printf("%s\n", *r.Message)
		}
	}

	// It ended, but not with everything.
	if r.Failed > 0 {
		return fault.New(fault.Refused, "%s could not be brought.", plural(r.Failed, "One asset", "%d assets")).
			With("See `nuxeo-frameio sync troubles " + s.Id + "`.")
	}

	if r.Conflicting > 0 && !c.JSON {
		t.printf("See `nuxeo-frameio sync troubles %s`.\n", s.Id)
	}

	return nil
}

// whyFailed is the error of the item that did the run, when it can be seen.
func (c *client) whyFailed(t *terminal, s api.Sync) error {
	f := fault.New(fault.Refused, "%s", orElse(str(s.Last.Message), "The run was cancelled.")).
		With(orElse(str(s.Remedy), "Refresh it again."))
	got, err := c.GetItem(t.ctx, str(s.Last.Item))
	if err == nil && got.Code != nil {
		f.Code = fault.Code(*got.Code)
	}
	return f
}

// stepText tells in words where a run is.
func stepText(r api.SyncRun) string {
	switch str(r.Step) {
	case "sync-list":
		return "looking at Frame.io"
	case "sync-compare", "sync-check":
		return "comparing"
	case "sync-folders":
		return "arranging folders"
	case "sync-assets":
		return "arranging documents"
	case "sync-gone", "sync-facet":
		return "finishing"
	case "":
		return "beginning"
	}

	done := r.Created + r.Updated + r.Unchanged + r.Conflicting + r.Failed
	text := fmt.Sprintf("%d of %d documents", done, done+r.Waiting)
	if r.BytesDone != nil && *r.BytesDone > 0 {
		text += ", " + plain.Size(*r.BytesDone)
	}

	return text
}

// runText is stepText with how far comments are, once documents come.
func runText(s api.Sync) string {
	text, all := stepText(*s.Last), s.CommentsDone+s.CommentsWaiting
	if s.Comments && all > 0 && str(s.Last.Step) == "sync-wait" {
		text += fmt.Sprintf(", comments of %d of %d", s.CommentsDone, all)
	}
	return text
}

// runLine shows a run in one line: redrawn on a terminal, a line for each step
// elsewhere.
type runLine struct {
	screen      *screen
	title       string
	silent      bool
	step, drawn string
}

func (l *runLine) put(s api.Sync) {
	r := *s.Last
	if l.silent || r.State != api.SyncRunStateRunning {
		return
	}

	// A terminal gets one line that changes, others a line for each step.
	line := "▶ " + plain.Line(l.title) + "  " + runText(s)
	switch {
	case l.screen.size != nil && line != l.drawn:
		width, _ := l.screen.size()
		l.screen.t.printf("\r\x1b[K%s", clip(line, width-1))
	case l.screen.size == nil && (l.drawn == "" || l.step != str(r.Step)):
		l.screen.t.printf("%s\n", line)
	}

	l.step, l.drawn = str(r.Step), line
}

// end takes the line away from a terminal.
func (l *runLine) end() {
	if l.screen.size != nil && l.drawn != "" {
		l.screen.t.printf("\r\x1b[K")
	}
}

type syncRuns struct{ syncFlags }

// Run lists runs.
func (c *syncRuns) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		s, err := c.sync(t, k)
		if err != nil {
			return err
		}

		got, err := k.ListSyncRuns(t.ctx, s.Id)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got.Runs)
		}

		var rows [][]string
		for _, r := range got.Runs {
			rows = append(rows, []string{
				clock(r.Began), took(r), string(r.Why), r.By, string(r.State),
				strconv.Itoa(r.Assets), outcomeOf(r),
			})
		}

		return table(t, "It has not run yet.", "BEGAN\tTOOK\tWHY\tASKED BY\tSTATE\tASSETS\tWHAT IT DID", rows)
	})
}

func took(r api.SyncRun) string {
	if r.Ended == nil {
		return ""
	}
	return r.Ended.Sub(r.Began).Round(100 * time.Millisecond).String()
}
