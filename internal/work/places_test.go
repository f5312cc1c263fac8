package work

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What goes ahead finds a place although the others would take all, and is let in
// before those of them that wait.
func TestPlacesAreKeptForWhatGoesAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlaces(8)
		var mu sync.Mutex
		begun := map[bool]int{}
		run := func(ahead bool) {
			go func() {
				leave, err := p.enter(t.Context(), ahead)
				if err != nil {
					t.Error(err)
					return
				}
				defer leave()
				mu.Lock()
				begun[ahead]++
				mu.Unlock()
				time.Sleep(time.Minute)
			}()
		}

		want := func(ahead bool, n int) {
			t.Helper()
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			if begun[ahead] != n {
				t.Errorf("%d have begun, not %d (ahead: %v)", begun[ahead], n, ahead)
			}
		}

		for range 20 {
			run(false)
		}

		want(false, 6)
		for range 5 {
			run(true)
		}

		want(true, 2)
		time.Sleep(time.Minute) // all eight end; three that go ahead are let in first
		want(true, 5)
		want(false, 11)
		time.Sleep(time.Hour)
		want(false, 20)
	})
}

func TestOnePlaceIsForEverybody(t *testing.T) {
	t.Parallel()
	p := newPlaces(1)
	leave, err := p.enter(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := p.enter(ctx, true); err == nil {
		t.Error("a second one was let in")
	}

	leave()
	if leave, err = p.enter(t.Context(), true); err != nil {
		t.Fatal(err)
	}

	leave()
}
