// Package tables gives tests a database whose tables are made, and nothing in it.
//
// Making them takes longer than many a test, so it is done once in a process and copied:
// an SQLite file, or a database of PostgreSQL where the tests run on that. It leaves
// PostgreSQL itself to pg, and tests of the making to store.
package tables

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// Address is where a test's own database is: in PostgreSQL when the tests run on that,
// else an SQLite file in dir.
func Address(t testing.TB, dir string) string {
	t.Helper()
	if pg.Chosen() {
		return pg.Filled(t, "tables", migrate)
	}

	path := filepath.Join(dir, "connector.db")
	if err := Lay(path); err != nil {
		t.Fatal("laying the tables:", err)
	}

	return path
}

// Lay makes an SQLite file with all tables, unless there is a file already.
func Lay(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	file, err := File()
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, file, 0o600))
}

// File is an SQLite file with all tables.
var File = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "nuxeo-frameio-tables-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	path := filepath.Join(dir, "connector.db")
	if err := migrate(path); err != nil {
		return nil, err
	}

	return os.ReadFile(path)
})

// migrate makes all tables in the database at an address.
func migrate(address string) error {
	db, err := store.Open(context.Background(), address, work.Migrate)
	if err != nil {
		return err
	}
	return db.Close()
}
