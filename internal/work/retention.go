package work

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// deleteBatch is how many items one transaction deletes, so that others can write in between.
const deleteBatch = 200

// Forget deletes items that finished before a time, with their history, once all items of the same
// parent have. It returns how many.
func (e *Engine) Forget(ctx context.Context, before time.Time) (n int, err error) {
	for {
		ids, err := e.expiredItems(ctx, before)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		if err := e.deleteItems(ctx, ids); err != nil {
			return n, err
		}
		n += len(ids)
	}
}

func (e *Engine) expiredItems(ctx context.Context, before time.Time) ([]string, error) {
	return store.Strings(ctx, e.db.Reader, `SELECT id FROM items WHERE finished > 0 AND finished < $1
		AND state NOT IN ('waiting', 'running')
		AND NOT EXISTS (SELECT 1 FROM items other WHERE other.parent = items.parent
			AND (other.state IN ('waiting', 'running') OR other.finished >= $1))
		ORDER BY finished LIMIT $2`, store.Millis(before), deleteBatch)
}

func (e *Engine) deleteItems(ctx context.Context, ids []string) error {
	return e.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			for _, text := range []string{
				`DELETE FROM item_history WHERE item_id = $1`, `DELETE FROM transfers WHERE item_id = $1`, `DELETE
					FROM items WHERE id = $1`,
			} {
				if _, err := tx.ExecContext(ctx, text, id); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// cleanUpFailed is the event in the history of an item that could not be undone.
const cleanUpFailed = "clean-up failed"

// CleanUpAgain tries again to undo items that ended since a time and could not be undone. It
// returns their titles.
func (e *Engine) CleanUpAgain(ctx context.Context, since time.Time) (titles []string, err error) {
	ids, err := store.Strings(ctx, e.db.Reader, `SELECT id FROM items WHERE finished > $1
		AND state IN ('failed', 'canceled')
		AND (SELECT event FROM item_history WHERE item_id = items.id AND event IN ('`+cleanUpFailed+`', 'cleaned up')
			ORDER BY seq DESC LIMIT 1) = '`+cleanUpFailed+`' ORDER BY finished LIMIT $2`,
		store.Millis(since), deleteBatch)
	if err != nil {
		return nil, err
	}

	for _, id := range ids {
		title, err := e.undoAgain(ctx, id)
		if err != nil {
			return titles, err
		}
		titles = append(titles, title)
	}

	e.Wake(ids...)
	return titles, nil
}

// undoAgain keeps the time of the end, so that no one is notified a second time.
func (e *Engine) undoAgain(ctx context.Context, id string) (title string, err error) {
	err = e.db.Tx(ctx, func(tx *sql.Tx) error {
		now := e.now()
		if err := tx.QueryRowContext(ctx, `UPDATE items SET ending = state, state = 'waiting', attempt = 0,
				generation = generation + 1, not_before = $1, updated = $1
				WHERE id = $2 AND state IN ('failed', 'canceled') RETURNING title`,
			store.Millis(now), id).Scan(&title); err != nil {
			return err
		}
		return addHistory(ctx, tx, id, now, "cleaned up", "what was left is looked for again")
	})
	return title, err
}
