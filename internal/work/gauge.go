package work

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A Count is how many items of a kind are in a state.
type Count struct {
	Kind  string
	State State
	N     int
}

// Gauges are measurements of the items at a moment.
type Gauges struct {
	// Items counts those that are unfinished, and those that failed and can be retried. The
	// others are too many to count.
	Items []Count
	// Oldest is since when the oldest waiting item has been due; zero if none waits, and in the
	// future if all are due later.
	Oldest time.Time
	// Transfers is how many are under way, and Rate their total rate in bytes per second.
	Transfers, Rate int64
}

// Gauges takes the measurements. Its queries use the index on states, so that many finished items
// do not slow them down.
func (e *Engine) Gauges(ctx context.Context) (g Gauges, err error) {
	if g.Items, err = e.countUnfinished(ctx); err != nil {
		return g, err
	}

	// Since when the first waiting item has been due.
	var due int64
	err = e.db.Reader.QueryRowContext(ctx, `SELECT not_before FROM items WHERE state = 'waiting'
		ORDER BY not_before LIMIT 1`).Scan(&due)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return g, err
	}

	// What moves bytes at the moment, and how fast.
	g.Oldest = store.Time(due)
	err = e.db.Reader.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(transfers.rate), 0) FROM items
		JOIN transfers ON transfers.item_id = items.id WHERE items.state = 'running' AND items.step = 'transfer'`).
		Scan(&g.Transfers, &g.Rate)
	return g, err
}

// countUnfinished returns a row for each kind with a worker, even if it is zero.
func (e *Engine) countUnfinished(ctx context.Context) ([]Count, error) {
	// A gauge that is zero has to say so: one that vanishes keeps its last value.
	found := map[Count]int{}
	for kind := range e.workers {
		for _, s := range []State{Waiting, Running, Failed} {
			found[Count{Kind: kind, State: s}] = 0
		}
	}

	err := store.Each(ctx, e.db.Reader, func(row store.Row) error {
		var c Count
		var n int
		err := row.Scan(&c.Kind, &c.State, &n)
		found[c] = n
		return err
	}, `SELECT kind, state, COUNT(*) FROM items
		WHERE state IN ('waiting', 'running', 'failed') GROUP BY kind, state`)
	if err != nil {
		return nil, err
	}

	var out []Count
	for c, n := range found {
		c.N = n
		out = append(out, c)
	}

	return out, nil
}
