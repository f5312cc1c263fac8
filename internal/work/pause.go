package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A Pause is a maintenance pause: calls are accepted, and their items wait until it is over. It
// applies to all nodes.
type Pause struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
}

// pausedCondition is an SQL condition that holds during a pause.
const pausedCondition = `EXISTS (SELECT 1 FROM settings WHERE name = 'paused')`

// Pause keeps items from starting. Running ones stop at their next checkpoint and wait. A second
// call changes nothing.
func (e *Engine) Pause(ctx context.Context, by, reason string) error {
	b, err := json.Marshal(Pause{By: by, Reason: reason, Since: e.now().UTC()})
	if err != nil {
		return err
	}

	return e.set.Audit.Do(ctx, e.db, func(tx *sql.Tx) (audit.Entry, error) {
		return ifChanged(tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ('paused', $1)
			ON CONFLICT (name) DO NOTHING`, b))(
			audit.Entry{Who: by, What: audit.Paused, Detail: reason})
	})
}

// Resume ends a pause. Without one it does nothing.
func (e *Engine) Resume(ctx context.Context, by string) error {
	err := e.set.Audit.Do(ctx, e.db, func(tx *sql.Tx) (audit.Entry, error) {
		return ifChanged(tx.ExecContext(ctx, `DELETE FROM settings
			WHERE name = 'paused'`))(audit.Entry{Who: by, What: audit.Resumed})
	})
	if err != nil {
		return err
	}
	return e.Sweep(ctx) // the other nodes' sweeps follow
}

// ifChanged returns the entry if a statement has changed something, else an empty one.
func ifChanged(res sql.Result, err error) func(audit.Entry) (audit.Entry, error) {
	return func(e audit.Entry) (audit.Entry, error) {
		if err != nil {
			return audit.Entry{}, err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return audit.Entry{}, err
		}
		return e, nil
	}
}

// Paused returns the current pause, or nil.
func (e *Engine) Paused(ctx context.Context) (*Pause, error) {
	var b []byte
	err := e.db.Reader.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = 'paused'`).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}

	if err != nil {
		return nil, err
	}

	var p Pause
	return &p, json.Unmarshal(b, &p)
}

// errPaused ends a step at its next checkpoint. It does not count as an attempt.
var errPaused = errors.New("maintenance pause")

// Running returns how many items are running, on all nodes.
func (e *Engine) Running(ctx context.Context) (n int, err error) {
	err = e.db.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM items WHERE state = 'running'`).Scan(&n)
	return n, err
}

// deleteOldNodes deletes nodes not seen since a time.
func deleteOldNodes(ctx context.Context, tx *sql.Tx, before time.Time) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM nodes WHERE seen < $1`, store.Millis(before))
	return err
}
