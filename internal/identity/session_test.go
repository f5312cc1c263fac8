package identity

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func TestSignInByNuxeoToken(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.nuxeoToken("josh")
	p, session, err := w.SignIn(t.Context(), " "+token+"\n")
	if err != nil || p.Login != "josh" || p.Name != "Josh Example" || p.Email != "josh@example.org" || p.Admin {
		t.Fatalf("signed in as %+v, %v; want josh, Josh Example, josh@example.org, no administrator", p, err)
	}

	if p, err := w.Session(t.Context(), session); err != nil || p.Login != "josh" {
		t.Fatalf("the session is of %+v, %v; want josh", p, err)
	}

	nx, err := w.Nuxeo(t.Context(), "josh")
	if err != nil {
		t.Fatal(err)
	}

	if u, err := nx.Me(t.Context()); err != nil || u.Login != "josh" {
		t.Errorf("acts as %+v, %v; want josh", u, err)
	}

	w.notOnDisk("the Nuxeo token", token)
	w.notOnDisk("the session", session)
}

func TestSignInRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for token, code := range map[string]fault.Code{
		"": fault.Invalid, " \n": fault.Invalid, "made-up": fault.Unauthenticated,
	} {
		if _, session, err := w.SignIn(t.Context(), token); !fault.Is(err, code) || session != "" {
			t.Errorf("signing in with the token %q: session %q, %v; want none and %s", token, session, err, code)
		}
	}

	token := w.nuxeoToken("josh")
	w.nx.DisableUser("josh")
	_, _, err := w.SignIn(t.Context(), token)
	w.wants(err, fault.Unauthenticated)
}

// A Nuxeo that lets anybody in anonymously does not tell who it is.
func TestNobodySignsInAsAnonymous(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, _, err := w.admit(t.Context(), nuxeo.User{Login: "guest", Anonymous: true}, "token")
	w.wants(err, fault.Unauthenticated)
	_, _, err = w.admit(t.Context(), nuxeo.User{}, "token")
	w.wants(err, fault.Unauthenticated)
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	session, other := w.signIn("josh"), w.signIn("josh")
	w.clock.add(8*time.Hour - time.Second)
	if _, err := w.Session(t.Context(), session); err != nil {
		t.Fatalf("the session a second before its end: got %v, want it valid", err)
	}

	if err := w.SignOut(t.Context(), other); err != nil {
		t.Fatal(err)
	}

	_, err := w.Session(t.Context(), other)
	w.wants(err, fault.Unauthenticated)
	if _, err := w.Session(t.Context(), session); err != nil {
		t.Errorf("a session after another was signed out: got %v, want it valid", err)
	}

	w.clock.add(2 * time.Second)
	_, err = w.Session(t.Context(), session)
	w.wants(err, fault.Unauthenticated)
	if err := w.SignOut(t.Context(), session); err != nil {
		t.Errorf("signing out of a session that has ended: got %v, want no error", err)
	}
}

func TestOldSessionsAreRemoved(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signIn("josh")
	w.clock.add(9 * time.Hour)
	w.signIn("josh")
	var n int
	if err := w.store.Reader.QueryRowContext(t.Context(), "SELECT count(*) FROM sessions").Scan(&n); err != nil ||
		n != 1 {
		t.Errorf("%d sessions are stored, %v; want 1", n, err)
	}
}

func TestSessionSecretsAreCompared(t *testing.T) {
	t.Parallel()
	w := setup(t)
	session := w.signIn("josh")
	for _, secret := range []string{"", digest(session), strings.ToLower(session), session[1:]} {
		if p, err := w.Session(t.Context(), secret); err == nil {
			t.Errorf("the secret %q opens the session of %s, want none", secret, p.Login)
		}
	}
}

func TestNuxeoWithoutAccessSaysWhoMustAct(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.Nuxeo(t.Context(), "olga")
	if f := w.wants(err, fault.NeedsOwner); f.Remedy == "" || !strings.Contains(f.Message, "olga") {
		t.Errorf("acting as somebody unknown: %q with the remedy %q, want olga named and a remedy", f.Message, f.Remedy)
	}
}

func TestNuxeoByJWTNeedsNoToken(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *nuxeosim.Options, _ *frameiosim.Options) { o.JWTSecret = "shared" })
	w.set.JWTSecret = "shared"
	nx, err := w.Nuxeo(t.Context(), "olga")
	if err != nil {
		t.Fatal(err)
	}

	if u, err := nx.Me(t.Context()); err != nil || u.Login != "olga" {
		t.Errorf("acts as %+v, %v; want olga", u, err)
	}
}

func TestLocalPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/": "/", "/ok?x=1": "/ok?x=1", "/ok#part": "/ok#part", "/items/a%2Fb": "/items/a%2Fb",
		"": "/", "ok": "/", "//evil.example": "/", "///evil.example": "/", `/\evil.example`: "/", `\\evil.example`: "/",
		"https:evil.example": "/", "https://evil.example/": "/", "javascript:alert(1)": "/",
		"/ok\r\nSet-Cookie: a=b": "/",
		"/\t/evil.example":       "/", "/%zz": "/", " //evil.example": "/", "/\x00": "/",
	} {
		if got := LocalPath(path); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", path, got, want)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{
		"/ok?x=1", "//evil", `/\evil`, "https:evil", "/a\r\nb", "/./..//evil",
		"/@evil", "/:80",
	} {
		f.Add(seed)
	}

	home, _ := url.Parse("https://connector.example/oauth/nuxeo/callback")
	f.Fuzz(func(t *testing.T, path string) {
		got := LocalPath(path)
		to, err := home.Parse(got)
		if err != nil || to.Host != home.Host || to.Scheme != "https" || to.User != nil {
			t.Fatalf("%q leads to %v, %v; want an address at https://%s", path, to, err, home.Host)
		}
		if strings.ContainsAny(got, "\r\n\t\\") || strings.HasPrefix(got, "//") {
			t.Fatalf("%q became %q, want a path without controls, backslashes and a leading //", path, got)
		}
	})
}
