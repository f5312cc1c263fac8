package identity

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// atNuxeo goes through Nuxeo's pages: login form, then the question whether to
// grant access, answered by the button.
func (w *world) atNuxeo(b Begun, login, button string) url.Values {
	w.Helper()
	hc := browser(w.T)
	asked, err := url.Parse(b.Address)
	if err != nil {
		w.Fatal(err)
	}

	form := url.Values{
		"user_name":     {login},
		"user_password": {login},
		"requestedUrl":  {"oauth2/authorize?" + asked.RawQuery},
	}

	resp, err := hc.PostForm(w.nxURL+"/login.jsp", form)
	if err != nil || resp.StatusCode != http.StatusOK {
		w.Fatalf("signing in to Nuxeo: got %v, %v; want 200", resp, err)
	}

	_ = resp.Body.Close()
	answer := asked.Query()
	answer.Set(button, "true")
	return w.callback(hc.PostForm(w.nxURL+"/oauth2/authorize_submit", answer))
}

func (w *world) beginNuxeo(returnTo string) Begun {
	w.Helper()
	b, err := w.BeginNuxeo(w.Context(), returnTo)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

func TestSignInWithNuxeo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b := w.beginNuxeo("/items?state=failed")
	q := w.atNuxeo(b, "josh", "grant_access")
	r, err := w.FinishNuxeo(t.Context(), q, b.Browser)
	if err != nil || r.Person.Login != "josh" || r.ReturnTo != "/items?state=failed" {
		t.Fatalf("signed in as %+v, %v; want josh, and a return to /items?state=failed", r, err)
	}

	if p, err := w.Session(t.Context(), r.Session); err != nil || p.Login != "josh" {
		t.Fatalf("the session is of %+v, %v; want josh", p, err)
	}

	nx, err := w.Nuxeo(t.Context(), "josh")
	if err != nil {
		t.Fatal(err)
	}

	w.clock.add(2 * time.Hour) // longer than Nuxeo's access tokens live
	if u, err := nx.Me(t.Context()); err != nil || u.Login != "josh" {
		t.Errorf("acts after two hours as %+v, %v; want josh", u, err)
	}

	_, err = w.FinishNuxeo(t.Context(), q, b.Browser)
	w.wants(err, fault.Forbidden)
}

// The challenge binds the code to who began: a code that somebody else obtained
// does not work with our verifier.
func TestNuxeoCodeOfAnotherSignInIsRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine, other := w.beginNuxeo("/"), w.beginNuxeo("/")
	q := w.atNuxeo(mine, "josh", "grant_access")
	q.Set("code", w.atNuxeo(other, "julia", "grant_access").Get("code"))
	r, err := w.FinishNuxeo(t.Context(), q, mine.Browser)
	if f := w.wants(err, fault.Refused); f.Remedy == "" || r.Session != "" {
		t.Errorf("with another's code: session %q, %v with the remedy %q; want none, refused, and a remedy", r.Session,
			f, f.Remedy)
	}
}

func TestDeniedAtNuxeo(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b := w.beginNuxeo("/")
	q := w.atNuxeo(b, "josh", "deny_access")
	if q.Get("error") != "access_denied" {
		t.Fatalf("Nuxeo's answer to a refusal: %v, want the error access_denied", q)
	}

	_, err := w.FinishNuxeo(t.Context(), q, b.Browser)
	if f := w.wants(err, fault.Forbidden); f.Remedy == "" {
		t.Errorf("the fault: got no remedy, want one: %v", f)
	}
}

func TestSignInWithNuxeoMustBeSetUp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.set.NuxeoClientID = ""
	_, err := w.BeginNuxeo(t.Context(), "/")
	w.wants(err, fault.Conflict)
}

func TestReturnStaysOnOurSite(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b := w.beginNuxeo("https://evil.example/")
	r, err := w.FinishNuxeo(t.Context(), w.atNuxeo(b, "josh", "grant_access"), b.Browser)
	if err != nil || r.ReturnTo != "/" {
		t.Errorf("signed in from an address elsewhere: return to %q, %v; want /", r.ReturnTo, err)
	}
}

// A sign-in for one purpose does not finish as another.
func TestPurposesAreKeptApart(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signIn("josh")
	b, err := w.BeginFrameio(t.Context(), "josh", "/")
	if err != nil {
		t.Fatal(err)
	}

	_, err = w.FinishNuxeo(t.Context(), w.agree(b, "josh@example.org"), b.Browser)
	w.wants(err, fault.Forbidden)
}

// A redirect of the token endpoint must not carry the secret elsewhere.
func TestTokenEndpointThatRedirectsIsNotFollowed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.form()
	elsewhere := p.TokenURL
	srv := redirecting(t, elsewhere)
	p.TokenURL = srv
	if err := w.SaveProvider(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	w.signIn("josh")
	b, err := w.BeginFrameio(t.Context(), "josh", "/")
	if err != nil {
		t.Fatal(err)
	}

	_, err = w.FinishFrameio(t.Context(), w.agree(b, "josh@example.org"), b.Browser, "josh")
	w.wants(err, fault.Unavailable)
	if n := w.fio.Calls("ims.token"); n != 0 {
		t.Errorf("the secret was sent on %d times, want never", n)
	}
}

// Anybody can begin a sign-in, as often as they like: it costs no row, and finishes in the
// browser that began it only, once, and for ten minutes.
func TestBegunSignInsCostNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.beginNuxeo("/")
	for range 6000 {
		w.beginNuxeo("/")
	}

	var rows int
	if err := w.Service.db.Reader.QueryRowContext(t.Context(), `SELECT COUNT(*)
		FROM sign_ins`).Scan(&rows); err != nil || rows > 0 {
		t.Errorf("sign-ins that were only begun have left %d rows, %v; want none", rows, err)
	}

	if b := w.beginNuxeo("/" + strings.Repeat("x", 100_000)); len(b.Browser) > 2000 {
		t.Errorf("a cookie has %d bytes, want at most 2000", len(b.Browser))
	}

	b := w.beginNuxeo("/items")
	q := w.atNuxeo(b, "josh", "grant_access")
	other := w.beginNuxeo("/")
	for name, cookie := range map[string]string{
		"none": "", "another's": other.Browser, "no cookie of ours": "x",
		"one that was changed": b.Browser[:len(b.Browser)-2] + "AA", "a long one": strings.Repeat("A", 1<<20),
	} {
		if _, err := w.FinishNuxeo(t.Context(), q, cookie); fault.CodeOf(err) != fault.Forbidden {
			t.Errorf("finishing with the cookie %s: got %v, want forbidden", name, err)
		}
	}

	p, err := w.finish(forNuxeo, q.Get("state"), b.Browser)
	if err != nil || p.ReturnTo != "/items" {
		t.Fatalf("finished with %+v, %v; want a return to /items", p, err)
	}

	for i, want := range []fault.Code{"", fault.Forbidden} {
		if err := w.spend(t.Context(), p); fault.CodeOf(err) != want && err != nil || (err == nil) != (want == "") {
			t.Errorf("spent for the %d. time: got %v, want the code %q", i+1, err, want)
		}
	}

	late := w.beginNuxeo("/")
	q = w.atNuxeo(late, "josh", "grant_access")
	w.clock.add(signInTTL + time.Second)
	_, err = w.FinishNuxeo(t.Context(), q, late.Browser)
	w.wants(err, fault.Forbidden)
}
