package event

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/tables"
)

var now = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

type world struct {
	*testing.T
	*Service
	db   *store.DB
	told []Event
}

func setup(t *testing.T) *world {
	t.Helper()
	db, err := store.Open(t.Context(), tables.Address(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })

	w := &world{T: t, db: db}
	w.Service = &Service{
		Now: func() time.Time { return now }, Approved: "Approved", Rejected: "Needs Work, Rejected",
		Listeners: []Listener{func(_ context.Context, _ *sql.Tx, e Event) ([]string, error) {
			w.told = append(w.told, e)
			return []string{string(e.Name)}, nil
		}},
	}
	return w
}

// sees sees a file with statuses, one after the other, and returns what was told.
func (w *world) sees(file string, statuses ...string) (names []string) {
	w.Helper()
	for _, status := range statuses {
		err := w.db.Tx(w.Context(), func(tx *sql.Tx) error {
			added, err := w.See(w.Context(), tx, Subject{Document: "doc", File: file, Status: status})
			names = append(names, added...)
			return err
		})
		if err != nil {
			w.Fatal(err)
		}
	}
	return names
}

func TestAStatusIsToldOnceUntilItChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	got := w.sees("file", "", "Needs Review", "Approved", "Approved", "approved ", "Needs work", "Approved", "",
		"Approved")
	diff.Equal(t, "what was told", got, []string{"approved", "approved", "rejected", "approved", "approved"})
	ids := map[string]bool{}
	for _, e := range w.told {
		ids[e.ID] = true
	}
	if len(ids) != len(w.told) {
		t.Errorf("%d events have %d ids, want one each", len(w.told), len(ids))
	}
}

// Two files of one document, as of a rendition and its master, do not take each other's turns.
func TestEachFileHasAStatusOfItsOwn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var got []string
	for range 3 {
		got = append(got, w.sees("one", "Approved")...)
		got = append(got, w.sees("two", "Rejected")...)
	}
	diff.Equal(t, "what was told", got, []string{"approved", "rejected"})
}

func TestTheSameSourceIsTheSameEvent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, source := range []string{"item", "item", "another"} {
		if _, err := w.Tell(t.Context(), nil, Arrived, source, Subject{Document: "doc"}); err != nil {
			t.Fatal(err)
		}
	}
	if w.told[0].ID != w.told[1].ID || w.told[0].ID == w.told[2].ID {
		t.Errorf("the ids are %s, %s and %s; want the first two alike and the third another", w.told[0].ID,
			w.told[1].ID, w.told[2].ID)
	}
}

// What is not recorded was not seen: the transaction is undone with its listeners.
func TestWhatAListenerRefusesIsNotRecorded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	full := errors.New("full")
	listeners := w.Listeners
	w.Listeners = []Listener{func(context.Context, *sql.Tx, Event) ([]string, error) { return nil, full }}
	err := w.db.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := w.See(t.Context(), tx, Subject{Document: "doc", File: "file", Status: "Approved"})
		return err
	})
	if !errors.Is(err, full) {
		t.Fatalf("seeing it: got %v, want %v", err, full)
	}

	w.Listeners = listeners
	diff.Equal(t, "what was told afterwards", w.sees("file", "Approved"), []string{"approved"})
}

func TestWithoutADocumentNothingHappens(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if _, err := w.Tell(t.Context(), nil, Arrived, "item", Subject{}); err != nil || len(w.told) != 0 {
		t.Errorf("told %v with %v, want nothing", w.told, err)
	}

	var none *Service
	added, err := none.Tell(t.Context(), nil, Arrived, "item", Subject{Document: "doc"})
	if added != nil || err != nil {
		t.Errorf("no service told %v with %v, want nothing", added, err)
	}
}
