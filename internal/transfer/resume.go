package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// shortError is a body that ended early.
type shortError struct{ want, got int64 }

func (e *shortError) Error() string {
	return fmt.Sprintf("%d bytes were announced, %d came", e.want, e.got)
}

// maxReopens is how often a source may fail in a row without giving a byte.
const maxReopens = 3

// resuming reads a range of the source, and opens it again at the place where
// it broke off or ended early.
type resuming struct {
	ctx       context.Context
	src       Source
	off, left int64
	body      io.ReadCloser
	fails     int
	permanent func(error) bool
}

func (r *resuming) Read(p []byte) (int, error) {
	for {
		if r.left == 0 {
			return 0, io.EOF
		}

		// Anything that moves shows that the connection is of use.
		n, err := r.read(p)
		if n > 0 {
			r.fails = 0
			return n, nil
		}

		// Open the source again where it broke off, unless there is no hope.
		if err = r.broken(err); err != nil {
			return 0, err
		}
	}
}

func (r *resuming) read(p []byte) (int, error) {
	if r.body == nil {
		body, err := r.src.Open(r.ctx, r.off, r.left)
		if err != nil {
			return 0, err
		}
		r.body = body
	}

	n, err := r.body.Read(p[:min(int64(len(p)), r.left)])
	r.off, r.left = r.off+int64(n), r.left-int64(n)
	return n, err
}

// broken closes the body and reports whether it is worth opening again.
func (r *resuming) broken(err error) error {
	r.Close()
	if err == nil || err == io.EOF {
		err = &shortError{want: r.left}
	}

	r.fails++
	if r.ctx.Err() != nil || r.fails > maxReopens || errors.Is(err, ErrChanged) || r.permanent != nil &&
		r.permanent(err) {
		return err
	}

	return nil
}

// Close closes the open body; the next Read opens another.
func (r *resuming) Close() {
	if r.body != nil {
		_ = r.body.Close() // what was needed has been read
		r.body = nil
	}
}

// guarded ends a reader for good: a transport may go on reading a body after
// the call that took it has failed.
type guarded struct {
	mu   sync.Mutex
	r    *resuming
	over bool
}

func (g *guarded) Read(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return 0, io.EOF
	}
	return g.r.Read(p)
}

func (g *guarded) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	g.r.Close()
}
