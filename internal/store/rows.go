package store

import (
	"context"
	"database/sql"
)

// A Row is what a query has found; sql.Row and sql.Rows are.
type Row interface{ Scan(into ...any) error }

// A Queryer runs queries: a database, a connection or a transaction.
type Queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// All runs a query and returns what scan makes of each row.
func All[T any](
	ctx context.Context, db Queryer, scan func(Row) (T, error), query string, args ...any,
) (all []T, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}

	return all, rows.Err()
}

// Strings runs a query for a single column of text.
func Strings(ctx context.Context, db Queryer, query string, args ...any) ([]string, error) {
	return All(ctx, db, func(row Row) (s string, err error) {
		err = row.Scan(&s)
		return s, err
	}, query, args...)
}
