package work

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/gate"
)

// reservedShare: one in so many slots is reserved for interactive jobs.
const reservedShare = 4

// slots limits how many jobs run at once. Interactive jobs may use all slots and go first;
// background jobs leave some free, so that an interactive job begins although thousands are queued.
type slots struct{ gate *gate.Gate }

// The classes of jobs.
const (
	interactiveJob = iota
	backgroundJob
)

func newSlots(n int) slots {
	background := func(all int) int { return max(1, all-max(1, all/reservedShare)) }
	return slots{gate.New(func() int { return n }, gate.Class{}, gate.Class{Most: background})}
}

// acquire waits for a slot. The returned function releases it.
func (p slots) acquire(ctx context.Context, interactive bool) (release func(), err error) {
	if interactive {
		return p.gate.Enter(ctx, interactiveJob)
	}
	return p.gate.Enter(ctx, backgroundJob)
}
