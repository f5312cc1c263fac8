package work

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// forgetBatch is how many items one transaction forgets: others write meanwhile.
const forgetBatch = 200

// Forget removes items that finished before a time, with their history, once
// everything else of the same parent has too. It says how many.
func (e *Engine) Forget(ctx context.Context, before time.Time) (n int, err error) {
	for {
		ids, err := e.old(ctx, before)
		if err != nil || len(ids) == 0 {
			return n, err
		}
		if err := e.remove(ctx, ids); err != nil {
			return n, err
		}
		n += len(ids)
	}
}

func (e *Engine) old(ctx context.Context, before time.Time) ([]string, error) {
	return texts(ctx, e.db.Reader, `SELECT id FROM items WHERE finished > 0 AND finished < $1
		AND state NOT IN ('waiting', 'running')
		AND NOT EXISTS (SELECT 1 FROM items other WHERE other.parent = items.parent
			AND (other.state IN ('waiting', 'running') OR other.finished >= $1))
		ORDER BY finished LIMIT $2`, store.Millis(before), forgetBatch)
}

func (e *Engine) remove(ctx context.Context, ids []string) error {
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

// cleanUpFailed is the event in the history of an item whose half-made things
// could not be removed.
const cleanUpFailed = "clean-up failed"

// CleanUpAgain lets items that ended since a time without having removed what
// was half made try so once more. It returns their titles.
func (e *Engine) CleanUpAgain(ctx context.Context, since time.Time) (titles []string, err error) {
	ids, err := texts(ctx, e.db.Reader, `SELECT id FROM items WHERE finished > $1 AND state IN ('failed', 'canceled')
		AND (SELECT event FROM item_history WHERE item_id = items.id AND event IN ('`+cleanUpFailed+`', 'cleaned up')
			ORDER BY seq DESC LIMIT 1) = '`+cleanUpFailed+`' ORDER BY finished LIMIT $2`,
		store.Millis(since), forgetBatch)
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

// undoAgain leaves the time of the end as it is: nobody is told a second time.
func (e *Engine) undoAgain(ctx context.Context, id string) (title string, err error) {
	err = e.db.Tx(ctx, func(tx *sql.Tx) error {
		now := e.now()
		if err := tx.QueryRowContext(ctx, `UPDATE items SET ending = state, state = 'waiting', attempt = 0,
				generation = generation + 1, not_before = $1, updated = $1
				WHERE id = $2 AND state IN ('failed', 'canceled') RETURNING title`,
			store.Millis(now), id).Scan(&title); err != nil {
			return err
		}
		return history(ctx, tx, id, now, "cleaned up", "what was left is looked for again")
	})
	return title, err
}

func texts(ctx context.Context, db *sql.DB, query string, args ...any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}

	return all, rows.Err()
}
