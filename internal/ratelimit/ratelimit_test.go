package ratelimit

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// leaky answers as the service does: limit calls a window, evenly back.
type leaky struct {
	mu            sync.Mutex
	limit         float64
	level         float64
	window        time.Duration
	at            time.Time
	calls, denied int
}

func (l *leaky) RoundTrip(*http.Request) (*http.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.level = min(l.limit, l.level+now.Sub(l.at).Seconds()/l.window.Seconds()*l.limit)
	l.at = now
	l.calls++
	status := http.StatusOK
	if l.level < 1 {
		status = http.StatusTooManyRequests
		l.denied++
	} else {
		l.level--
	}

	h := http.Header{}
	h.Set("x-ratelimit-limit", strconv.Itoa(int(l.limit)))
	h.Set("x-ratelimit-remaining", strconv.Itoa(int(l.level)))
	h.Set("x-ratelimit-window", strconv.Itoa(int(l.window.Milliseconds())))
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(""))}, nil
}

func request(ctx context.Context, path string) *http.Request {
	r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://frame.test"+path, nil)
	r.Header.Set("Authorization", "Bearer a")
	return r
}

// The budget is obeyed before it is hit, and used: 400 calls at 100 a minute
// take about three minutes beyond the first hundred, with no refusal.
func TestBudgetIsObeyedAndUsed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &leaky{limit: 100, level: 100, window: time.Minute, at: time.Now()}
		b := NewBudgets(service, time.Now, nil)
		start := time.Now()
		var wg sync.WaitGroup
		var made atomic.Int64
		for range 4 {
			wg.Go(func() {
				for made.Add(1) <= 400 {
					if _, err := b.RoundTrip(request(t.Context(), "/v4/accounts/a/files/f1/comments")); err != nil {
						t.Error(err)
					}
				}
			})
		}

		wg.Wait()
		if service.denied > 4 { // the first calls go out before anything is known
			t.Errorf("%d calls were refused, want at most 4", service.denied)
		}

		if took := time.Since(start); took < 178*time.Second || took > 200*time.Second {
			t.Errorf("400 calls took %v, want 178 to 200 s", took)
		}
	})
}

// Of answers that cross, the longest time counts: one that asks for less and comes later takes nothing
// back.
func TestTheLongestPauseCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewBudgets(answers(func(r *http.Request) (*http.Response, error) {
			seconds, err := strconv.Atoi(r.Header.Get("Wait"))
			if err != nil {
				return nil, err
			}

			time.Sleep(time.Second / time.Duration(seconds)) // the longer one has to wait, the sooner it is said
			h := http.Header{"Retry-After": {strconv.Itoa(seconds)}}
			return &http.Response{StatusCode: http.StatusTooManyRequests, Header: h, Body: http.NoBody}, nil
		}), time.Now, nil)
		call := func(seconds string) *http.Response {
			r := request(t.Context(), "/v4/accounts/a/files/f1")
			r.Header.Set("Wait", seconds)
			resp, err := b.RoundTrip(r)
			if err != nil {
				t.Error("calling:", err)
				return nil
			}
			return resp
		}

		// The class is known, so that calls go at the same time.
		call("1")
		time.Sleep(5 * time.Second)
		start := time.Now()
		var wg sync.WaitGroup
		for _, seconds := range []string{"15", "4"} {
			wg.Go(func() { call(seconds) })
		}

		wg.Wait()
		call("1")
		if took := time.Since(start); took < 15*time.Second {
			t.Errorf("the next call came after %s, want no sooner than after 15 s", took)
		}
	})
}

// Of a small budget too a call is left for people, who do not queue behind others;
// and nobody is refused because a limit was not known yet.
func TestPeopleGoFirstInSmallBudgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &leaky{limit: 5, level: 5, window: time.Second, at: time.Now()}
		b := NewBudgets(service, time.Now, nil)
		ctx, stop := context.WithCancel(t.Context())
		start := time.Now()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					if _, err := b.RoundTrip(request(ctx, "/v4/accounts/a/files/f1")); err != nil {
						return
					}
				}
			})
		}

		for range 20 {
			time.Sleep(3 * time.Second)
			asked := time.Now()
			if _, err := b.RoundTrip(request(Interactive(t.Context()), "/v4/accounts/a/files/f2")); err != nil ||
				time.Since(asked) > 200*time.Millisecond {
				t.Errorf("a person waits %v, %v; want at most 200 ms", time.Since(asked), err)
			}
		}

		stop()
		wg.Wait()
		if ideal := 5 * time.Since(start).Seconds(); service.denied > 0 || float64(service.calls) < 0.97*ideal {
			t.Errorf("%d calls and %d refused, want at least 97%% of %.0f, and none", service.calls, service.denied,
				ideal)
		}
	})
}

// Two nodes draw on one budget without knowing of each other's calls, and a node
// that is busy alone gets what the other leaves.
func TestNodesShareABudget(t *testing.T) {
	t.Parallel()
	for name, busy := range map[string]int{"both busy": 2, "one busy": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service := &leaky{limit: 100, level: 100, window: time.Minute, at: time.Now()}
				start := time.Now()
				var wg sync.WaitGroup
				var made atomic.Int64
				for range busy {
					b := NewBudgets(service, time.Now, func() int { return 2 })
					for range 4 {
						wg.Go(func() {
							for made.Add(1) <= 400 {
								if _, err := b.RoundTrip(request(t.Context(),
									"/v4/accounts/a/files/f1/comments")); err != nil {
									t.Error(err)
								}
							}
						})
					}
				}

				wg.Wait()
				if service.denied > 8 {
					t.Errorf("%d calls were refused, want at most 8", service.denied)
				}

				if took := time.Since(start); took < 170*time.Second || took > 220*time.Second {
					t.Errorf("400 calls took %v, want 170 to 220 s", took)
				}
			})
		})
	}
}

func TestRefusalStopsItsBucketOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &leaky{limit: 100, window: time.Minute, at: time.Now()}
		b := NewBudgets(service, time.Now, nil)
		resp, err := b.RoundTrip(request(t.Context(), "/v4/accounts/a/comments/c1"))
		if err != nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "1" {
			t.Fatalf("passed on: %v, %v; want 429, and one second to wait", resp, err)
		}

		start := time.Now()
		if _, err := b.RoundTrip(request(t.Context(), "/v4/accounts/a/files/f2")); err != nil ||
			time.Since(start) != 0 {
			t.Errorf("another class waited %v, %v; want no wait", time.Since(start), err)
		}

		if _, err := b.RoundTrip(request(t.Context(), "/v4/accounts/a/comments/c2")); err != nil ||
			time.Since(start) < time.Second {
			t.Errorf("the same class came back after %v, %v; want at least a second", time.Since(start), err)
		}
	})
}

type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// A date to come back is read by the clock of who gave it.
func TestDatesAreTheOtherSides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		theirs := time.Now().Add(2 * time.Hour)
		busy := answers(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusTooManyRequests, Body: http.NoBody, Header: http.Header{
				"Date":        {theirs.UTC().Format(http.TimeFormat)},
				"Retry-After": {theirs.Add(7 * time.Second).UTC().Format(http.TimeFormat)},
			}}, nil
		})

		resp, err := NewBudgets(busy, time.Now, nil).RoundTrip(request(t.Context(), "/v4/me"))
		if err != nil || resp.Header.Get("Retry-After") != "7" {
			t.Errorf("to come back after %s s, %v; want 7", resp.Header.Get("Retry-After"), err)
		}
	})
}

func TestLongWaitsAreHandedBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &leaky{limit: 1, level: 1, window: time.Hour, at: time.Now()}
		b := NewBudgets(service, time.Now, nil)
		for i := range 2 {
			_, err := b.RoundTrip(request(t.Context(), "/v4/me"))
			var f *fault.Error
			if i == 1 && (!errors.As(err, &f) || f.Code != fault.Throttled || f.RetryAfter < 59*time.Minute) {
				t.Errorf("call %d: got %v, want it throttled for an hour", i, err)
			}
		}
	})
}

func TestClassDropsIDs(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/v4/accounts/a1/files/f1":          "GET /files/*",
		"/v4/accounts/a1/files/f1/comments": "GET /files/*/comments",
		"/v4/accounts/a1/workspaces/w/x":    "GET /workspaces/*/x",
		"/v4/me":                            "GET /v4/me",
		"/v4/accounts/a1/audit_logs":        "GET /audit_logs",
		// Each has a budget of its own.
		"/v4/accounts/a1/folders/f1/files/local_upload":  "GET /folders/*/files/local_upload",
		"/v4/accounts/a1/folders/f1/files/remote_upload": "GET /folders/*/files/remote_upload",
	} {
		if got := Class("GET", path); got != want {
			t.Errorf("Class(%s) = %s, want %s", path, got, want)
		}
	}
}

type held struct {
	open, most atomic.Int64
	gate       chan struct{}
}

func (h *held) RoundTrip(*http.Request) (*http.Response, error) {
	n := h.open.Add(1)
	for m := h.most.Load(); n > m && !h.most.CompareAndSwap(m, n); m = h.most.Load() {
	}
	<-h.gate
	return &http.Response{StatusCode: 200, Body: closing{h}}, nil
}

type closing struct{ h *held }

func (closing) Read([]byte) (int, error) { return 0, io.EOF }
func (c closing) Close() error           { c.h.open.Add(-1); return nil }

func TestConnectionsAreBoundedAndOneIsKeptForPeople(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &held{gate: make(chan struct{})}
		c := NewConnections(h, 4, nil)
		d := c.Share(h)
		var wg sync.WaitGroup
		call := func(ctx context.Context, via *Connections) {
			wg.Go(func() {
				resp, err := via.RoundTrip(request(ctx, "/"))
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
			})
		}

		for i := range 12 {
			call(t.Context(), []*Connections{c, d}[i%2])
		}

		synctest.Wait()
		if n := h.open.Load(); n != 3 {
			t.Errorf("background work holds %d of 4, want 3", n)
		}

		call(Interactive(t.Context()), c)
		synctest.Wait()
		if n := h.open.Load(); n != 4 {
			t.Errorf("with a person's call %d are open, want 4", n)
		}

		close(h.gate)
		wg.Wait()
		if h.most.Load() > 4 {
			t.Errorf("%d were open at once, want at most 4", h.most.Load())
		}
	})
}

// However many strangers come, they hold one connection: people and work in the background
// have the others, and those who come too many are sent away.
func TestStrangersShareOneConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &held{gate: make(chan struct{})}
		c := NewConnections(h, 6, nil)
		var wg sync.WaitGroup
		var away atomic.Int64
		call := func(ctx context.Context) {
			wg.Go(func() {
				resp, err := c.RoundTrip(request(ctx, "/"))
				if err != nil {
					away.Add(1)
					return
				}
				resp.Body.Close()
			})
		}

		for range 500 {
			call(Stranger(t.Context()))
		}

		synctest.Wait()
		if n := h.open.Load(); n != 1 || away.Load() != 500-1-maxStrangers {
			t.Errorf("500 strangers hold %d connections and %d were sent away, want 1 and %d", n, away.Load(),
				500-1-maxStrangers)
		}

		for range 20 {
			call(t.Context())
		}

		synctest.Wait()
		if n := h.open.Load(); n != 5 {
			t.Errorf("beside a stranger background work makes it %d of 6, want 5", n)
		}

		call(Interactive(t.Context()))
		synctest.Wait()
		if n := h.open.Load(); n != 6 {
			t.Errorf("with a person behind strangers %d are open, want 6", n)
		}

		close(h.gate)
		wg.Wait()
	})
}
