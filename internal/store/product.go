package store

import (
	"context"

	sqlite3 "modernc.org/sqlite/lib"
)

// Product is which database this is, with its version.
func (db *DB) Product(ctx context.Context) (string, error) {
	if db.address == "" {
		return "SQLite " + sqlite3.SQLITE_VERSION, nil
	}
	var version string
	err := db.Reader.QueryRowContext(ctx, "SHOW server_version").Scan(&version)
	return "PostgreSQL " + version, err
}

// Rows counts the rows of each table of ours.
func (db *DB) Rows(ctx context.Context) (all []Copied, err error) {
	names, err := db.names(ctx)
	if err != nil {
		return nil, err
	}

	for _, name := range names {
		one := Copied{Table: name}
		if err := db.Reader.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+name).Scan(&one.Rows); err != nil {
			return nil, err
		}
		all = append(all, one)
	}

	return all, nil
}

// names are those of our tables.
func (db *DB) names(ctx context.Context) (names []string, err error) {
	if db.address == "" {
		return db.Tables(ctx)
	}

	all, err := Strings(ctx, db.Reader, `SELECT table_name FROM information_schema.tables
		WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name`)
	for _, name := range all {
		if isOurs(name) {
			names = append(names, name)
		}
	}

	return names, err
}
