package bed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// Tables is an SQLite file with all tables and nothing in them. It is made once in
// a process: making one takes longer than many a test.
var Tables = sync.OnceValues(func() (file []byte, err error) {
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

// layTables gives the connector a database whose tables are made, unless a test
// has brought one of its own.
func (b *Bed) layTables() {
	b.T.Helper()

	if pg.Chosen() && b.Config.Database == "" {
		b.Config.Database = pg.Filled(b.T, migrate)
	}
	path := b.Config.DatabaseAddress()
	if store.IsPostgres(path) {
		return
	}
	if _, err := os.Stat(path); err == nil {
		return
	}

	tables, err := Tables()
	if err == nil {
		err = errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, tables, 0o600))
	}
	if err != nil {
		b.T.Fatal("laying the tables:", err)
	}
}
