package work

import (
	"context"
	"database/sql"
	"os"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A Node is a process that works on this database.
type Node struct {
	ID      string    `json:"id"`
	Host    string    `json:"host"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	Seen    time.Time `json:"seen"` // by its own clock
	Alive   bool      `json:"alive"`
}

// nodeRetention is how long a node that is gone is listed.
const nodeRetention = 7 * 24 * time.Hour

// reportAlive records that this node is alive, and counts the nodes.
func (e *Engine) reportAlive(ctx context.Context) error {
	now := e.now()
	host, err := os.Hostname()
	if err != nil {
		host = "" // for people only
	}

	// Those that have not reported for days are no longer of interest.
	err = e.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO nodes (id, host, version, started, seen)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET host = excluded.host, version = excluded.version, started = excluded.started,
			seen = excluded.seen`,
			e.set.Node, host, e.set.Version, store.Millis(e.started), store.Millis(now)); err != nil {
			return err
		}
		return deleteOldNodes(ctx, tx, now.Add(-nodeRetention))
	})
	if err != nil {
		return err
	}

	// Counting them tells each node its share of the rate limits.
	_, err = e.Nodes(ctx)
	return err
}

// reportAliveIfDue reports once per lease. A node silent for three leases counts as gone.
func (e *Engine) reportAliveIfDue(ctx context.Context) error {
	now := e.set.Monotonic()
	if now.Sub(e.reportedAt) < e.set.Lease {
		return nil
	}
	e.reportedAt = now
	return e.reportAlive(ctx)
}

// signOff removes this node from the list, so that the others take its share.
func (e *Engine) signOff(ctx context.Context) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer stop()
	return e.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM nodes
			WHERE id = $1 AND started = $2`, e.set.Node, store.Millis(e.started))
		return err
	})
}

// Nodes lists the nodes of the last days. Alive are those that have reported within three leases by
// our own monotonic clock, whatever theirs says.
func (e *Engine) Nodes(ctx context.Context) ([]Node, error) {
	all, err := store.All(ctx, e.db.Reader, func(row store.Row) (n Node, err error) {
		var started, seen int64
		err = row.Scan(&n.ID, &n.Host, &n.Version, &started, &seen)
		n.Started, n.Seen = store.Time(started), store.Time(seen)
		return n, err
	}, `SELECT id, host, version, started, seen FROM nodes ORDER BY started, id`)
	if err != nil {
		return nil, err
	}

	e.markAlive(all)
	return all, nil
}

// markAlive marks the nodes that are alive and stores how many.
func (e *Engine) markAlive(all []Node) {
	e.watching.Lock()
	defer e.watching.Unlock()
	now, alive := e.set.Monotonic(), 0
	seen := map[string]observation{}
	for i, n := range all {
		// A report that changes is a sign of life, seen at this time of our own clock.
		s := observation{lease: store.Millis(n.Seen), generation: store.Millis(n.Started), since: now}
		if before, ok := e.nodeSigns[n.ID]; ok && before.lease == s.lease && before.generation == s.generation {
			s.since = before.since
		}
		seen[n.ID] = s
		all[i].Alive = n.ID == e.set.Node || now.Sub(s.since) <= 3*e.set.Lease
		if all[i].Alive {
			alive++
		}
	}

	// This node counts even if the database has not heard of it yet.
	e.nodeSigns = seen
	e.alive.Store(int64(max(1, alive)))
}

// Alive returns how many nodes share the work and the budgets, this one included.
func (e *Engine) Alive() int { return int(max(1, e.alive.Load())) }

// LatestPlausible returns the latest time that a living node can have written. What lies after it
// was written by a clock that has been set right since. A node whose clock is ahead and that is
// still there goes on counting by it: its times are left to it, even to others they look wrong.
func (e *Engine) LatestPlausible() time.Time {
	e.watching.Lock()
	defer e.watching.Unlock()
	now, latest := e.set.Monotonic(), e.now()
	for id, s := range e.nodeSigns {
		if silent := now.Sub(s.since); id != e.set.Node && silent <= 3*e.set.Lease {
			latest = later(latest, store.Time(s.lease).Add(silent))
		}
	}

	return latest.Add(store.AheadAtMost)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
