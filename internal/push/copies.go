package push

import (
	"context"
	"database/sql"
)

// Get returns, within a transaction, a push by its id.
func Get(ctx context.Context, tx *sql.Tx, id string) (Push, error) { return getPush(ctx, tx, id) }

// ReturnedTo lists the pushes that have come back to a binding and are remembered, oldest first.
func (s *Service) ReturnedTo(ctx context.Context, binding string) ([]Push, error) {
	return listPushes(ctx, s.DB.Reader, `WHERE binding_id = $1 AND state = 'returned' AND file_id <> '' ORDER BY id`,
		binding)
}

// UnderReview returns how many documents of a binding are on their way to Frame.io or under review, and how many
// bytes they have.
func (s *Service) UnderReview(ctx context.Context, binding string) (count int, bytes int64, err error) {
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(size), 0) FROM pushes
		WHERE binding_id = $1 AND state IN ('sending', 'open')`, binding).Scan(&count, &bytes)
	return count, bytes, err
}
