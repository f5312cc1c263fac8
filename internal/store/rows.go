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
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Each runs a query and calls fn with each row. An error of fn ends the reading.
func Each(ctx context.Context, db Queryer, fn func(Row) error, query string, args ...any) error {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}

	return rows.Err()
}

// All runs a query and returns what scan makes of each row.
func All[T any](
	ctx context.Context, db Queryer, scan func(Row) (T, error), query string, args ...any,
) (all []T, err error) {
	err = Each(ctx, db, func(row Row) error {
		one, err := scan(row)
		if err == nil {
			all = append(all, one)
		}
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}

	return all, nil
}

// Map runs a query and returns what scan makes of each row, by the key that it returns. Of two rows
// with one key the later counts.
func Map[K comparable, V any](
	ctx context.Context, db Queryer, scan func(Row) (K, V, error), query string, args ...any,
) (map[K]V, error) {
	all := map[K]V{}
	err := Each(ctx, db, func(row Row) error {
		key, value, err := scan(row)
		if err == nil {
			all[key] = value
		}
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}

	return all, nil
}

// Pair scans a row of two columns, for Map.
func Pair[K comparable, V any](row Row) (key K, value V, err error) {
	err = row.Scan(&key, &value)
	return key, value, err
}

// Strings runs a query for a single column of text.
func Strings(ctx context.Context, db Queryer, query string, args ...any) ([]string, error) {
	return All(ctx, db, func(row Row) (s string, err error) {
		err = row.Scan(&s)
		return s, err
	}, query, args...)
}
