package identity

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// connectTo connects a login to the Frame.io account with that address.
func (w *world) connectTo(login, email string) error {
	w.Helper()
	b, err := w.BeginFrameio(w.Context(), login, "/")
	if err != nil {
		return err
	}
	_, err = w.FinishFrameio(w.Context(), w.agree(b, email), b.Browser, login)
	return err
}

func (w *world) revoke(login string) {
	w.Helper()
	if _, err := w.Revoke(w.Context(), login, "Administrator"); err != nil {
		w.Fatal(err)
	}
}

func TestARevokedPersonIsBlockedUntilLifted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	w.revoke("josh")
	_, _, err := w.SignIn(t.Context(), w.nuxeoToken("josh")) // as a page does that stays open

	if f := w.wants(err, fault.Forbidden); !strings.Contains(f.Remedy, "people lift josh") {
		t.Errorf("the remedy for a person who is blocked: %q, want \"people lift josh\" in it", f.Remedy)
	}

	if _, err := w.Nuxeo(t.Context(), "josh"); err == nil {
		t.Error("acting as josh, who is blocked: got no error, want one")
	}

	if err := w.Lift(t.Context(), "josh", "Administrator", false); err != nil {
		t.Fatal(err)
	}

	w.signIn("josh")
	w.wants(w.Lift(t.Context(), "josh", "Administrator", false), fault.Conflict)
	w.wants(w.Lift(t.Context(), "nobody", "Administrator", false), fault.NotFound)
}

func TestNobodyRevokesThemselves(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signIn("Administrator")
	_, err := w.Revoke(t.Context(), "Administrator", "Administrator")
	w.wants(err, fault.Conflict)
	w.signIn("Administrator")
}

// The sign-in to Frame.io was under way when an administrator ended the access.
func TestARevokedPersonDoesNotConnect(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.signIn("josh")
	b, err := w.BeginFrameio(t.Context(), "josh", "/")
	if err != nil {
		t.Fatal(err)
	}

	back := w.agree(b, "josh@example.org")
	if _, err := w.store.Writer.ExecContext(t.Context(), `UPDATE people SET revoked = 'by Administrator'
		WHERE login = 'josh'`); err != nil {
		t.Fatal(err)
	}

	_, err = w.FinishFrameio(t.Context(), back, b.Browser, "josh")
	w.wants(err, fault.Forbidden)
}

func TestTheAccountOfARevokedPersonIsFree(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	w.revoke("josh")
	w.signIn("julia")
	if err := w.connectTo("julia", "josh@example.org"); err != nil {
		t.Fatal(err)
	}

	if p, err := w.PersonOnFrameio(t.Context(), w.frameioJosh); err != nil || p.Login != "julia" {
		t.Errorf("who has Josh's account of Frame.io: %+v, %v; want julia", p, err)
	}
}

// What a revoked login answers for does not go on as another Frame.io person.
func TestAnotherAccountOnARevokedLogin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	w.revoke("josh")
	lift := func(anyAccount bool) {
		if err := w.Lift(t.Context(), "josh", "Administrator", anyAccount); err != nil {
			t.Fatal(err)
		}
	}

	lift(false)
	w.signIn("josh")
	f := w.wants(w.connectTo("josh", "julia@example.org"), fault.Forbidden)
	if !strings.Contains(f.Remedy, "--any-account") {
		t.Errorf("the remedy for another account: %q, want --any-account in it", f.Remedy)
	}

	w.wants(w.Connected(t.Context(), "josh"), fault.NotConnected)
	lift(true)
	if err := w.connectTo("josh", "julia@example.org"); err != nil {
		t.Fatal(err)
	}
}

// elsewhereServer takes tokens in; whatever it gets it should not have.
func elsewhereServer(t *testing.T) (address string, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Error(w, "no", http.StatusServiceUnavailable)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked
}

func TestTokensDoNotFollowAnotherTokenAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		older   bool // the rows are of a program that did not note where tokens came from
		deleted bool // the registration is removed in between
	}{
		"changed":               {},
		"of an older program":   {older: true},
		"removed and made anew": {deleted: true},
		"both":                  {true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.connectAs("josh")
			if err := w.SaveServiceCredential(t.Context(), ServiceCredential{
				ClientID:     "frameio-demo-client",
				ClientSecret: clientSecret,
			}); err != nil {
				t.Fatal(err)
			}

			if c.older {
				for _, text := range []string{`UPDATE credentials SET origin = ''`, `UPDATE providers SET token_url = ''
					WHERE name = 'frameio-service'`} {
					if _, err := w.store.Writer.ExecContext(t.Context(), text); err != nil {
						t.Fatal(err)
					}
				}
			}

			if c.deleted {
				if err := w.DeleteProvider(t.Context()); err != nil {
					t.Fatal(err)
				}
			}

			address, asked := elsewhereServer(t)
			p := w.form()
			p.TokenURL = address + "/ims/token/v3"
			if err := w.SaveProvider(t.Context(), p); err != nil {
				t.Fatal(err)
			}

			w.clock.add(25 * time.Hour)
			_, err := w.me(w.Service, "josh")
			if f := w.wants(err, fault.NotConnected); !strings.Contains(f.Message, w.fioURL) ||
				!strings.Contains(f.Remedy, "Connect Frame.io") {
				t.Errorf("a provider with another host: %q with the remedy %q, want %s and Connect Frame.io in them",
					f.Message, f.Remedy, w.fioURL)
			}

			w.wants(w.Connected(t.Context(), "josh"), fault.NotConnected)
			service, err := w.ServiceFrameio(t.Context())
			if err != nil {
				t.Fatal(err)
			}

			_, err = service.Me(t.Context())
			w.wants(err, fault.NotConnected)
			if _, err := w.Revoke(t.Context(), "josh", "Administrator"); err != nil {
				t.Fatal(err)
			}

			if n := asked.Load(); n != 0 {
				t.Errorf("the other host was asked %d times, want never", n)
			}
		})
	}
}

// The address changes while a refresh is about to be asked for.
func TestARefreshUnderWayDoesNotFollow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	w.clock.add(25 * time.Hour)
	before, err := w.credential(t.Context(), "josh")
	if err != nil {
		t.Fatal(err)
	}

	address, asked := elsewhereServer(t)
	p := w.form()
	p.TokenURL = address + "/ims/token/v3"
	if err := w.SaveProvider(t.Context(), p); err != nil {
		t.Fatal(err)
	}

	_, err = w.refresh(t.Context(), "josh", before)
	w.wants(err, fault.NotConnected)
	if n := asked.Load(); n != 0 {
		t.Errorf("the other host was asked %d times, want never", n)
	}
}
