package work

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// The clocks of two nodes may differ by an hour either way, and jump.
func TestClocksThatDifferBreakNoLease(t *testing.T) {
	t.Parallel()
	for name, skew := range map[string]time.Duration{"ahead": time.Hour, "behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			w := setup(t, worker{})
			id := w.one()
			it, err := w.claim(t.Context(), w.job(id))
			if it == nil || err != nil {
				t.Fatal(err)
			}

			other := w.other("node-2", worker{})
			other.now = func() time.Time { return w.clock.now().Add(skew) }
			for range 20 { // the holder renews, the other sweeps
				other.sweepNow()
				w.clock.add(w.set.Lease / 4)
				if _, _, err := w.renew(t.Context(), id, it.Generation); err != nil {
					t.Fatal(err)
				}
			}

			w.is(w.item(id), Running)
			other.expire()
			w.is(w.item(id), Waiting)
		})
	}
}

// A process that was stopped for longer than its lease does nothing more in the
// step that it wakes up in.
func TestWhoWakesUpKnowsThatTheLeaseIsOver(t *testing.T) {
	t.Parallel()
	var w *world
	w = setup(t, worker{step: func(ctx context.Context, _ *Task) (Next, error) {
		if err := CheckLease(ctx); err != nil {
			t.Error(err)
		}
		w.clock.add(w.set.Lease)
		if err := CheckLease(ctx); !fault.Is(err, fault.Stale) {
			t.Errorf("the lease after it has ended: got %v, want stale", err)
		}
		return Next{Done: true}, nil
	}})

	w.turn(w.one())
	if err := CheckLease(t.Context()); err != nil {
		t.Errorf("the lease where there is no item: got %v, want no error", err)
	}
}

func TestPauseLetsNothingStart(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	id := w.one()
	if err := w.Pause(t.Context(), "admin", "new disks"); err != nil {
		t.Fatal(err)
	}

	w.sweepNow()
	if jobs := w.pushed(); len(jobs) != 0 {
		t.Errorf("while work is paused the sweep queued %v, want nothing", jobs)
	}

	w.is(w.turn(id), Waiting)
	if p, err := w.Paused(t.Context()); p == nil || p.By != "admin" || p.Reason != "new disks" || err != nil {
		t.Errorf("the pause that the item meets: %+v, %v; want by admin, for new disks", p, err)
	}

	if err := w.Resume(t.Context(), "admin"); err != nil {
		t.Fatal(err)
	}

	if p, err := w.Paused(t.Context()); p != nil || err != nil {
		t.Errorf("the pause after it was ended: %+v, %v; want none", p, err)
	}

	if jobs := w.pushed(); len(jobs) != 1 {
		t.Errorf("after the pause the sweep queued %v, want one job", jobs)
	}

	w.is(w.turn(id), Done)
}

// Between two steps the item waits there; within a long one it comes to its
// checkpoint. Neither costs an attempt.
func TestPauseHandsOverWhatRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, begun := 0, make(chan struct{})
		w, stop := live(t, worker{step: func(ctx context.Context, k *Task) (Next, error) {
			if n++; k.Step == "" && n > 1 {
				return Next{Step: "two"}, nil
			}
			if k.Step == "two" {
				return Next{Done: true}, nil
			}
			close(begun)
			<-ctx.Done()
			return Next{}, ctx.Err()
		}})
		defer stop()
		id := w.one()
		w.Wake(id)
		<-begun
		w.is(w.item(id), Running)
		if err := w.Pause(t.Context(), "admin", ""); err != nil {
			t.Fatal(err)
		}

		time.Sleep(w.set.Lease)
		v := w.item(id)
		w.is(v, Waiting)
		if v.Attempt != 0 || n != 1 {
			t.Errorf("%d steps and attempt %d, want 1 and 0", n, v.Attempt)
		}

		if running, err := w.Running(t.Context()); running != 0 || err != nil {
			t.Errorf("%d items run, %v; want none", running, err)
		}

		if err := w.Resume(t.Context(), "admin"); err != nil {
			t.Fatal(err)
		}

		w.is(w.await(id, time.Minute), Done)
	})
}

func TestPauseHoldsBetweenSteps(t *testing.T) {
	t.Parallel()
	var w *world
	w = setup(t, worker{step: func(ctx context.Context, k *Task) (Next, error) {
		if k.Step == "two" {
			return Next{Done: true}, nil
		}
		return Next{Step: "two"}, w.Pause(ctx, "admin", "")
	}})

	id := w.one()
	v := w.turn(id)
	w.is(v, Waiting)
	if v.Step != "two" || v.Attempt != 0 {
		t.Errorf("the item is at %q with attempt %d, want \"two\" and 0", v.Step, v.Attempt)
	}
}

func TestNodesAreCounted(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	other := w.other("node-2", worker{})
	other.now = func() time.Time { return w.clock.now().Add(-time.Hour) }
	other.set.Monotonic = w.clock.now
	for _, e := range []*world{w, other, w} {
		if err := e.reportAlive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	if n := w.Alive(); n != 2 {
		t.Errorf("%d nodes are alive, want 2", n)
	}

	w.clock.add(3*w.set.Lease + time.Second)
	if err := w.reportAlive(t.Context()); err != nil {
		t.Fatal(err)
	}

	if n := w.Alive(); n != 1 {
		t.Errorf("%d nodes are alive after one fell silent, want 1", n)
	}

	if err := other.reportAlive(t.Context()); err != nil {
		t.Fatal(err)
	}

	all, err := w.Nodes(t.Context())
	if err != nil || len(all) != 2 || !all[0].Alive || !all[1].Alive {
		t.Errorf("the nodes: %+v, %v; want two that are alive", all, err)
	}

	if err := other.signOff(t.Context()); err != nil {
		t.Fatal(err)
	}

	if all, err := w.Nodes(t.Context()); err != nil || len(all) != 1 || w.Alive() != 1 {
		t.Errorf("the nodes after one has left: %+v, %d alive, %v; want 1 and 1", all, w.Alive(), err)
	}
}

func TestTakeOverIsInTheHistory(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	id := w.one()
	if it, err := w.claim(t.Context(), w.job(id)); it == nil || err != nil {
		t.Fatal(err)
	}

	w.other("node-2", worker{}).expire()
	if got := w.events(id); len(got) != 1 || got[0] != "taken over" {
		t.Errorf("the history: %v, want \"taken over\"", got)
	}
}
