package gate

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const (
	urgent = iota
	few
	rest
)

// visit is one that comes to a gate, and stays a minute.
func visit(t *testing.T, g *Gate, class int, in func()) {
	go func() {
		leave, err := g.Enter(t.Context(), class)
		if err != nil {
			t.Errorf("entering: got %v, want a place", err)
			return
		}

		in()
		time.Sleep(time.Minute)
		leave()
		leave() // counts once
	}()
	synctest.Wait()
}

// Each class has its own bounds, the urgent go first, and within a class the order is that in which
// they came.
func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := New(func() int { return 4 }, Class{}, Class{Most: func(int) int { return 1 }}, Class{Spare: 1})
		var mu sync.Mutex
		var order []string
		comes := func(class int, name string) {
			visit(t, g, class, func() {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, name)
			})
		}

		is := func(want ...string) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if !slices.Equal(order, want) {
				t.Errorf("in the order in which they were let in: got %v, want %v", order, want)
			}
		}

		for _, name := range []string{"r1", "r2", "r3", "r4", "r5"} {
			comes(rest, name) // the fourth leaves the last place free
		}

		is("r1", "r2", "r3")
		comes(few, "f1")
		comes(few, "f2")
		is("r1", "r2", "r3", "f1")
		comes(urgent, "u1")
		comes(urgent, "u2")
		is("r1", "r2", "r3", "f1")

		time.Sleep(time.Minute) // the four go: two urgent, the other of a few, and one that leaves a place
		synctest.Wait()
		mu.Lock()
		slices.Sort(order[4:]) // they went in at once
		mu.Unlock()
		is("r1", "r2", "r3", "f1", "f2", "u1", "u2")
		time.Sleep(time.Minute)
		synctest.Wait()
		mu.Lock()
		slices.Sort(order[7:])
		mu.Unlock()
		is("r1", "r2", "r3", "f1", "f2", "u1", "u2", "r4", "r5")
		time.Sleep(time.Hour)
	})
}

// Who has left is not let in, and a place that was given at that moment is not lost.
func TestWhoGivesUpTakesNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := New(func() int { return 1 }, Class{})
		leave, err := g.Enter(t.Context(), urgent)
		if err != nil {
			t.Fatal(err)
		}

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := g.Enter(ctx, urgent); !errors.Is(err, context.Canceled) {
			t.Errorf("entering a full gate when one has left: got %v, want %v", err, context.Canceled)
		}

		leave()
		for range 100 { // the place is free, and the context over: either is an answer
			if leave, err := g.Enter(ctx, urgent); err == nil {
				leave()
			}
		}

		if g.in != 0 || len(g.classes[urgent].waiting) != 0 {
			t.Errorf("at the end: got %d in and %d waiting, want none", g.in, len(g.classes[urgent].waiting))
		}
	})
}

func TestALineMayBeFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := New(func() int { return 1 }, Class{Waiting: 2})
		for range 3 {
			visit(t, g, urgent, func() {})
		}

		if _, err := g.Enter(t.Context(), urgent); !errors.Is(err, ErrFull) {
			t.Errorf("as a third one that waits: got %v, want %v", err, ErrFull)
		}

		time.Sleep(time.Hour)
	})
}

// A limit that has grown counts from the next one on that comes or leaves.
func TestTheLimitChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit, in := 1, 0
		g := New(func() int { return limit }, Class{})
		for range 3 {
			visit(t, g, urgent, func() { in++ })
		}

		if in != 1 {
			t.Fatalf("with one place: got %d in, want 1", in)
		}

		limit = 4
		visit(t, g, urgent, func() { in++ })
		if in != 4 {
			t.Errorf("with four places: got %d in, want 4", in)
		}

		time.Sleep(time.Hour)
	})
}
