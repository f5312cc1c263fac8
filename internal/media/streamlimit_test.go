package media

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

func TestStreamLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewStreamLimit(func() int { return 2 })
		one, err := l.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.acquire(t.Context()); err != nil {
			t.Fatal(err)
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
			t.Error("got a place for a viewer who has left, want none")
		}

		time.AfterFunc(time.Second, one)
		begin = time.Now()
		if _, err := l.acquire(t.Context()); err != nil || time.Since(begin) != time.Second {
			t.Errorf("a stream when another one ends: got %v after %v, want a place after a second", err,
				time.Since(begin))
		}
	})
}
