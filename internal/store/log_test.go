package store

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// logged is a database whose log is kept short by the test, by a keeper like the
// one that runs beside it.
type logged struct {
	*testing.T
	*DB
	keeper *sql.DB
	log    string
}

func openLogged(t *testing.T) logged {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.db")
	db, err := openFile(path)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })
	pools, err := openPools(address(path) + hastens)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = pools[0].Close() })
	if _, err := db.Writer.Exec(`CREATE TABLE rows (n INTEGER PRIMARY KEY, data BLOB)`); err != nil {
		t.Fatal(err)
	}

	return logged{T: t, DB: db, keeper: pools[0], log: path + "-wal"}
}

// write replaces one of few rows: the log grows, the database does not.
func (l logged) write(ctx context.Context, n int) {
	l.Helper()
	if err := l.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO rows VALUES ($1, randomblob(64000)) ON CONFLICT (n) DO UPDATE
			SET data = excluded.data`, n%50)
		return err
	}); err != nil {
		l.Fatal(err)
	}
}

func (l logged) size() int64 {
	l.Helper()
	info, err := os.Stat(l.log)
	if err != nil {
		l.Fatal(err)
	}
	return info.Size()
}

const longBytes = longLog * 4096

// The log is begun anew although somebody reads at any moment.
func TestLogStaysShort(t *testing.T) {
	t.Parallel()
	l := openLogged(t)
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	defer readers.Wait()
	defer stop()
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				_ = l.Reader.QueryRowContext(ctx, `SELECT count(*) FROM rows WHERE data = x'00'`).Scan(new(int))
			}
		})
	}

	for n := range 1500 { // some 100 MiB
		l.write(ctx, n)
		if n%150 != 149 {
			continue
		}

		before := l.size()
		if err := shorten(ctx, l.keeper); err != nil {
			t.Error(err)
		}

		if before > longBytes && l.size() < before/2 {
			return
		}
	}

	t.Errorf("the log has %d MiB, want it begun anew", l.size()>>20)
}

// Somebody who reads for long keeps the log from being begun anew, but the keeper
// does not make writers wait for that.
func TestKeeperHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	l := openLogged(t)
	if err := l.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(`WITH RECURSIVE some(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM some WHERE n < 199)
			INSERT INTO rows SELECT n, randomblob(160000) FROM some`)
		return err
	}); err != nil || l.size() < longBytes {
		t.Fatalf("the log has %d MiB, %v; want a long one, %d", l.size()>>20, err, longBytes>>20)
	}

	reading, err := l.Reader.QueryContext(t.Context(), `SELECT n FROM rows`)
	if err != nil || !reading.Next() {
		t.Fatal(err)
	}
	defer reading.Close()
	l.write(t.Context(), 1)
	ended := make(chan error)
	go func() { ended <- shorten(t.Context(), l.keeper) }()
	for n := 0; ; n++ {
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}

		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second) // Frame.io waits 5
		l.write(ctx, n)
		cancel()
	}
}
