package work

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// watch notices leases that are no longer renewed. It compares what it sees with
// what it saw, by its own steady clock: the clocks of two nodes may differ by an
// hour, or jump, and break no lease.
type watch struct {
	seen map[string]sighting
}

type sighting struct {
	generation, lease int64
	since             time.Time
}

// lost returns the leases that stayed the same for longer than a lease lasts.
func (w *watch) lost(held map[string]sighting, now time.Time, lease time.Duration) map[string]sighting {
	lost := map[string]sighting{}
	for id, s := range held {
		before, known := w.seen[id]
		if !known || before.generation != s.generation || before.lease != s.lease {
			s.since = now
		} else if s.since = before.since; now.Sub(s.since) > lease {
			lost[id] = s
		}
		held[id] = s
	}

	w.seen = held
	return lost
}

func (e *Engine) held(ctx context.Context) (map[string]sighting, error) {
	rows, err := e.db.Reader.QueryContext(ctx, `SELECT id, generation, lease_until FROM items WHERE state = 'running'`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	held := map[string]sighting{}
	for rows.Next() {
		var id string
		var s sighting
		if err := rows.Scan(&id, &s.generation, &s.lease); err != nil {
			return nil, err
		}
		held[id] = s
	}

	return held, rows.Err()
}

// free takes items away from holders that give no sign of life.
func (e *Engine) free(ctx context.Context) error {
	held, err := e.held(ctx)
	if err != nil {
		return err
	}

	e.watching.Lock()
	lost := e.watch.lost(held, e.set.Steady(), e.set.Lease)
	e.watching.Unlock()
	for id, s := range lost {
		if err := e.takeAway(ctx, id, s); err != nil {
			return err
		}
	}

	return nil
}

func (e *Engine) takeAway(ctx context.Context, id string, s sighting) error {
	return e.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := broken(ctx, tx, e.now(), "taken over", "its node gave no sign of life",
			`id = $1 AND generation = $2 AND lease_until = $3`,
			id, s.generation, s.lease)
		return err // none: it was renewed meanwhile
	})
}

// lease is how long a holder may believe that an item is still its own.
type lease struct {
	until func() time.Time
	now   func() time.Time
}

type leaseKey struct{}

// Held reports whether the item that ctx works on is still ours, as far as can be
// known without asking: a process that was stopped and wakes up finds that it is
// not, before it does anything that others would see. Without an item it is nil.
func Held(ctx context.Context) error {
	l, ok := ctx.Value(leaseKey{}).(lease)
	if !ok || l.now().Before(l.until()) {
		return nil
	}
	return errStale
}

// due finds waiting items whose time has come, first those that go ahead.
func (e *Engine) due(ctx context.Context, now int64) ([]Job, error) {
	ahead, err := e.dueOf(ctx, "ahead", now)
	if err != nil {
		return nil, err
	}
	others, err := e.dueOf(ctx, "NOT ahead", now)
	return append(ahead, others...), err
}

func (e *Engine) dueOf(ctx context.Context, which string, now int64) ([]Job, error) {
	rows, err := e.db.Reader.QueryContext(ctx, `SELECT id, generation, ahead FROM items WHERE state = 'waiting'
		AND not_before <= $1 AND `+which+`
		ORDER BY not_before LIMIT $2`, now, sweepBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var jobs []Job
	for rows.Next() {
		j := Job{At: store.Time(now)}
		if err := rows.Scan(&j.Item, &j.Generation, &j.Ahead); err != nil {
			return nil, err
		}
		jobs = append(jobs, j)
	}

	return jobs, rows.Err()
}
