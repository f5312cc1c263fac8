package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// settle is how long nothing must have been told of a folder before it is looked at:
// what happens there comes in many pieces.
const settle = 5 * time.Second

// RunDue begins the runs whose time has come, and those for which Frame.io has told of
// something.
func (s *Service) RunDue(ctx context.Context, r *maintenance.Report) error {
	if err := s.fromAhead(ctx); err != nil {
		return err
	}

	due, err := s.idsOf(ctx, `SELECT id FROM syncs WHERE state = 'active' AND due > 0 AND due <= $1
		ORDER BY due`, store.Millis(s.Now()))
	if err != nil {
		return err
	}

	told, err := s.idsOf(ctx, `SELECT id FROM syncs WHERE state = 'active' AND events AND (due = 0 OR due > $1)
		AND id IN (SELECT sync_id FROM sync_changes GROUP BY sync_id HAVING MAX(told) <= $2)
		ORDER BY id`, store.Millis(s.Now()), store.Millis(s.Now().Add(-settle)))
	for _, id := range due {
		err = errors.Join(err, s.runDue(ctx, id, Schedule, r))
	}

	for _, id := range told {
		err = errors.Join(err, s.runDue(ctx, id, Changes, r))
	}

	return errors.Join(err, s.Last(ctx, r))
}

// fromAhead brings times back that a clock that was far ahead has written: a sync runs a
// period from now at the latest, and what was told counts as told now.
func (s *Service) fromAhead(ctx context.Context) error {
	now := store.Millis(s.Now())
	latest := store.Millis(s.Now().Add(store.AheadAtMost))
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE syncs SET due = $1 + every * 1000 WHERE state = 'active'
			AND due > $2 + every * 1000`, now, latest); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE sync_changes SET told = $1 WHERE told > $2`, now, latest)
		return err
	})
}

func (s *Service) idsOf(ctx context.Context, query string, args ...any) (ids []string, err error) {
	rows, err := s.DB.Reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}

	return ids, rows.Err()
}

func (s *Service) runDue(ctx context.Context, id, why string, r *maintenance.Report) error {
	q, err := bare(ctx, s.DB.Reader, id)
	if err != nil {
		return err
	}

	var ids []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		ids, err = s.begin(ctx, tx, q, why, q.Owner, false)
		return err
	})
	if store.Duplicate(err) { // the last one is not done yet
		return s.postpone(ctx, q, why)
	}

	if err != nil {
		return err
	}

	r.Note("%s", q.FolderTitle)
	s.Engine.Wake(ids...)
	return nil
}

// postpone leaves a run by schedule to the next time; what was told stays told.
func (s *Service) postpone(ctx context.Context, q Sync, why string) error {
	if why != Schedule {
		return nil
	}
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE syncs SET due = $1 WHERE id = $2`, due(s.Now(), q.Every), q.ID)
		return err
	})
}

// Forget removes what ended before a time: runs, and what removed syncs knew.
func (s *Service) Forget(ctx context.Context, before time.Time, r *maintenance.Report) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		n := 0
		for _, forget := range []string{
			`DELETE FROM sync_changes WHERE sync_id IN (SELECT id FROM syncs WHERE state = 'removed' AND updated < $1)`,
			`DELETE FROM sync_entries WHERE sync_id IN (SELECT id FROM syncs WHERE state = 'removed' AND updated < $1)`,
			`DELETE FROM sync_seen WHERE run_id IN (SELECT id FROM sync_runs WHERE ended > 0 AND ended < $1)`,
			`DELETE FROM sync_runs WHERE ended > 0 AND ended < $1 AND id NOT IN (SELECT run_id FROM syncs
				WHERE state <> 'removed')`,
			`DELETE FROM syncs WHERE state = 'removed' AND updated < $1`,
		} {
			res, err := tx.ExecContext(ctx, forget, store.Millis(before))
			if err != nil {
				return err
			}
			some, err := res.RowsAffected()
			if err != nil {
				return err
			}
			n += int(some)
		}

		if n > 0 {
			r.Note("%d rows of synchronizations", n)
		}

		r.Removed += n
		return nil
	})
}
