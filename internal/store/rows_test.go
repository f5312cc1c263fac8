package store

import (
	"errors"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
)

func TestRowsByKey(t *testing.T) {
	t.Parallel()
	db := setup(t)
	got, err := Map(t.Context(), db.Reader, Pair[string, int64],
		`SELECT 'a', 1 UNION ALL SELECT 'b', 2 UNION ALL SELECT 'a', 3`)
	if err != nil {
		t.Fatal(err)
	}
	diff.Equal(t, "the rows by key", got, map[string]int64{"a": 3, "b": 2})

	if got, err = Map(t.Context(), db.Reader, Pair[string, int64], `SELECT 'a', 1 WHERE 1 = 0`); err != nil {
		t.Fatal(err)
	}
	diff.Equal(t, "no rows by key", got, map[string]int64{})
}

// An error ends the reading, and the connection is free again.
func TestAnErrorEndsTheReading(t *testing.T) {
	t.Parallel()
	db := setup(t)
	db.Reader.SetMaxOpenConns(1)
	enough := errors.New("enough")
	n := 0
	err := Each(t.Context(), db.Reader, func(Row) error {
		n++
		return enough
	}, `SELECT 1 UNION ALL SELECT 2`)
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("reading: got %d rows and %v, want 1 and the error", n, err)
	}

	if got, err := Strings(t.Context(), db.Reader, `SELECT 'a'`); err != nil || len(got) != 1 {
		t.Errorf("the next query: got %v, %v; want one row", got, err)
	}
}
