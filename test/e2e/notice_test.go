package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// afterStep calls a function when a step has found that nobody can act for the item,
// before the engine records it.
type afterStep struct {
	work.Worker
	found func()
}

// Step is Worker's.
func (w afterStep) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	next, err := w.Worker.Step(ctx, t)
	if fault.Is(err, fault.NeedsOwner) {
		w.found()
	}
	return next, err
}

// The mail that an item waits for somebody is sent though it is long until the item is
// seen to wait: whatever is told of it by then has to wait as well, and a process that
// dies in between loses nothing.
func TestAWaitingNoticeIsNotLost(t *testing.T) {
	t.Parallel()
	for _, dies := range []bool{false, true} {
		t.Run(fmt.Sprintf("dies=%v", dies), func(t *testing.T) {
			t.Parallel()
			var at atomic.Pointer[testenv.Bed]
			var once sync.Once
			found := make(chan struct{})
			b := testenv.New(t, testenv.World(func(w *app.World) {
				w.Worker = func(_ string, inner work.Worker) work.Worker {
					return afterStep{inner, func() {
						once.Do(func() {
							noticesEnd(at.Load())
							if dies {
								at.Load().Die()
							}
							close(found)
						})
					}}
				}
			}))

			at.Store(b)
			b.Bind("Publish")
			file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
			b.Frameio.ExpireAccess(b.Josh)
			b.Frameio.Faults().Add(faults.Rule{Path: "/ims/token", Lost: true, Times: 1})
			b.Run(b.Josh, file)
			<-found
			if dies {
				b.Restart()
			}

			b.Until(func(v work.View) bool {
				return v.Kind == "publish" && v.Code == string(fault.NeedsOwner) && v.State == work.Waiting
			})

			told := b.Until(func(v work.View) bool { return v.Kind == "notice" && v.State == work.Done })
			if n := len(b.Mail.Messages()); told.Outcome != "sent" || n != 1 {
				t.Errorf("the notice ended as %q with %d mails, want it sent, and one%s", told.Outcome, n, b.Story())
			}
		})
	}
}

// Mail travels on the way that is set up; where none is, nothing waits or fails for it.
func TestWaysOfMail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*app.Config)
		outcome string
		mails   int
	}{
		"by SMTP":       {func(*app.Config) {}, "sent", 1},
		"through Nuxeo": {testenv.ByNuxeo, "sent", 1},
		"not set up":    {func(c *app.Config) { c.Mail.SMTPHost = "" }, "no mail is set up", 0},
		"a service account without a sender": {func(c *app.Config) {
			testenv.ByNuxeo(c)
			c.Mail.Via, c.Mail.SMTPHost, c.Mail.From = "auto", "", ""
		}, "no mail is set up", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Config(c.change))
			b.Bind("Publish")
			b.Run(b.Josh, b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 1000)))
			b.AllDone()
			told := b.Until(func(v work.View) bool { return v.Kind == "notice" && v.State == work.Done })
			if told.Outcome != c.outcome {
				t.Errorf("the notice ended as %q, want %q", told.Outcome, c.outcome)
			}
			b.Mails(c.mails)
		})
	}
}

// noticesEnd waits until no notice is open; when there is none it returns at once.
func noticesEnd(b *testenv.Bed) {
	notices := work.Filter{Kind: "notice"}
	for {
		items, _, err := b.App.Engine.Items(context.Background(), testenv.Viewer, notices)
		if err != nil || !slices.ContainsFunc(items, func(v work.View) bool { return !v.State.Final() }) {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}
