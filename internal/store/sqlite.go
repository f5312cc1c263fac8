package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// options follow from what was measured: one immediate writer, WAL, full sync.
const options = "_txlock=immediate&_time_format=sqlite&_timezone=UTC" +
	"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
	// The keeper moves the log into the database beside the writers; this many
	// pages are the limit at which a writer does it itself.
	"&_pragma=wal_autocheckpoint(20000)"

// Readers and writers wait for locks for ten seconds at most; the keeper
// gives up soon, since writers wait for it.
const (
	waits    = "&_pragma=busy_timeout(10000)"
	hastens  = "&_pragma=busy_timeout(100)"
	readOnly = "&_pragma=query_only(1)"
)

// readers is how many connections read at once.
const readers = 8

func openSQLite(ctx context.Context, path string, also []Migration) (_ *DB, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the database's folder: %w", err)
	}

	// One process at a time may migrate.
	lock := flock.New(path + ".lock")
	if ok, err := lock.TryLockContext(ctx, 50*time.Millisecond); !ok {
		return nil, fmt.Errorf("waiting for another start on %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	db, err := openFile(path)
	if err != nil {
		return nil, damaged(err, path)
	}

	// A damaged file is not written to.
	if err := errors.Join(whole(ctx, db.Reader, path), db.migrate(ctx, goose.DialectSQLite3, also)); err != nil {
		return nil, errors.Join(damaged(err, path), db.Close())
	}

	return db, os.Chmod(path, 0o600)
}

// wholeTime bounds the look for damage; a database that is too large for it is
// opened all the same.
const wholeTime = 20 * time.Second

// whole refuses a file with damaged pages before anything is built on it.
func whole(ctx context.Context, db *sql.DB, path string) error {
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	var found string
	err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found)
	if ctx.Err() != nil || err == nil && found == "ok" {
		return nil
	}
	return errors.Join(err, fault.New(fault.Invalid, "The database file %s is damaged: %s.", path, found).With(restore))
}

const restore = "Restore it from a backup (`nuxeo-frameio store backup` makes them), then run `nuxeo-frameio links " +
	"rebuild`."

// damaged says so when SQLite finds that a file is none of its own.
func damaged(err error, path string) error {
	var lite *sqlite.Error
	if errors.As(err, &lite) && (lite.Code() == sqlite3.SQLITE_CORRUPT || lite.Code() == sqlite3.SQLITE_NOTADB) {
		return fault.New(fault.Invalid, "The database file %s is damaged.", path).With(restore).Because(err)
	}
	return err
}

// openFile opens an SQLite file with a single connection that writes, which
// makes waiting for the write lock a wait for the pool, several that read, and
// one that keeps the write-ahead log short.
func openFile(path string) (*DB, error) {
	opened, err := here(path)
	if err != nil {
		return nil, err
	}

	// One connection writes, some read, and one shortens the log.
	name := address(path) + "&mode=rw" // a file that is gone is not made anew
	pools, err := openPools(name+waits, name+waits+readOnly, name+hastens)
	if err != nil {
		return nil, err
	}

	writer, reader, keeper := pools[0], pools[1], pools[2]
	writer.SetMaxOpenConns(1)
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers) // opening one costs more than what it is for
	keeper.SetMaxOpenConns(1)
	db := &DB{Reader: reader, Writer: writer, file: opened}
	stop := keepLogShort(keeper)
	db.end = func() error {
		stop()
		return errors.Join(keeper.Close(), writer.Close())
	}

	if db.group, err = newGroup(db); err != nil {
		return nil, errors.Join(err, reader.Close(), db.end())
	}

	return db, nil
}

func address(path string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options
}

func openPools(names ...string) ([]*sql.DB, error) {
	var pools []*sql.DB
	for _, name := range names {
		p, err := openLite(name)
		if err != nil {
			for _, open := range pools {
				err = errors.Join(err, open.Close())
			}
			return nil, err
		}
		pools = append(pools, p)
	}

	return pools, nil
}

// keepEvery is how often the write-ahead log is moved into the database, keepSoon
// when it is tried again. That it fails on a full disk is no news, but there it
// has to be quick when there is room again: the log would take all of it.
const keepEvery, keepSoon = 2 * time.Second, 100 * time.Millisecond

// longLog is from how many pages on the log is begun anew, 16 MiB.
const longLog = 4096

// shorten moves the log into the database. A long one is begun anew, for which
// writers wait a moment: by itself that comes to pass only when nobody reads.
func shorten(ctx context.Context, keeper *sql.DB) error {
	var pages int
	err := keeper.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(new(int), &pages, new(int))
	if err == nil && pages >= longLog {
		_, err = keeper.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	return err
}

// keepLogShort does what a transaction would else do in the middle of its commit,
// where it makes all others wait.
func keepLogShort(keeper *sql.DB) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(keepEvery)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				next := keepEvery
				if shorten(context.Background(), keeper) != nil {
					next = keepSoon
				}
				tick.Reset(next)
			}
		}
	}()

	return func() { close(quit); <-ended }
}
