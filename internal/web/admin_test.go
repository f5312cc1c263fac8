package web_test

import (
	"context"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/installation"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

const adminToken = "a-token-of-an-administrator"

// inside is a face with an address for administrators.
type inside struct {
	*face
	address, token string
}

func openInside(t *testing.T, token string) *inside {
	t.Helper()
	f := open(t, testenv.Config(func(c *app.Config) { c.Admin.Listen, c.Admin.Token = "127.0.0.1:0", token }))
	return &inside{f, f.Serve(f.App.AdminHandler()), token}
}

func (f *inside) ask(path string, change func(*http.Request)) answer {
	f.T.Helper()
	r, err := http.NewRequestWithContext(f.T.Context(), http.MethodGet, f.address+path, nil)
	if err != nil {
		f.T.Fatal(err)
	}

	if f.token != "" {
		r.Header.Set("Authorization", "Bearer "+f.token)
	}

	if change != nil {
		change(r)
	}

	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r) // nothing is described
	if err != nil {
		f.T.Fatal(err)
	}
	defer resp.Body.Close()
	return answer{status: resp.StatusCode, header: resp.Header, body: read(f.T, resp)}
}

// What is for administrators is at their address, and nowhere else any more.
func TestAdminAddress(t *testing.T) {
	t.Parallel()
	f := openInside(t, "")
	for path, want := range map[string]string{
		"/healthz": "^ok\n$", "/readyz": "^ready\ndatabase: ok\npublic-url: ok\nprocess: ok\n$",
		"/metrics":                              "\nnuxeo_frameio_ready 1\n",
		"/debug/pprof/":                         "goroutine",
		"/debug/pprof/goroutine?debug=1":        "^goroutine profile: total",
		"/debug/pprof/heap":                     ".",
		"/debug/pprof/profile?seconds=1&debug=": ".",
	} {
		if a := f.ask(path, nil); a.status != http.StatusOK || !regexp.MustCompile(want).MatchString(a.body) {
			t.Errorf("%s for administrators: got %d %.300q, want 200 and %s", path, a.status, a.body, want)
		}
	}

	// Neither the interface nor the process's command line, which may hold secrets.
	for _, path := range []string{"/", "/api/v1/about", "/debug/pprof/cmdline", "/debug/vars"} {
		if a := f.ask(path, nil); a.status != http.StatusNotFound {
			t.Errorf("%s for administrators: got %d %.100q, want 404", path, a.status, a.body)
		}
	}

	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/heap"} {
		if a := f.get(path, f.SignIn("Administrator")); a.status != http.StatusNotFound {
			t.Errorf("%s at the public address: got %d %.100q, want 404", path, a.status, a.body)
		}
	}

	// It is counted by its route, like everything else.
	want := `nuxeo_frameio_http_request_seconds_count{route="GET /metrics",status="200"}`
	if a := f.ask("/metrics", nil); !strings.Contains(a.body, want) {
		t.Errorf("the metrics: got no %s, want it", want)
	}
}

// Why it is not ready is for administrators only.
func TestReasonsAreForAdministrators(t *testing.T) {
	t.Parallel()
	f := openInside(t, "")
	elsewhere, err := installation.Look(t.Context(), f.App.DB, "https://other.example.com", time.Now)
	if err == nil {
		err = elsewhere.Adopt(t.Context(), f.App.Audit)
	}

	if err != nil {
		t.Fatal(err)
	}

	f.Restart()
	f.address = f.Serve(f.App.AdminHandler())
	a := f.ask("/readyz", nil)
	if a.status != http.StatusServiceUnavailable ||
		!strings.HasPrefix(a.body, "not ready\ndatabase: ok\npublic-url: ") ||
		!strings.Contains(a.body, "https://other.example.com") || !strings.Contains(a.body, "store adopt") {
		t.Errorf("a database from elsewhere: got %d %q, want 503, where it is from, and what to do", a.status, a.body)
	}

	if err := f.App.DB.Close(); err != nil {
		t.Fatal(err)
	}

	a = f.ask("/readyz", nil)
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "database: ") ||
		strings.Contains(a.body, "database: ok") || !strings.Contains(a.body, "closed") {
		t.Errorf("without a database: got %d %q, want 503 and that it is closed", a.status, a.body)
	}

	if a := f.ask("/healthz", nil); a.status != http.StatusOK {
		t.Errorf("/healthz without a database: got %d, want 200, since the process lives", a.status)
	}

	f.Die()
}

func TestAdminAddressTakesTheToken(t *testing.T) {
	t.Parallel()
	f := openInside(t, adminToken)
	for name, change := range map[string]func(*http.Request){
		"none":      func(r *http.Request) { r.Header.Del("Authorization") },
		"another":   func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+adminToken+"x") },
		"a session": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+f.SignIn("Administrator")) },
		"an empty":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
	} {
		for _, path := range []string{"/metrics", "/readyz", "/debug/pprof/heap", "/nothing"} {
			f.ask(path, change).refused(t, http.StatusUnauthorized, "unauthenticated")
		}
		if a := f.ask("/healthz", change); a.status != http.StatusOK {
			t.Errorf("/healthz with %s token: got %d, want 200", name, a.status)
		}
	}

	named := func(r *http.Request) { r.Host = "connector.example.com" }
	if a := f.ask("/metrics", named); a.status != http.StatusOK {
		t.Errorf("with the token: got %d, want 200, whatever the address is called", a.status)
	}
}

// A page that has its own name lead to this machine gets nothing.
func TestAdminAddressWithoutATokenIsForThisMachine(t *testing.T) {
	t.Parallel()
	f := openInside(t, "")
	for host, want := range map[string]int{
		"evil.example.com": http.StatusForbidden, "evil.example.com:8091": http.StatusForbidden,
		"192.0.2.1:8091": http.StatusForbidden, "localhost:8091": http.StatusOK, "[::1]:8091": http.StatusOK,
		"127.0.0.1": http.StatusOK,
	} {
		if a := f.ask("/readyz", func(r *http.Request) { r.Host = host }); a.status != want {
			t.Errorf("asked for as %s: got %d, want %d", host, a.status, want)
		}
	}
}

// Both addresses are served, with a bound for heads, and end together, whatever is still looked at.
func TestAdminAddressIsServedAndEnds(t *testing.T) {
	t.Parallel()
	f := openInside(t, "")
	f.Stop()
	a, err := app.New(t.Context(), f.Config, app.World{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close(); f.Start() }()
	var listeners [2]net.Listener
	for i := range listeners {
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, listeners[0], listeners[1]) }()
	f.address = "http://" + listeners[1].Addr().String()
	long := func(r *http.Request) { r.Header.Set("Cookie", strings.Repeat("x", 80<<10)) }
	if got := f.ask("/readyz", long); got.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a head of 80 KiB: got %d, want 431", got.status)
	}

	// Its head comes at once, its end after a minute.
	looking, err := http.Get(f.address + "/debug/pprof/trace?seconds=60")
	if err != nil || looking.StatusCode != http.StatusOK {
		t.Fatalf("a trace of a minute: got %v, %v, want 200", looking, err)
	}
	defer looking.Body.Close()

	begun := time.Now()
	cancel()
	if err := <-ended; err != nil || time.Since(begun) > 8*time.Second {
		t.Errorf("the end: got %v after %s, want none at once, although a trace was under way", err, time.Since(begun))
	}

	if _, err := net.Dial("tcp", listeners[1].Addr().String()); err == nil {
		t.Errorf("%s: got a connection after the end, want none", f.address)
	}
}
