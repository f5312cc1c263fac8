package egress

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// pieces answers after a time, with so many pieces of a body, each after its
// pause, and then goes on or falls silent.
type pieces struct {
	answer, pause time.Duration
	n             int
	silent        bool
}

// RoundTrip is http.RoundTripper's.
func (p pieces) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := wait(r.Context(), p.answer); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 200, Body: &dripping{p, r.Context()}}, nil
}

type dripping struct {
	p   pieces
	ctx context.Context
}

func (d *dripping) Read(b []byte) (int, error) {
	if d.p.n == 0 && d.p.silent {
		<-d.ctx.Done()
		return 0, d.ctx.Err()
	}

	if d.p.n == 0 {
		return 0, io.EOF
	}

	d.p.n--
	if err := wait(d.ctx, d.p.pause); err != nil {
		return 0, err
	}

	b[0] = 'x'
	return 1, nil
}

func (d *dripping) Close() error { return nil }

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// An answer may take its time, and its body as long as it likes while something
// comes.
func TestPatience(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		far   pieces
		extra string
		ends  time.Duration
		good  bool
	}{
		"at once": {far: pieces{n: 3}, good: true},
		"slow for long": {
			far:  pieces{answer: 59 * time.Second, pause: 29 * time.Second, n: 1000},
			ends: 59*time.Second + 29000*time.Second,
			good: true,
		},
		"no answer":       {far: pieces{answer: time.Hour}, ends: time.Minute},
		"granted more":    {far: pieces{answer: 2 * time.Minute}, extra: "100", ends: 2 * time.Minute, good: true},
		"granted, silent": {far: pieces{answer: time.Hour}, extra: "100", ends: 160 * time.Second},
		"silent body":     {far: pieces{n: 3, silent: true}, ends: 30 * time.Second},
		"silent later":    {far: pieces{n: 3, pause: 20 * time.Second, silent: true}, ends: 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := httptest.NewRequest(http.MethodGet, "http://far.test/", nil)
				if c.extra != "" {
					r.Header.Set("Nuxeo-Transaction-Timeout", c.extra)
				}

				start := time.Now()
				resp, err := Patient(c.far, time.Minute, 30*time.Second).RoundTrip(r)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					_ = resp.Body.Close()
				}

				if took := time.Since(start); took != c.ends {
					t.Errorf("ended after %v, want %v", took, c.ends)
				}

				if c.good != (err == nil) || err != nil && (!fault.Is(err, fault.Unavailable) ||
					!strings.HasPrefix(fault.From(err).Message, "Nothing came for")) {
					t.Errorf("reading the answer: got %v, want it to end well: %v, else unavailable, since nothing "+
						"came", err, c.good)
				}
			})
		})
	}
}

// The same with real sockets: what drips longer than the whole answer may take
// arrives, what stops is noticed.
func TestPatienceOverSockets(t *testing.T) {
	t.Parallel()
	const silence = time.Second
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 15 {
			_, _ = fmt.Fprint(w, "x")
			_ = http.NewResponseController(w).Flush()
			_ = wait(r.Context(), silence/10)
		}
		if r.URL.Path == "/stops" {
			<-r.Context().Done()
		}
	}))
	defer s.Close()
	c := &http.Client{Transport: Patient(http.DefaultTransport, silence, silence)}
	for path, good := range map[string]bool{"/drips": true, "/stops": false} {
		resp, err := c.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if len(b) != 15 || good != (err == nil) || err != nil && !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %d bytes, %v; want 15, ended well: %v, else unavailable", path, len(b), err, good)
		}
	}
}
