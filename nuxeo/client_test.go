package nuxeo_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

const folder = "/default-domain/workspaces/film"

type world struct {
	*testing.T
	*nuxeo.Client // as josh
	sim           *nuxeosim.Server
	url, folder   string
}

func setup(t *testing.T, change ...func(*nuxeosim.Options)) *world {
	t.Helper()
	var opt nuxeosim.Options
	for _, f := range change {
		f(&opt)
	}

	sim, err := nuxeosim.New(opt)
	if err != nil {
		t.Fatal(err)
	}

	srv := httptest.NewServer(sim)
	t.Cleanup(func() { srv.Close(); _ = sim.Close() })
	sim.SetURL(srv.URL + "/nuxeo")
	w := &world{T: t, sim: sim, url: srv.URL + "/nuxeo"}
	w.folder = sim.MkDoc(folder, "Workspace", nil)
	sim.SetACL(folder, "members", "ReadWrite", true)
	w.Client = client(t, w.url, nuxeo.Basic("josh", "josh"))
	return w
}

func client(t *testing.T, url string, auth nuxeo.Auth) *nuxeo.Client {
	t.Helper()
	c, err := nuxeo.New(url, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, auth)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// elsewhere answers a request and tells which of the canaries it carried.
func elsewhere(t *testing.T, carried chan<- string) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		carried <- fmt.Sprint(r.Header, r.URL)
		_, _ = w.Write([]byte(`{"id":"josh"}`))
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestCredentialStaysWithTheServer(t *testing.T) {
	t.Parallel()
	for name, auth := range map[string]nuxeo.Auth{
		"token": nuxeo.Token("canary"), "bearer": nuxeo.Bearer("canary"), "basic": nuxeo.Basic("canary", "canary"),
	} {
		carried := make(chan string, 1)
		there := elsewhere(t, carried)
		here := httptest.NewServer(http.RedirectHandler(there.URL+"/x", http.StatusFound))
		t.Cleanup(here.Close)
		if _, err := client(t, here.URL+"/nuxeo", auth).Me(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := <-carried; strings.Contains(got, "canary") || strings.Contains(got, "Authorization") {
			t.Errorf("%s: the redirected call carried %s, want no credentials", name, got)
		}
	}
}

func TestCredentialFollowsWithinTheServer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mux := http.NewServeMux()
	mux.Handle("/moved/", http.RedirectHandler("/nuxeo/api/v1/me", http.StatusFound))
	mux.Handle("/", w.sim)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	token, err := w.NewToken(t.Context(), "app", "device", "test")
	w.must(err)
	if u, err := client(t, srv.URL+"/moved", nuxeo.Token(token)).Me(t.Context()); err != nil || u.Login != "josh" {
		t.Errorf("who it is after the redirection: %+v, %v; want josh", u, err)
	}
}

func TestErrorsTellNoSecrets(t *testing.T) {
	t.Parallel()
	w := setup(t)
	dead := client(t, "http://127.0.0.1:1/nuxeo", nuxeo.Token("canary"))
	_, err := dead.Me(t.Context())
	if f := fault.From(err); f.Code != fault.Unavailable || strings.Contains(err.Error(), "canary") ||
		nuxeo.StatusOf(err) != 0 {
		t.Errorf("without a connection: got %v, want unavailable, with no status and no token in it", err)
	}

	w.sim.Faults().Add(faults.Rule{Path: "/token/", Status: http.StatusInternalServerError})
	err = w.RevokeToken(t.Context(), "canary")
	if err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("revoking when Nuxeo fails: got %v, want an error without the token", err)
	}

	if err := dead.RevokeToken(t.Context(), "canary"); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("revoking without a connection: got %v, want an error without the token", err)
	}
}

func TestErrorsAreRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule faults.Rule
		code fault.Code
		want func(*nuxeo.Error) bool
	}{
		"message": {
			faults.Rule{Status: 403, Body: `{"message":"no right"}`},
			fault.Forbidden,
			func(e *nuxeo.Error) bool { return e.Message == "no right" },
		},
		"proxy page": {
			faults.Rule{Status: 502, Body: "<html>nginx</html>"},
			fault.Unavailable,
			func(e *nuxeo.Error) bool { return e.Message == "Bad Gateway" },
		},
		"plain text": {faults.Rule{Status: 409, Body: "busy"}, fault.Conflict, func(e *nuxeo.Error) bool {
			return e.Message == "busy"
		}},
		"long": {
			faults.Rule{Status: 500, Body: strings.Repeat("é", 100_000)},
			fault.Unavailable,
			func(e *nuxeo.Error) bool { return len(e.Message) < 400 },
		},
		"retry after": {faults.Rule{Status: 429, RetryAfter: "7"}, fault.Throttled, func(e *nuxeo.Error) bool {
			return e.After == 7*time.Second
		}},
		"sign-in": {faults.Rule{Status: 401}, fault.NotConnected, func(e *nuxeo.Error) bool {
			return e.Code == 401
		}},
		"reset":     {faults.Rule{Reset: true}, fault.Unavailable, func(e *nuxeo.Error) bool { return e.Code == 0 }},
		"cut short": {faults.Rule{CutAfter: 5}, fault.Unavailable, func(e *nuxeo.Error) bool { return e.Code == 0 }},
		"no JSON": {
			faults.Rule{Status: 200, Body: "<html>login</html>"},
			fault.Unavailable,
			func(e *nuxeo.Error) bool { return e.Code == 200 },
		},
	} {
		w := setup(t)
		tc.rule.Path = "/me"
		w.sim.Faults().Add(tc.rule)
		_, err := w.Me(t.Context())
		var e *nuxeo.Error
		if !errors.As(err, &e) || !tc.want(e) || !fault.Is(err, tc.code) {
			t.Errorf("%s: got %v, want %s, as the rule says", name, err, tc.code)
		}
	}
}

func TestAddressMustBeAFullOne(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "nuxeo.example.com", "ftp://nuxeo.example.com", "/nuxeo", "http://[::1"} {
		if _, err := nuxeo.New(bad, http.DefaultClient, nil); err == nil {
			t.Errorf("%q is accepted as an address, want an error", bad)
		}
	}

	if c := client(t, "https://nuxeo.example.com/nuxeo//", nil); c.DocumentAddress("a/b") !=
		"https://nuxeo.example.com/nuxeo/ui/#!/doc/a%2Fb" {
		t.Errorf("the address: got %s, want the id escaped once", c.DocumentAddress("a/b"))
	}
}

// Whatever an id holds, it stays an id.
func TestIDsStayInTheirPlace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, id := range []string{"..", ".", "../../me", "a/b", "?x=1", "#", "%2e%2e", "ü", "a b", ""} {
		_, err := w.Get(t.Context(), id, nuxeo.Fetch{})
		if err == nil {
			t.Errorf("%q: found something, want an error", id)
		}
	}

	for _, r := range w.sim.Requests() {
		if !strings.HasPrefix(r.Path, "/nuxeo/api/v1/id/") {
			t.Errorf("asked for %s, want a document by its id", r.Path)
		}
	}
}

func TestSignIns(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *nuxeosim.Options) { o.JWTSecret = "shared" })
	token, err := w.NewToken(t.Context(), "app", "device", "test")
	w.must(err)
	again, err := w.NewToken(t.Context(), "app", "device", "test")
	if err != nil || again != token {
		t.Fatalf("the second token is %q, %v; want %q again", again, err, token)
	}

	now := time.Now()
	clock := func() time.Time { return now }
	for name, auth := range map[string]nuxeo.Auth{
		"token": nuxeo.Token(token),
		"JWT":   nuxeo.JWT([]byte("shared"), "josh", time.Minute, clock),
	} {
		if u, err := w.As(auth).Me(t.Context()); err != nil || u.Login != "josh" || u.Name != "Josh Example" ||
			u.Email != "josh@example.org" || u.Administrator {
			t.Errorf("by %s it is %+v, %v; want josh, Josh Example, no administrator", name, u, err)
		}
	}

	now = now.Add(-2 * time.Minute)
	old := nuxeo.JWT([]byte("shared"), "josh", time.Minute, clock)
	for name, auth := range map[string]nuxeo.Auth{
		"old JWT":      old,
		"none":         nil,
		"wrong secret": nuxeo.JWT([]byte("x"), "josh", time.Hour, time.Now),
	} {
		if _, err := w.As(auth).Me(t.Context()); nuxeo.StatusOf(err) != http.StatusUnauthorized {
			t.Errorf("by %s: got %v, want 401", name, err)
		}
	}

	w.must(w.RevokeToken(t.Context(), token))
	if _, err := w.As(nuxeo.Token(token)).Me(t.Context()); nuxeo.StatusOf(err) != http.StatusUnauthorized {
		t.Errorf("by a revoked token: got %v, want 401", err)
	}
}

func TestPageInPlaceOfATokenIsNone(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "\n", `""`, "<!doctype html><title>Login</title>", "two words"} {
		w := setup(t)
		w.sim.Faults().Add(faults.Rule{Path: "/token", Status: http.StatusOK, Body: body})
		if token, err := w.NewToken(t.Context(), "app", "device", "test"); err == nil {
			t.Errorf("%q became the token %q, want an error", body, token)
		}
	}
}

// What did not come from Nuxeo whole is no success: bytes that were lost on the way, and the pages of something before
// the server. Where there is nothing to say Nuxeo answers a write with 204.
func TestASuccessIsWhatNuxeoSays(t *testing.T) {
	t.Parallel()
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			_, _ = w.Write([]byte(body))
		}
	}
	signIn := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/login" {
			http.Redirect(w, r, "/login", http.StatusFound)
			return
		}
		_, _ = w.Write([]byte("<!doctype html><title>Sign in</title>"))
	}

	for _, c := range []struct {
		name          string
		answer        http.HandlerFunc
		reads, writes bool
	}{
		{"an empty 200", status(200, ""), false, false},
		{"an empty 201", status(201, ""), false, false},
		{"an empty 202", status(202, ""), false, false},
		{"204", status(204, ""), false, true},
		{"a page", status(200, "<!doctype html>"), false, false},
		{"half an answer", status(200, `{"id":"jo`), false, false},
		{"a sign-in page", signIn, false, false},
		{"an answer", status(200, `{"id":"josh"}`), true, true},
	} {
		srv := httptest.NewServer(c.answer)
		t.Cleanup(srv.Close)
		nx, err := nuxeo.New(srv.URL, srv.Client(), nuxeo.Basic("josh", "josh"))
		if err != nil {
			t.Fatal(err)
		}

		if u, err := nx.User(t.Context(), "josh"); (err == nil) != c.reads {
			t.Errorf("%s is read as %+v, %v; want that it is read: %v", c.name, u, err, c.reads)
		}
		err = nx.Update(t.Context(), "uid", "", map[string]any{"dc:title": "x"}, nuxeo.WriteOptions{})
		if (err == nil) != c.writes {
			t.Errorf("%s answers a write: %v; want that it counts: %v", c.name, err, c.writes)
		}
	}
}
