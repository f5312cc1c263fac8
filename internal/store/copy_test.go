package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// filled is an SQLite database with a row in each of its tables, made from the schema,
// so that a migration that adds a table adds to the test.
func filled(t *testing.T) (path string, db *store.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "connector.db")
	db, err := store.Open(t.Context(), path, work.Migrate)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })
	tables, err := db.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	made := map[string]map[string]any{}
	for _, table := range tables {
		made[table] = row(t, db, table, made)
		if err := insert(t.Context(), db, table, made[table]); err != nil {
			t.Fatalf("a row of %s: %v", table, err)
		}
	}

	return path, db
}

// row is one row for a table, which refers to those that were made before.
func row(t *testing.T, db *store.DB, table string, made map[string]map[string]any) map[string]any {
	t.Helper()
	refers := map[string]any{}
	for _, r := range query(t, db, `SELECT "from", "table", COALESCE("to", 'id')
		FROM pragma_foreign_key_list($1)`, table) {
		refers[r[0]] = made[r[1]][r[2]]
	}

	values := map[string]any{}
	for i, c := range query(t, db, `SELECT name, type, '' FROM pragma_table_info($1)`, table) {
		switch to, refer := refers[c[0]]; {
		case refer:
			values[c[0]] = to
		case c[1] == "BLOB":
			values[c[0]] = []byte{0, 255, byte(i)}
		case c[1] == "BOOLEAN":
			values[c[0]] = true
		case c[1] == "REAL":
			values[c[0]] = float64(i) + 0.5
		case c[1] == "TEXT":
			values[c[0]] = fmt.Sprintf("%s.%s \x00 é", table, c[0])
		default:
			values[c[0]] = int64(1_000_000_000_000) * int64(i%2)
		}
	}

	return values
}

func query(t *testing.T, db *store.DB, text string, args ...any) (all [][3]string) {
	t.Helper()
	rows, err := db.Reader.QueryContext(t.Context(), text, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r [3]string
		if err := rows.Scan(&r[0], &r[1], &r[2]); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}

	return all
}

func insert(ctx context.Context, db *store.DB, table string, values map[string]any) error {
	var names, marks []string
	var args []any
	for name, v := range values {
		names, args = append(names, name), append(args, v)
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}

	return db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES ("+
			strings.Join(marks, ", ")+")", args...)
		return err
	})
}

func TestCopyTakesEveryTable(t *testing.T) {
	t.Parallel()
	_, from := filled(t)
	all := query(t, from, `SELECT name, '', '' FROM sqlite_master WHERE type = 'table'`)
	tables, err := from.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	// Those that are left behind are named here once more, so that a new one is thought about.
	for _, r := range all {
		left := r[0] == "nodes" || r[0] == "goose_db_version" || strings.HasPrefix(r[0], "river_") ||
			strings.HasPrefix(r[0], "sqlite_")
		if left == slices.Contains(tables, r[0]) {
			t.Errorf("table %s: copied %v, want %v", r[0], !left, left)
		}
	}

	to, err := store.Open(t.Context(), pg.Database(t), work.Migrate)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = to.Close() })
	copied := map[string]int64{}
	if err := store.Copy(t.Context(), from, to, func(c store.Copied) { copied[c.Table] = c.Rows }); err != nil {
		t.Fatal(err)
	}

	for _, table := range tables {
		if copied[table] < 1 {
			t.Errorf("%d rows of %s were copied, want all", copied[table], table)
		}
	}

	err = store.Copy(t.Context(), from, to, func(store.Copied) {})
	if !fault.Is(err, fault.Conflict) {
		t.Errorf("a second copy: %v, want a refusal since the database is not empty", err)
	}
}

// A row in any table makes a database one that is not empty.
func TestCopyWantsEveryTableEmpty(t *testing.T) {
	t.Parallel()
	_, from := filled(t)
	address := pg.Database(t)
	to, err := store.Open(t.Context(), address, work.Migrate)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = to.Close() })
	values := row(t, from, "audit_marks", nil)
	for name, v := range values {
		if text, ok := v.(string); ok {
			values[name] = strings.ReplaceAll(text, "\x00", "")
		}
	}

	if err := insert(t.Context(), to, "audit_marks", values); err != nil {
		t.Fatal(err)
	}

	if err := store.Copy(t.Context(), from, to, func(store.Copied) {}); !fault.Is(err, fault.Conflict) {
		t.Errorf("copying beside a row of audit_marks: %v, want a refusal", err)
	}
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	refused := func(path, says string) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "copy.db")
		err := store.Backup(t.Context(), path, file)
		if err == nil || !strings.Contains(err.Error()+fault.From(err).Remedy, says) {
			t.Errorf("backup of %s: %v, want a refusal that says %q", path, err, says)
		}
		if _, err := os.Stat(file); err == nil {
			t.Errorf("a refused backup of %s: got a file, want none", path)
		}
	}

	refused("postgres://u:p@host/name", "pg_dump")

	path, db := filled(t)
	if err := store.Backup(t.Context(), path, filepath.Join(t.TempDir(), "copy.db")); err != nil {
		t.Errorf("backup of a database in use: %v", err)
	}

	seen := time.Now()
	if err := db.MarkMoved(t.Context(), "postgres://u:secret@host:5432/name?x=y", seen); err != nil {
		t.Fatal(err)
	}

	refused(path, "moved to postgres://host:5432/name")

	// Who goes on working on it after a copy may back it up again.
	err := db.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO nodes (id, host, version, started, seen)
			VALUES ('n', 'h', 'v', 0, $1)`, store.Millis(seen.Add(time.Minute)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	if err := store.Backup(t.Context(), path, filepath.Join(t.TempDir(), "copy.db")); err != nil {
		t.Errorf("backup of a database that a node has worked on since it was copied: %v", err)
	}

	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	damage(t, path)
	refused(path, "damaged")
}

// damage overwrites pages in the middle of a database file.
func damage(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for page := int64(2); page < 20; page++ {
		if _, err := f.WriteAt(bytes.Repeat([]byte{0xff}, 4096), page*4096); err != nil {
			t.Fatal(err)
		}
	}
}
