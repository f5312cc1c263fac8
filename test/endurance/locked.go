package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// locked lets somebody else hold the database's write lock while calls keep
// coming: another process on SQLite's file, another node's transaction on
// PostgreSQL.
func (e *endurance) locked(ctx context.Context) error {
	long := []time.Duration{time.Second, 10 * time.Second, time.Minute}
	if e.whole < 20*time.Minute {
		long[2] = 25 * time.Second
	}

	for _, database := range []string{"sqlite", "postgresql"} {
		if err := e.lockedOn(ctx, database, long); err != nil {
			return fmt.Errorf("%s: %w", database, err)
		}
	}

	return nil
}

func (e *endurance) lockedOn(ctx context.Context, database string, long []time.Duration) error {
	w, err := newWorld(nuxeosim.Options{}, frameiosim.Options{})
	if err != nil {
		return err
	}

	address := ""
	if database == "postgresql" {
		if address, err = e.schema(ctx); err != nil {
			return err
		}
	}

	n, err := e.newNode(w, e.product, address)
	if err != nil {
		return err
	}
	defer func() { n.kill(); _ = w.close() }()
	if err := errors.Join(n.start(ctx), n.bind(ctx)); err != nil {
		return err
	}

	c, err := w.call(ctx, &mix{world: w, seed: 20000}, 4, 50*time.Millisecond)
	if err != nil {
		return err
	}

	slowest := time.Duration(0)
	for _, d := range long {
		if err := n.keep(ctx, d); err != nil {
			return err
		}

		free, good := time.Now(), c.accepted()
		if err := until(ctx, time.Minute, "answering well again", func() (bool, error) {
			return c.accepted() > good, nil
		}); err != nil {
			return fmt.Errorf("%w\n%s", err, n.tail())
		}

		slowest = max(slowest, time.Since(free))
		e.say("%s: locked for %s, the first good answer %.2f s after", database, d, time.Since(free).Seconds())
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}

	if err := e.verdict(ctx, "db-locked-"+database, c, n); err != nil {
		return err
	}

	e.atMost("db-locked-"+database+"-recovery-seconds", slowest.Seconds(), 10)
	if err := n.rest(ctx, 2*time.Minute); err != nil {
		return err
	}

	failed, err := n.failures(ctx)
	e.atMost("db-locked-"+database+"-items-failed", float64(failed), 0)
	return err
}

// keep holds the write lock for so long.
func (n *node) keep(ctx context.Context, long time.Duration) error {
	driver, address, lock := "pgx", n.database,
		"SELECT pg_advisory_xact_lock(7202, hashtext('write ' || current_schema()))"
	if address == "" {
		driver, address, lock = "sqlite", "file:"+filepath.Join(n.data, "connector.db")+
			"?_pragma=busy_timeout(20000)&_txlock=immediate", "SELECT 1"
	}

	db, err := sql.Open(driver, address)
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}

	if _, err := tx.ExecContext(ctx, lock); err != nil {
		return errors.Join(err, tx.Rollback())
	}

	return errors.Join(sleep(ctx, long), tx.Rollback())
}
