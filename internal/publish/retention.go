package publish

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Forget deletes interactions that were received before a time and have no items any more. It also
// deletes those kept for people who never connected, and reports how many.
func (s *Service) Forget(ctx context.Context, before time.Time, r *maintenance.Report) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		var kept, old int64
		for text, n := range map[string]*int64{
			`DELETE FROM interactions WHERE received < $1
				AND kept`: &kept,
			`DELETE FROM interactions WHERE received < $1 AND NOT kept AND NOT EXISTS (SELECT 1 FROM items
				WHERE parent = interactions.id)`: &old,
		} {
			res, err := tx.ExecContext(ctx, text, store.Millis(before))
			if err != nil {
				return err
			}
			if *n, err = res.RowsAffected(); err != nil {
				return err
			}
		}

		if kept > 0 {
			r.Note("%d calls were kept for people who never connected", kept)
		}

		if old > 0 {
			r.Note("%d calls", old)
		}

		r.Removed += int(kept + old)
		return nil
	})
}
