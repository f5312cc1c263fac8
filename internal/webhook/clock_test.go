package webhook

import (
	"database/sql"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// What a clock that was ahead has put off is looked at when the clock is right again, once,
// and again after an error as always.
func TestAClockThatWasAheadPutsNoHintOff(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{20 * time.Minute, 3 * time.Hour, 10 * 365 * 24 * time.Hour} {
		s := setup(t)
		s.reconcile()
		s.now = s.now.Add(ahead)
		s.take("file", "f")
		s.fails = 1
		if got := s.pump(); len(got) != 1 {
			t.Fatalf("by the clock that is ahead: %+v, want one look", got)
		}

		s.now = s.now.Add(-ahead)
		s.fails = 1
		if got := s.pump(); len(got) != 1 {
			t.Errorf("%s later, by a clock that is right: %+v, want one look", -ahead, got)
		}

		if got := s.pump(); len(got) != 0 {
			t.Errorf("at once again: %+v, want no look", got)
		}

		s.now = s.now.Add(pollEvery << maxTries)
		if got := s.pump(); len(got) != 1 {
			t.Errorf("after the error: %+v, want one look", got)
		}

		if s.now = s.now.Add(time.Hour); len(s.pump()) != 0 {
			t.Error("an hour after it went well: got a second look, want none")
		}
	}
}

// What a node has put off whose clock is an hour ahead, and which is still there, is left to it.
func TestHintsOfANodeThatIsAheadAreLeftToIt(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.reconcile()
	s.ahead = 3 * time.Hour
	s.take("file", "f")
	s.now, s.ahead = s.now.Add(s.ahead), 0
	s.fails = 1
	if got := s.pump(); len(got) != 1 {
		t.Fatalf("by the node that is ahead: %+v, want one look", got)
	}

	s.ahead = 3 * time.Hour
	s.now = s.now.Add(-s.ahead)
	if got := s.pump(); len(got) != 0 {
		t.Errorf("by the other node: %+v, want no look", got)
	}
}

// A mark that a clock that was ahead has set hides nothing of what happens afterwards, nor
// does a refusal.
func TestAClockThatWasAheadHidesNothing(t *testing.T) {
	t.Parallel()
	s := logged(t)
	s.finds()
	s.later(time.Minute)
	ahead := store.Millis(s.now.Add(365 * 24 * time.Hour))
	if err := s.DB.Tx(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE audit_marks SET until = $1, since = $1, refused = $1`, ahead)
		return err
	}); err != nil {
		t.Fatal(err)
	}

	folder := s.sim.AddFolder(s.root, "after")
	s.later(time.Minute)
	got := s.catchUp()
	found := false
	for _, h := range got {
		found = found || h == Folder+" "+folder
	}

	if !found {
		t.Errorf("found %q, want the folder that was made after the clock was right", got)
	}

	s.later(time.Minute)
	if got := s.catchUp(); len(got) != 0 {
		t.Errorf("found %q once more, want nothing", got)
	}
}
