//go:build endurance

package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// dieAt names the moment at which the process kills itself: kind, step (- is the
// first one, undo the removal of what is half made), start or end, and how often
// that must have come before. It exists only in builds for the endurance test,
// which draws the moments.
const dieAt = "ENDURANCE_DIE_AT"

func init() {
	f := strings.Fields(os.Getenv(dieAt))
	if len(f) != 4 {
		return
	}

	left := new(atomic.Int64)
	n, _ := strconv.ParseInt(f[3], 10, 64) // no number: at once
	left.Store(n)
	step := strings.TrimPrefix(f[1], "-")
	around = func(kind string, w work.Worker) work.Worker {
		if kind != f[0] {
			return w
		}
		return mortal{w, step, f[2], left}
	}
}

// undoing stands for the step that removes what is half made.
const undoing = "undo"

// mortal is a worker that takes the process along.
type mortal struct {
	work.Worker
	step, moment string
	left         *atomic.Int64
}

// Step dies before it does anything, or when all is done and nothing recorded.
func (m mortal) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	here := t.Step == m.step
	m.reached(here, "start")
	next, err := m.Worker.Step(ctx, t)
	m.reached(here && err == nil, "end")
	return next, err
}

// Undo dies in the same way.
func (m mortal) Undo(ctx context.Context, t *work.Task) error {
	here := m.step == undoing
	m.reached(here, "start")
	err := m.Worker.Undo(ctx, t)
	m.reached(here && err == nil, "end")
	return err
}

func (m mortal) reached(here bool, moment string) {
	if here && moment == m.moment && m.left.Add(-1) < 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until it takes effect
	}
}
