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
// over all nodes. One slot is reserved for people. Strangers, who have not signed in yet, share
// one place with each other, so that however many come, the others go on.
type Connections struct {
	next   http.RoundTripper
	places *slots
}

// NewConnections wraps a transport. n places, 2 at least, are shared by as many
// nodes as nodes says; nil is one. Use Share to put several transports under one
// budget.
func NewConnections(next http.RoundTripper, n int, nodes func() int) *Connections {
	if nodes == nil {
		nodes = func() int { return 1 }
	}
	return &Connections{next: next, places: &slots{limit: func() int { return max(2, n/max(1, nodes())) }}}
}

// Share is another transport under the same budget.
func (c *Connections) Share(next http.RoundTripper) *Connections {
	return &Connections{next: next, places: c.places}
}

// RoundTrip takes a place until the answer's body is closed.
func (c *Connections) RoundTrip(r *http.Request) (*http.Response, error) {
	pri := priorityOf(r.Context())
	if err := c.places.acquire(r.Context(), pri); err != nil {
		return nil, err
	}

	release := sync.OnceFunc(func() { c.places.release(pri) })
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		release()
		return nil, err
	}

	// The connection is in use until the body has been read.
	resp.Body = &releasing{ReadCloser: resp.Body, release: release}
	return resp, nil
}

// slots are what calls wait for: strangers in their own place, people first, each group
// in its order.
type slots struct {
	limit func() int

	mu        sync.Mutex
	open      int
	strangers int // of them
	queues    [priorities][]chan struct{}
}

// maxStrangers is how many strangers wait; more are sent away.
const maxStrangers = 100

func (p *slots) acquire(ctx context.Context, pri priority) error {
	turn := make(chan struct{})
	p.mu.Lock()
	if pri == byStranger && len(p.queues[pri]) >= maxStrangers {
		p.mu.Unlock()
		e := fault.New(fault.Throttled, "Too many people are signing in at the moment.").With("Try again in a moment.")
		e.RetryAfter = 5 * time.Second
		return e
	}

	// Queue up, and be admitted at once if there is room.
	p.queues[pri] = append(p.queues[pri], turn)
	p.admit()
	p.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	if !drop(&p.queues[pri], turn) { // its turn came at the same moment
		p.free(pri)
	}

	return ctx.Err()
}

func (p *slots) release(pri priority) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free(pri)
}

func (p *slots) free(pri priority) {
	p.open--
	if pri == byStranger {
		p.strangers--
	}
	p.admit()
}

// admit admits the calls that may run now.
func (p *slots) admit() {
	limit := p.limit()
	for p.open < limit && len(p.queues[byPerson]) > 0 {
		p.grant(byPerson)
	}

	for p.open < limit && p.strangers < 1 && len(p.queues[byStranger]) > 0 {
		p.strangers++
		p.grant(byStranger)
	}

	for p.open < limit-1 && len(p.queues[background]) > 0 {
		p.grant(background)
	}
}

func (p *slots) grant(pri priority) {
	queue := &p.queues[pri]
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
