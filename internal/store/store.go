// Package store opens the database and runs transactions on it.
//
// It owns the connections, the migrations and the boot lock around them. Two
// pools work on one SQLite file: a writer with a single connection, which makes
// waiting for the write lock a wait for the pool, and a reader with several
// that cannot write. What must hold: whatever a transaction committed is on
// disk before Tx returns (synchronous=FULL); times come from Go as
// milliseconds. The queries belong to the packages that need them; they are
// written in the subset of SQL that SQLite and PostgreSQL share.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations
var migrations embed.FS

// DB is an open database. Reader may only read.
type DB struct {
	Reader, Writer *sql.DB
	// Gate is asked before each write transaction starts and before it commits;
	// its error ends the transaction. Tests use it to stop the world where a
	// process would have died. Nil lets all pass.
	Gate func() error

	group  *group
	keeper *sql.DB
	quit   chan struct{}
	kept   chan struct{}
}

// options follow from what was measured: one immediate writer, WAL, full sync.
const options = "_txlock=immediate&_time_format=sqlite&_timezone=UTC&_pragma=busy_timeout(10000)" +
	"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
	// The keeper moves the log into the database beside the writers; this many
	// pages are the limit at which a writer does it itself.
	"&_pragma=wal_autocheckpoint(20000)"

// Open opens or creates the SQLite file at path and brings it to the newest
// schema; also lets others bring tables of their own up to date behind the same
// boot lock. It waits for another process that is doing the same.
func Open(ctx context.Context, path string, also ...func(context.Context, *sql.DB) error) (_ *DB, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the database's folder: %w", err)
	}
	lock := flock.New(path + ".lock")
	if ok, err := lock.TryLockContext(ctx, 50*time.Millisecond); !ok {
		return nil, fmt.Errorf("waiting for another start on %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	db, err := open(path)
	if err != nil {
		return nil, err
	}
	for _, step := range append([]func(context.Context, *sql.DB) error{migrate}, also...) {
		if err := step(ctx, db.Writer); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, os.Chmod(path, 0o600)
}

// readers is how many connections read at once.
const readers = 8

func open(path string) (*DB, error) {
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?"
	writer, err := sql.Open("sqlite", name+options)
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite", name+options+"&_pragma=query_only(1)")
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers) // opening one costs more than what it is for
	keeper, err := sql.Open("sqlite", name+options)
	if err != nil {
		return nil, errors.Join(err, reader.Close(), writer.Close())
	}
	keeper.SetMaxOpenConns(1)
	db := &DB{Reader: reader, Writer: writer, keeper: keeper, quit: make(chan struct{}), kept: make(chan struct{})}
	if db.group, err = newGroup(db); err != nil {
		return nil, errors.Join(err, reader.Close(), writer.Close(), keeper.Close())
	}
	go db.keep()
	return db, nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bringing the database up to date: %w", err)
	}
	return nil
}

// Close closes both pools after what is being committed.
func (db *DB) Close() error {
	db.group.close()
	close(db.quit)
	<-db.kept
	return errors.Join(db.Reader.Close(), db.keeper.Close(), db.Writer.Close())
}

// keepEvery is how often the write-ahead log is moved into the database.
const keepEvery = 2 * time.Second

// keep does what a writer would else do in the middle of its commit, where it
// makes everybody wait.
func (db *DB) keep() {
	defer close(db.kept)
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-db.quit:
			return
		case <-tick.C:
			// What it cannot do now it does the next time.
			_, _ = db.keeper.Exec("PRAGMA wal_checkpoint(PASSIVE)")
		}
	}
}

// Check reads one row, for readiness.
func (db *DB) Check(ctx context.Context) error {
	var one int
	return db.Reader.QueryRowContext(ctx, "SELECT 1").Scan(&one)
}

func (db *DB) gate() error {
	if db.Gate == nil {
		return nil
	}
	return db.Gate()
}

// Tx runs fn in a write transaction of its own, as far as fn can tell, and
// returns when it is on disk: those of other callers at the same moment are
// committed with it. fn must use nothing but the transaction, be short, and may
// be run a second time after the first run was undone: it must not add to what
// it finds outside.
func (db *DB) Tx(ctx context.Context, fn func(*sql.Tx) error) error {
	if err := db.gate(); err != nil {
		return err
	}
	return db.group.do(ctx, fn)
}

// Prepare keeps a statement of the hot paths compiled. Call it before a
// transaction, which uses it by tx.StmtContext.
func (db *DB) Prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	return db.Writer.PrepareContext(ctx, query)
}

// alone runs fn in a real transaction.
func (db *DB) alone(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := db.Writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if err := fn(tx); err != nil {
		return err
	}
	if err := db.gate(); err != nil {
		return err
	}
	return tx.Commit()
}

// Millis is how a time is stored; the zero time is 0.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time reads what Millis wrote.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Duplicate says whether err is a violated unique constraint.
func Duplicate(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}
