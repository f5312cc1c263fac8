package testenv

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Clock is the connector's clock: the real one, and as far ahead as a test has
// moved it.
type Clock struct{ ahead atomic.Int64 }

// Now is the connector's time.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Move moves it.
func (c *Clock) Move(d time.Duration) { c.ahead.Add(int64(d)) }

// By makes the connector live by the clock.
func By(c *Clock) Option {
	return World(func(w *app.World) {
		w.Now, w.Queue = c.Now, c.Queue
	})
}

// Queue makes a queue that keeps to the clock.
func (c *Clock) Queue(*store.DB) work.Queue { return punctual{work.NewLoop(4), c} }

// punctual pushes only what is due by the clock; the sweeper brings the rest.
type punctual struct {
	work.Queue
	clock *Clock
}

// Push is work.Queue's.
func (q punctual) Push(ctx context.Context, jobs []work.Job) error {
	var due []work.Job
	for _, j := range jobs {
		if !j.At.After(q.clock.Now()) {
			j.At = time.Time{}
			due = append(due, j)
		}
	}
	return q.Queue.Push(ctx, due)
}

// OneByOne makes jobs be worked on one after the other, so that the same things
// happen in the same order each time.
func OneByOne() Option {
	return World(func(w *app.World) { w.Queue = func(*store.DB) work.Queue { return work.NewLoop(1) } })
}

// Twice makes every job be worked on twice at once.
func Twice() Option {
	return World(func(w *app.World) {
		queue := w.Queue
		if queue == nil {
			queue = func(*store.DB) work.Queue { return work.NewLoop(4) }
		}
		w.Queue = func(db *store.DB) work.Queue { return double{queue(db)} }
	})
}

type double struct{ work.Queue }

// Run is work.Queue's.
func (q double) Run(ctx context.Context, do func(context.Context, work.Job)) error {
	return q.Queue.Run(ctx, func(ctx context.Context, j work.Job) {
		done := make(chan struct{})
		go func() { defer close(done); do(ctx, j) }()
		do(ctx, j)
		<-done
	})
}
