package work

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A leaseWatch notices leases that are not renewed any more. It compares observations by its own
// monotonic clock, so that differing or jumping clocks of other nodes do no harm.
type leaseWatch struct {
	seen map[string]observation
}

type observation struct {
	generation, lease int64
	since             time.Time
}

// expired returns the leases that have not changed for longer than a lease lasts.
func (w *leaseWatch) expired(
	running map[string]observation, now time.Time, lease time.Duration,
) map[string]observation {
	expired := map[string]observation{}
	for id, s := range running {
		before, ok := w.seen[id]

		// A change is a sign of life. Time counts from when we saw it, by our own clock.
		if !ok || before.generation != s.generation || before.lease != s.lease {
			s.since = now
		} else if s.since = before.since; now.Sub(s.since) > lease {
			expired[id] = s
		}
		running[id] = s
	}

	w.seen = running
	return expired
}

func (e *Engine) runningLeases(ctx context.Context) (map[string]observation, error) {
	return store.Map(ctx, e.db.Reader, func(row store.Row) (id string, s observation, err error) {
		err = row.Scan(&id, &s.generation, &s.lease)
		return id, s, err
	}, `SELECT id, generation, lease_until FROM items WHERE state = 'running'`)
}

// freeLost frees items whose holders give no sign of life.
func (e *Engine) freeLost(ctx context.Context) error {
	running, err := e.runningLeases(ctx)
	if err != nil {
		return err
	}

	e.watching.Lock()
	expired := e.watch.expired(running, e.set.Monotonic(), e.set.Lease)
	e.watching.Unlock()
	for id, s := range expired {
		if err := e.takeOver(ctx, id, s); err != nil {
			return err
		}
	}

	return nil
}

func (e *Engine) takeOver(ctx context.Context, id string, s observation) error {
	return e.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := interrupt(ctx, tx, e.now(), "taken over", "its node gave no sign of life",
			`id = $1 AND generation = $2 AND lease_until = $3`,
			id, s.generation, s.lease)
		return err // no row if it was renewed meanwhile
	})
}

// A lease is how long a holder may believe that an item is still its own.
type lease struct {
	until func() time.Time
	now   func() time.Time
}

type leaseKey struct{}

// CheckLease returns an error if the item that ctx works on is not ours any more, as far as can be
// known without asking. A process that was suspended finds that out before it does anything others
// would see. Without an item it returns nil.
func CheckLease(ctx context.Context) error {
	l, ok := ctx.Value(leaseKey{}).(lease)
	if !ok || l.now().Before(l.until()) {
		return nil
	}
	return errStale
}

// dueJobs returns jobs for due items, interactive ones first.
func (e *Engine) dueJobs(ctx context.Context, now int64) ([]Job, error) {
	interactive, err := e.dueJobsWhere(ctx, "ahead", now)
	if err != nil {
		return nil, err
	}
	others, err := e.dueJobsWhere(ctx, "NOT ahead", now)
	return append(interactive, others...), err
}

func (e *Engine) dueJobsWhere(ctx context.Context, which string, now int64) ([]Job, error) {
	return store.All(ctx, e.db.Reader, func(row store.Row) (Job, error) {
		j := Job{At: store.Time(now)}
		err := row.Scan(&j.Item, &j.Generation, &j.Interactive)
		return j, err
	}, `SELECT id, generation, ahead FROM items WHERE state = 'waiting'
		AND not_before <= $1 AND `+which+`
		ORDER BY not_before LIMIT $2`, now, sweepBatch)
}
