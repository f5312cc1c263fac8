package maintenance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/tables"
)

// diary is what chores did, and when, since the beginning.
type diary struct {
	mu    sync.Mutex
	began time.Time
	did   map[string][]time.Duration
}

func (d *diary) note(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.did[name] = append(d.did[name], time.Since(d.began))
}

// keep runs chores for so long in simulated time.
func keep(t *testing.T, d time.Duration, chores func(*diary) []Chore) *diary {
	t.Helper()
	if _, err := tables.File(); err != nil { // outside of the bubble
		t.Fatal(err)
	}

	book := &diary{did: map[string][]time.Duration{}}
	synctest.Test(t, func(t *testing.T) {
		book.began = time.Now()
		path := filepath.Join(t.TempDir(), "connector.db")
		if err := tables.Lay(path); err != nil {
			t.Fatal(err)
		}

		db, err := store.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}

		s := &Service{DB: db, Now: time.Now, Log: slog.New(slog.DiscardHandler), Node: "n", Chores: chores(book)}
		ctx, cancel := context.WithTimeout(t.Context(), d)
		s.Run(ctx)
		cancel()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})

	return book
}

// Each chore is done when it is due, whatever others take, and after a failure.
func TestEachChoreHasItsOwnClock(t *testing.T) {
	t.Parallel()
	book := keep(t, 10*time.Minute+5*time.Second, func(d *diary) []Chore {
		return []Chore{
			{Name: "quick", Every: 15 * time.Second, Do: func(context.Context) (Report, error) {
				d.note("quick")
				return Report{}, nil
			}},
			{Name: "slow", Every: time.Minute, Do: func(ctx context.Context) (Report, error) {
				d.note("slow")
				select {
				case <-time.After(4 * time.Minute):
				case <-ctx.Done():
				}
				return Report{}, nil
			}},
			{Name: "failing", Every: 2 * time.Minute, Do: func(context.Context) (Report, error) {
				d.note("failing")
				return Report{}, errors.New("no")
			}},
		}
	})

	for name, want := range map[string]struct {
		least int
		gap   time.Duration
	}{
		"quick":   {38, 17 * time.Second},
		"slow":    {3, 4*time.Minute + 2*time.Second},
		"failing": {5, 2*time.Minute + 2*time.Second},
	} {
		did := book.did[name]
		if len(did) < want.least {
			t.Errorf("%s was done %d times in ten minutes, want at least %d: %v", name, len(did), want.least, did)
		}
		for i := 1; i < len(did); i++ {
			if gap := did[i] - did[i-1]; gap > want.gap {
				t.Errorf("%s was left alone for %v after %v, want at most %v", name, gap, did[i-1], want.gap)
			}
		}
	}
}

// What is done rarely is not done sooner, and what another did is not done again.
func TestChoresKeepTheirTime(t *testing.T) {
	t.Parallel()
	book := keep(t, 25*time.Hour, func(d *diary) []Chore {
		return []Chore{{Name: "nightly", Every: 24 * time.Hour, Do: func(context.Context) (Report, error) {
			d.note("nightly")
			return Report{}, nil
		}}}
	})

	if got, want := fmt.Sprint(len(book.did["nightly"])), "2"; got != want {
		t.Errorf("in a day and an hour it was done %s times, want %s: %v", got, want, book.did["nightly"])
	}
}

// A clock that was ten years ahead has put a chore off until then.
func TestChoresThatAWrongClockPutOff(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "connector.db"))
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })
	done, now := 0, time.Now()
	c := Chore{
		Name:  "often",
		Every: time.Hour,
		Do:    func(context.Context) (Report, error) { done++; return Report{}, nil },
	}

	s := &Service{
		DB:     db,
		Now:    func() time.Time { return now },
		Log:    slog.New(slog.DiscardHandler),
		Node:   "n",
		Chores: []Chore{c},
	}

	for i, at := range []time.Time{now.AddDate(10, 0, 0), now, now.Add(-time.Hour)} { // an hour off is no reason
		now = at
		if err := s.whenDue(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if want := min(i+1, 2); done != want {
			t.Errorf("done %d times at %s, want %d", done, at, want)
		}
	}
}
