package identity

import (
	"context"
	"database/sql"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Clean removes sessions and begun sign-ins that are over, and says how many.
func (s *Service) Clean(ctx context.Context) (removed int, err error) {
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		removed = 0
		for _, text := range []string{`DELETE FROM sessions WHERE expires < $1`, `DELETE FROM sign_ins
			WHERE expires < $1`} {
			res, err := tx.ExecContext(ctx, text, store.Millis(s.now()))
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			removed += int(n)
		}

		return nil
	})
	return removed, err
}
