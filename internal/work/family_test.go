package work

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// newFamily is an engine whose children add a mail after the last of them, and wake the parent.
func newFamily(t *testing.T, parent func(context.Context, *Task) (Next, error)) (w *world, waiting string) {
	t.Helper()
	w = setup(t, worker{})
	w.Register("child", worker{ended: func(ctx context.Context, tx *sql.Tx, it Item) ([]string, error) {
		mail, err := w.AddAfterLast(ctx, tx, it, New{Kind: "mail", Title: "mail"}, "child")
		if err != nil {
			return nil, err
		}
		woken, err := w.WakeAfterLast(ctx, tx, it, waiting, "wait", "child")
		return append(mail, woken...), err
	}})
	w.Register("parent", worker{step: parent})

	n := item("the parent")
	n.Kind, n.Parent = "parent", "none"
	return w, w.add(n)[0]
}

// waits is a step that waits for the children for an hour, and longer if nobody wakes it.
func waits(t *Task) (Next, error) {
	t.Await("p", "child")
	f := fault.New(fault.NotReady, "The children are busy.")
	f.RetryAfter = time.Hour
	return Next{}, f
}

func child(subject string) New {
	n := item(subject)
	n.Kind = "child"
	return n
}

// mails are the items that followed the last child.
func (w *world) mails() (n int) {
	w.Helper()
	if err := w.db.Reader.QueryRowContext(w.Context(), `SELECT COUNT(*) FROM items
		WHERE kind = 'mail' AND parent = 'p'`).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

func TestTheLastChildIsFollowed(t *testing.T) {
	t.Parallel()
	var w *world
	over := false
	w, waiting := newFamily(t, func(_ context.Context, k *Task) (Next, error) {
		if k.Step == "" {
			return Next{Step: "wait"}, nil
		}
		if over {
			return Next{Done: true}, nil
		}
		return waits(k)
	})
	first, second := w.add(child("a"))[0], w.add(child("b"))[0]
	w.is(w.turn(waiting), Waiting)

	w.is(w.turn(first), Done)
	if n := w.mails(); n != 0 {
		t.Errorf("after the first child there are %d mails, want 0", n)
	}
	if v := w.item(waiting); !v.NotBefore.After(w.clock.now()) {
		t.Errorf("after the first child the parent is due at %v, want later", v.NotBefore)
	}

	over = true
	w.is(w.turn(second), Done)
	if n := w.mails(); n != 1 {
		t.Errorf("after the last child there are %d mails, want 1", n)
	}
	if v := w.item(waiting); v.NotBefore.After(w.clock.now()) {
		t.Errorf("after the last child the parent is due at %v, want now", v.NotBefore)
	}
	w.is(w.turn(waiting), Done)

	// One that comes later is the last again, and another mail follows.
	w.is(w.turn(w.add(child("c"))[0]), Done)
	if n := w.mails(); n != 2 {
		t.Errorf("after one more child there are %d mails, want 2", n)
	}
}

// A child that ends while the parent is about to wait finds nobody to wake.
func TestAParentDoesNotWaitForWhatIsOver(t *testing.T) {
	t.Parallel()
	var w *world
	var last string
	tries := 0
	w, waiting := newFamily(t, func(_ context.Context, k *Task) (Next, error) {
		if k.Step == "" {
			return Next{Step: "wait"}, nil
		}
		if tries++; tries == 1 {
			w.is(w.turn(last), Done) // after this step has looked, and before it waits
			return waits(k)
		}
		return Next{Done: true}, nil
	})
	last = w.add(child("a"))[0]

	v := w.turn(waiting)
	w.is(v, Waiting)
	if v.NotBefore.After(w.clock.now()) {
		t.Errorf("the parent is due at %v, want now: nobody will wake it", v.NotBefore)
	}
	w.is(w.turn(waiting), Done)
}
