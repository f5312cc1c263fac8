package work

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// An interactive job finds a slot although background jobs would take all, and goes before those
// that wait.
func TestSlotsAreReservedForInteractiveJobs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newSlots(8)
		var mu sync.Mutex
		begun := map[bool]int{}
		run := func(ahead bool) {
			go func() {
				leave, err := p.acquire(t.Context(), ahead)
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
				t.Errorf("%d have begun, want %d (ahead: %v)", begun[ahead], n, ahead)
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
	p := newSlots(1)
	leave, err := p.acquire(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := p.acquire(ctx, true); err == nil {
		t.Error("a second one: got it let in, want an error")
	}

	leave()
	if leave, err = p.acquire(t.Context(), true); err != nil {
		t.Fatal(err)
	}

	leave()
}
