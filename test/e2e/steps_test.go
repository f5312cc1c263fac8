package e2e

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// forgetful does each step of an item, and the first time nobody notes that it did:
// whatever the step has recorded itself stays.
type forgetful struct {
	work.Worker
	mu   sync.Mutex
	done map[string]bool
}

// Step is Worker's.
func (w *forgetful) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	next, err := w.Worker.Step(ctx, t)
	w.mu.Lock()
	defer w.mu.Unlock()
	if key := t.ID + " " + t.Step; err == nil && !w.done[key] {
		w.done[key] = true
		return work.Next{}, fault.New(fault.Unavailable, "Nobody noted it.")
	}
	return next, err
}

// Every step of every scene is done, and done again.
func TestEveryStepMayBeDoneTwice(t *testing.T) {
	t.Parallel()
	for _, s := range append(slices.Clone(scenes), scene{name: "sync-earlier", prepare: sceneSyncEarlier},
		scene{name: "sync-both", prepare: sceneSyncBoth}) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.World(func(w *app.World) {
				w.Worker = func(_ string, inner work.Worker) work.Worker {
					return &forgetful{Worker: inner, done: map[string]bool{}}
				}
			}))
			deed, check := s.prepare(b)
			deed()
			b.Settle()
			check()
		})
	}
}
