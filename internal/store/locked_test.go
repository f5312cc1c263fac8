package store

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// Somebody else keeps the database. Who waits for it may go when their time is
// over, and what they wanted does not happen afterwards.
func TestCallersMayGoWhileTheDatabaseIsLocked(t *testing.T) {
	t.Parallel()
	address := pg.Address(t, t.TempDir())
	db, other := openAt(t, address), openAt(t, address)
	held, free := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- other.Tx(t.Context(), func(*sql.Tx) error {
			close(held)
			<-free
			return nil
		})
	}()

	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.Background(), addPerson, "gone")
		return err
	})

	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 2*time.Second {
		t.Errorf("after %s: got %v, want it to end at the deadline, within 2 s", took, err)
	}

	close(free)
	if err := <-ended; err != nil {
		t.Error(err)
	}

	if err := db.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(context.Background(), addPerson, "stayed")
		return err
	}); err != nil {
		t.Error(err)
	}

	var people int
	if err := db.Reader.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM people").Scan(&people); err != nil ||
		people != 1 {
		t.Errorf("%d people, %v; want 1", people, err)
	}
}

func openAt(t *testing.T, address string) *DB {
	t.Helper()
	db, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
