package work

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
)

// pushed are the jobs that wait in the queue.
func (w *world) pushed() []Job {
	l := w.queue.(*Loop)
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Job
	for j := range l.queued {
		out = append(out, j)
	}
	return out
}

func (w *world) sweepNow() {
	w.Helper()
	if err := w.Sweep(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// expire makes the leases that w sees end by its own clock.
func (w *world) expire() {
	w.Helper()
	w.sweepNow()
	w.clock.add(w.set.Lease + time.Second)
	w.sweepNow()
}

func TestOneOfManyClaims(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	job := w.job(w.one())
	var mu sync.Mutex
	var got []*Item
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			it, err := w.claim(t.Context(), job)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if it != nil {
				got = append(got, it)
			}
		})
	}

	wg.Wait()
	if len(got) != 1 || got[0].Generation != job.Generation+1 {
		t.Fatalf("%d claims of one job held, want 1, of the next generation", len(got))
	}
}

// The first holder stops for longer than its lease. Another takes the item over
// and finishes it; nothing that the first does afterwards has an effect.
func TestWhoLosesTheLeaseHasNoEffect(t *testing.T) {
	t.Parallel()
	var w, second *world
	ownRows := func(ctx context.Context) error {
		return errors.New("this must not run")
	}

	w = setup(t, worker{step: func(ctx context.Context, k *Task) (Next, error) {
		if err := k.Save(ctx, map[string]int{"n": 1}); err != nil {
			t.Error(err)
		}

		second.expire()
		second.is(second.turn(k.ID), Done)
		for name, write := range map[string]func() error{
			"Save":     func() error { return k.Save(ctx, map[string]int{"n": 666}) },
			"Commit":   func() error { return k.Commit(ctx, 666, func(*sql.Tx) error { return ownRows(ctx) }) },
			"Progress": func() error { return k.Progress(ctx, Transfer{Name: "late"}) },
			"Note":     func() error { return k.Note(ctx, "late", "x") },
		} {
			if err := write(); !fault.Is(err, fault.Stale) {
				t.Errorf("%s after the item was taken over: got %v, want stale", name, err)
			}
		}

		return Next{Done: true, Outcome: "first"}, nil
	}})

	second = w.other("node-2", worker{step: func(_ context.Context, k *Task) (Next, error) {
		var s map[string]int
		if err := k.Load(&s); err != nil || s["n"] != 1 {
			t.Errorf("the second node reads %v, %v; want what the first had saved, n = 1", s, err)
		}
		return Next{Done: true, Outcome: "second"}, nil
	}})

	id := w.one()
	v := w.turn(id)
	w.is(v, Done)
	if v.Outcome != "second" || v.data != `{"n":1}` || v.Transfer.Name != "" {
		t.Errorf("the second's outcome %q, data %s, transfer %q; want \"second\", {\"n\":1} and no transfer",
			v.Outcome, v.data, v.Transfer.Name)
	}

	diff.Equal(t, "the history", w.events(id), []string{"taken over", "done"})
}

func TestStaleFailureHasNoEffect(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"retry": fault.New(fault.Unavailable, "Down."), "wait": fault.New(fault.NotReady, "Wait."),
		"fail": fault.New(fault.Gone, "Gone."), "next": nil,
	} {
		var w, second *world
		w = setup(t, worker{step: func(context.Context, *Task) (Next, error) {
			second.expire()
			return Next{Step: "two", After: time.Minute}, err
		}})

		second = w.other("node-2", worker{})
		id := w.one()
		v := w.turn(id)
		w.is(v, Waiting)
		if v.Step != "" || v.Message != "" || v.Generation != 3 || v.NotBefore.After(w.clock.now()) {
			t.Errorf("%s: at %q, message %q, generation %d, due at %s; want \"\", \"\", 3 and now", name, v.Step,
				v.Message, v.Generation, v.NotBefore)
		}
	}
}

func TestSweepFindsLostJobs(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	id := w.one() // nobody woke it
	later := item("later")
	later.NotBefore = w.clock.now().Add(time.Hour)
	w.add(later)
	w.sweepNow()
	w.sweepNow()
	if got := w.pushed(); len(got) != 1 || got[0] != (Job{Item: id, Generation: 1}) {
		t.Errorf("the sweeps queued %v, want only the item that is due, once", got)
	}

	w.clock.add(time.Hour)
	w.sweepNow()
	if got := w.pushed(); len(got) != 2 {
		t.Errorf("after an hour the sweeps have queued %v, want two jobs", got)
	}
}

func TestSweepLeavesGoodLeasesAlone(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	id := w.one()
	if it, err := w.claim(t.Context(), w.job(id)); it == nil || err != nil {
		t.Fatal(err)
	}

	w.sweepNow()
	w.clock.add(w.set.Lease - time.Second)
	w.sweepNow()
	w.is(w.item(id), Running)
	w.clock.add(2 * time.Second)
	w.sweepNow()
	w.is(w.item(id), Waiting)
}

func TestRestartTakesBackItsOwn(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	ids := w.add(item("a"), item("b"))
	other := w.other("node-2", worker{})
	for i, e := range []*world{w, other} {
		if it, err := e.claim(t.Context(), w.job(ids[i])); it == nil || err != nil {
			t.Fatal(err)
		}
	}

	old := w.job(ids[0])
	again := w.other("node-1", worker{})
	if err := again.reclaim(t.Context()); err != nil {
		t.Fatal(err)
	}

	w.is(w.item(ids[0]), Waiting)
	w.is(w.item(ids[1]), Running)
	if w.job(ids[0]).Generation == old.Generation {
		t.Errorf("the generation: got %d again, want a newer one", old.Generation)
	}

	again.is(again.turns(ids[0]), Done)
}

// A step is ended because the process stops: it costs no attempt, and the item
// is free at once for the next worker.
func TestShutdownHandsOver(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	w := setup(t, worker{step: func(ctx context.Context, _ *Task) (Next, error) {
		stop()
		<-ctx.Done()
		return Next{}, fault.New(fault.Unavailable, "The call broke off.").Because(ctx.Err())
	}})

	id := w.one()
	w.Work(ctx, w.job(id))
	v := w.item(id)
	w.is(v, Waiting)
	if v.Attempt != 0 || v.Message != "" || v.NotBefore.After(w.clock.now()) {
		t.Errorf("let go at the stop: attempt %d, message %q, due at %s; want 0, none and now", v.Attempt, v.Message,
			v.NotBefore)
	}

	next := w.other("node-2", worker{})
	next.is(next.turns(id), Done)
}

func TestShutdownKeepsWhatWasAchieved(t *testing.T) {
	t.Parallel()
	for name, next := range map[string]Next{"done": {Done: true, Outcome: "created"}, "step": {Step: "two"}} {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		w := setup(t, worker{step: func(_ context.Context, k *Task) (Next, error) {
			if k.Step == "two" {
				t.Errorf("after the stop: got step %q begun, want none", k.Step)
			}
			stop()
			return next, nil
		}})

		id := w.one()
		w.Work(ctx, w.job(id))
		if v := w.item(id); v.Outcome != next.Outcome || v.Step != next.Step || v.State == Running {
			t.Errorf("%s: the item is %s at %q with outcome %q; want it at %q with %q, and not running", name, v.State,
				v.Step, v.Outcome, next.Step, next.Outcome)
		}
	}
}

func TestShutdownDoesNotForgetFailures(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	n := 0
	w := setup(t, worker{step: func(context.Context, *Task) (Next, error) {
		if n++; n == 2 {
			stop()
		}
		return Next{}, fault.New(fault.Unavailable, "Down.")
	}})

	id := w.one()
	w.turn(id)
	w.clock.add(time.Minute)
	w.Work(ctx, w.job(id))
	if v := w.item(id); v.Attempt != 1 || v.State != Waiting {
		t.Errorf("the item is %s with attempt %d, want waiting with 1", v.State, v.Attempt)
	}
}

// A job that takes longer than the queue allows has failed; it would hang again.
func TestJobThatTakesTooLongIsAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, Engine: engine(t, open(t), time.Now, "node-1",
			worker{step: func(ctx context.Context, _ *Task) (Next, error) {
				<-ctx.Done()
				return Next{}, ctx.Err()
			}})}

		id := w.one()
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Minute)
		defer stop()
		w.Work(ctx, w.job(id))
		if v := w.item(id); v.Attempt != 1 || v.Code != "unavailable" {
			t.Errorf("attempt %d, code %q; want 1 and \"unavailable\"", v.Attempt, v.Code)
		}
	})
}
