package work

import (
	"context"
	"sync"
)

// reserved is which part of the places is kept for what goes ahead.
const reserved = 4

// places are how many jobs run at once. What goes ahead takes any, and before
// others; the others leave some free, so that a job that somebody waits for begins
// although thousands are queued.
type places struct {
	all, others int

	mu      sync.Mutex
	running int
	behind  int // of those that run, the ones that do not go ahead
	waiting int // of those that go ahead
	changed chan struct{}
}

func newPlaces(n int) *places {
	return &places{all: n, others: max(1, n-max(1, n/reserved)), changed: make(chan struct{})}
}

// enter waits for a place; leave gives it back. When ctx ends there is none.
func (p *places) enter(ctx context.Context, ahead bool) (leave func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ahead {
		p.waiting++
		defer func() {
			p.waiting--
			p.wake() // whoever stood back for it
		}()
	}

	for !p.free(ahead) {
		changed := p.changed
		p.mu.Unlock()
		select {
		case <-changed:
			p.mu.Lock()
		case <-ctx.Done():
			p.mu.Lock()
			return nil, ctx.Err()
		}
	}

	p.count(ahead, 1)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.count(ahead, -1)
		p.wake()
	}, nil
}

// wake has those that wait look again.
func (p *places) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *places) free(ahead bool) bool {
	return p.running < p.all && (ahead || p.behind < p.others && p.waiting == 0)
}

func (p *places) count(ahead bool, n int) {
	p.running += n
	if !ahead {
		p.behind += n
	}
}
