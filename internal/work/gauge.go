package work

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Count is how many items of a kind are in a state.
type Count struct {
	Kind  string
	State State
	N     int
}

// Gauges are what can be measured of the items at a moment.
type Gauges struct {
	// Items counts those that are not finished, and those that failed and wait
	// for somebody to retry them. Others are not counted: they are many.
	Items []Count
	// Oldest is since when the oldest waiting item has been due, zero when none
	// waits; what is due later only is in the future.
	Oldest time.Time
	// Transfers is how many are under way, and Rate their speed together, in
	// bytes a second.
	Transfers, Rate int64
}

// Gauges measures. Its queries read what the index on states points at, and so
// take no longer when many items are done.
func (e *Engine) Gauges(ctx context.Context) (g Gauges, err error) {
	if g.Items, err = e.open(ctx); err != nil {
		return g, err
	}

	var due int64
	err = e.db.Reader.QueryRowContext(ctx, `SELECT not_before FROM items WHERE state = 'waiting'
		ORDER BY not_before LIMIT 1`).Scan(&due)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return g, err
	}

	g.Oldest = store.Time(due)
	err = e.db.Reader.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(transfers.rate), 0) FROM items
		JOIN transfers ON transfers.item_id = items.id WHERE items.state = 'running' AND items.step = 'transfer'`).
		Scan(&g.Transfers, &g.Rate)
	return g, err
}

// open has a row for each kind there is a worker for, so that nothing is told
// to be missing that is none.
func (e *Engine) open(ctx context.Context) ([]Count, error) {
	rows, err := e.db.Reader.QueryContext(ctx, `SELECT kind, state, COUNT(*) FROM items
		WHERE state IN ('waiting', 'running', 'failed') GROUP BY kind, state`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[Count]int{}
	for kind := range e.workers {
		for _, s := range []State{Waiting, Running, Failed} {
			found[Count{Kind: kind, State: s}] = 0
		}
	}

	for rows.Next() {
		var c Count
		var n int
		if err := rows.Scan(&c.Kind, &c.State, &n); err != nil {
			return nil, err
		}
		found[c] = n
	}

	var out []Count
	for c, n := range found {
		c.N = n
		out = append(out, c)
	}

	return out, rows.Err()
}
