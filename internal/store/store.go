// Package store opens the database and runs transactions on it.
//
// It owns the connections, the migrations and the boot lock around them, for an
// SQLite file of one node and for a PostgreSQL that several nodes share. Both
// have a pool that writes and one that can only read. Invariants: whatever a
// transaction committed is on disk before Tx returns; transactions of Tx run one
// after the other, over all nodes, so that what one read holds until it commits;
// times come from Go as milliseconds. The queries belong to the packages that
// need them; they are written in the subset of SQL that both databases share.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// DB is an open database. Reader may only read.
type DB struct {
	Reader, Writer *sql.DB
	// Gate is asked before each write transaction starts and before it commits;
	// its error ends the transaction. Tests use it to stop the world where a
	// process would have died. Nil lets all pass.
	Gate func() error

	address string
	file    *file // of SQLite; nil: there is none
	group   *group
	limit   time.Duration // of a shared transaction; 0: none
	begun   string        // what a transaction says first
	end     func() error  // closes the writer and what belongs to it
	closing sync.Once
	closed  error
}

// Address is where the database is, for those that need connections of their
// own kind; empty unless it is PostgreSQL. It may contain a password.
func (db *DB) Address() string { return db.address }

// Open opens the database at address, a postgres:// URL or the path of an SQLite
// file, which is made when it is not there. It brings it to the newest schema and
// lets others bring tables of their own up to date behind the same boot lock; it
// waits for another process that is doing the same. It refuses a database that a
// newer program has changed beyond what this one understands.
func Open(ctx context.Context, address string, also ...Migration) (*DB, error) {
	if IsPostgres(address) {
		return openPostgres(ctx, address, also)
	}
	return openSQLite(ctx, address, also)
}

// IsPostgres reports whether an address is one of PostgreSQL.
func IsPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// Close closes the pools after what is being committed. More calls do nothing.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.group.close()
		db.closed = errors.Join(db.Reader.Close(), db.end())
	})
	return db.closed
}

// Check reads one row, for readiness, and sees that an SQLite file is still where it was
// opened.
func (db *DB) Check(ctx context.Context) error {
	if err := db.file.still(); err != nil {
		return err
	}
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
// it finds outside. It fails with Unavailable, and nothing is committed, when the SQLite
// file was removed or replaced.
func (db *DB) Tx(ctx context.Context, fn func(*sql.Tx) error) error {
	if err := db.file.still(); err != nil {
		return err
	}
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
	if db.limit > 0 {
		limited, cancel := context.WithTimeout(ctx, db.limit)
		defer cancel()
		ctx = limited
	}

	tx, err := db.Writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if db.begun != "" {
		if _, err := tx.ExecContext(ctx, db.begun); err != nil {
			return fmt.Errorf("waiting for the other nodes' transactions: %w", err)
		}
	}

	if err := fn(tx); err != nil {
		return err
	}

	// Nothing is committed that would be lost with the file.
	if err := errors.Join(db.gate(), db.file.still()); err != nil {
		return err
	}

	return tx.Commit()
}

// AheadAtMost is how far a time may lie after the clocks of all living nodes before it is taken for
// wrong: whatever waits for such a time would wait until that clock is right.
const AheadAtMost = 10 * time.Minute

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

// Duplicate reports whether err is a violated unique constraint.
func Duplicate(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == uniqueViolation
}

const uniqueViolation = "23505"
