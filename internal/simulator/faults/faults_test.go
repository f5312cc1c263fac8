package faults

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const body = "0123456789"

// serve is a server under a set of rules that counts how often it really worked.
func serve(t *testing.T) (*Set, string, *atomic.Int64) {
	t.Helper()
	var set Set
	var worked atomic.Int64
	server := httptest.NewServer(set.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		worked.Add(1)
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = io.WriteString(w, body)
	})))

	t.Cleanup(server.Close)
	return &set, server.URL, &worked
}

// get returns what arrived: the status, the body so far, and whether it broke.
func get(url string) (int, string, error) {
	resp, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func TestEffects(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		status int
		body   string
		broken bool
		worked int64
	}{
		"/x status=503 body=away retry-after=3": {status: 503, body: "away"},
		"/x reset":                              {broken: true},
		"/x lost":                               {broken: true, worked: 1},
		"/x cut=4":                              {status: 200, body: "0123", broken: true, worked: 1},
		"/x short=3":                            {status: 200, body: "0123456", worked: 1},
		"/x flip=1":                             {status: 200, body: "\xcf123456789", worked: 1},
		"GET /x latency=1ms rate=1000000":       {status: 200, body: body, worked: 1},
		"POST /x reset":                         {status: 200, body: body, worked: 1},
		"/other reset":                          {status: 200, body: body, worked: 1},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			set, url, worked := serve(t)
			rule, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}

			set.Add(rule)
			status, got, err := get(url + "/x")
			if status != want.status || got != want.body || (err != nil) != want.broken ||
				worked.Load() != want.worked {
				t.Errorf("answered %d %q, %v, and worked %d times; want %d %q, broken off %v, and %d times", status,
					got, err, worked.Load(), want.status, want.body, want.broken, want.worked)
			}
		})
	}
}

func TestSkipTimesAndRemoval(t *testing.T) {
	t.Parallel()
	set, url, _ := serve(t)
	remove := set.Add(Rule{Status: 500, Skip: 1, Times: 2})
	var seen []string
	for range 4 {
		status, _, _ := get(url)
		seen = append(seen, fmt.Sprint(status))
	}

	if got := strings.Join(seen, " "); got != "200 500 500 200" {
		t.Errorf("the answers are %s, want 200 500 500 200", got)
	}

	remove()
	set.Add(Rule{Status: 500})
	set.Clear()
	if status, _, _ := get(url); status != 200 || len(set.Hits()) != 2 {
		t.Errorf("after the rules are gone: %d with %d hits, want 200 and 2", status, len(set.Hits()))
	}
}

// What a rule holds up goes on when it ends.
func TestTheEndOfARuleIsFelt(t *testing.T) {
	t.Parallel()
	for _, rule := range []Rule{{Latency: time.Hour}, {BytesPerSecond: 1}} {
		set, url, _ := serve(t)
		begun := make(chan struct{})
		rule.Hook = func(*http.Request) { close(begun) }
		remove := set.Add(rule)
		go func() {
			<-begun
			remove()
		}()

		before := time.Now()
		if status, got, err := get(url); status != 200 || got != body || err != nil ||
			time.Since(before) > 5*time.Second {
			t.Errorf("after %s: %d %q, %v; want the whole body at once", time.Since(before), status, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "/x", "POST /x", "/x nonsense", "/x status=many", "/( reset", "/x latency=5"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q is accepted, want an error", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("POST /v4/.*/actions lost times=1")
	f.Add("/assets/ rate=500000 chance=0.5 seed=1")
	f.Fuzz(func(_ *testing.T, text string) {
		if rule, err := Parse(text); err == nil {
			new(Set).Add(rule) // a rule that was accepted can be used
		}
	})
}
