package work

import (
	"context"
	"sync"
	"time"
)

// A Loop is a Queue in memory, for tests and for runs in a simulated world: it depends on nothing
// but time and channels. Its content is lost with the process, and recovered by the sweeper.
type Loop struct {
	workers int
	mu      sync.Mutex
	queued  map[Job]bool
	jobs    chan Job
}

// NewLoop returns a queue that runs up to workers jobs at once.
func NewLoop(workers int) *Loop {
	return &Loop{workers: workers, queued: map[Job]bool{}, jobs: make(chan Job, 4096)}
}

// Push adds jobs. Those that are queued already are ignored.
func (l *Loop) Push(_ context.Context, jobs []Job) error {
	for _, j := range jobs {
		at := j.At
		j.At = time.Time{}
		if l.add(j) {
			time.AfterFunc(max(0, time.Until(at)), func() { l.jobs <- j })
		}
	}
	return nil
}

func (l *Loop) add(j Job) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queued[j] {
		return false
	}
	l.queued[j] = true
	return true
}

func (l *Loop) remove(j Job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.queued, j)
}

// Run runs jobs until ctx is done.
func (l *Loop) Run(ctx context.Context, work func(context.Context, Job)) error {
	var wg sync.WaitGroup
	for range l.workers {
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case j := <-l.jobs:
					work(ctx, j)
					l.remove(j)
				}
			}
		})
	}

	wg.Wait()
	return nil
}
