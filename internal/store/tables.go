package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// leftBehind are tables that no copy takes along: signs of life of nodes that do not
// work on the copy, and what the migrations of each database say of themselves.
var leftBehind = []string{"nodes", "goose_db_version"}

// isOurs reports whether a table is one that a copy takes along. Those of the job
// library are not: jobs are made again from items.
func isOurs(table string) bool {
	return !slices.Contains(leftBehind, table) && !strings.HasPrefix(table, "river") &&
		!strings.HasPrefix(table, "sqlite_")
}

// Tables lists our tables by the schema that an SQLite database has, each after those
// that it refers to.
func (db *DB) Tables(ctx context.Context) ([]string, error) {
	rows, err := db.Reader.QueryContext(ctx, `SELECT m.name, COALESCE(f."table", '') FROM sqlite_master m
		LEFT JOIN pragma_foreign_key_list(m.name) f ON TRUE WHERE m.type = 'table' ORDER BY m.name`)
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	defer rows.Close()

	refers := map[string][]string{}
	var names []string
	for rows.Next() {
		var name, to string
		if err := rows.Scan(&name, &to); err != nil {
			return nil, fmt.Errorf("reading the schema: %w", err)
		}

		if !isOurs(name) {
			continue
		}

		if _, known := refers[name]; !known {
			names = append(names, name)
		}

		refers[name] = append(refers[name], to)
	}

	return afterWhatTheyReferTo(names, refers), rows.Err()
}

// afterWhatTheyReferTo puts each table after those that it refers to.
func afterWhatTheyReferTo(names []string, refers map[string][]string) []string {
	var ordered []string
	placed := map[string]bool{"": true}
	var place func(name string)
	place = func(name string) {
		if placed[name] {
			return
		}
		placed[name] = true // a table may refer to itself
		for _, to := range refers[name] {
			place(to)
		}
		ordered = append(ordered, name)
	}

	for _, name := range names {
		place(name)
	}

	return ordered
}
