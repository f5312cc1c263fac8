package identity

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
)

func redirecting(t *testing.T, to string) string {
	t.Helper()
	srv := httptest.NewServer(http.RedirectHandler(to, http.StatusTemporaryRedirect))
	t.Cleanup(srv.Close)
	return srv.URL
}

// begun is a connection of josh that came back from Frame.io.
func (w *world) begun() (Begun, url.Values) {
	w.Helper()
	w.signIn("josh")
	b, err := w.BeginFrameio(w.Context(), "josh", "/back")
	if err != nil {
		w.Fatal(err)
	}
	return b, w.agree(b, "josh@example.org")
}

func TestConnectFrameio(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.wants(w.Connected(t.Context(), "josh"), fault.NotConnected)
	b, q := w.begun()
	r, err := w.FinishFrameio(t.Context(), q, b.Browser, "josh")
	if err != nil || r.Person.FrameioID != w.frameioJosh || r.Person.FrameioName != "Josh on Frame.io" ||
		r.ReturnTo != "/back" || r.Session != "" {
		t.Fatalf("connecting gave %+v, %v; want %s, named Josh on Frame.io, a return to /back, and no session", r, err,
			w.frameioJosh)
	}

	if p, err := w.PersonOnFrameio(t.Context(), w.frameioJosh); err != nil || p.Login != "josh" {
		t.Errorf("who has Josh's account of Frame.io: %+v, %v; want josh", p, err)
	}

	if err := w.Connected(t.Context(), "josh"); err != nil {
		t.Error(err)
	}

	w.actsOnFrameioAs("josh", w.frameioJosh)
	if err := w.Disconnect(t.Context(), "josh"); err != nil {
		t.Fatal(err)
	}

	w.wants(w.Connected(t.Context(), "josh"), fault.NotConnected)
	_, err = w.PersonOnFrameio(t.Context(), w.frameioJosh)
	w.wants(err, fault.NotFound)
}

// me asks Frame.io who a login acts as.
func (w *world) me(s *Service, login string) (string, error) {
	c, err := s.Frameio(w.Context(), login)
	if err != nil {
		return "", err
	}
	p, err := c.Me(w.Context())
	return p.ID, err
}

func (w *world) actsOnFrameioAs(login, id string) {
	w.Helper()
	if got, err := w.me(w.Service, login); err != nil || got != id {
		w.Fatalf("%s acts on Frame.io as %q, %v; want %s", login, got, err, id)
	}
}

// Each case damages a good callback; none may connect, and Frame.io's token
// endpoint is not asked.
func TestCallbackThatIsNotOurs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]func(w *world, b *Begun, q url.Values, login *string){
		"no state":          func(_ *world, _ *Begun, q url.Values, _ *string) { q.Del("state") },
		"made-up state":     func(_ *world, _ *Begun, q url.Values, _ *string) { q.Set("state", "guess") },
		"another browser":   func(_ *world, b *Begun, _ url.Values, _ *string) { b.Browser = "other" },
		"no cookie":         func(_ *world, b *Begun, _ url.Values, _ *string) { b.Browser = "" },
		"too late":          func(w *world, _ *Begun, _ url.Values, _ *string) { w.clock.add(signInTTL + time.Second) },
		"somebody else now": func(_ *world, _ *Begun, _ url.Values, login *string) { *login = "julia" },
		"denied": func(_ *world, _ *Begun, q url.Values, _ *string) {
			q.Del("code")
			q.Set("error", "access_denied")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			b, q := w.begun()
			good, login := b, "josh"
			tc(w, &b, q, &login)
			_, err := w.FinishFrameio(t.Context(), q, b.Browser, login)
			if f := w.wants(err, fault.Forbidden); f.Remedy == "" {
				t.Errorf("the fault: got no remedy, want one: %v", f)
			}

			if n := w.fio.Calls("ims.token"); n != 0 {
				t.Errorf("%s: tokens were asked for %d times, want never", name, n)
			}

			w.wants(w.Connected(t.Context(), "josh"), fault.NotConnected)
			if name == "another browser" { // whoever knows the state alone cannot burn it
				if _, err := w.FinishFrameio(t.Context(), q, good.Browser, "josh"); err != nil {
					t.Errorf("the browser that began it cannot finish: %v", err)
				}
			}
		})
	}
}

func TestDeniedAtFrameio(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signIn("josh")
	b, err := w.BeginFrameio(t.Context(), "josh", "/")
	if err != nil {
		t.Fatal(err)
	}

	q := w.callback(browser(t).Get(b.Address + "&deny=1"))
	_, err = w.FinishFrameio(t.Context(), q, b.Browser, "josh")
	w.wants(err, fault.Forbidden)
}

func TestCallbackWorksOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b, q := w.begun()
	if _, err := w.FinishFrameio(t.Context(), q, b.Browser, "josh"); err != nil {
		t.Fatal(err)
	}

	_, err := w.FinishFrameio(t.Context(), q, b.Browser, "josh")
	w.wants(err, fault.Forbidden)
	if n := w.fio.Calls("ims.token"); n != 1 {
		t.Errorf("the code was sent %d times, want once", n)
	}

	w.actsOnFrameioAs("josh", w.frameioJosh)
}

// A code that was used already is refused by Frame.io, under a new state too.
func TestCodeReplay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b, q := w.begun()
	if _, err := w.FinishFrameio(t.Context(), q, b.Browser, "josh"); err != nil {
		t.Fatal(err)
	}

	again, q2 := w.begun()
	q2.Set("code", q.Get("code"))
	_, err := w.FinishFrameio(t.Context(), q2, again.Browser, "josh")
	if f := w.wants(err, fault.Refused); f.Remedy != "Begin again." {
		t.Errorf("the remedy for a code that was used: %q, want %q", f.Remedy, "Begin again.")
	}
}

func TestWrongSecretIsExplained(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.form()
	p.ClientSecret = "wrong"
	if err := w.SaveProvider(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	b, q := w.begun()
	_, err := w.FinishFrameio(t.Context(), q, b.Browser, "josh")
	if f := w.wants(err, fault.Refused); f.Remedy == "" || f.Remedy == "Begin again." {
		t.Errorf("the remedy: %q, want one that is not %q", f.Remedy, "Begin again.")
	}
}

func TestDisabledProviderIsExplained(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.form()
	p.Enabled = false
	if err := w.SaveProvider(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	_, err := w.BeginFrameio(t.Context(), "josh", "/")
	if f := w.wants(err, fault.Conflict); f.Remedy == "" {
		t.Errorf("the fault: got no remedy, want one: %v", f)
	}
}

func TestOneFrameioUserBelongsToOneLogin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	w.signIn("julia")
	b, err := w.BeginFrameio(t.Context(), "julia", "/")
	if err != nil {
		t.Fatal(err)
	}

	_, err = w.FinishFrameio(t.Context(), w.agree(b, "josh@example.org"), b.Browser, "julia")
	if f := w.wants(err, fault.Conflict); f.Remedy == "" {
		t.Errorf("the fault: got no remedy, want one: %v", f)
	}

	w.wants(w.Connected(t.Context(), "julia"), fault.NotConnected)
	w.actsOnFrameioAs("josh", w.frameioJosh)
}

func TestFailedConnectKeepsTheOldSignIn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	b, q := w.begun()
	defer w.fio.Faults().Add(faults.Rule{Path: "/v4/me", Status: http.StatusServiceUnavailable})()
	_, err := w.FinishFrameio(t.Context(), q, b.Browser, "josh")
	w.wants(err, fault.Unavailable)
	if err := w.Connected(t.Context(), "josh"); err != nil {
		t.Error(err)
	}
}
