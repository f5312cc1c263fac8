package store

import (
	"bytes"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

//go:embed migrations
var migrations embed.FS

// Migration brings tables of another package up to date.
type Migration func(context.Context, *DB) error

func (db *DB) migrate(ctx context.Context, dialect goose.Dialect, also []Migration) error {
	provider, err := db.provider(dialect)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}

	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bringing the database up to date: %w", err)
	}

	// A newer program may have been here.
	sources := provider.ListSources()
	if err := db.understood(ctx, sources[len(sources)-1].Version); err != nil {
		return err
	}

	// The job queue brings its own tables.
	for _, step := range also {
		if err := step(ctx, db); err != nil {
			return err
		}
	}

	return nil
}

// OpenAt opens the database at address with the tables that a program had whose newest
// migration was the given one, for tests of what an older program left. What is newer is
// not taken back.
func OpenAt(ctx context.Context, address string, newest int64) (db *DB, err error) {
	kind, open := goose.DialectSQLite3, openFile
	if IsPostgres(address) {
		kind, open = goose.DialectPostgres, connect
	}

	if db, err = open(address); err != nil {
		return nil, err
	}

	provider, err := db.provider(kind)
	if err == nil {
		_, err = provider.UpTo(ctx, newest)
	}

	if err != nil {
		return nil, errors.Join(fmt.Errorf("making the tables as of migration %d: %w", newest, err), db.Close())
	}

	return db, nil
}

func (db *DB) provider(dialect goose.Dialect) (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if dialect == goose.DialectPostgres {
		dir = dialected{dir}
	}
	return goose.NewProvider(dialect, db.Writer, dir)
}

// understood refuses a database whose newest migrations a program of our age
// must not work with. Migrations that only add leave the mark alone, so that two
// versions can run side by side during an upgrade.
func (db *DB) understood(ctx context.Context, newest int64) error {
	var oldest []byte
	err := db.Reader.QueryRowContext(ctx, `SELECT value FROM settings WHERE name = 'schema-oldest'`).Scan(&oldest)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}

	if err != nil {
		return err
	}

	// An unreadable mark is from the future as well.
	if needed, err := strconv.ParseInt(string(oldest), 10, 64); err != nil || needed > newest {
		return fault.New(fault.Invalid,
			"The database belongs to a newer version of the connector (its schema needs %s, this program knows %d).",
			oldest, newest).
			With("Start the newer version, or restore the backup that was made before the upgrade.")
	}

	return nil
}

// dialected reads migrations written for SQLite as PostgreSQL wants them: bytes
// have another name, and texts are compared byte by byte, as SQLite does,
// whatever language the server speaks.
type dialected struct{ fs.FS }

var dialect = strings.NewReplacer(" BLOB", " BYTEA", " TEXT", ` TEXT COLLATE "C"`)

// Open is fs.FS's.
func (d dialected) Open(name string) (fs.File, error) {
	f, err := d.FS.Open(name)
	if err != nil || !strings.HasSuffix(name, ".sql") {
		return f, err
	}
	text, err := io.ReadAll(f)
	return &translated{File: f, text: bytes.NewReader([]byte(dialect.Replace(string(text))))}, err
}

type translated struct {
	fs.File
	text *bytes.Reader
}

// Read is fs.File's.
func (t *translated) Read(b []byte) (int, error) { return t.text.Read(b) }
