package ratelimit

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/gate"
)

// Connections is a transport that has so many calls open at once and no more,
// over everything that goes through it and, as far as they know of each other,
// over all nodes. One slot is reserved for people. Strangers, who have not signed in yet, share
// one place with each other, so that however many come, the others go on.
type Connections struct {
	next   http.RoundTripper
	places *gate.Gate
}

// NewConnections wraps a transport. n places, 2 at least, are shared by as many
// nodes as nodes says; nil is one. Use Share to put several transports under one
// budget.
func NewConnections(next http.RoundTripper, n int, nodes func() int) *Connections {
	if nodes == nil {
		nodes = func() int { return 1 }
	}
	limit := func() int { return max(2, n/max(1, nodes())) }
	one := func(int) int { return 1 }
	var classes [priorities]gate.Class
	classes[byStranger] = gate.Class{Most: one, Waiting: maxStrangers}
	classes[background] = gate.Class{Spare: 1}
	return &Connections{next: next, places: gate.New(limit, classes[:]...)}
}

// Share is another transport under the same budget.
func (c *Connections) Share(next http.RoundTripper) *Connections {
	return &Connections{next: next, places: c.places}
}

// RoundTrip takes a place until the answer's body is closed.
func (c *Connections) RoundTrip(r *http.Request) (*http.Response, error) {
	release, err := c.places.Enter(r.Context(), int(priorityOf(r.Context())))
	if errors.Is(err, gate.ErrFull) {
		e := fault.New(fault.Throttled, "Too many people are signing in at the moment.").With("Try again in a moment.")
		e.RetryAfter = 5 * time.Second
		return nil, e
	}
	if err != nil {
		return nil, err
	}

	resp, err := c.next.RoundTrip(r)
	if err != nil {
		release()
		return nil, err
	}

	// The connection is in use until the body has been read.
	resp.Body = &releasing{ReadCloser: resp.Body, release: release}
	return resp, nil
}

// maxStrangers is how many strangers wait; more are sent away.
const maxStrangers = 100

type releasing struct {
	io.ReadCloser
	release func()
}

func (b *releasing) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
