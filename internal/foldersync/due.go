package foldersync

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/upkeep"
)

// RunDue begins the runs whose time has come.
func (s *Service) RunDue(ctx context.Context, r *upkeep.Report) error {
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT id FROM syncs WHERE state = 'active' AND due > 0 AND due <= $1 ORDER BY due`, store.Millis(s.Now()))
	if err != nil {
		return err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		if err := s.runDue(ctx, id, r); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (s *Service) runDue(ctx context.Context, id string, r *upkeep.Report) error {
	q, err := get(ctx, s.DB.Reader, id)
	if err != nil {
		return err
	}
	var ids []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		ids, err = s.begin(ctx, tx, q, Schedule, q.Owner, false)
		return err
	})
	if store.Duplicate(err) { // the last one is not done yet
		return s.DB.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE syncs SET due = $1 WHERE id = $2`, due(s.Now(), q.Every), id)
			return err
		})
	}
	if err != nil {
		return err
	}
	r.Note("%s", q.FolderTitle)
	s.Engine.Wake(ids...)
	return nil
}

// Forget removes what ended before a time: runs, and what removed syncs knew.
func (s *Service) Forget(ctx context.Context, before time.Time, r *upkeep.Report) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		n := 0
		for _, forget := range []string{
			`DELETE FROM sync_entries WHERE sync_id IN (SELECT id FROM syncs WHERE state = 'removed' AND updated < $1)`,
			`DELETE FROM sync_seen WHERE run_id IN (SELECT id FROM sync_runs WHERE ended > 0 AND ended < $1)`,
			`DELETE FROM sync_runs WHERE ended > 0 AND ended < $1 AND id NOT IN (SELECT run_id FROM syncs WHERE state <> 'removed')`,
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
