package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

func setup(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), pg.Address(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

const addPerson = `INSERT INTO people (login, name, email, admin, created, updated) VALUES ($1, $1, '', FALSE, 1, 1)`

func TestReaderCannotWrite(t *testing.T) {
	t.Parallel()
	db := setup(t)
	if _, err := db.Reader.ExecContext(t.Context(), addPerson, "josh"); err == nil {
		t.Error("a write of the reader: got no error, want one")
	}
}

func TestManyStartsOnOneFile(t *testing.T) {
	t.Parallel()
	path := pg.Address(t, filepath.Join(t.TempDir(), "new"))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			db, err := Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := db.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}

	wg.Wait()
}

func TestGroupKeepsGoodPartsBesideBadOnes(t *testing.T) {
	t.Parallel()
	db := setup(t)
	ctx := t.Context()
	bad := errors.New("bad part")
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			err := db.Tx(ctx, func(tx *sql.Tx) error {
				if _, err := tx.ExecContext(ctx, addPerson, string(rune('A'+i))); err != nil {
					return err
				}
				if i%4 == 0 {
					return bad
				}
				return nil
			})
			if got, want := errors.Is(err, bad), i%4 == 0; got != want {
				t.Errorf("part %d: got %v, want it failed: %v", i, err, want)
			}
		})
	}

	wg.Wait()
	var n int
	if err := db.Reader.QueryRowContext(ctx, "SELECT count(*) FROM people").Scan(&n); err != nil || n != 30 {
		t.Errorf("%d rows, %v; want 30", n, err)
	}
}

func TestDuplicateIsRecognised(t *testing.T) {
	t.Parallel()
	db := setup(t)
	add := func() error {
		return db.Tx(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), addPerson, "josh")
			return err
		})
	}

	if err := add(); err != nil {
		t.Fatal(err)
	}

	if err := add(); !Duplicate(err) {
		t.Errorf("inserting it a second time: got %v, want a duplicate", err)
	}
}

func TestMillisRoundTrip(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 10, 0, 0, 123e6, time.UTC)
	if got := Time(Millis(now)); !got.Equal(now) {
		t.Errorf("read back as %v, want %v", got, now)
	}
	if !Time(Millis(time.Time{})).IsZero() {
		t.Errorf("the zero time: got %v back, want zero", Time(Millis(time.Time{})))
	}
}

func TestPanicAndEndedContextHurtNobodyElse(t *testing.T) {
	t.Parallel()
	db := setup(t)
	if err := db.Tx(t.Context(), func(*sql.Tx) error { panic("oops") }); err == nil {
		t.Error("a transaction that panics: got no error, want one")
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	if err := db.Tx(ctx, func(*sql.Tx) error { ran = true; return nil }); err == nil && !ran {
		t.Error("a transaction that did not run: got no error, want one")
	}

	if err := db.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), addPerson, "julia")
		return err
	}); err != nil {
		t.Errorf("the next transaction: %v", err)
	}
}

// The gate stands for the end of the process: what it stops is not on disk, and
// nobody was told otherwise.
func TestGateStopsBeforeTheCommit(t *testing.T) {
	t.Parallel()
	db := setup(t)
	dead := errors.New("dead")
	calls := 0
	db.Gate = func() error {
		if calls++; calls > 1 {
			return dead
		}
		return nil
	}

	err := db.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), addPerson, "josh")
		return err
	})
	if !errors.Is(err, dead) {
		t.Errorf("the transaction: got %v, want %v", err, dead)
	}

	var n int
	if err := db.Reader.QueryRowContext(t.Context(), "SELECT count(*) FROM people").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v; want none", n, err)
	}
}
