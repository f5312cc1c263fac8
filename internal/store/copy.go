package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Tables are ours, each after those that it refers to. The job library's are not
// among them: jobs are made again from items.
var Tables = []string{
	"settings", "people", "sessions", "providers", "credentials", "sign_ins", "bindings", "actions", "interactions",
	"items", "item_history", "transfers", "links", "link_files", "imported_comments", "chores", "tickets", "pushes", "push_choices",
}

// Copied is how many rows of a table were copied.
type Copied struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// Copy moves everything into an empty database, in one transaction, and compares
// the counts before it commits. The source must not be in use: what is written
// meanwhile may be left behind. told hears of each table.
func Copy(ctx context.Context, from, to *DB, told func(Copied)) error {
	if err := empty(ctx, to); err != nil {
		return err
	}
	source, err := from.Reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = source.Rollback() }() // nothing was written
	target, err := to.Writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = target.Rollback() }() // after Commit it does nothing
	for _, table := range Tables {
		n, err := copyTable(ctx, source, target, table)
		if err != nil {
			return fmt.Errorf("copying %s: %w", table, err)
		}
		told(Copied{table, n})
	}
	return target.Commit()
}

func empty(ctx context.Context, db *DB) error {
	for _, table := range Tables {
		n, err := count(ctx, db.Reader, table)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Conflict, "The database to copy into is not empty: %s has %d rows.", table, n).
				With("Give an empty one; nothing was changed.")
		}
	}
	return nil
}

type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func count(ctx context.Context, q queryer, table string) (n int64, err error) {
	err = q.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n)
	return n, err
}

func copyTable(ctx context.Context, source, target *sql.Tx, table string) (n int64, err error) {
	rows, err := source.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if n, err = insertAll(ctx, rows, target, table); err != nil {
		return n, err
	}
	for side, tx := range map[string]*sql.Tx{"source": source, "copy": target} {
		if has, err := count(ctx, tx, table); err != nil || has != n {
			return n, errors.Join(err, fmt.Errorf("the %s has %d rows, %d were copied", side, has, n))
		}
	}
	return n, nil
}

func insertAll(ctx context.Context, rows *sql.Rows, target *sql.Tx, table string) (n int64, err error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return 0, err
	}
	names, marks := make([]string, len(types)), make([]string, len(types))
	for i, c := range types {
		names[i], marks[i] = c.Name(), "$"+strconv.Itoa(i+1)
	}
	insert, err := target.PrepareContext(ctx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+strings.Join(marks, ", ")+")")
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	for rows.Next() {
		values, into := make([]any, len(types)), make([]any, len(types))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		for i, c := range types {
			values[i] = portable(values[i], c.DatabaseTypeName())
		}
		if _, err := insert.ExecContext(ctx, values...); err != nil {
			return n, err
		}
		n++
	}
	return n, rows.Err()
}

// portable is a value as the other database takes it: SQLite keeps a truth value
// as a number.
func portable(v any, declared string) any {
	if n, ok := v.(int64); ok && declared == "BOOLEAN" {
		return n != 0
	}
	return v
}

// InUse names a node that gave a sign of life lately, or is empty.
func (db *DB) InUse(ctx context.Context, now time.Time) (node string, err error) {
	err = db.Reader.QueryRowContext(ctx, `SELECT id FROM nodes WHERE seen > $1 ORDER BY seen DESC LIMIT 1`, Millis(now.Add(-time.Minute))).Scan(&node)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return node, err
}

// Version is the newest migration that the database has.
func (db *DB) Version(ctx context.Context) (n int64, err error) {
	err = db.Reader.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version`).Scan(&n)
	return n, err
}

// Backup writes a consistent copy of the SQLite database at path into a new
// file. The database may be in use.
func Backup(ctx context.Context, path, file string) error {
	if IsPostgres(path) {
		return fault.New(fault.Invalid, "A PostgreSQL database is backed up with its own tools.").With("Use pg_dump, or the server's usual backup.")
	}
	if _, err := os.Stat(path); err != nil {
		return fault.New(fault.NotFound, "There is no database %s.", path).With("Give the folder of the installation with --data.").Because(err)
	}
	if _, err := os.Stat(file); err == nil {
		return fault.New(fault.Conflict, "%s is there already.", file).With("Give the name of a new file.")
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+options)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO $1", file)
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	return os.Chmod(file, 0o600)
}
