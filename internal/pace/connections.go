package pace

import (
	"context"
	"io"
	"net/http"
	"sync"
)

// Connections is a transport that has so many calls open at once and no more,
// over everything that goes through it. One place is kept for people.
type Connections struct {
	next       http.RoundTripper
	all, quiet chan struct{}
}

// NewConnections wraps a transport; n is at least 2. Use Share to put several
// transports under one budget.
func NewConnections(next http.RoundTripper, n int) *Connections {
	n = max(2, n)
	return &Connections{next: next, all: make(chan struct{}, n), quiet: make(chan struct{}, n-1)}
}

// Share is another transport under the same budget.
func (c *Connections) Share(next http.RoundTripper) *Connections {
	return &Connections{next: next, all: c.all, quiet: c.quiet}
}

// RoundTrip takes a place until the answer's body is closed.
func (c *Connections) RoundTrip(r *http.Request) (*http.Response, error) {
	release, err := c.enter(r.Context())
	if err != nil {
		return nil, err
	}
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		release()
		return nil, err
	}
	resp.Body = &releasing{ReadCloser: resp.Body, release: release}
	return resp, nil
}

func (c *Connections) enter(ctx context.Context) (func(), error) {
	quiet := !interactive(ctx)
	if quiet {
		if err := put(ctx, c.quiet); err != nil {
			return nil, err
		}
	}
	if err := put(ctx, c.all); err != nil {
		if quiet {
			<-c.quiet
		}
		return nil, err
	}
	return sync.OnceFunc(func() {
		<-c.all
		if quiet {
			<-c.quiet
		}
	}), nil
}

func put(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type releasing struct {
	io.ReadCloser
	release func()
}

func (b *releasing) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
