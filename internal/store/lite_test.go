package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
)

// oneConn is a pool of one connection to an SQLite file with a table of the numbers up to
// three.
func oneConn(t *testing.T) *sql.DB {
	t.Helper()
	db, err := openLite(address(filepath.Join(t.TempDir(), "one.db")))
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	must(t, db, `CREATE TABLE numbers (n INTEGER PRIMARY KEY)`)
	for n := range 3 {
		must(t, db, `INSERT INTO numbers VALUES ($1)`, n+1)
	}

	return db
}

func must(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("executing %s: %v", statement, err)
	}
}

// keeps says which statements the only connection keeps.
func keeps(t *testing.T, db *sql.DB) (statements []string) {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Raw(func(c any) error {
		statements = c.(*liteConn).kept.Keys()
		return nil
	}); err != nil {
		t.Fatal(err)
	}

	return statements
}

func numbers(t *testing.T, rows *sql.Rows, err error) (all []int) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}

	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}

	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}

	return all
}

const above = `SELECT n FROM numbers WHERE n > $1 ORDER BY n`

func TestStatementsAreKept(t *testing.T) {
	t.Parallel()
	db := oneConn(t)
	for _, c := range []struct {
		over int
		want []int
	}{{0, []int{1, 2, 3}}, {2, []int{3}}, {9, nil}, {1, []int{2, 3}}} {
		rows, err := db.QueryContext(t.Context(), above, c.over)
		if got := numbers(t, rows, err); !slices.Equal(got, c.want) {
			t.Errorf("above %d there are %v, want %v", c.over, got, c.want)
		}
	}

	if got := keeps(t, db); !slices.Contains(got, above) || !slices.Contains(got, `INSERT INTO numbers VALUES ($1)`) {
		t.Errorf("the connection keeps %q, want what was asked and what was inserted among them", got)
	}

	for i := range 2 * maxStatements {
		must(t, db, fmt.Sprintf(`DELETE FROM numbers WHERE n = %d`, 1000+i))
	}

	if got := keeps(t, db); len(got) != maxStatements || slices.Contains(got, above) {
		t.Errorf("after many others the connection keeps %d statements, want %d, and not the oldest",
			len(got), maxStatements)
	}
}

// A statement whose rows are being read is asked again, and dropped, in the middle.
func TestStatementsWithinTheirOwnRows(t *testing.T) {
	t.Parallel()
	db := oneConn(t)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // it was only read
	outer, err := tx.QueryContext(t.Context(), above, 0)
	if err != nil || !outer.Next() {
		t.Fatalf("the outer rows: %v", err)
	}

	inner, err := tx.QueryContext(t.Context(), above, 1)
	if got := numbers(t, inner, err); !slices.Equal(got, []int{2, 3}) {
		t.Errorf("the inner rows are %v, want 2 and 3", got)
	}

	for i := range 2 * maxStatements {
		if _, err := tx.ExecContext(t.Context(), fmt.Sprintf(`DELETE FROM numbers WHERE n = %d`, 1000+i)); err != nil {
			t.Fatal(err)
		}
	}

	if got := numbers(t, outer, nil); !slices.Equal(got, []int{2, 3}) {
		t.Errorf("the outer rows go on with %v, want 2 and 3", got)
	}

	again, err := tx.QueryContext(t.Context(), above, 2)
	if got := numbers(t, again, err); !slices.Equal(got, []int{3}) {
		t.Errorf("afterwards above 2 there are %v, want 3", got)
	}
}

// What refuses one time does not spoil the statement for the next.
func TestStatementsAfterErrors(t *testing.T) {
	t.Parallel()
	db := oneConn(t)
	const insert = `INSERT INTO numbers VALUES ($1) RETURNING n`
	for _, c := range []struct {
		n     int
		taken bool
	}{{1, true}, {4, false}, {4, true}, {5, false}} {
		var n int
		err := db.QueryRowContext(t.Context(), insert, c.n).Scan(&n)
		if Duplicate(err) != c.taken || !c.taken && (err != nil || n != c.n) {
			t.Errorf("inserting %d: got %d, %v; want taken %v", c.n, n, err, c.taken)
		}
	}

	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := db.QueryContext(ended, above, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("under a context that has ended: %v, want that it has", err)
	}

	if _, err := db.QueryContext(t.Context(), `SELECT nothing FROM numbers`); err == nil ||
		errors.Is(err, driver.ErrBadConn) {
		t.Errorf("a query that cannot be read: %v, want an error of the query's", err)
	}

	rows, err := db.QueryContext(t.Context(), above, 3)
	if got := numbers(t, rows, err); !slices.Equal(got, []int{4, 5}) {
		t.Errorf("afterwards above 3 there are %v, want 4 and 5", got)
	}
}

// A statement sees a schema that has changed since it was prepared.
func TestStatementsFollowTheSchema(t *testing.T) {
	t.Parallel()
	db := oneConn(t)
	const whole = `SELECT * FROM numbers WHERE n = 1`
	columns := func() []string {
		rows, err := db.QueryContext(t.Context(), whole)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		return names
	}

	if got := columns(); !slices.Equal(got, []string{"n"}) {
		t.Errorf("at first the columns are %q, want n", got)
	}

	must(t, db, `ALTER TABLE numbers ADD COLUMN word TEXT`)
	if got := columns(); !slices.Equal(got, []string{"n", "word"}) {
		t.Errorf("after the change the columns are %q, want n and word", got)
	}

	must(t, db, `DROP TABLE numbers`)
	if _, err := db.QueryContext(t.Context(), whole); err == nil {
		t.Error("reading a table that is gone: got no error, want one")
	}
}

func BenchmarkStatement(b *testing.B) {
	for name, open := range map[string]func(string) (*sql.DB, error){
		"kept": openLite, "baseline": func(name string) (*sql.DB, error) { return sql.Open("sqlite", name) },
	} {
		b.Run(name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "items.db")
			whole, err := Open(b.Context(), path)
			if err != nil {
				b.Fatal(err)
			}
			defer whole.Close()
			db, err := open(address(path))
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			for b.Loop() {
				var n int
				if err := db.QueryRowContext(b.Context(), `SELECT COUNT(*) FROM items
					LEFT JOIN transfers ON transfers.item_id = items.id
					WHERE items.parent = $1 AND items.kind = $2
					AND items.state IN ('waiting', 'running')`, "parent", "kind").Scan(&n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
