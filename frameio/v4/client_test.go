package v4_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

type world struct {
	*testing.T
	*v4.Client
	sim                            *frameiosim.Server
	url, owner                     string
	account, workspace, root, film string
}

func setup(t *testing.T, change ...func(*frameiosim.Options)) *world {
	t.Helper()
	opt := frameiosim.Options{Seed: 1, RateFactor: -1}
	for _, f := range change {
		f(&opt)
	}

	sim, err := frameiosim.New(opt)
	if err != nil {
		t.Fatal(err)
	}

	srv := httptest.NewServer(sim)
	t.Cleanup(func() { srv.Close(); _ = sim.Close() })
	sim.SetURL(srv.URL)
	w := &world{T: t, sim: sim, url: srv.URL, owner: sim.AddPerson("Olga Owner", "olga@example.org")}
	w.account = sim.AddAccount("Studio", w.owner)
	w.workspace = sim.AddWorkspace(w.account, "Features")
	w.film, w.root = sim.AddProject(w.workspace, "Film")
	w.Client = client(t, w.url, always(sim.AccessToken(w.owner)))
	return w
}

func always(token string) v4.TokenSource {
	return func(context.Context, string) (string, error) { return token, nil }
}

func client(t *testing.T, url string, token v4.TokenSource) *v4.Client {
	t.Helper()
	c, err := v4.New(url, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, token)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A token that is refused is replaced, and so is another one that ends at that very moment.
func TestRefusedTokensAreReplaced(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var refused []string
	source := func(tokens ...string) v4.TokenSource {
		return func(_ context.Context, old string) (token string, err error) {
			refused = append(refused, old)
			token, tokens = tokens[0], tokens[1:]
			return token, nil
		}
	}

	good := w.sim.AccessToken(w.owner)
	for _, stale := range [][]string{{"stale"}, {"stale", "another"}} {
		refused = nil
		p, err := client(t, w.url, source(append(stale, good)...)).Me(t.Context())
		if err != nil || p.ID != w.owner {
			t.Fatalf("with the tokens %q: got %+v, %v; want %s", stale, p, err, w.owner)
		}
		if want := append([]string{""}, stale...); !slices.Equal(refused, want) {
			t.Errorf("asked for tokens after %q, want after %q", refused, want)
		}
	}

	refused = nil
	if _, err := client(t, w.url, source("a", "b", "c")).Me(t.Context()); !fault.Is(err, fault.NotConnected) ||
		!slices.Equal(refused, []string{"", "a", "b"}) {
		t.Errorf("with tokens that are refused: got %v after %q, want not connected after 3", err, refused)
	}

	gone := errors.New("no sign-in")
	_, err := client(t, w.url, func(context.Context, string) (string, error) { return "", gone }).Me(t.Context())
	if !errors.Is(err, gone) {
		t.Errorf("without a sign-in: got %v, want %v", err, gone)
	}
}

func TestTokenStaysWithTheServer(t *testing.T) {
	t.Parallel()
	var carried atomic.Value
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		carried.Store(r.Header.Get("Authorization"))
		_, _ = w.Write([]byte(`{"data":{"id":"x"}}`))
	}))

	t.Cleanup(there.Close)
	here := httptest.NewServer(http.RedirectHandler(there.URL+"/x", http.StatusFound))
	t.Cleanup(here.Close)
	if _, err := client(t, here.URL, always("canary")).Me(t.Context()); err != nil {
		t.Fatal(err)
	}

	if got := carried.Load(); got != "" {
		t.Errorf("the redirected call carried %q, want nothing", got)
	}
}

func TestErrorsAreRead(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule faults.Rule
		code fault.Code
		want func(*v4.Error) bool
	}{
		"detail": {faults.Rule{
			Status: 422,
			Body:   `{"errors":[{"title":"Bad","detail":"no such field"}]}`,
		}, fault.Refused, func(e *v4.Error) bool { return e.Message == "no such field" }},
		"proxy page": {faults.Rule{Status: 502, Body: "<html>"}, fault.Unavailable, func(e *v4.Error) bool {
			return e.Message == "Bad Gateway"
		}},
		"long": {faults.Rule{
			Status: 403,
			Body:   `{"errors":[{"detail":"` + strings.Repeat("é", 9000) + `"}]}`,
		}, fault.Forbidden, func(e *v4.Error) bool { return len(e.Message) < 400 }},
		"retry after": {faults.Rule{Status: 429, RetryAfter: "7"}, fault.Throttled, func(e *v4.Error) bool {
			return e.After == 7*time.Second
		}},
		"plan":      {faults.Rule{Status: 402}, fault.Refused, func(e *v4.Error) bool { return e.Code == 402 }},
		"reset":     {faults.Rule{Reset: true}, fault.Unavailable, func(e *v4.Error) bool { return e.Code == 0 }},
		"cut short": {faults.Rule{CutAfter: 5}, fault.Unavailable, func(e *v4.Error) bool { return e.Code == 0 }},
		"no JSON": {faults.Rule{Status: 200, Body: "<html>"}, fault.Unavailable, func(e *v4.Error) bool {
			return e.Code == 200
		}},
		"nothing": {faults.Rule{Status: 200, Body: `{"data":null}`}, fault.Unavailable, func(e *v4.Error) bool {
			return e.Code == 200
		}},
	} {
		w := setup(t)
		tc.rule.Path = "/v4/me"
		w.sim.Faults().Add(tc.rule)
		_, err := w.Me(t.Context())
		var e *v4.Error
		if !errors.As(err, &e) || !tc.want(e) || !fault.Is(err, tc.code) || strings.Contains(err.Error(), w.url) {
			t.Errorf("%s: got %v, want %s, as the rule says, without the address", name, err, tc.code)
		}
	}
}

func TestBareAnswerIsReadToo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.sim.Faults().Add(faults.Rule{Path: "/v4/me", Status: http.StatusOK, Body: `{"id":"u1","name":"Bare"}`})
	if p, err := w.Me(t.Context()); err != nil || p.ID != "u1" || p.Name != "Bare" {
		t.Errorf("who it is: %+v, %v; want u1, Bare", p, err)
	}
}

// Whatever an id holds, it stays an id: sent once escaped, and never upwards.
func TestIDsStayInTheirPlace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, id := range []string{"..", ".", "../../../me", "a/b", "?x=1", "#", "%2e%2e", "ü", "a b", "100%"} {
		if _, err := w.File(t.Context(), w.account, id); err == nil {
			t.Errorf("%q: found something, want an error", id)
		}
	}

	for _, r := range w.sim.Requests() {
		if !strings.HasPrefix(r.Path, "/v4/accounts/"+w.account+"/files/") || strings.Contains(r.Path, "%25") {
			t.Errorf("asked for %s, want a file of the account, and no escape in an escape", r.Path)
		}
	}
}

func TestAPIKeyIsSent(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *frameiosim.Options) { o.RequireAPIKey = true })
	if _, err := w.Me(t.Context()); v4.StatusOf(err) != http.StatusUnauthorized {
		t.Errorf("without the API key: got %v, want 401", err)
	}

	w.APIKey = "frameio-demo-client"
	if _, err := w.Me(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAddressMustBeAFullOne(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "api.frame.io", "http://[::1"} {
		if _, err := v4.New(bad, http.DefaultClient, always("")); err == nil {
			t.Errorf("%q is accepted as an address, want an error", bad)
		}
	}
}

func TestSpaces(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for a, err := range w.Accounts(t.Context()) {
		if err != nil || a.ID != w.account || a.Name != "Studio" || len(a.Roles) == 0 {
			t.Errorf("the account is %+v, %v; want %s, Studio, with roles", a, err, w.account)
		}
	}

	n := 0
	for ws, err := range w.Workspaces(t.Context(), w.account) {
		if n++; err != nil || ws.ID != w.workspace || ws.Name != "Features" {
			t.Errorf("the workspace is %+v, %v; want %s, Features", ws, err, w.workspace)
		}
	}

	p, err := w.Project(t.Context(), w.account, w.film)
	if err != nil || n != 1 || p.Name != "Film" || p.RootFolder != w.root || p.WorkspaceID != w.workspace {
		t.Errorf("%d workspaces, and the project is %+v, %v; want 1, and Film in %s with the root %s", n, p, err,
			w.workspace, w.root)
	}

	guest := w.sim.AddPerson("Gus Guest", "gus@example.org")
	w.sim.Invite(w.film, guest)
	for p, err := range client(t, w.url, always(w.sim.AccessToken(guest))).InvitedProjects(t.Context(), w.account) {
		if n++; err != nil || p.ID != w.film {
			t.Errorf("the guest's project is %+v, %v; want %s", p, err, w.film)
		}
	}

	if n != 2 {
		t.Errorf("the projects: got %d, want 2 with the invited one", n)
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	made, err := w.CreateAction(t.Context(), w.account, w.workspace, frameio.Action{
		Name:        "Push",
		Description: "d",
		Event:       "nuxeo.push",
		URL:         "https://c.example/a",
	})
	if err != nil || made.Secret == "" || made.ID == "" {
		t.Fatalf("the action made is %+v, %v; want an id and a secret", made, err)
	}

	list := func() (out []frameio.Action) {
		for a, err := range w.Actions(t.Context(), w.account, w.workspace) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, a)
		}
		return out
	}

	if got := list(); len(got) != 1 || got[0].ID != made.ID || got[0].Secret != "" ||
		got[0].URL != "https://c.example/a" {
		t.Errorf("the actions are %+v, want only %s at https://c.example/a, without its secret", got, made.ID)
	}

	if err := w.RenameAction(t.Context(), w.account, made.ID, "Send"); err != nil || list()[0].Name != "Send" ||
		list()[0].URL != "https://c.example/a" {
		t.Errorf("renaming the action: got %v, and %+v; want no error, and only another name", err, list()[0])
	}

	if err := w.DeleteAction(t.Context(), w.account, made.ID); err != nil || len(list()) != 0 {
		t.Errorf("deleting the action: got %v, and %d are left; want no error and none", err, len(list()))
	}

	if err := w.DeleteAction(t.Context(), w.account, made.ID); !v4.NotFound(err) {
		t.Errorf("deleting it again: got %v, want not found", err)
	}

	if err := w.RenameAction(t.Context(), w.account, made.ID, "Send"); !v4.NotFound(err) {
		t.Errorf("renaming one that is gone: got %v, want not found", err)
	}
}
