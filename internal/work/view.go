package work

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Viewer is who asks to see items: administrators see all, others their own.
type Viewer struct {
	Login string
	Admin bool
}

// Filter chooses items; empty fields choose all. Before is a cursor: the id of
// the last item of the page before. Items come newest first.
type Filter struct {
	Kind, Parent, State string
	Before              string
	Limit               int // 1 to 500; 0 is 50
}

// View is an item with the progress of its bytes.
type View struct {
	Item
	Transfer Transfer
}

// Event is a line of an item's history.
type Event struct {
	At     time.Time
	Event  string
	Detail string
}

// Item shows one item; NotFound when there is none for this viewer.
func (e *Engine) Item(ctx context.Context, who Viewer, id string) (View, error) {
	it, err := scanItem(e.db.Reader.QueryRowContext(ctx, `SELECT `+itemColumns+` FROM items
		WHERE id = $1 AND (owner = $2 OR actor = $2 OR $3)`, id, who.Login, who.Admin))
	if errors.Is(err, sql.ErrNoRows) {
		return View{}, fault.New(fault.NotFound, "There is no such item.").With("See `nuxeo-frameio items list`.")
	}
	if err != nil {
		return View{}, err
	}
	p, err := transferOf(ctx, e.db.Reader, id)
	return View{Item: it, Transfer: p}, err
}

// Items lists items newest first and says whether more follow.
func (e *Engine) Items(ctx context.Context, who Viewer, f Filter) ([]View, bool, error) {
	if f.Limit <= 0 || f.Limit > 500 {
		f.Limit = 50
	}
	rows, err := e.db.Reader.QueryContext(ctx, `SELECT `+itemColumns+` FROM items
		WHERE (owner = $1 OR actor = $1 OR $2) AND ($3 = '' OR kind = $3) AND ($4 = '' OR parent = $4)
			AND ($5 = '' OR state = $5) AND ($6 = '' OR id < $6)
		ORDER BY id DESC LIMIT $7`, who.Login, who.Admin, f.Kind, f.Parent, f.State, f.Before, f.Limit+1)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	var out []View
	for rows.Next() {
		it, err := scanItem(rows)
		if err != nil {
			return nil, false, err
		}
		out = append(out, View{Item: it})
	}
	more := len(out) > f.Limit
	out = out[:min(len(out), f.Limit)]
	return out, more, errors.Join(rows.Err(), e.withTransfers(ctx, out))
}

func (e *Engine) withTransfers(ctx context.Context, views []View) (err error) {
	for i := range views {
		if views[i].Transfer, err = transferOf(ctx, e.db.Reader, views[i].ID); err != nil {
			return err
		}
	}
	return nil
}

// Under lists the items of a parent, oldest first, for workers that sum them up.
func (e *Engine) Under(ctx context.Context, parent string, kinds ...string) ([]Item, error) {
	rows, err := e.db.Reader.QueryContext(ctx, `SELECT `+itemColumns+` FROM items WHERE parent = $1 ORDER BY id`, parent)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Item
	for rows.Next() {
		it, err := scanItem(rows)
		if err != nil {
			return nil, err
		}
		if slices.Contains(kinds, it.Kind) {
			out = append(out, it)
		}
	}
	return out, rows.Err()
}

// look is how often Await looks.
const look = 50 * time.Millisecond

// Await waits until an item is final, or as long as given, and shows it as it
// stands then.
func (e *Engine) Await(ctx context.Context, who Viewer, id string, long time.Duration) (View, error) {
	deadline := time.Now().Add(long)
	for {
		v, err := e.Item(ctx, who, id)
		if err != nil || v.State.Final() || time.Now().After(deadline) {
			return v, err
		}
		select {
		case <-time.After(look):
		case <-ctx.Done():
			return v, ctx.Err()
		}
	}
}

// History lists what happened to an item, oldest first. Ask Item first whether
// the viewer may see it.
func (e *Engine) History(ctx context.Context, id string) ([]Event, error) {
	rows, err := e.db.Reader.QueryContext(ctx, `SELECT at, event, detail FROM item_history WHERE item_id = $1 ORDER BY seq`, id)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Event
	for rows.Next() {
		var v Event
		var at int64
		if err := rows.Scan(&at, &v.Event, &v.Detail); err != nil {
			return nil, err
		}
		v.At = store.Time(at)
		out = append(out, v)
	}
	return out, rows.Err()
}

// Counts tells how many items are in each state, and since when the oldest
// waiting one is due.
func (e *Engine) Counts(ctx context.Context) (map[State]int, time.Time, error) {
	rows, err := e.db.Reader.QueryContext(ctx, `SELECT state, COUNT(*), MIN(not_before) FROM items GROUP BY state`)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer rows.Close()
	counts, oldest := map[State]int{}, time.Time{}
	for rows.Next() {
		var s State
		var n int
		var due int64
		if err := rows.Scan(&s, &n, &due); err != nil {
			return nil, oldest, err
		}
		counts[s] = n
		if s == Waiting {
			oldest = store.Time(due)
		}
	}
	return counts, oldest, rows.Err()
}

// Retry starts a failed or cancelled item again, keeping what it has reached.
func (e *Engine) Retry(ctx context.Context, who Viewer, id string) error {
	return e.change(ctx, who, id, "retried", `UPDATE items SET state = 'waiting', step = '', ending = '', attempt = 0, waiting_since = 0,
		cancel = FALSE, code = '', message = '', remedy = '', finished = 0, generation = generation + 1, not_before = $2, updated = $2
		WHERE id = $1 AND state IN ('failed', 'canceled')`, "Only an item that failed or was cancelled can be retried.")
}

// Cancel stops an item: what is half made is undone, what is done stays.
func (e *Engine) Cancel(ctx context.Context, who Viewer, id string) error {
	err := e.change(ctx, who, id, "cancel asked", `UPDATE items SET cancel = TRUE, updated = $2,
		generation = CASE state WHEN 'waiting' THEN generation + 1 ELSE generation END,
		not_before = CASE state WHEN 'waiting' THEN $2 ELSE not_before END
		WHERE id = $1 AND state IN ('waiting', 'running') AND ending = ''`, "Only an item that is not finished can be cancelled.")
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if cancel, ok := e.running[id]; ok {
		cancel(errCanceled)
	}
	return nil
}

func (e *Engine) change(ctx context.Context, who Viewer, id, event, update, refusal string) error {
	if _, err := e.Item(ctx, who, id); err != nil {
		return err
	}
	err := e.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, update, id, store.Millis(e.now()))
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return fault.New(fault.Conflict, "%s", refusal)
		}
		return history(ctx, tx, id, e.now(), event, "by "+who.Login)
	})
	if err == nil {
		e.Wake(id)
	}
	return err
}
