package transfer

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// errIdle is what the watchdog says.
var errIdle = fault.New(fault.Unavailable, "Nothing has moved for too long: the other side does not answer.").
	With("It is tried again. If it stays, have the link looked at, or transfer-idle raised.")

// watchdog ends an attempt in which nothing moves. A nil one watches nothing.
type watchdog struct {
	idle, answer time.Duration
	timer        *time.Timer
	given        atomic.Bool // all bytes are with the sink, whose answer is awaited
}

// alive says that something moved.
func (d *watchdog) alive() {
	if d != nil && !d.given.Load() {
		d.timer.Reset(d.idle)
	}
}

// handed says that the sink has all bytes. Those in the buffers on the way move
// unseen from now on.
func (d *watchdog) handed() {
	if d != nil && !d.given.Swap(true) {
		d.timer.Reset(d.answer)
	}
}

// watch runs an attempt and ends it when nothing moves for idle, or no answer
// comes for answer.
func watch(
	ctx context.Context, idle, answer time.Duration, attempt func(context.Context, *watchdog) error,
) (late bool, err error) {
	if idle <= 0 {
		return false, attempt(ctx, nil)
	}

	// Each sign of life sets the timer again.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dog := &watchdog{idle: idle, answer: answer, timer: time.AfterFunc(idle, func() { cancel(errIdle) })}
	defer dog.timer.Stop()
	err = attempt(ctx, dog)
	if err != nil && context.Cause(ctx) == errIdle {
		return dog.given.Load(), fmt.Errorf("%w: %w", errIdle, err)
	}

	return false, err
}
