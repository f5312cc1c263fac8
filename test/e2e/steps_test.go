package e2e

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// forgetful does each step of an item, and the first time nobody notes that it did:
// whatever the step has recorded itself stays.
type forgetful struct {
	work.Worker
	kind  string
	tally *tally
	mu    sync.Mutex
	done  map[string]bool
}

// tally counts how often each step was done twice, by kind and name; 0 for those that were not.
type tally struct {
	mu    sync.Mutex
	steps map[string]int
}

func (y *tally) add(kind, step string, n int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.steps[strings.TrimSpace(kind+" "+step)] += n
}

// Step is Worker's.
func (w *forgetful) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	next, err := w.Worker.Step(ctx, t)
	w.mu.Lock()
	defer w.mu.Unlock()
	if key := t.ID + " " + t.Step; err == nil && !w.done[key] {
		w.done[key] = true
		w.tally.add(w.kind, t.Step, 1)
		return work.Next{}, fault.New(fault.Unavailable, "Nobody noted it.")
	}
	return next, err
}

// undoubled are the steps that no scene comes to, and where they are attacked instead.
var undoubled = map[string]string{
	"rebuild":                     "test/lifecycle restores backups",
	"rebuild go on":               "the same step, after a slice",
	"sync-comments sync-comments": "the same step, after a slice",
	"sync-posters sync-posters":   "the same step, after a slice",
}

// Every step of every scene is done, and done again; and the scenes come to every step there is.
func TestEveryStepMayBeDoneTwice(t *testing.T) {
	t.Parallel()
	all := &tally{steps: map[string]int{}}
	t.Cleanup(func() {
		for step, n := range all.steps {
			if _, known := undoubled[step]; n == 0 && !known {
				t.Errorf("no scene came to the step %q, want it run twice by one", step)
			}
		}
	})

	for _, s := range append(slices.Clone(scenes), doubled...) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			options := []testenv.Option{testenv.World(func(w *app.World) {
				w.Worker = func(kind string, inner work.Worker) work.Worker {
					for _, s := range inner.Steps() {
						all.add(kind, s.Name, 0)
					}
					return &forgetful{Worker: inner, kind: kind, tally: all, done: map[string]bool{}}
				}
			})}
			if s.name == "fetch" {
				options = append(options, testenv.Fetched())
			}

			b := testenv.New(t, options...)
			deed, check := s.prepare(b)
			deed()
			b.Settle()
			check()
		})
	}
}

// doubled are the scenes that only this test plays, for the steps that the others do not come to.
var doubled = []scene{
	{name: "sync-earlier", prepare: sceneSyncEarlier},
	{name: "sync-both", prepare: sceneSyncBoth},
	{name: "fetch", prepare: scenePush},
	{name: "check", prepare: sceneCheck},
	{name: "repair", prepare: sceneRepair},
	{name: "channel", prepare: sceneChannel},
}

// sceneChannel tells a receiver of the team's own that an asset has arrived.
func sceneChannel(b *testenv.Bed) (deed, check func()) {
	b.Config.Notify.Gather = time.Second
	b.Restart()
	bound, receiver := b.Bind("Publish"), b.Receive()
	form := notify.Form{Kind: notify.Webhook, Address: &receiver.URL}
	if _, _, err := b.App.Notify.Save(b.T.Context(), work.Viewer{Login: "josh"}, bound.ID, form); err != nil {
		b.T.Fatal(err)
	}

	file := b.Add(b.Root, "Teaser.mov", testenv.Bytes('a', 500))
	return func() { b.Published(b.Josh, file) }, func() {
		b.T.Helper()
		if got := receiver.Got(); len(got) != 1 || !strings.Contains(got[0].Body, "Teaser") {
			b.T.Errorf("the receiver got %q, want one message, of Teaser", got)
		}
	}
}

// sceneCheck compares a tree that is not in Nuxeo as it is on Frame.io.
func sceneCheck(b *testenv.Bed) (deed, check func()) {
	b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
	m := b.Mirrored()
	other := b.Add(b.Root, "Take.mov", testenv.Bytes('b', 300))
	return func() { m.Differences() }, func() {
		b.T.Helper()
		if got := m.Differences(); len(got) != 1 {
			b.T.Errorf("the check tells %v, want one difference, %s", got, other)
		}
		m.Is(map[string][]byte{"/Cut": testenv.Bytes('a', 500)})
	}
}

// sceneRepair gives back what Nuxeo took from a document after it had arrived.
func sceneRepair(b *testenv.Bed) (deed, check func()) {
	b.Bind("Publish")
	b.PublishOne(b.Julia, "created", b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000)))
	uid := b.Only().UID
	before := b.Tells(uid)
	delete(before, "frameio:publishedBy") // nobody knows that any more
	b.Strip(uid)
	if _, err := b.App.DB.Writer.ExecContext(b.T.Context(), `UPDATE links SET looked = 0`); err != nil {
		b.T.Fatal(err)
	}
	return func() { b.LookLater() }, func() {
		b.T.Helper()
		diff.Equal(b.T, "what the document tells after the repair", b.Tells(uid), before)
	}
}
