package frameiosim

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// budget is how many calls of one class a person may make per window.
type budget struct {
	limit  int
	window time.Duration
}

var (
	hundred   = budget{100, time.Minute}
	sixty     = budget{60, time.Minute}
	ten       = budget{10, time.Minute}
	tenPerSec = budget{10, time.Second}
	fivePer   = budget{5, time.Second}
	threePer  = budget{3, time.Second}
)

// limiter holds one leaky bucket per person and class: a call adds one drop,
// drops leave evenly, and a full bucket refuses.
type limiter struct {
	factor  float64
	now     func() time.Time
	mu      sync.Mutex
	buckets map[bucketKey]*bucket
}

type bucketKey struct{ person, class string }

type bucket struct {
	level float64
	last  time.Time
}

func newLimiter(factor float64, now func() time.Time) *limiter {
	return &limiter{factor: factor, now: now, buckets: map[bucketKey]*bucket{}}
}

// take counts a call, sets the three headers and reports whether it may proceed.
func (l *limiter) take(h http.Header, person, class string, b budget) bool {
	if l.factor < 0 {
		setRate(h, math.MaxInt32, math.MaxInt32, time.Second)
		return true
	}
	window := time.Duration(float64(b.window) / l.factor)
	remaining, ok := l.fill(bucketKey{person, class}, b.limit, window)
	setRate(h, b.limit, remaining, window)
	return ok
}

func (l *limiter) fill(key bucketKey, limit int, window time.Duration) (remaining int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.buckets[key]
	if b == nil {
		b = &bucket{last: now}
		l.buckets[key] = b
	}

	b.level = max(0, b.level-float64(limit)*float64(now.Sub(b.last))/float64(max(window, 1)))
	b.last = now
	if b.level > float64(limit)-1+1e-9 {
		return 0, false
	}

	b.level++
	return int(float64(limit) - b.level + 1e-9), true
}

func setRate(h http.Header, limit, remaining int, window time.Duration) {
	h.Set("x-ratelimit-limit", strconv.Itoa(limit))
	h.Set("x-ratelimit-remaining", strconv.Itoa(remaining))
	h.Set("x-ratelimit-window", strconv.FormatInt(max(1, window.Milliseconds()), 10))
}
