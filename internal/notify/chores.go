package notify

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// LookForOverdue has tell called for each binding with a channel that is told of what is overdue, with the time
// before which the review of such has begun. What a channel was told it is not told again.
func (s *Service) LookForOverdue(
	ctx context.Context, tell func(ctx context.Context, binding string, before time.Time) error,
) error {
	all, err := store.All(ctx, s.DB.Reader, scan, `SELECT `+columns+` FROM channels ORDER BY binding_id, id`)
	if err != nil {
		return err
	}

	first := map[string]time.Duration{}
	for _, c := range all {
		if d, have := first[c.Binding]; c.wants(event.Event{Name: event.Overdue, At: s.Now()}) &&
			(!have || c.overdueAfter() < d) {
			first[c.Binding] = c.overdueAfter()
		}
	}

	for binding, after := range first {
		if err := tell(ctx, binding, s.Now().Add(-after)); err != nil {
			return err
		}
	}

	return nil
}

// keepTold is how long it is kept that a channel was told of something overdue, which is told as the same event
// while it is.
const keepTold = 400 * 24 * time.Hour

// Forget deletes deliveries that ended before a time, with what they told, and channels whose binding has ended.
func (s *Service) Forget(ctx context.Context, before time.Time, r *maintenance.Report) error {
	var n int64
	if err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM deliveries WHERE ended > 0 AND ended < $1`, store.Millis(before))
		if err != nil {
			return err
		}
		if n, err = res.RowsAffected(); err != nil {
			return err
		}

		_, err = tx.ExecContext(ctx, `DELETE FROM channel_events WHERE delivery_id NOT IN (SELECT id FROM deliveries)
			AND (name <> $1 OR at < $2)`, event.Overdue, store.Millis(before.Add(-keepTold)))
		return err
	}); err != nil {
		return err
	}

	if n > 0 {
		r.Removed += int(n)
		r.Note("%d messages to channels", n)
	}

	return s.forgetEnded(ctx, r)
}

// forgetEnded removes the channels of bindings that have ended, once all was sent.
func (s *Service) forgetEnded(ctx context.Context, r *maintenance.Report) error {
	all, err := store.All(ctx, s.DB.Reader, scan, `SELECT `+columns+` FROM channels
		WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE channel_id = channels.id AND ended = 0)`)
	if err != nil {
		return err
	}

	for _, c := range all {
		at, err := s.Find(ctx, c.Binding)
		if err != nil {
			return err
		}
		if at.Live {
			continue
		}
		if err := s.DB.Tx(ctx, func(tx *sql.Tx) error { return forget(ctx, tx, c.ID) }); err != nil {
			return err
		}
		r.Note("the channel %s of %s, which is not bound any more", c, at.FolderPath)
	}

	return nil
}
