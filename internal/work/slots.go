package work

import (
	"context"
	"sync"
)

// reservedShare: one in so many slots is reserved for interactive jobs.
const reservedShare = 4

// slots limits how many jobs run at once. Interactive jobs may use all slots and go first;
// background jobs leave some free, so that an interactive job begins although thousands are queued.
type slots struct {
	all, background int

	mu                sync.Mutex
	running           int
	backgroundRunning int // background jobs among the running
	waiting           int // interactive jobs
	changed           chan struct{}
}

func newSlots(n int) *slots {
	return &slots{all: n, background: max(1, n-max(1, n/reservedShare)), changed: make(chan struct{})}
}

// acquire waits for a slot. The returned function releases it.
func (p *slots) acquire(ctx context.Context, interactive bool) (release func(), err error) {
	p.mu.Lock()
	defer p.mu.Unlock()

	// Background jobs let those pass that a person is waiting for.
	if interactive {
		p.waiting++
		defer func() {
			p.waiting--
			p.wake() // background jobs that let it pass
		}()
	}

	// Every change of the slots wakes all that wait, and each looks again.
	for !p.hasFree(interactive) {
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

	p.count(interactive, 1)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.count(interactive, -1)
		p.wake()
	}, nil
}

// wake makes waiting jobs check again.
func (p *slots) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *slots) hasFree(interactive bool) bool {
	return p.running < p.all && (interactive || p.backgroundRunning < p.background && p.waiting == 0)
}

func (p *slots) count(interactive bool, n int) {
	p.running += n
	if !interactive {
		p.backgroundRunning += n
	}
}
