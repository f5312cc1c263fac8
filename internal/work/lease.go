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

// errStale ends whoever works on an item that somebody else has taken over.
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
			AND NOT `+paused+` AND `+alone+`
			RETURNING `+itemColumns, e.set.Node, store.Millis(now.Add(e.set.Lease)), store.Millis(now), job.Item,
			job.Generation, rand.Text()))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}

	return &it, err
}

// heartbeat keeps the lease until ctx ends; when it is lost, the person cancels
// or a pause begins, it ends ctx with the reason.
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

		asked := e.set.Steady()
		canceled, hold, err := e.renew(ctx, id, generation)
		switch {
		case err == nil && canceled:
			cancel(errCanceled)
			return
		case err == nil && hold:
			cancel(errPaused)
			return
		case err == nil:
			ours := asked.Add(e.set.Lease * 3 / 4)
			until.Store(&ours)
		case fault.Is(err, fault.Stale), !e.set.Steady().Before(*until.Load()):
			// Without the database we cannot know: stop before the lease ends.
			cancel(errStale)
			return
		}
	}
}

func (e *Engine) renew(ctx context.Context, id string, generation int64) (canceled, hold bool, err error) {
	ctx, stop := context.WithTimeout(ctx, e.set.Lease/4) // a database that hangs is as good as none
	defer stop()
	err = e.db.Tx(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `UPDATE items SET lease_until = $1 WHERE id = $2 AND generation = $3
			AND state = 'running'
			RETURNING cancel AND ending = '',
			`+paused, store.Millis(e.now().Add(e.set.Lease)), id, generation).Scan(&canceled, &hold)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, errStale
	}

	return canceled, hold, err
}

// reclaim frees what this node held when it last ended.
func (e *Engine) reclaim(ctx context.Context) error {
	return e.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := broken(ctx, tx, e.now(), "broken off", "the connector ended in the middle", `node = $1`, e.set.Node)
		return err
	})
}

// sweep looks for items whose lease ended and for due items without a job.
func (e *Engine) sweep(ctx context.Context) {
	tick := time.NewTicker(e.set.Sweep)
	defer tick.Stop()
	// At the start nothing is on its way to the queue.
	for grace := time.Duration(0); ; grace = e.set.Grace {
		if err := errors.Join(e.beatNowAndThen(ctx), e.sweepOlder(ctx, grace)); err != nil && ctx.Err() == nil {
			e.log.WarnContext(ctx, "the sweep failed and is repeated", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep frees items whose lease ended and pushes jobs for everything that is
// due. A job for an item that has one already is not pushed twice.
func (e *Engine) Sweep(ctx context.Context) error { return e.sweepOlder(ctx, 0) }

// sweepOlder leaves items alone that became due within the grace: they are on
// their way to the queue.
func (e *Engine) sweepOlder(ctx context.Context, grace time.Duration) error {
	if err := errors.Join(e.free(ctx), e.fromAhead(ctx)); err != nil {
		return err
	}

	if p, err := e.Paused(ctx); err != nil || p != nil {
		return err
	}

	jobs, err := e.due(ctx, store.Millis(e.now())-grace.Milliseconds())
	if err != nil || len(jobs) == 0 {
		return err
	}

	return e.pushAll(ctx, jobs)
}

const sweepBatch = 1000
