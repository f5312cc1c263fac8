package media

import (
	"context"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// A StreamLimit limits how many streams run at once: each holds one of the few connections
// to Nuxeo for as long as a person watches.
type StreamLimit struct {
	limit func() int
	freed chan struct{} // a slot may be free

	mu   sync.Mutex
	open int
}

// NewStreamLimit returns a limit, which may change at any time as nodes come and go.
func NewStreamLimit(limit func() int) *StreamLimit {
	return &StreamLimit{limit: limit, freed: make(chan struct{}, 1)}
}

// acquireTimeout is how long a viewer waits for a slot.
const acquireTimeout = 10 * time.Second

// acquire waits for a slot. The returned function releases it.
func (l *StreamLimit) acquire(ctx context.Context) (release func(), err error) {
	wait := time.NewTimer(acquireTimeout)
	defer wait.Stop()
	for !l.tryAcquire() {
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

	return sync.OnceFunc(l.release), nil
}

func (l *StreamLimit) tryAcquire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.limit() {
		return false
	}

	l.open++
	if l.open < l.limit() {
		l.signal() // for the next, in case two slots have become free at once
	}

	return true
}

func (l *StreamLimit) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	l.signal()
}

func (l *StreamLimit) signal() {
	select {
	case l.freed <- struct{}{}:
	default: // signalled already
	}
}
