package work

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// errStale ends the worker of an item that another has taken over.
var errStale = fault.New(fault.Stale, "Another worker has taken this over.")

// errCanceled ends a step because a person asked for it.
var errCanceled = fault.New(fault.Canceled, "It was cancelled.")

// claim leases the item under a new generation, if the job is still current.
func (e *Engine) claim(ctx context.Context, job Job) (*Item, error) {
	now := e.now()
	var it Item
	err := e.db.Tx(ctx, func(tx *sql.Tx) (err error) {
		it, err = scanItem(tx.QueryRowContext(ctx, `UPDATE items SET state = 'running', node = $1, lease_until = $2,
				generation = generation + 1, begun = begun + 1, updated = $3, once = CASE WHEN once = '' THEN $6
				ELSE once END
			WHERE id = $4 AND generation = $5 AND state = 'waiting' AND not_before <= $3
			AND NOT `+pausedCondition+` AND `+startable+`
			RETURNING `+itemColumns, e.set.Node, store.Millis(now.Add(e.set.Lease)), store.Millis(now), job.Item,
			job.Generation, rand.Text()))
		return err
	})
	// Another node was faster, or the item has changed since the job was queued.
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}

	return &it, err
}

// heartbeat renews the lease until ctx ends. If the lease is lost, the item is cancelled or a pause
// begins, it ends ctx with that cause.
func (e *Engine) heartbeat(
	ctx context.Context, id string, generation int64, until *atomic.Pointer[time.Time], cancel context.CancelCauseFunc,
) {
	tick := time.NewTicker(e.set.Lease / 4)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}

		began := e.set.Monotonic()
		canceled, pause, err := e.renew(ctx, id, generation)
		switch {
		case err == nil && canceled:
			cancel(errCanceled)
			return
		case err == nil && pause:
			cancel(errPaused)
			return
		case err == nil:
			limit := began.Add(e.set.Lease * 3 / 4)
			until.Store(&limit)
		case fault.Is(err, fault.Stale), !e.set.Monotonic().Before(*until.Load()):
			// Without the database we cannot know: stop before the lease ends.
			cancel(errStale)
			return
		}
	}
}

func (e *Engine) renew(ctx context.Context, id string, generation int64) (canceled, pause bool, err error) {
	ctx, stop := context.WithTimeout(ctx, e.set.Lease/4) // the database may hang
	defer stop()

	// The heartbeat is also where the holder hears of a cancellation or a pause.
	err = e.db.Tx(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `UPDATE items SET lease_until = $1 WHERE id = $2 AND generation = $3
			AND state = 'running'
			RETURNING cancel AND ending = '',
			`+pausedCondition, store.Millis(e.now().Add(e.set.Lease)), id, generation).Scan(&canceled, &pause)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, errStale
	}

	return canceled, pause, err
}

// reclaim frees what this node held when it last ended.
func (e *Engine) reclaim(ctx context.Context) error {
	return e.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := interrupt(ctx, tx, e.now(), "broken off", "the connector ended in the middle", `node = $1`,
			e.set.Node)
		return err
	})
}

// sweep looks periodically for expired leases and for due items without a job.
func (e *Engine) sweep(ctx context.Context) {
	tick := time.NewTicker(e.set.Sweep)
	defer tick.Stop()
	// At the start nothing is on its way to the queue.
	for grace := time.Duration(0); ; grace = e.set.SweepGrace {
		if err := errors.Join(e.reportAliveIfDue(ctx), e.sweepOlder(ctx, grace)); err != nil && ctx.Err() == nil {
			e.log.WarnContext(ctx, "the sweep failed and is repeated", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep frees items with expired leases and pushes jobs for everything that is due. An item that
// has a job already gets no second one.
func (e *Engine) Sweep(ctx context.Context) error { return e.sweepOlder(ctx, 0) }

// sweepOlder leaves alone items that became due within the grace, which are on their way to the
// queue.
func (e *Engine) sweepOlder(ctx context.Context, grace time.Duration) error {
	// What died with its node comes first: it becomes due by that.
	if err := errors.Join(e.freeLost(ctx), e.correctFutureTimes(ctx)); err != nil {
		return err
	}

	if p, err := e.Paused(ctx); err != nil || p != nil {
		return err
	}

	jobs, err := e.dueJobs(ctx, store.Millis(e.now())-grace.Milliseconds())
	if err != nil || len(jobs) == 0 {
		return err
	}

	return e.pushAll(ctx, jobs)
}

const sweepBatch = 1000
