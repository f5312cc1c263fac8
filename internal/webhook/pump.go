package webhook

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

const (
	// lookEvery is how often the pump looks for hints that another node took, or
	// that have to be looked at again.
	lookEvery = 5 * time.Second
	// held is how long a hint is another's while it is looked at; a node that dies
	// gives it back by that.
	held = time.Minute
	// atOnce is how many hints are taken in one go.
	atOnce = 20
	// maxTries is how often a hint is looked at that ends in an error. What it
	// would have brought comes with the regular look at everything.
	maxTries = 6
)

// Run hands on hints until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	s.complete(ctx)
	for {
		more, err := s.Pump(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "hints are looked at later", "error", err)
		}

		if more && err == nil {
			continue
		}

		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		case <-tick.C:
			s.complete(ctx)
		}
	}
}

// complete makes the webhooks that are missing. What is wrong with others is found
// when everything is compared.
func (s *Service) complete(ctx context.Context) {
	if err := s.Complete(ctx); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "a webhook is made later", "error", err)
	}
}

// claimed is a hint that this node looks at; due tells whether it was told of
// again meanwhile.
type claimed struct {
	Hint
	due, tries int64
}

// Pump hands on the hints that are due, and reports whether there may be more.
func (s *Service) Pump(ctx context.Context) (more bool, err error) {
	mine, err := s.claim(ctx)
	if err != nil {
		return false, err
	}

	for _, h := range mine {
		if err := s.settle(ctx, h, s.Look(ctx, h.Hint)); err != nil {
			return false, err
		}
	}

	return len(mine) == atOnce, ctx.Err()
}

// claim takes hints that are due for a while.
func (s *Service) claim(ctx context.Context) (mine []claimed, err error) {
	now := s.Now()
	until := store.Millis(now.Add(held))
	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		mine = nil
		if err := fromAhead(ctx, tx, now); err != nil {
			return err
		}

		rows, err := tx.QueryContext(ctx, `UPDATE hints SET due = $1, tries = tries + 1 WHERE (resource_id, kind) IN
			(SELECT resource_id, kind FROM hints WHERE due <= $2 ORDER BY due LIMIT $3)
			RETURNING resource_id, kind, account_id, workspace_id, due, tries`, until, store.Millis(now), atOnce)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var h claimed
			if err := rows.Scan(&h.Resource, &h.Kind, &h.Account, &h.Workspace, &h.due, &h.tries); err != nil {
				return err
			}
			mine = append(mine, h)
		}

		return rows.Err()
	})

	return mine, err
}

// fromAhead makes hints due that a clock that was far ahead has put off: none is put off
// for longer than by the last of its tries.
func fromAhead(ctx context.Context, tx *sql.Tx, now time.Time) error {
	longest := max(held, lookEvery<<maxTries) + store.AheadAtMost
	_, err := tx.ExecContext(ctx, `UPDATE hints SET due = $1
		WHERE due > $2`, store.Millis(now), store.Millis(now.Add(longest)))
	return err
}

// settle lets a hint go that was looked at, unless it was told of again since,
// and keeps one that failed for later.
func (s *Service) settle(ctx context.Context, h claimed, failed error) error {
	if failed != nil && h.tries < maxTries {
		s.Log.DebugContext(ctx, "a hint is looked at again", "kind", h.Kind, "error", failed)
		return s.DB.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE hints SET due = $1 WHERE resource_id = $2 AND kind = $3 AND due = $4`,
				store.Millis(s.Now().Add(lookEvery<<h.tries)), h.Resource, h.Kind, h.due)
			return err
		})
	}

	if failed != nil {
		s.Log.WarnContext(ctx, "a hint could not be looked at", "kind", h.Kind, "error", failed)
	}

	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM hints WHERE resource_id = $1 AND kind = $2
			AND due = $3`, h.Resource, h.Kind, h.due)
		return err
	})
}
