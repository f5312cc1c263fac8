package work

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Items below one parent, such as those of an interaction, are a family. What follows the last of
// them is done in the transaction in which it ends: writers come one after another, so that exactly
// one item is the last.

// lastOf reports whether no other item of these kinds below the parent of it is open.
func lastOf(ctx context.Context, tx *sql.Tx, parent string, kinds []string) (bool, error) {
	args := []any{parent}
	for _, k := range kinds {
		args = append(args, k)
	}

	var open bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM items WHERE parent = $1
		AND state IN ('waiting', 'running') AND kind IN (`+store.Marks(2, len(kinds))+`))`, args...).Scan(&open)
	return !open, err
}

// AddAfterLast adds an item, such as a mail, below the parent of it if it is the last of these kinds
// to end. Call it from Ended. After a retry there is a last one again, and another item follows.
func (e *Engine) AddAfterLast(
	ctx context.Context, tx *sql.Tx, it Item, next New, kinds ...string,
) ([]string, error) {
	last, err := lastOf(ctx, tx, it.Parent, kinds)
	if err != nil || !last {
		return nil, err
	}

	next.Parent, next.Subject = it.Parent, fmt.Sprintf("after %s, %d", it.ID, it.Generation)
	return e.Add(ctx, tx, next)
}

// WakeAfterLast makes the item due now that waits in a step for the items of these kinds below the
// parent of it, if it is the last of them to end. Call it from Ended.
func (e *Engine) WakeAfterLast(
	ctx context.Context, tx *sql.Tx, it Item, waiting, step string, kinds ...string,
) ([]string, error) {
	last, err := lastOf(ctx, tx, it.Parent, kinds)
	if err != nil || !last {
		return nil, err
	}

	// The new generation makes jobs for the later time worthless.
	res, err := tx.ExecContext(ctx, `UPDATE items SET updated = $1, generation = generation + 1,
		not_before = CASE WHEN not_before < $1 THEN not_before ELSE $1 END WHERE id = $2 AND step = $3 AND state = 'waiting'`, store.Millis(e.now()), waiting, step)
	if err != nil {
		return nil, err
	}

	if n, err := res.RowsAffected(); n == 0 || err != nil {
		return nil, err // it has not begun to wait, or waits no longer
	}

	return []string{waiting}, nil
}

// A family is what an item waits for: the items of these kinds below a parent.
type family struct {
	parent string
	kinds  []string
}

// Await makes the item wait for the items of these kinds below a parent, if the step ends with an
// error that lets it wait. The last of them wakes it. One that has ended in the meantime cannot, so
// that the item does not wait at all then.
func (t *Task) Await(parent string, kinds ...string) { t.awaited = &family{parent, kinds} }

// dueIfOver makes an item due now if those that it waits for have ended.
func (e *Engine) dueIfOver(ctx context.Context, tx *sql.Tx, id string, f *family, now time.Time) (bool, error) {
	if f == nil {
		return false, nil
	}

	over, err := lastOf(ctx, tx, f.parent, f.kinds)
	if err != nil || !over {
		return false, err
	}

	_, err = tx.ExecContext(ctx, `UPDATE items SET not_before = $1 WHERE id = $2`, store.Millis(now), id)
	return true, err
}
