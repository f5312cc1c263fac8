package pace

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// Connections is a transport that has so many calls open at once and no more,
// over everything that goes through it and, as far as they know of each other,
// over all nodes. One place is kept for people.
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
	if err := c.places.enter(r.Context(), interactive(r.Context())); err != nil {
		return nil, err
	}
	release := sync.OnceFunc(c.places.leave)
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		release()
		return nil, err
	}
	resp.Body = &releasing{ReadCloser: resp.Body, release: release}
	return resp, nil
}

// places are what calls wait for, people first, each group in its order.
type places struct {
	limit func() int

	mu     sync.Mutex
	open   int
	people []chan struct{}
	others []chan struct{}
}

func (p *places) enter(ctx context.Context, first bool) error {
	turn := make(chan struct{})
	p.mu.Lock()
	if first {
		p.people = append(p.people, turn)
	} else {
		p.others = append(p.others, turn)
	}
	p.admit()
	p.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !drop(&p.people, turn) && !drop(&p.others, turn) { // its turn came at the same moment
		p.open--
		p.admit()
	}
	return ctx.Err()
}

func (p *places) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open--
	p.admit()
}

// admit lets in who may enter now.
func (p *places) admit() {
	limit := p.limit()
	for p.open < limit && len(p.people) > 0 {
		p.let(&p.people)
	}
	for p.open < limit-1 && len(p.others) > 0 {
		p.let(&p.others)
	}
}

func (p *places) let(queue *[]chan struct{}) {
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
