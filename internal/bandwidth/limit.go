package bandwidth

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limit is what all transfers of a process share. A nil one does not limit.
type Limit struct {
	table Timetable
	zone  *time.Location
	now   func() time.Time

	mu     sync.Mutex
	speed  int64
	until  time.Time // the speed is looked up again then
	tokens *rate.Limiter
}

// New makes a limit that follows a timetable by the clock of a zone; nil when
// the timetable never limits.
func New(t Timetable, zone *time.Location, now func() time.Time) *Limit {
	if t.Never() {
		return nil
	}
	return &Limit{table: t, zone: zone, now: now, tokens: rate.NewLimiter(rate.Inf, 0)}
}

// Speed is the limit at this moment: bytes a second, 0 for none.
func (l *Limit) Speed() int64 {
	if l == nil {
		return 0
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if now.Before(l.until) {
		return l.speed
	}

	// A timetable changes at full minutes only.
	l.speed, l.until = l.table.At(now.In(l.zone)), now.Truncate(time.Minute).Add(time.Minute)
	if l.speed == 0 {
		l.tokens.SetLimit(rate.Inf)
		return 0
	}

	l.tokens.SetBurst(burst(l.speed))
	l.tokens.SetLimit(rate.Limit(l.speed))
	return l.speed
}

// burst is an eighth of a second; step, which one stream takes in one turn, a
// thirty-second.
func burst(speed int64) int { return int(max(speed/8, 4<<10)) }

func step(speed int64) int { return int(min(max(speed/32, 1<<10), 1<<20)) }

// Reader reads from r at its share of the limit.
func (l *Limit) Reader(ctx context.Context, r io.Reader) io.Reader {
	if l == nil {
		return r
	}
	return &reader{ctx, r, l}
}

type reader struct {
	ctx context.Context
	r   io.Reader
	l   *Limit
}

func (s *reader) Read(p []byte) (int, error) {
	speed := s.l.Speed()
	if speed == 0 {
		return s.r.Read(p)
	}

	n, err := s.r.Read(p[:min(len(p), step(speed))])
	if n > 0 && err == nil {
		// First come, first served, and each takes the same.
		err = s.l.tokens.WaitN(s.ctx, n)
	}

	return n, err
}

// Transport holds the bodies that go and come through next to the limit.
func (l *Limit) Transport(next http.RoundTripper) http.RoundTripper {
	if l == nil {
		return next
	}
	return transport{next, l}
}

type transport struct {
	next http.RoundTripper
	l    *Limit
}

// RoundTrip is http.RoundTripper's.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = t.held(r.Context(), r.Body)
	}

	resp, err := t.next.RoundTrip(r)
	if err == nil {
		resp.Body = t.held(r.Context(), resp.Body)
	}

	return resp, err
}

func (t transport) held(ctx context.Context, b io.ReadCloser) io.ReadCloser {
	return body{t.l.Reader(ctx, b), b}
}

type body struct {
	io.Reader
	io.Closer
}
