package store

import (
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// Every migration can be taken back, with rows in what it made, and made again.
func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	db := setup(t)
	dialect := goose.DialectSQLite3
	if pg.Chosen() {
		dialect = goose.DialectPostgres
	}

	p, err := db.provider(dialect)
	if err != nil {
		t.Fatal(err)
	}

	sources := p.ListSources()
	newest := sources[len(sources)-1].Version
	for _, text := range []string{
		`INSERT INTO links (id, folder_uid, asset_key, account_id, created, updated) VALUES ('l', 'f', 'a', 'c', 1, 1)`,
		`INSERT INTO imported_comments (link_id, comment_id, file_id, parent_id, kind, nuxeo_id, hash, writer, updated)
			VALUES ('l', 'c', 'f', '', 'comment', 'n', 'h', 'w', 1)`,
		`INSERT INTO tickets (id, address, expires) VALUES ('t', 'x', 1)`,
	} {
		if _, err := db.Writer.ExecContext(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}

	for to := newest - 1; to >= 0; to-- {
		if _, err := p.DownTo(t.Context(), to); err != nil {
			t.Fatalf("down to %d: %v", to, err)
		}
		if to == newest-1 {
			var n int
			if err := db.Writer.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM imported_comments").
				Scan(&n); n != 1 || err != nil {
				t.Errorf("%d comments are left, want 1: %v", n, err)
			}
		}
	}

	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}

	if version, err := p.GetDBVersion(t.Context()); version != newest || err != nil {
		t.Errorf("the database is at %d, %v; want %d", version, err, newest)
	}
}
