package webhook

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

const (
	// pollEvery is how often the pump looks for hints that another node recorded, or that are
	// due again.
	pollEvery = 5 * time.Second
	// claimFor is how long a node keeps a hint while handling it. If the node dies, the hint is
	// free after that.
	claimFor = time.Minute
	// pumpBatch is how many hints are claimed at once.
	pumpBatch = 20
	// maxTries is how often a hint that fails is tried. The regular full runs find what it would
	// have.
	maxTries = 6
)

// Run hands on hints until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	s.completeOrLog(ctx)
	for {
		more, err := s.Pump(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "hints are looked at later", "error", err)
		}

		// A full batch probably has more behind it.
		if more && err == nil {
			continue
		}

		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-tick.C:
			s.completeOrLog(ctx)
		}
	}
}

// completeOrLog creates missing webhooks. What is wrong with others is found by Reconcile.
func (s *Service) completeOrLog(ctx context.Context) {
	if err := s.Complete(ctx); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "a webhook is made later", "error", err)
	}
}

// A claimedHint is a hint that this node handles; due shows whether there was another event
// meanwhile.
type claimedHint struct {
	Hint
	due, tries int64
}

// Pump handles the hints that are due, and reports whether there may be more.
func (s *Service) Pump(ctx context.Context) (more bool, err error) {
	mine, err := s.claim(ctx)
	if err != nil {
		return false, err
	}

	for _, h := range mine {
		if err := s.finish(ctx, h, s.Handle(ctx, h.Hint)); err != nil {
			return false, err
		}
	}

	return len(mine) == pumpBatch, ctx.Err()
}

// claim claims hints that are due.
func (s *Service) claim(ctx context.Context) (mine []claimedHint, err error) {
	now := s.Now()
	until := store.Millis(now.Add(claimFor))
	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		mine = nil
		if err := s.correctFutureTimes(ctx, tx, now); err != nil {
			return err
		}

		// A claim is a later due time: if this node dies, the hints become due again by themselves.
		mine, err = store.All(ctx, tx, func(row store.Row) (h claimedHint, err error) {
			err = row.Scan(&h.Resource, &h.Kind, &h.Account, &h.Workspace, &h.due, &h.tries)
			return h, err
		}, `UPDATE hints SET due = $1, tries = tries + 1 WHERE (resource_id, kind) IN
			(SELECT resource_id, kind FROM hints WHERE due <= $2 ORDER BY due LIMIT $3)
			RETURNING resource_id, kind, account_id, workspace_id, due, tries`, until, store.Millis(now), pumpBatch)
		return err
	})

	return mine, err
}

// correctFutureTimes makes hints due that were postponed while the clock was far ahead: none is
// postponed for longer than after its last try.
func (s *Service) correctFutureTimes(ctx context.Context, tx *sql.Tx, now time.Time) error {
	longest := max(claimFor, pollEvery<<maxTries)
	_, err := tx.ExecContext(ctx, `UPDATE hints SET due = $1
		WHERE due > $2`, store.Millis(now), store.Millis(s.LatestPlausible().Add(longest)))
	return err
}

// finish deletes a hint that was handled, unless there was another event since, and postpones one
// that failed.
func (s *Service) finish(ctx context.Context, h claimedHint, failed error) error {
	// Each attempt waits twice as long as the one before.
	if failed != nil && h.tries < maxTries {
		s.Log.DebugContext(ctx, "a hint is looked at again", "kind", h.Kind, "error", failed)
		return s.DB.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE hints SET due = $1 WHERE resource_id = $2 AND kind = $3 AND due = $4`,
				store.Millis(s.Now().Add(pollEvery<<h.tries)), h.Resource, h.Kind, h.due)
			return err
		})
	}

	// There is no further attempt: full runs find what it was about.
	if failed != nil {
		s.Log.WarnContext(ctx, "a hint could not be looked at", "kind", h.Kind, "error", failed)
	}

	// An event that came since has set another due time.
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM hints WHERE resource_id = $1 AND kind = $2
			AND due = $3`, h.Resource, h.Kind, h.due)
		return err
	})
}
