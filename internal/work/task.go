package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A Task is an item as its worker sees it. Everything it writes is fenced: a task that lost its
// lease gets a Stale error and has no effect.
type Task struct {
	Item
	engine       *Engine
	ends         time.Time
	waitingItems []New // added when the item goes back to waiting
	awaited      *family
}

// SliceEnds returns when the worker should reach a checkpoint and return.
func (t *Task) SliceEnds() time.Time { return t.ends }

// SliceOver reports whether that time has come.
func (t *Task) SliceOver() bool { return t.engine.set.Monotonic().After(t.ends) }

// Now returns the engine's time.
func (t *Task) Now() time.Time { return t.engine.now() }

// Save stores the feature's state: what is about to be done, or what was.
func (t *Task) Save(ctx context.Context, v any) error {
	return t.Commit(ctx, v, nil)
}

// Commit stores the feature's state together with rows of the feature's own.
func (t *Task) Commit(ctx context.Context, v any, fn func(*sql.Tx) error) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("the state of item %s: %w", t.ID, err)
	}

	err = t.engine.fenced(ctx, t, func(tx *sql.Tx) error {
		if fn != nil {
			if err := fn(tx); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `UPDATE items SET data = $1, title = $2, actor = $3, requester = $4
			WHERE id = $5`,
			string(data), t.Title, t.Actor, t.Requester, t.ID)
		return err
	})
	if err == nil {
		t.data = string(data)
	}

	return err
}

// Add inserts items within Commit and returns the ids to wake afterwards.
func (t *Task) Add(ctx context.Context, tx *sql.Tx, items ...New) ([]string, error) {
	return t.engine.Add(ctx, tx, items...)
}

// AddWaiting adds items in the transaction in which the item goes back to waiting for the error
// that the step is about to return. They find it waiting, even if the process dies at any point. If
// the step ends otherwise, they are dropped.
func (t *Task) AddWaiting(items ...New) { t.waitingItems = append(t.waitingItems, items...) }

// Wake requests work on items.
func (t *Task) Wake(ids ...string) { t.engine.Wake(ids...) }

// Note adds a line to the item's history.
func (t *Task) Note(ctx context.Context, event, format string, args ...any) error {
	return t.engine.note(ctx, t, event, fmt.Sprintf(format, args...))
}

// A Transfer is the progress of an item's file. Rate is in bytes per second, recently; Sent
// includes bytes that were sent twice. State belongs to the worker.
type Transfer struct {
	Name             string
	Size, Done, Sent int64
	Rate             int64
	Quiet            time.Time // since when nothing has moved; zero if something moves
	State            string
	Started, Updated time.Time
}

// Progress stores the transfer in a transaction of its own.
func (t *Task) Progress(ctx context.Context, p Transfer) error {
	now := store.Millis(t.engine.now())
	return t.engine.fenced(ctx, t, func(tx *sql.Tx) error {
		// Progress counts like the end of a step.
		if _, err := tx.ExecContext(ctx, `UPDATE items SET begun = 1 WHERE id = $1 AND begun > 1
				AND NOT EXISTS (SELECT 1 FROM transfers WHERE item_id = $1 AND done >= $2)
				AND $2 > 0`, t.ID, p.Done); err != nil {
			return err
		}

		_, err := tx.ExecContext(ctx, `INSERT INTO transfers (item_id, name, size, done, sent, rate, state, started,
			updated, quiet)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
			ON CONFLICT (item_id) DO UPDATE SET name = excluded.name, size = excluded.size, done = excluded.done,
				sent = excluded.sent, rate = excluded.rate, state = excluded.state, updated = excluded.updated,
				quiet = excluded.quiet`,
			t.ID, p.Name, p.Size, p.Done, p.Sent, p.Rate, p.State, now, store.Millis(p.Quiet))
		return err
	})
}

// Transfer returns what Progress stored, or the zero value.
func (t *Task) Transfer(ctx context.Context) (Transfer, error) {
	return transferOf(ctx, t.engine.db.Reader, t.ID)
}

const transferColumns = `name, size, done, sent, rate, state, started, updated, quiet`

func transferOf(ctx context.Context, db *sql.DB, id string) (Transfer, error) {
	p, err := scanTransfer(db.QueryRowContext(ctx, `SELECT `+transferColumns+` FROM transfers WHERE item_id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Transfer{}, nil
	}
	return p, err
}

func scanTransfer(row store.Row) (Transfer, error) {
	var p Transfer
	var started, updated, quiet int64
	err := row.Scan(&p.Name, &p.Size, &p.Done, &p.Sent, &p.Rate, &p.State, &started, &updated, &quiet)
	p.Started, p.Updated, p.Quiet = store.Time(started), store.Time(updated), store.Time(quiet)
	return p, err
}
