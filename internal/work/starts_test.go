package work

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// dies claims an item for a node and has the process end there: the next one starts.
func (w *world) dies(id string) {
	w.Helper()
	it, err := w.claim(w.Context(), w.job(id))
	if err != nil || it == nil {
		w.Fatalf("beginning the item: got %v, %v; want a claim", it, err)
	}
	w.restarts()
}

func (w *world) restarts() {
	w.Helper()
	if err := w.reclaim(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func TestWhatEndsTheProcessIsBegunThreeTimes(t *testing.T) {
	t.Parallel()
	undone := 0
	w := setup(t, worker{
		step: func(context.Context, *Task) (Next, error) {
			t.Error("got a fourth start, want three at most")
			return Next{Done: true}, nil
		},
		undo: func(context.Context, *Task) error { undone++; return nil },
	})

	id := w.one()
	for range 3 {
		w.dies(id)
	}

	v := w.turns(id)
	w.is(v, Failed)
	if v.Code != string(fault.Internal) || !strings.Contains(v.Message, "3 times") || v.Remedy == "" || undone != 1 {
		t.Errorf("failed with %q, %q and the remedy %q, undone %d times; want \"internal\", \"3 times\" in it, a "+
			"remedy, and once", v.Code, v.Message, v.Remedy, undone)
	}

	want := []string{"broken off", "broken off", "broken off", "undoing", "failed"}
	if got := w.events(id); !slices.Equal(got, want) {
		t.Errorf("history %v, want %v", got, want)
	}

	again := w.other("node-1", worker{}) // a program in which it is repaired
	if err := again.Retry(t.Context(), admin, id); err != nil {
		t.Fatal(err)
	}

	again.is(again.turn(id), Done)
}

// Undoing it may kill the process as well.
func TestUndoingThatEndsTheProcessIsGivenUp(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{undo: func(context.Context, *Task) error {
		t.Error("undoing: got a fourth start, want it given up")
		return nil
	}})
	id := w.one()
	for range 3 {
		w.dies(id)
	}

	w.is(w.turn(id), Waiting)
	for range 3 {
		w.dies(id)
	}

	w.is(w.turn(id), Failed)
	if got := w.events(id); !slices.Contains(got, "clean-up given up") {
		t.Errorf("history %v, want \"clean-up given up\" in it", got)
	}

	if titles, err := w.CleanUpAgain(t.Context(), w.clock.now().Add(-time.Hour)); err != nil || len(titles) > 0 {
		t.Errorf("the next clean-up undoes %v, %v; want nothing", titles, err)
	}
}

func TestALostNodeCountsAsABeginning(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{
		step: func(context.Context, *Task) (Next, error) {
			t.Error("got it begun again, want it failed")
			return Next{Done: true}, nil
		},
	})

	id := w.one()
	for range 3 {
		if it, err := w.claim(t.Context(), w.job(id)); it == nil || err != nil {
			t.Fatalf("beginning the item: got %v, %v; want a claim", it, err)
		}
		w.expire()
	}

	w.is(w.turns(id), Failed)
}

func TestWhatEndedWellIsNotCounted(t *testing.T) {
	t.Parallel()
	ends := map[string]func(context.Context, *Task) (Next, error){
		"waits": func(context.Context, *Task) (Next, error) {
			return Next{Step: "same", After: time.Second}, nil
		},
		"fails": func(context.Context, *Task) (Next, error) {
			return Next{}, fault.New(fault.NotReady, "Not yet.")
		},
		"sends": func(ctx context.Context, k *Task) (Next, error) {
			p, err := k.Transfer(ctx)
			if err != nil {
				return Next{}, err
			}
			p.Done += 10
			if err := k.Progress(ctx, p); err != nil {
				return Next{}, err
			}
			return Next{}, fault.New(fault.Stale, "As if the process had ended here.")
		},
	}

	for name, end := range ends {
		w := setup(t, worker{step: end})
		id := w.one()
		for range 6 {
			w.clock.add(time.Hour)
			if v := w.turn(id); v.State == Running {
				w.restarts()
			}
			w.clock.add(time.Hour)
			w.dies(id)
		}

		if v := w.item(id); v.State != Waiting || v.Code == string(fault.Internal) {
			t.Errorf("%s: %s with %q and %q; want waiting, and no internal error", name, v.State, v.Code, v.Message)
		}
	}
}

func TestAStopIsNoBeginningInVain(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{step: func(ctx context.Context, _ *Task) (Next, error) { return Next{}, ctx.Err() }})
	id := w.one()
	w.dies(id)
	w.dies(id)
	for range 5 { // it does not count, and takes nothing back either
		stopped, stop := context.WithCancel(t.Context())
		it, err := w.claim(t.Context(), w.job(id))
		if err != nil || it == nil {
			t.Fatalf("beginning the item: got %v, %v; want a claim", it, err)
		}
		stop()
		k := &Task{Item: *it, engine: w.Engine, ends: w.clock.now().Add(time.Hour)}
		w.drive(stopped, k)
		w.is(w.item(id), Waiting)
	}

	if got := w.item(id).starts; got != 2 {
		t.Errorf("%d beginnings, want 2", got)
	}
}

// Of two items that were under way each time, one ends the process. The other is not
// blamed: the third time each runs without the other.
func TestBystandersAreNotBlamed(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	ids := w.add(item("killer"), item("bystander"))
	killer, bystander := ids[0], ids[1]
	for range 2 {
		if it, err := w.claim(t.Context(), w.job(bystander)); it == nil || err != nil {
			t.Fatalf("beginning the bystander: got %v, %v; want a claim", it, err)
		}
		w.dies(killer)
	}

	if it, err := w.claim(t.Context(), w.job(killer)); it == nil || err != nil {
		t.Fatalf("beginning the killer: got %v, %v; want a claim", it, err)
	}

	if it, err := w.claim(t.Context(), w.job(bystander)); it != nil || err != nil {
		t.Fatalf("the bystander was begun while a suspect runs: %v, %v; want neither", it, err)
	}

	w.restarts()
	w.is(w.turns(bystander), Done)
	w.is(w.turns(killer), Failed)
}

// A clock that was ten years ahead has left an item waiting.
func TestItemsOfAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{step: func(_ context.Context, k *Task) (Next, error) {
		if k.Step == "" {
			return Next{Step: "later", After: time.Minute}, nil
		}
		return Next{Done: true}, nil
	}})

	right := w.clock.now()
	w.clock.add(10 * 365 * 24 * time.Hour)
	id := w.one()
	w.is(w.turn(id), Waiting)
	w.clock.t = right
	w.sweepNow()
	if v := w.item(id); v.NotBefore.Sub(right) != time.Minute {
		t.Errorf("it waits until %s, want a minute from %s", v.NotBefore, right)
	}

	w.is(w.turns(id), Done)
	if got := w.events(id); !slices.Contains(got, "clock") {
		t.Errorf("history %v, want \"clock\" in it", got)
	}

	// One that is meant to wait stays.
	later := item("later")
	later.NotBefore = right.Add(30 * 24 * time.Hour)
	id = w.add(later)[0]
	w.sweepNow()
	if v := w.item(id); store.Millis(v.NotBefore) != store.Millis(later.NotBefore) {
		t.Errorf("it waits until %s, want %s", v.NotBefore, later.NotBefore)
	}
}

// The clock of a node that is there may be ahead for as long as it likes: it counts its own pauses
// by it. Another one that corrected them would have the item begun at once, until its attempts are
// used up.
func TestPausesOfANodeThatIsAheadAreLeftToIt(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	ahead := w.other("node-2", worker{step: func(context.Context, *Task) (Next, error) {
		return Next{}, fault.New(fault.Unavailable, "Frame.io is down.")
	}})
	ahead.now = func() time.Time { return w.clock.now().Add(time.Hour) }
	ahead.set.Monotonic = w.clock.now
	for _, e := range []*world{w, ahead, w} {
		if err := e.reportAlive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	id := w.one()
	parked := ahead.turn(id)
	w.is(parked, Waiting)
	w.sweepNow()
	if v := w.item(id); !v.NotBefore.Equal(parked.NotBefore) {
		t.Errorf("beside a node that is an hour ahead it waits until %s, want %s", v.NotBefore, parked.NotBefore)
	}

	// When that node is gone, the item waits as long as was meant.
	w.clock.add(3*w.set.Lease + time.Second)
	w.sweepNow()
	if v := w.item(id); v.NotBefore.Sub(w.clock.now()) != 2*time.Second {
		t.Errorf("after that node has gone it waits until %s, want two seconds from %s", v.NotBefore, w.clock.now())
	}
}

func TestRetryOfWhatWaitsGoesOnAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	n := item("later")
	n.NotBefore = w.clock.now().Add(time.Hour)
	id := w.add(n)[0]
	if err := w.Retry(t.Context(), admin, id); err != nil {
		t.Fatal(err)
	}

	w.is(w.turn(id), Done)
	if err := w.Retry(t.Context(), admin, id); !fault.Is(err, fault.Conflict) {
		t.Errorf("retrying a done item: got %v, want a conflict", err)
	}
}
