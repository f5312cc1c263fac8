package identity

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A Sealed is a column that holds what the vault sealed. Context returns the context of a
// row's value out of its key.
type Sealed struct {
	Table, Column string
	Key           []string
	Context       func(key []string) string
}

// Columns are those of this package.
var Columns = []Sealed{
	{"settings", "value", []string{"name"}, func([]string) string { return canary }},
	{"providers", "client_secret", []string{"name"}, func(k []string) string { return "providers/" + k[0] }},
	{"people", "nuxeo_token", []string{"login"}, func(k []string) string { return "people/" + k[0] }},
	{"credentials", "access_token", []string{"login", "provider"}, func(k []string) string {
		return "credentials/" + k[0] + "/access"
	}},
	{"credentials", "refresh_token", []string{"login", "provider"}, func(k []string) string {
		return "credentials/" + k[0] + "/refresh"
	}},
	{"sign_ins", "verifier", []string{"state"}, func(k []string) string { return "sign_ins/" + k[0] }},
}

type sealedRow struct {
	key    []string
	sealed []byte
}

// KeysInUse counts for each key, by name, the values that it seals.
func KeysInUse(ctx context.Context, db *store.DB, columns ...Sealed) (map[string]int, error) {
	used := map[string]int{}
	for _, c := range columns {
		rows, err := c.rows(ctx, db)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			used[KeyName(r.sealed)]++
		}
	}

	return used, nil
}

// Reseal seals everything that is under an older key with the newest, while the
// connector runs: a value that changed meanwhile is left as it is. It says how
// many.
func (v *Vault) Reseal(ctx context.Context, db *store.DB, columns ...Sealed) (n int, err error) {
	v.look(true)
	for _, c := range columns {
		rows, err := c.rows(ctx, db)
		if err != nil {
			return n, err
		}

		for _, r := range rows {
			if !v.Old(r.sealed) {
				continue
			}
			if err := v.reseal(ctx, db, c, r); err != nil {
				return n, err
			}
			n++
		}
	}

	return n, nil
}

func (v *Vault) reseal(ctx context.Context, db *store.DB, c Sealed, r sealedRow) error {
	sealContext := c.Context(r.key)
	secret, err := v.Open(sealContext, r.sealed)
	if err != nil {
		return err
	}

	// The old value is part of the condition: one that changed meanwhile stays.
	args := []any{v.Seal(sealContext, secret), r.sealed}
	where := c.Column + " = $2"
	for i, name := range c.Key {
		where += fmt.Sprintf(" AND %s = $%d", name, i+3)
		args = append(args, r.key[i])
	}

	return db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE "+c.Table+" SET "+c.Column+" = $1 WHERE "+where, args...)
		return err
	})
}

func (c Sealed) rows(ctx context.Context, db *store.DB) ([]sealedRow, error) {
	query := "SELECT " + strings.Join(c.Key, ", ") + ", " + c.Column + " FROM " + c.Table + " WHERE " +
		c.Column + " IS NOT NULL"
	if c.Table == "settings" {
		query += " AND name = 'vault'"
	}

	return store.All(ctx, db.Reader, func(row store.Row) (sealedRow, error) {
		r := sealedRow{key: make([]string, len(c.Key))}
		into := make([]any, 0, len(c.Key)+1)
		for i := range r.key {
			into = append(into, &r.key[i])
		}
		err := row.Scan(append(into, &r.sealed)...)
		return r, err
	}, query)
}
