package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// Copied is how many rows of a table were copied.
type Copied struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
}

// Copy moves everything from an SQLite database into an empty one, in one transaction,
// and compares the rows of both sides before it commits. The source must not be in use:
// what is written meanwhile may be left behind. It is marked as moved afterwards. report
// is called for each table.
func Copy(ctx context.Context, from, to *DB, report func(Copied)) error {
	tables, err := from.Tables(ctx)
	if err != nil {
		return err
	}

	if err := empty(ctx, to, tables); err != nil {
		return err
	}

	// Both sides see one moment: the source by its snapshot, the target by its transaction.
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

	// Each table comes after those that it refers to.
	for _, table := range tables {
		n, err := copyTable(ctx, source, target, table)
		if err != nil {
			return fmt.Errorf("copying %s: %w", table, err)
		}
		report(Copied{table, n})
	}

	return target.Commit()
}

func empty(ctx context.Context, db *DB, tables []string) error {
	for _, table := range tables {
		var n int64
		if err := db.Reader.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Conflict, "The database to copy into is not empty: %s has %d rows.", table, n).
				With("Give an empty one; nothing was changed.")
		}
	}
	return nil
}

// copyTable copies the rows of a table, reads both sides again and compares them.
func copyTable(ctx context.Context, source, target *sql.Tx, table string) (n int64, err error) {
	var insert *sql.Stmt
	defer func() {
		if insert != nil {
			err = errors.Join(err, insert.Close())
		}
	}()

	err = each(ctx, source, table, func(names []string, row []any) error {
		// The first row says what the columns are.
		if insert == nil {
			marks := make([]string, len(names))
			for i := range marks {
				marks[i] = "$" + strconv.Itoa(i+1)
			}
			query := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" +
				strings.Join(marks, ", ") + ")"
			if insert, err = target.PrepareContext(ctx, query); err != nil {
				return err
			}
		}

		n++
		_, err := insert.ExecContext(ctx, row...)
		return err
	})
	if err != nil {
		return n, err
	}

	// What was written has to read the same on both sides.
	before, err := fingerprint(ctx, source, table)
	if err != nil {
		return n, err
	}

	after, err := fingerprint(ctx, target, table)
	if err == nil && before != after {
		err = fmt.Errorf("the copy holds other rows than the source (%d there, %d here)", before.rows, after.rows)
	}

	return n, err
}

// each reads all rows of a table as both databases can take them.
func each(ctx context.Context, tx *sql.Tx, table string, fn func(names []string, row []any) error) error {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table)
	if err != nil {
		return err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}

	names := make([]string, len(types))
	for i, c := range types {
		names[i] = c.Name()
	}

	// The columns are not known before, so values are read as they come.
	for rows.Next() {
		values, into := make([]any, len(types)), make([]any, len(types))
		for i := range values {
			into[i] = &values[i]
		}

		if err := rows.Scan(into...); err != nil {
			return err
		}

		for i, c := range types {
			values[i] = portable(values[i], c.DatabaseTypeName())
		}

		if err := fn(names, values); err != nil {
			return err
		}
	}

	return rows.Err()
}

// rowSum tells the rows of a table from others, in whatever order they come.
type rowSum struct {
	rows int64
	sum  [4]uint64
}

// fingerprint is the same for the same rows on both databases.
func fingerprint(ctx context.Context, tx *sql.Tx, table string) (p rowSum, err error) {
	err = each(ctx, tx, table, func(names []string, row []any) error {
		var cells []string
		for i, v := range row {
			if b, ok := v.([]byte); ok {
				v = string(b)
			}
			if text, ok := v.(string); ok {
				v = clean(text) // as PostgreSQL keeps it
			}
			cells = append(cells, fmt.Sprintf("%s=%T:%v", names[i], v, v))
		}

		// Sums of digests do not depend on the order of the rows.
		slices.Sort(cells) // columns come in the order in which each database got them
		sum := sha256.Sum256([]byte(strings.Join(cells, "\x00")))
		for i := range p.sum {
			p.sum[i] += binary.BigEndian.Uint64(sum[8*i:])
		}

		p.rows++
		return nil
	})
	return p, err
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
	err = db.Reader.QueryRowContext(ctx, `SELECT id FROM nodes WHERE seen > $1
		ORDER BY seen DESC LIMIT 1`, Millis(now.Add(-time.Minute))).Scan(&node)
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
