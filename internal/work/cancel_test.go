package work

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
)

var josh = Viewer{Login: "josh"}

func (w *world) cancelItem(id string) {
	w.Helper()
	if err := w.Cancel(w.Context(), josh, id); err != nil {
		w.Fatal(err)
	}
}

func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	steps, undone := 0, 0
	w := setup(t, worker{
		step: func(context.Context, *Task) (Next, error) { steps++; return Next{Step: "later", After: time.Hour}, nil },
		undo: func(context.Context, *Task) error { undone++; return nil },
	})

	id := w.one()
	w.turn(id)
	old := w.job(id)
	w.cancelItem(id)
	w.clock.add(time.Hour)
	w.Work(t.Context(), old) // the job of before: out of date
	if steps != 1 || undone != 0 {
		t.Fatalf("before it is begun again: %d steps and undone %d times, want 1 and 0", steps, undone)
	}

	w.clock.add(-time.Hour) // the pause does not hold the cancel up
	v := w.turns(id)
	w.is(v, Canceled)
	if steps != 1 || undone != 1 || v.Code != "canceled" || !w.clock.now().Before(v.Created.Add(time.Hour)) {
		t.Errorf("cancelled while it waited: %d steps, undone %d times, code %q, ended at %s; want 1, 1, "+
			"\"canceled\" and before %s", steps, undone, v.Code, w.clock.now(), v.Created.Add(time.Hour))
	}

	diff.Equal(t, "the history", w.events(id), []string{"cancel asked", "undoing", "canceled"})

	if err := w.Cancel(t.Context(), josh, id); !fault.Is(err, fault.Conflict) {
		t.Errorf("cancelling it twice: got %v, want a conflict", err)
	}
}

func TestCancelWhileRunning(t *testing.T) {
	t.Parallel()
	started := make(chan struct{})
	undone := 0
	w := setup(t, worker{
		step: func(ctx context.Context, _ *Task) (Next, error) {
			close(started)
			<-ctx.Done()
			return Next{}, ctx.Err()
		},
		undo: func(ctx context.Context, _ *Task) error { undone++; return ctx.Err() },
	})

	id := w.one()
	job := w.job(id)
	ended := make(chan struct{})
	go func() { w.Work(t.Context(), job); close(ended) }()
	<-started
	w.cancelItem(id)
	<-ended
	w.is(w.turns(id), Canceled)
	if undone != 1 {
		t.Errorf("the cancelled item was undone %d times, want once", undone)
	}
}

// What a step achieved before it noticed stays: the next step does not start.
func TestCancelBetweenSteps(t *testing.T) {
	t.Parallel()
	var w *world
	var seen []string
	w = setup(t, worker{step: func(_ context.Context, k *Task) (Next, error) {
		seen = append(seen, k.Step)
		w.cancelItem(k.ID)
		return Next{Step: "two"}, nil
	}})

	id := w.one()
	w.turn(id)
	v := w.turns(id)
	w.is(v, Canceled)
	if !slices.Equal(seen, []string{""}) || v.Step != "two" {
		t.Errorf("steps that ran before the cancel: %q, the item is at %q; want only the first, and \"two\"", seen,
			v.Step)
	}
}

// prompt is a queue that has begun a job before Push returns.
type prompt struct {
	*Loop
	begin func(Job)
}

func (q prompt) Push(_ context.Context, jobs []Job) error {
	for _, j := range jobs {
		q.begin(j)
	}
	return nil
}

// The next job of an item has begun before the one that handed it over returns: a
// cancel reaches the next one.
func TestCancelAfterHandingOver(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan struct{})
	w := setup(t, worker{step: func(ctx context.Context, k *Task) (Next, error) {
		if k.Step == "" {
			return Next{Step: "last", After: time.Nanosecond}, nil
		}
		close(begun)
		select {
		case <-ctx.Done():
			return Next{}, context.Cause(ctx)
		case <-time.After(time.Minute):
			return Next{Done: true}, nil
		}
	}})

	w.set.Lease = time.Hour // nothing else tells it
	w.queue = prompt{begin: func(j Job) {
		if w.item(j.Item).Step != "last" || w.item(j.Item).Canceling {
			return
		}
		go func() { defer close(ended); w.Work(context.WithoutCancel(w.Context()), j) }()
		<-begun
	}}

	id := w.one()
	w.turn(id)
	w.cancelItem(id)
	<-ended
	if v := w.item(id); !v.Canceling || slices.Contains(w.events(id), "done") {
		t.Fatalf("the cancel was lost: canceling is %v, want true; history %v, want no \"done\"", v.Canceling,
			w.events(id))
	}

	w.is(w.turns(id), Canceled)
}

// An item that is done in the moment of the cancel is done.
func TestCancelOfTheLastStep(t *testing.T) {
	t.Parallel()
	var w *world
	w = setup(t, worker{
		step: func(_ context.Context, k *Task) (Next, error) {
			w.cancelItem(k.ID)
			return Next{Done: true, Outcome: "created"}, nil
		},
		undo: func(context.Context, *Task) error { t.Error("got it undone, want it left"); return nil },
	})

	id := w.one()
	v := w.turn(id)
	w.is(v, Done)
	if v.Outcome != "created" || v.Canceling {
		t.Errorf("an item that ended before it saw the cancel: outcome %q, canceling %v; want \"created\" and false",
			v.Outcome, v.Canceling)
	}
}

// Another node cancels while the step is about to pause for long: the cancel
// does not wait for the pause to end.
func TestCancelBeforeALongPause(t *testing.T) {
	t.Parallel()
	var w, other *world
	w = setup(t, worker{step: func(_ context.Context, k *Task) (Next, error) {
		other.cancelItem(k.ID)
		return Next{Step: "later", After: time.Hour}, nil
	}})

	other = w.other("node-2", worker{})
	id := w.one()
	v := w.turn(id)
	w.is(v, Waiting)
	if v.NotBefore.After(w.clock.now()) {
		t.Fatalf("the item waits until %s, want it due by %s", v.NotBefore, w.clock.now())
	}

	w.is(w.turns(id), Canceled)
}

func TestRetryKeepsWhatWasReached(t *testing.T) {
	t.Parallel()
	type state struct{ N int }
	broken := true
	w := setup(t, worker{step: func(ctx context.Context, k *Task) (Next, error) {
		var s state
		if err := k.Load(&s); err != nil {
			return Next{}, err
		}

		if broken {
			return Next{}, fault.New(fault.Refused, "No.")
		}

		if s.N != 7 || k.Step != "" || k.Attempt != 0 || k.Code != "" {
			t.Errorf("begun again: N is %d, step %q, attempt %d, code %q; want 7, \"\", 0 and \"\"", s.N, k.Step,
				k.Attempt, k.Code)
		}

		return Next{Done: true}, nil
	}})

	n := item("a")
	n.Data = state{N: 7}
	id := w.add(n)[0]
	if err := w.Retry(t.Context(), josh, id); !fault.Is(err, fault.Conflict) {
		t.Errorf("retrying an item that waits: got %v, want a conflict", err)
	}

	w.is(w.turns(id), Failed)
	old := w.job(id)
	broken = false
	if err := w.Retry(t.Context(), josh, id); err != nil {
		t.Fatal(err)
	}

	w.Work(t.Context(), old)
	w.is(w.item(id), Waiting)
	v := w.turns(id)
	w.is(v, Done)
	if v.Message != "" || v.Canceling {
		t.Errorf("done after the retry: message %q, canceling %v; want none and false", v.Message, v.Canceling)
	}

	if err := w.Retry(t.Context(), josh, id); !fault.Is(err, fault.Conflict) {
		t.Errorf("retrying an item that is done: got %v, want a conflict", err)
	}
}

func TestRetryAfterCancel(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	id := w.one()
	w.cancelItem(id)
	w.is(w.turns(id), Canceled)
	if err := w.Retry(t.Context(), josh, id); err != nil {
		t.Fatal(err)
	}

	w.is(w.turns(id), Done)
}

func TestOthersCanNeitherSeeNorTouch(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	mine, acted := item("mine"), item("acted")
	acted.Owner, acted.Actor = "julia", "josh"
	ids := w.add(mine, acted, New{Kind: "test", Subject: "theirs", Owner: "julia"})
	for name, tc := range map[string]struct {
		who  Viewer
		seen []bool
	}{
		"owner and actor": {josh, []bool{true, true, false}},
		"owner":           {Viewer{Login: "julia"}, []bool{false, true, true}},
		"stranger":        {Viewer{Login: "olga"}, []bool{false, false, false}},
		"administrator":   {admin, []bool{true, true, true}},
	} {
		list, _, err := w.Items(t.Context(), tc.who, Filter{})
		if err != nil {
			t.Fatal(err)
		}

		for i, id := range ids {
			_, err := w.Item(t.Context(), tc.who, id)
			listed := slices.ContainsFunc(list, func(v View) bool { return v.ID == id })
			if (err == nil) != tc.seen[i] || listed != tc.seen[i] || err != nil && !fault.Is(err, fault.NotFound) {
				t.Errorf("%s, item %d: read with %v, listed %v; want seen %v, and not found otherwise", name, i, err,
					listed, tc.seen[i])
			}

			if tc.seen[i] {
				continue
			}

			for _, touch := range []func(context.Context, Viewer, string) error{w.Cancel, w.Retry} {
				if err := touch(t.Context(), tc.who, id); !fault.Is(err, fault.NotFound) {
					t.Errorf("%s touches item %d of somebody else: got %v, want not found", name, i, err)
				}
			}
		}
	}
}

func TestPagesFollowTheCursor(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	var all []string
	for _, s := range []string{"a", "b", "c", "d", "e"} {
		all = append(all, w.add(item(s))...)
	}

	other := item("x")
	other.Kind, other.Owner = "mail", "julia"
	w.add(other)
	var got []string
	f := Filter{Kind: "test", Limit: 2}
	for more := true; more; {
		page, next, err := w.Items(t.Context(), josh, f)
		if err != nil || len(page) == 0 {
			t.Fatalf("a page of the list: %v, %v; want at least one item", page, err)
		}
		more = next
		for _, v := range page {
			got = append(got, v.ID)
		}
		f.Before = got[len(got)-1]
	}

	slices.Reverse(got)
	if !slices.Equal(got, all) {
		t.Errorf("%v, want %v", got, all)
	}

	w.turn(all[0])
	if page, _, err := w.Items(t.Context(), josh, Filter{State: "done"}); err != nil || len(page) != 1 ||
		page[0].ID != all[0] {
		t.Errorf("the items that are done: %v, %v; want only %s", page, err, all[0])
	}

	under, err := w.ItemsOf(t.Context(), "p", "test")
	if err != nil || len(under) != 5 || under[0].ID != all[0] {
		t.Errorf("the items under p: %d, %v; want 5, of which the first is %s", len(under), err, all[0])
	}

	counts, oldest, err := w.Counts(t.Context())
	if err != nil || counts[Done] != 1 || counts[Waiting] != 5 || !oldest.Equal(w.clock.now()) {
		t.Errorf("counts %v, the oldest of %s, %v; want 1 done, 5 waiting, the oldest of %s", counts, oldest, err,
			w.clock.now())
	}

	g, err := w.Gauges(t.Context())
	if err != nil || len(g.Items) != 4 || !slices.Contains(g.Items, Count{Kind: "test", State: Waiting, N: 4}) ||
		!slices.Contains(g.Items, Count{Kind: "mail", State: Waiting, N: 1}) ||
		!slices.Contains(g.Items, Count{Kind: "test", State: Failed}) || !g.Oldest.Equal(w.clock.now()) {
		t.Errorf("gauges %+v, %v; want 4 counts, with 4 tests and 1 mail waiting and 0 tests failed, the oldest of %s",
			g, err, w.clock.now())
	}
}

func TestProgressIsShown(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{step: func(ctx context.Context, k *Task) (Next, error) {
		for done := range 3 {
			if err := k.Progress(ctx, Transfer{Name: "f.mov", Size: 3, Done: int64(done + 1), State: "s"}); err != nil {
				return Next{}, err
			}
		}

		p, err := k.Transfer(ctx)
		if err != nil || p.Done != 3 || p.State != "s" {
			t.Errorf("the transfer that was saved: %+v, %v; want 3 done and the state \"s\"", p, err)
		}

		k.Title, k.Actor = "f.mov", "julia"
		return Next{Done: true}, k.Commit(ctx, nil, func(*sql.Tx) error { return nil })
	}})

	v := w.turn(w.one())
	w.is(v, Done)
	if v.Transfer.Name != "f.mov" || v.Transfer.Done != 3 || !v.Transfer.Started.Equal(w.clock.now()) ||
		v.Title != "f.mov" || v.Actor != "julia" {
		t.Errorf("transfer %+v of %q, by %q; want 3 of f.mov done, begun at %s, by \"julia\"", v.Transfer, v.Title,
			v.Actor, w.clock.now())
	}
}
