package metamap

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

const columns = `id, scope, direction, field, property, kind, vocabulary, clears, off, changed, changed_by`

func scan(row store.Row) (r Row, err error) {
	var scope, values string
	var changed int64
	if err := row.Scan(&r.ID, &scope, &r.Direction, &r.Field, &r.Property, &r.Kind, &values, &r.Clears, &r.Off,
		&changed, &r.ChangedBy); err != nil {
		return r, err
	}

	r.Scope, r.Changed = scopeOf(scope), store.Time(changed)
	err = json.Unmarshal([]byte(values), &r.Values)
	return r, err
}

// List returns every row of every table, those for all documents first, with those of the configuration.
func (s *Service) List(ctx context.Context) ([]Row, error) {
	all, err := store.All(ctx, s.DB.Reader, scan, `SELECT `+columns+` FROM map_rows
		ORDER BY scope, direction DESC, property, id`)
	return append(slices.Clone(s.Configured), all...), err
}

// Rows returns the rows that hold for a scope: its own, and those for all documents that none of its own replaces.
// Rows that are off are left out.
func (s *Service) Rows(ctx context.Context, of Scope) ([]Row, error) {
	if s == nil {
		return nil, nil
	}

	all, err := store.All(ctx, s.DB.Reader, scan, `SELECT `+columns+` FROM map_rows
		WHERE scope = '' OR scope = $1 ORDER BY scope DESC, direction DESC, property, id`, of.key())
	if err != nil {
		return nil, err
	}

	return inForce(append(all, s.Configured...)), nil
}

// inForce returns the first row of each target, unless it is off.
func inForce(all []Row) (rows []Row) {
	taken := map[string]bool{}
	for _, r := range all {
		key := string(r.Direction) + " " + r.target()
		if taken[key] {
			continue
		}
		taken[key] = true
		if !r.Off {
			rows = append(rows, r)
		}
	}
	return rows
}

// Set stores a row, as a person. Without an id it replaces the row of the same table that writes the same target, if
// there is one.
func (s *Service) Set(ctx context.Context, by string, r Row) (Row, error) {
	r, err := Check(r)
	if err != nil {
		return r, err
	}

	values, err := json.Marshal(r.Values)
	if err != nil {
		return r, err
	}

	wanted := r.ID
	r.Changed, r.ChangedBy = s.Now(), by
	err = s.Audit.Do(ctx, s.DB, func(tx *sql.Tx) (audit.Entry, error) {
		if r.ID, err = place(ctx, tx, r, wanted); err != nil {
			return audit.Entry{}, err
		}

		_, err = tx.ExecContext(ctx, `INSERT INTO map_rows
			(`+columns+`, target) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (id) DO UPDATE SET scope = excluded.scope, direction = excluded.direction,
			target = excluded.target, field = excluded.field, property = excluded.property, kind = excluded.kind,
			vocabulary = excluded.vocabulary, clears = excluded.clears, off = excluded.off,
			changed = excluded.changed, changed_by = excluded.changed_by`,
			r.ID, r.Scope.key(), r.Direction, r.Field, r.Property, r.Kind, string(values), r.Clears, r.Off,
			store.Millis(r.Changed), r.ChangedBy, r.target())
		return audit.Entry{Who: by, What: audit.MapRowSet, About: r.Scope.key(), Detail: r.String()}, err
	})

	return r, err
}

// place returns the id under which a row is stored.
func place(ctx context.Context, tx *sql.Tx, r Row, wanted string) (string, error) {
	var other string
	err := tx.QueryRowContext(ctx, `SELECT id FROM map_rows WHERE scope = $1 AND direction = $2 AND target = $3`,
		r.Scope.key(), r.Direction, r.target()).Scan(&other)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", err
	}

	// Which row is it: a named one, the one that is there, or a new one?
	switch {
	case wanted == "" && other != "":
		return other, nil
	case wanted == "":
		return newID()
	case other != "" && other != wanted:
		return "", fault.New(fault.Invalid, "Another row of this table writes to the same place as %s.", r).
			With("Change that row, or remove it first.")
	}

	var n int
	err = tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM map_rows WHERE id = $1`, wanted).Scan(&n)
	if err == nil && n == 0 {
		err = noRow()
	}

	return wanted, err
}

func newID() (string, error) {
	id, err := uuid.NewV7()
	return id.String(), err
}

// Remove removes a row, as a person.
func (s *Service) Remove(ctx context.Context, by, id string) error {
	return s.Audit.Do(ctx, s.DB, func(tx *sql.Tx) (audit.Entry, error) {
		r, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM map_rows WHERE id = $1`, id))
		if errors.Is(err, sql.ErrNoRows) {
			return audit.Entry{}, noRow()
		}
		if err != nil {
			return audit.Entry{}, err
		}

		_, err = tx.ExecContext(ctx, `DELETE FROM map_rows WHERE id = $1`, id)
		return audit.Entry{Who: by, What: audit.MapRowRemoved, About: r.Scope.key(), Detail: r.String()}, err
	})
}

func noRow() error {
	return fault.New(fault.NotFound, "There is no such row in the metadata map.").
		With("List the rows anew; somebody else may have removed it.")
}

// What people can give, so that a table stays one that can be looked at.
const (
	maxValues = 1000
	maxWord   = 1000 // characters of a field, a property or a value
)

// Check returns a row as it is stored, or an error that names the row and says what is wrong with it.
func Check(r Row) (Row, error) {
	r.Property, r.ID = strings.TrimSpace(r.Property), strings.TrimSpace(r.ID)
	r.Field = r.Field.Trimmed()
	if r.Values == nil {
		r.Values = map[string]string{}
	}

	switch {
	case r.Scope.Binding != "" && r.Scope.Sync != "":
		return r, fault.Field("sync", "Leave one of them out.", "A row is for a binding or for a synchronization.")
	case r.Direction != ToNuxeo && r.Direction != ToFrameio:
		return r, fault.Field("direction", "Use nuxeo or frameio.", "There is no direction %q.", r.Direction)
	case !slices.Contains(kinds, r.Kind):
		return r, fault.Field("kind", "Use text, number, date, yes-no, list or vocabulary.",
			"There is no kind of value %q.", r.Kind)
	case r.Field == "" || len([]rune(r.Field)) > maxWord:
		return r, fault.Field("field", "Give the name that the field has on Frame.io.", "The row names no field.")
	}

	if err := r.checkProperty(); err != nil {
		return r, err
	}

	return r, r.checkValues()
}

func (r Row) checkValues() error {
	if r.Kind == Vocabulary && len(r.Values) == 0 && !r.Off {
		return fault.Field("values", "Say which value becomes which, or make it a text.",
			"The vocabulary of the row %s is empty.", r)
	}

	if len(r.Values) > maxValues {
		return fault.Field("values", "Give at most 1,000.", "The row %s has %d values.", r, len(r.Values))
	}

	for from, to := range r.Values {
		if strings.TrimSpace(from) == "" || len([]rune(from)) > maxWord || len([]rune(to)) > maxWord {
			return fault.Field("values", "Say which value becomes which.",
				"A value of the row %s is empty or too long.", r)
		}
	}

	return nil
}
