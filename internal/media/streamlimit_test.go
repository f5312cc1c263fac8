package media

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

func TestLane(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewStreamLimit(func() int { return 2 })
		for range 2 {
			if _, err := l.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}

		begin := time.Now()
		if _, err := l.acquire(t.Context()); !fault.Is(err, fault.Throttled) || fault.From(err).RetryAfter == 0 ||
			time.Since(begin) != acquireTimeout {
			t.Errorf("a third stream: got %v after %v, want it throttled after %v", err, time.Since(begin),
				acquireTimeout)
		}

		left, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.acquire(left); err == nil {
			t.Error("a place for a reader who has left: got one, want an error")
		}

		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if leave, err := l.acquire(t.Context()); err != nil {
					t.Errorf("waiting for a place: got %v, want one", err)
				} else {
					defer leave()
					time.Sleep(time.Hour) // until both are in
				}
			})
		}

		synctest.Wait()
		l.mu.Lock() // both leave before anybody hears of it
		l.open = 0
		l.signal()
		l.mu.Unlock()
		wg.Wait()
		one, err := l.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		one()
		one() // counts once
		if l.open != 0 {
			t.Errorf("%d places are taken at the end, want none", l.open)
		}
	})
}
