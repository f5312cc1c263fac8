package work

import (
	"context"
	"sync"
	"time"
)

// Loop is a Queue in memory, for tests and for runs in a simulated world: it
// depends on nothing but time and channels. What it holds is lost with the
// process, as jobs may be; the sweeper brings it back.
type Loop struct {
	workers int
	mu      sync.Mutex
	known   map[Job]bool
	jobs    chan Job
}

// NewLoop makes a queue that runs so many jobs at once.
func NewLoop(workers int) *Loop {
	return &Loop{workers: workers, known: map[Job]bool{}, jobs: make(chan Job, 4096)}
}

// Push takes jobs; those that are waiting already are left alone.
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
	if l.known[j] {
		return false
	}
	l.known[j] = true
	return true
}

func (l *Loop) drop(j Job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, j)
}

// Run works on jobs until ctx ends.
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
					l.drop(j)
				}
			}
		})
	}

	wg.Wait()
	return nil
}
