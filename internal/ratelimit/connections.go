package ratelimit

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Connections is a transport that has so many calls open at once and no more,
// over everything that goes through it and, as far as they know of each other,
// over all nodes. One place is kept for people. Strangers, whom nobody knows yet, share
// one place with each other, so that however many come, the others go on.
type Connections struct {
	next   http.RoundTripper
	places *places
}

// NewConnections wraps a transport. n places, 2 at least, are shared by as many
// nodes as nodes says; nil is one. Use Share to put several transports under one
// budget.
func NewConnections(next http.RoundTripper, n int, nodes func() int) *Connections {
	if nodes == nil {
		nodes = func() int { return 1 }
	}
	return &Connections{next: next, places: &places{limit: func() int { return max(2, n/max(1, nodes())) }}}
}

// Share is another transport under the same budget.
func (c *Connections) Share(next http.RoundTripper) *Connections {
	return &Connections{next: next, places: c.places}
}

// RoundTrip takes a place until the answer's body is closed.
func (c *Connections) RoundTrip(r *http.Request) (*http.Response, error) {
	lane := laneOf(r.Context())
	if err := c.places.enter(r.Context(), lane); err != nil {
		return nil, err
	}

	release := sync.OnceFunc(func() { c.places.leave(lane) })
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		release()
		return nil, err
	}

	resp.Body = &releasing{ReadCloser: resp.Body, release: release}
	return resp, nil
}

// places are what calls wait for: strangers in their own place, people first, each group
// in its order.
type places struct {
	limit func() int

	mu        sync.Mutex
	open      int
	strangers int // of them
	queues    [lanes][]chan struct{}
}

// maxStrangers is how many strangers wait; more are sent away.
const maxStrangers = 100

func (p *places) enter(ctx context.Context, in lane) error {
	turn := make(chan struct{})
	p.mu.Lock()
	if in == byStranger && len(p.queues[in]) >= maxStrangers {
		p.mu.Unlock()
		e := fault.New(fault.Throttled, "Too many people are signing in at the moment.").With("Try again in a moment.")
		e.RetryAfter = 5 * time.Second
		return e
	}

	p.queues[in] = append(p.queues[in], turn)
	p.admit()
	p.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	if !drop(&p.queues[in], turn) { // its turn came at the same moment
		p.left(in)
	}

	return ctx.Err()
}

func (p *places) leave(in lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left(in)
}

func (p *places) left(in lane) {
	p.open--
	if in == byStranger {
		p.strangers--
	}
	p.admit()
}

// admit lets in who may enter now.
func (p *places) admit() {
	limit := p.limit()
	for p.open < limit && len(p.queues[byPerson]) > 0 {
		p.let(byPerson)
	}

	for p.open < limit && p.strangers < 1 && len(p.queues[byStranger]) > 0 {
		p.strangers++
		p.let(byStranger)
	}

	for p.open < limit-1 && len(p.queues[inBackground]) > 0 {
		p.let(inBackground)
	}
}

func (p *places) let(in lane) {
	queue := &p.queues[in]
	p.open++
	close((*queue)[0])
	*queue = (*queue)[1:]
}

func drop(queue *[]chan struct{}, turn chan struct{}) bool {
	for i, c := range *queue {
		if c == turn {
			*queue = append((*queue)[:i], (*queue)[i+1:]...)
			return true
		}
	}
	return false
}

type releasing struct {
	io.ReadCloser
	release func()
}

func (b *releasing) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
