package media

import (
	"context"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Lane lets so many streams pass at once: each holds one of the few connections
// to Nuxeo for as long as somebody watches.
type Lane struct {
	most  func() int
	freed chan struct{} // a place is free, perhaps

	mu   sync.Mutex
	open int
}

// NewLane makes a lane; most may change at any time, as nodes come and go.
func NewLane(most func() int) *Lane { return &Lane{most: most, freed: make(chan struct{}, 1)} }

// patience is how long somebody waits for a place.
const patience = 10 * time.Second

// enter waits for a place. leave gives it back.
func (l *Lane) enter(ctx context.Context) (leave func(), err error) {
	wait := time.NewTimer(patience)
	defer wait.Stop()
	for !l.take() {
		select {
		case <-l.freed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-wait.C:
			f := fault.New(fault.Throttled, "Too many people are looking at files of Nuxeo at the moment.").
				With("Try again in a moment.")
			f.RetryAfter = time.Second
			return nil, f
		}
	}

	return sync.OnceFunc(l.leave), nil
}

func (l *Lane) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.most() {
		return false
	}

	l.open++
	if l.open < l.most() {
		l.signal() // for the next, should two places have become free at once
	}

	return true
}

func (l *Lane) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	l.signal()
}

func (l *Lane) signal() {
	select {
	case l.freed <- struct{}{}:
	default: // it says so already
	}
}
