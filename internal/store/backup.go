package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// moved is the setting that tells of an SQLite database that it was copied, when, and
// where to.
const moved = "moved"

// MarkMoved notes in a database that it was copied to an address, of which no password
// is kept. Nothing but Backup looks at it.
func (db *DB) MarkMoved(ctx context.Context, address string, now time.Time) error {
	value := fmt.Sprintf("%d %s", Millis(now), withoutPassword(address))
	return db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, moved, []byte(value))
		return err
	})
}

// withoutPassword is the host and name in the address of a database.
func withoutPassword(address string) string {
	if _, after, found := strings.Cut(address, "@"); found {
		address = "postgres://" + after
	}
	address, _, _ = strings.Cut(address, "?")
	return address
}

// Backup writes a consistent copy of the SQLite database at path into a new file. The
// database may be in use. One that was moved to PostgreSQL and that no node has worked on
// since is refused, and so is one that is damaged; then there is no file.
func Backup(ctx context.Context, path, file string) (err error) {
	if IsPostgres(path) {
		return fault.New(fault.Invalid, "The database in use is PostgreSQL, which is backed up with its own tools.").
			With("Use pg_dump, or the server's usual backup.")
	}

	if _, err := os.Stat(path); err != nil {
		return fault.New(fault.NotFound, "There is no database %s.", path).
			With("Give the folder of the installation with --data.").Because(err)
	}

	if _, err := os.Stat(file); err == nil {
		return fault.New(fault.Conflict, "%s is there already.", file).With("Give the name of a new file.")
	}

	// Look first: a copy of what is damaged or abandoned would be trusted later.
	db, err := sql.Open("sqlite", address(path))
	if err != nil {
		return err
	}
	defer func() { err = damaged(errors.Join(err, db.Close()), path) }()
	if err := errors.Join(wholly(ctx, db, path), stillUsed(ctx, db, path)); err != nil {
		return err
	}

	// SQLite writes a consistent copy while others go on.
	if _, err := db.ExecContext(ctx, "VACUUM INTO $1", file); err != nil {
		return errors.Join(fmt.Errorf("writing the backup: %w", err), os.RemoveAll(file))
	}

	return os.Chmod(file, 0o600)
}

// wholly refuses a file with damaged pages, however long it takes to find them.
func wholly(ctx context.Context, db *sql.DB, path string) error {
	var found string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return damaged(err, path)
	}
	if found != "ok" {
		return fault.New(fault.Invalid, "The database file %s is damaged: %s.", path, found).With(restore)
	}
	return nil
}

// stillUsed refuses a database that was moved and that no node has worked on since.
func stillUsed(ctx context.Context, db *sql.DB, path string) error {
	var value []byte
	err := db.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = $1`, moved).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}

	if err != nil {
		return fmt.Errorf("reading the database %s: %w", path, err)
	}

	// The mark says when it was moved, and where to.
	var when, seen int64
	var to string
	if _, err := fmt.Sscan(string(value), &when, &to); err != nil {
		return fmt.Errorf("reading where the database %s was moved to: %w", path, err)
	}

	if err := db.QueryRowContext(ctx, `SELECT COALESCE(MAX(seen), 0) FROM nodes`).Scan(&seen); err != nil {
		return err
	}

	// A node has worked on it since, so it is in use again.
	if seen > when {
		return nil
	}

	return fault.New(fault.Conflict, "The database %s is not the one in use: it was moved to %s on %s.", path, to,
		Time(when).Format(time.DateOnly)).
		With("Back that one up with pg_dump.")
}
