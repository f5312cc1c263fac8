package media

import (
	"context"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/gate"
)

// A StreamLimit limits how many streams run at once: each holds one of the few connections
// to Nuxeo for as long as a person watches.
type StreamLimit struct{ gate *gate.Gate }

// NewStreamLimit returns a limit, which may change at any time as nodes come and go.
func NewStreamLimit(limit func() int) *StreamLimit {
	return &StreamLimit{gate.New(limit, gate.Class{})}
}

// acquireTimeout is how long a viewer waits for a slot.
const acquireTimeout = 10 * time.Second

var errTooMany = errors.New("no stream has ended in time")

// acquire waits for a slot. The returned function releases it.
func (l *StreamLimit) acquire(ctx context.Context) (release func(), err error) {
	ctx, stop := context.WithTimeoutCause(ctx, acquireTimeout, errTooMany)
	defer stop()
	release, err = l.gate.Enter(ctx, 0)
	if err != nil && context.Cause(ctx) == errTooMany {
		f := fault.New(fault.Throttled, "Too many people are looking at files of Nuxeo at the moment.").
			With("Try again in a moment.")
		f.RetryAfter = time.Second
		return nil, f
	}

	return release, err
}
