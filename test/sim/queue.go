package sim

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// queue is a work.Queue whose order and repeats follow from the seed. Like any
// queue it brings each job at least once and forgets all when its process dies.
type queue struct {
	seed    chance
	node    *node
	workers int
	jobs    chan work.Job

	mu     sync.Mutex
	known  map[work.Job]bool
	pushed int
}

func newQueue(seed chance, n *node, workers int) *queue {
	return &queue{seed: seed, node: n, workers: workers, known: map[work.Job]bool{}, jobs: make(chan work.Job, 4096)}
}

// Push is work.Queue's.
func (q *queue) Push(_ context.Context, jobs []work.Job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, j := range jobs {
		wait := max(0, j.At.Sub(q.node.now()))
		j.At = time.Time{}
		if q.known[j] {
			continue
		}

		q.known[j] = true
		q.pushed++
		draw := q.seed.hash("queue", q.node.name, fmt.Sprint(q.pushed))
		wait += time.Duration(draw % uint64(300*time.Millisecond))
		time.AfterFunc(wait, func() { q.jobs <- j })
		if draw>>40%8 == 0 { // some come twice
			time.AfterFunc(wait+time.Duration(draw>>20%uint64(3*time.Second)), func() { q.jobs <- j })
		}
	}

	return nil
}

// Run is work.Queue's.
func (q *queue) Run(ctx context.Context, do func(context.Context, work.Job)) error {
	var wg sync.WaitGroup
	for range q.workers {
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case j := <-q.jobs:
					do(ctx, j)
					q.forget(j)
				}
			}
		})
	}

	wg.Wait()
	return nil
}

func (q *queue) forget(j work.Job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.known, j)
}
