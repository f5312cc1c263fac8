package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
)

func TestStepsFollowEachOther(t *testing.T) {
	t.Parallel()
	var seen []string
	w := setup(t, worker{step: func(_ context.Context, k *Task) (Next, error) {
		seen = append(seen, k.Step)
		switch k.Step {
		case "":
			return Next{Step: "two"}, nil
		case "two":
			return Next{Step: "three", After: time.Minute}, nil
		}
		return Next{Done: true, Outcome: "created"}, nil
	}})

	id := w.one()
	v := w.turn(id)
	w.is(v, Waiting)
	if v.Step != "three" || !v.NotBefore.Equal(w.clock.now().Add(time.Minute)) {
		t.Fatalf("after the second step: at %q, due at %s; want \"three\" and %s", v.Step, v.NotBefore,
			w.clock.now().Add(time.Minute))
	}

	w.is(w.turn(id), Waiting) // too early: nothing happens
	w.clock.add(time.Minute)
	v = w.turn(id)
	w.is(v, Done)
	if v.Outcome != "created" || !v.Finished.Equal(w.clock.now()) || !slices.Equal(seen, []string{"", "two", "three"}) {
		t.Errorf("done with the outcome %q at %s after the steps %q; want \"created\" at %s after \"\", \"two\" and "+
			"\"three\"", v.Outcome, v.Finished, seen, w.clock.now())
	}

	w.is(w.turn(id), Done)
	if len(seen) != 3 {
		t.Errorf("a finished item was worked on: steps %q, want 3 of them", seen)
	}
}

func TestRetryWaitsLongerAndGivesUp(t *testing.T) {
	t.Parallel()
	undone := 0
	w := setup(t, worker{
		step: func(context.Context, *Task) (Next, error) {
			return Next{}, fault.New(fault.Unavailable, "Nuxeo is down.").With("Start it.")
		},
		undo: func(context.Context, *Task) error { undone++; return nil },
	})

	id := w.one()
	var pauses []time.Duration
	for range 2 {
		v := w.turn(id)
		w.is(v, Waiting)
		if v.Message != "Nuxeo is down." || v.Remedy != "Start it." {
			t.Errorf("people see that it waits with %q and %q, want \"Nuxeo is down.\" and \"Start it.\"", v.Message,
				v.Remedy)
		}
		pauses = append(pauses, v.NotBefore.Sub(w.clock.now()))
		w.clock.add(pauses[len(pauses)-1])
	}

	diff.Equal(t, "the pauses", pauses, []time.Duration{2 * time.Second, 4 * time.Second})

	v := w.turns(id)
	w.is(v, Failed)
	if v.Code != "unavailable" || v.Message != "Nuxeo is down." || v.Remedy != "Start it." || undone != 1 {
		t.Errorf("failed with %q, %q and %q, undone %d times; want \"unavailable\", \"Nuxeo is down.\", \"Start "+
			"it.\" and once", v.Code, v.Message, v.Remedy, undone)
	}

	diff.Equal(t, "the history", w.events(id), []string{"retry", "retry", "undoing", "failed"})
}

func TestRetryObeysTheOtherSide(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.Unavailable, "Down.")
	f.RetryAfter = time.Hour
	w := setup(t, worker{step: func(context.Context, *Task) (Next, error) { return Next{}, f }})
	if v := w.turn(w.one()); v.NotBefore.Sub(w.clock.now()) != time.Hour {
		t.Errorf("tried again after %s, want the hour that was asked for", v.NotBefore.Sub(w.clock.now()))
	}
}

func TestSuccessForgetsEarlierFailures(t *testing.T) {
	t.Parallel()
	n := 0
	w := setup(t, worker{step: func(_ context.Context, k *Task) (Next, error) {
		if n++; n%3 != 0 { // two failures, then a success, again and again
			return Next{}, fault.New(fault.Unavailable, "Down.")
		}
		return Next{Step: k.Step + "x", Done: len(k.Step) == 4}, nil
	}})

	v := w.turns(w.one())
	w.is(v, Done)
	if v.Code != "" || v.Message != "" {
		t.Errorf("done, but with code %q and message %q, want none", v.Code, v.Message)
	}
}

func TestWaitingIsNoFailure(t *testing.T) {
	t.Parallel()
	f := fault.New(fault.NotReady, "Not uploaded yet.")
	n := 0
	w := setup(t, worker{step: func(_ context.Context, k *Task) (Next, error) {
		if n++; n <= 10 {
			return Next{}, f
		}
		if got := k.Now().Sub(k.WaitingSince); got < 2*time.Minute {
			t.Errorf("it has waited for %s, want at least 2 minutes", got)
		}
		return Next{Done: true}, nil
	}})

	id := w.one()
	v := w.turn(id)
	w.is(v, Waiting)
	if v.Attempt != 0 || v.Code != "not_ready" || !v.WaitingSince.Equal(w.clock.now()) ||
		v.NotBefore.Sub(w.clock.now()) != w.set.WaitFor {
		t.Errorf("waiting: attempt %d, code %q, since %s, for %s; want 0, \"not_ready\", %s and %s", v.Attempt, v.Code,
			v.WaitingSince, v.NotBefore.Sub(w.clock.now()), w.clock.now(), w.set.WaitFor)
	}

	since := v.WaitingSince
	f.RetryAfter = 40 * time.Second
	w.clock.add(w.set.WaitFor)
	if v = w.turn(id); !v.WaitingSince.Equal(since) || v.NotBefore.Sub(w.clock.now()) != 40*time.Second {
		t.Errorf("still waiting: since %s, for %s; want since %s, for 40 s", v.WaitingSince,
			v.NotBefore.Sub(w.clock.now()), since)
	}

	w.is(w.turns(id), Done)
	diff.Equal(t, "the history", w.events(id), []string{"waiting", "done"})
}

func TestWaitingKeepsTheAttempts(t *testing.T) {
	t.Parallel()
	n := 0
	w := setup(t, worker{step: func(context.Context, *Task) (Next, error) {
		if n++; n%2 == 0 {
			return Next{}, fault.New(fault.NotReady, "Wait.")
		}
		return Next{}, fault.New(fault.Unavailable, "Down.")
	}})

	w.is(w.turns(w.one()), Failed)
	if n != 5 {
		t.Errorf("failed after %d steps, want 5", n)
	}
}

func TestFailureForGoodIsNotRepeated(t *testing.T) {
	t.Parallel()
	n := 0
	w := setup(t, worker{step: func(context.Context, *Task) (Next, error) {
		n++
		return Next{}, fault.New(fault.Forbidden, "You may not.").With("Ask.")
	}})

	v := w.turns(w.one())
	w.is(v, Failed)
	if n != 1 || v.Code != "forbidden" || v.Remedy != "Ask." || v.Finished.IsZero() {
		t.Errorf("given up after %d steps with %q and the remedy %q, at %s; want 1, \"forbidden\", \"Ask.\" and a time",
			n, v.Code, v.Remedy, v.Finished)
	}
}

func TestPanicIsAFailureOfOurs(t *testing.T) {
	t.Parallel()
	n := 0
	w := setup(t, worker{
		step: func(context.Context, *Task) (Next, error) { n++; panic("secret detail") },
		undo: func(context.Context, *Task) error { panic("again") },
	})

	v := w.turns(w.one())
	w.is(v, Failed)
	if n != 3 || v.Code != "internal" || v.Message == "" || strings.Contains(v.Message, "secret") {
		t.Errorf("failed after %d steps with %q and %q; want 3, \"internal\" and a message without the secret", n,
			v.Code, v.Message)
	}
}

// Something within a step was cancelled, but not the item.
func TestStrayCancellationIsRetried(t *testing.T) {
	t.Parallel()
	n := 0
	w := setup(t, worker{step: func(context.Context, *Task) (Next, error) {
		if n++; n == 1 {
			return Next{}, context.Canceled
		}
		return Next{Done: true}, nil
	}})

	w.is(w.turns(w.one()), Done)
}

// During an upgrade nodes of two versions share the work.
func TestUnknownKindIsLeftToANewerNode(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	n := item("a")
	n.Kind = "of-a-newer-version"
	id := w.add(n)[0]
	v := w.turn(id)
	w.is(v, Waiting)
	if !strings.Contains(v.Message, "of-a-newer-version") || v.Attempt != 0 {
		t.Errorf("an unknown step: attempt %d, message %q; want 0, and the step's name in it", v.Attempt, v.Message)
	}

	newer := w.other("node-2", worker{})
	newer.Register(n.Kind, worker{})
	w.clock.add(w.set.Lease + time.Second)
	newer.is(newer.turn(id), Done)
}

func TestReasonStaysWhileUndoingIsHard(t *testing.T) {
	t.Parallel()
	for name, undoing := range map[string]func(n int) error{
		"two tries":   func(n int) error { return whenBelow(n, 3, fault.New(fault.Unavailable, "Down.")) },
		"waiting":     func(n int) error { return whenBelow(n, 5, fault.New(fault.NotReady, "Busy.")) },
		"never works": func(int) error { return errors.New("broken") },
		"refused":     func(int) error { return fault.New(fault.Forbidden, "You may not.") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			w := setup(t, worker{
				step: func(context.Context, *Task) (Next, error) {
					return Next{}, fault.New(fault.Gone, "The asset is gone.").With("Restore it.")
				},
				undo: func(context.Context, *Task) error { n++; return undoing(n) },
			})

			id := w.one()
			v := w.turn(id)
			for !v.State.Final() {
				if v.Message != "The asset is gone." || v.Remedy != "Restore it." {
					t.Fatalf("while it is undone people read %q and %q, want \"The asset is gone.\" and \"Restore "+
						"it.\"", v.Message, v.Remedy)
				}
				w.clock.add(max(0, v.NotBefore.Sub(w.clock.now())))
				v = w.turn(id)
			}

			w.is(v, Failed)
			if v.Code != "gone" || v.Message != "The asset is gone." || n == 0 {
				t.Errorf("%s: failed with %q and %q, undone %d times; want \"gone\", \"The asset is gone.\" and at "+
					"least once", name, v.Code, v.Message, n)
			}

			if gaveUp := slices.Contains(w.events(id), "clean-up failed"); gaveUp != (name == "never works" ||
				name == "refused") {
				t.Errorf("%s: history %v, want \"clean-up failed\" in it only where it never works or is refused",
					name, w.events(id))
			}
		})
	}
}

func whenBelow(n, limit int, err error) error {
	if n < limit {
		return err
	}
	return nil
}

func TestLongWorkMakesRoom(t *testing.T) {
	t.Parallel()
	var w *world
	n := 0
	w = setup(t, worker{step: func(_ context.Context, k *Task) (Next, error) {
		if n++; n == 4 {
			return Next{Done: true}, nil
		}
		w.clock.add(k.SliceEnds().Sub(w.clock.now()) + time.Second) // a checkpoint after the end of the slice
		return Next{Step: "go on"}, nil
	}})

	id := w.one()
	for i := range 3 {
		v := w.turn(id)
		w.is(v, Waiting)
		if n != i+1 || v.Step != "go on" || v.NotBefore.After(w.clock.now()) || v.Attempt != 0 {
			t.Fatalf("slice %d: %d steps, at %q, due at %s, attempt %d; want as many steps, \"go on\", due now and 0",
				i+1, n, v.Step, v.NotBefore, v.Attempt)
		}
	}

	w.is(w.turn(id), Done)
}

func TestEndedAddsItemsOnce(t *testing.T) {
	t.Parallel()
	fail := true
	w := setup(t, worker{})
	w.Register("test", worker{ended: func(ctx context.Context, tx *sql.Tx, it Item) ([]string, error) {
		if it.State != Done || it.Finished.IsZero() {
			t.Errorf("the end is told of an item that is %s, finished at %s; want done, and a time", it.State,
				it.Finished)
		}
		n := item("mail")
		n.Kind = "mail"
		ids, err := w.Add(ctx, tx, n)
		if fail { // after the insert: it must be rolled back with the end
			return ids, errors.New("the disk is full")
		}
		return ids, err
	}})

	id := w.one()
	v := w.turn(id)
	w.is(v, Waiting)
	if got := w.count(); got != 1 {
		t.Fatalf("after the end that failed there are %d items, want 1", got)
	}

	fail = false
	w.is(w.turns(id), Done)
	if got := w.count(); got != 2 {
		t.Errorf("after the end there are %d items, want 2", w.count())
	}

	select {
	case ids := <-w.wake:
		if len(ids) != 1 {
			t.Errorf("the end woke %v, want one item", ids)
		}
	default:
		t.Error("the end woke nothing, want what was added")
	}
}

func (w *world) count() int {
	w.Helper()
	list, _, err := w.Items(w.Context(), admin, Filter{})
	if err != nil {
		w.Fatal(err)
	}
	return len(list)
}

func TestAddIsOncePerSubject(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	ctx := requestid.With(t.Context(), "corr-123")
	add := func(items ...New) (ids []string) {
		err := w.db.Tx(ctx, func(tx *sql.Tx) (err error) { ids, err = w.Add(ctx, tx, items...); return err })
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}

	if ids := add(item("a"), item("b"), item("a")); len(ids) != 2 {
		t.Fatalf("added %v of three of which two are about the same, want 2", ids)
	}

	if ids := add(item("b"), item("c")); len(ids) != 1 || w.item(ids[0]).Subject != "c" ||
		w.item(ids[0]).Correlation != "corr-123" {
		t.Errorf("added %v beside what is there already, want one item about \"c\" of corr-123", ids)
	}
}

// However many items of a parent there are, all that changed are found, in the order of their
// changes, and how many are open.
func TestChangesOfManyItemsAreAllFound(t *testing.T) {
	t.Parallel()
	w := setup(t, worker{})
	const many = maxItems + 30
	items := make([]New, many)
	for i := range items {
		items[i] = item(fmt.Sprintf("take %d", i))
	}

	ids := w.add(items...)
	w.clock.add(time.Minute)
	w.is(w.turns(ids[7]), Done)
	all, err := w.Changed(t.Context(), admin, "p", time.Time{})
	if err != nil || len(all) != many || all[many-1].ID != ids[7] {
		t.Fatalf("%d items have changed (%v), want %d, the last of them %s", len(all), err, many, ids[7])
	}

	late, err := w.Changed(t.Context(), admin, "p", w.clock.now())
	if err != nil || len(late) != 1 || late[0].ID != ids[7] {
		t.Errorf("%d items have changed since (%v), want the one that is done", len(late), err)
	}

	if open, some, err := w.CountOpen(t.Context(), "p"); open != many-1 || !some || err != nil {
		t.Errorf("%d items are open, some %v (%v), want %d", open, some, err, many-1)
	}
}
