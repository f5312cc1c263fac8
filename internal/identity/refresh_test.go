package identity

import (
	"database/sql"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

func rotating(how string) func(*nuxeosim.Options, *frameiosim.Options) {
	return func(_ *nuxeosim.Options, o *frameiosim.Options) { o.RotateRefresh = how }
}

// together calls fn in so many goroutines at the same time.
func together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			fn(i)
		})
	}

	close(start)
	wg.Wait()
}

func TestOneRefreshOverAllNodes(t *testing.T) {
	t.Parallel()
	for name, expire := range map[string]func(w *world){
		"by our clock":         func(w *world) { w.clock.add(24*time.Hour - 30*time.Second) },
		"refused by Frame.io":  func(w *world) { w.fio.ExpireAccess(w.frameioJosh) },
		"with a slow endpoint": func(w *world) { w.clock.add(25 * time.Hour); w.slow() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.connectAs("josh")
			_, second := w.node()
			nodes := []*Service{w.Service, second}
			expire(w)
			together(20, func(i int) {
				if id, err := w.me(nodes[i%2], "josh"); err != nil || id != w.frameioJosh {
					t.Errorf("one of twenty at once acts as %q, %v; want %s", id, err, w.frameioJosh)
				}
			})

			if n := w.fio.TokenRefreshes(); n != 1 {
				t.Errorf("twenty at once refreshed %d times, want once", n)
			}

			if n := w.fio.Calls("ims.token"); n != 2 { // the code, and the refresh
				t.Errorf("the token endpoint was called %d times, want 2", n)
			}
		})
	}
}

func (w *world) slow() {
	w.fio.Faults().Add(faults.Rule{Path: "/ims/token", Latency: 300 * time.Millisecond})
}

func TestRefreshInWhateverWayTokensRotate(t *testing.T) {
	t.Parallel()
	for _, how := range []string{frameiosim.RotateAlways, frameiosim.RotateNever, frameiosim.RotateOmit} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			w := setup(t, rotating(how))
			w.connectAs("josh")
			for i := range 3 {
				w.fio.ExpireAccess(w.frameioJosh)
				w.actsOnFrameioAs("josh", w.frameioJosh)
				if n := w.fio.TokenRefreshes(); n != i+1 {
					t.Fatalf("%d refreshes after %d expiries, want as many", n, i+1)
				}
			}
		})
	}
}

func TestGoodTokenIsNotRefreshed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	w.clock.add(24*time.Hour - 2*time.Minute)
	w.actsOnFrameioAs("josh", w.frameioJosh)
	if n := w.fio.TokenRefreshes(); n != 0 {
		t.Errorf("%d refreshes, want none two minutes before the token ends", n)
	}
}

// A token whose lifetime nobody tells must not be renewed at each call.
func TestExpiryOutlastsTheEarlyRenewal(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for _, seconds := range []int64{0, -5, 86_399_999 /* milliseconds, as older answers had */} {
		if got := expiry(now, seconds); got.Sub(now) < 2*early || got.Sub(now) > time.Hour {
			t.Errorf("a token for %d seconds is taken to last %s, want %s to an hour", seconds, got.Sub(now), 2*early)
		}
	}

	if got := expiry(now, 3600); got.Sub(now) != time.Hour {
		t.Errorf("a token for 3600 seconds is taken to last %s, want an hour", got.Sub(now))
	}
}

var errKilled = errors.New("killed")

// The process dies at the n-th step of writing: the new token was not stored
// and so must not be used.
func TestTokenIsStoredBeforeItIsUsed(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int{"before the write": 3, "before the commit": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, rotating(frameiosim.RotateNever))
			w.connectAs("josh")
			w.clock.add(25 * time.Hour)
			calls, seen := w.apiCalls(), 0
			w.store.Gate = func() error {
				if seen++; seen >= n {
					return errKilled
				}
				return nil
			}

			if id, err := w.me(w.Service, "josh"); !errors.Is(err, errKilled) {
				t.Fatalf("acting while the process is killed: %q, %v; want %v", id, err, errKilled)
			}

			if w.fio.TokenRefreshes() != 1 {
				t.Fatalf("refreshes before it died: got %d, want 1, or it tests nothing", w.fio.TokenRefreshes())
			}

			if got := w.apiCalls(); got != calls {
				t.Errorf("%d calls of the API with a token that is not stored, want none", got-calls)
			}

			w.store.Gate, w.steady = nil, w.clock.now
			if w.mayRefresh(w.Service) {
				t.Error("a claim right after the process died: got it held, want it refused")
			}
			w.clock.add(claim + time.Second)
			w.actsOnFrameioAs("josh", w.frameioJosh)
		})
	}
}

func (w *world) apiCalls() (n int) {
	for _, r := range w.fio.Requests() {
		if strings.HasPrefix(r.Path, "/v4/") {
			n++
		}
	}
	return n
}

func TestRefusedRefreshIsRemembered(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	_, second := w.node()
	w.fio.RevokeTokens(w.frameioJosh)
	nodes := []*Service{w.Service, second}
	before := w.fio.Calls("ims.token")
	for range 3 {
		together(20, func(i int) {
			_, err := w.me(nodes[i%2], "josh")
			if f := fault.From(err); f == nil || f.Code != fault.NotConnected || f.Remedy == "" {
				t.Errorf("one of twenty whose access has ended: got %v, want not connected, with a remedy", err)
			}
		})
	}

	if n := w.fio.Calls("ims.token") - before; n != 1 {
		t.Errorf("the token endpoint was asked %d times, want once", n)
	}

	w.wants(w.Connected(t.Context(), "josh"), fault.NotConnected)
	w.connectAs("josh")
	w.actsOnFrameioAs("josh", w.frameioJosh)
}

// The answer to a refresh is lost, and with it the only good token: the person
// has to connect again, once.
func TestLostRefreshAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	w.fio.Faults().Add(faults.Rule{Path: "/ims/token", Lost: true, Times: 1})
	w.clock.add(25 * time.Hour)
	_, err := w.me(w.Service, "josh")
	w.wants(err, fault.Unavailable)
	_, err = w.me(w.Service, "josh")
	w.wants(err, fault.NotConnected)
	asked := w.fio.Calls("ims.token")
	_, err = w.me(w.Service, "josh")
	w.wants(err, fault.NotConnected)
	if n := w.fio.Calls("ims.token") - asked; n != 0 {
		t.Errorf("the token endpoint was asked %d times more, want never", n)
	}

	w.connectAs("josh")
	w.actsOnFrameioAs("josh", w.frameioJosh)
}

// When the service forgives a lost answer, nobody notices.
func TestLostRefreshAnswerThatIsForgiven(t *testing.T) {
	t.Parallel()
	w := setup(t, func(_ *nuxeosim.Options, o *frameiosim.Options) { o.GraceReuse = time.Minute })
	w.connectAs("josh")
	w.fio.Faults().Add(faults.Rule{Path: "/ims/token", Lost: true, Times: 1})
	w.clock.add(25 * time.Hour)
	_, err := w.me(w.Service, "josh")
	w.wants(err, fault.Unavailable)
	w.actsOnFrameioAs("josh", w.frameioJosh)
}

func TestOutageOfTheSignInKeepsTheCredential(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]faults.Rule{
		"503":   {Status: http.StatusServiceUnavailable, Body: "<html>down</html>"},
		"429":   {Status: http.StatusTooManyRequests},
		"reset": {Reset: true}, "an error page": {Status: http.StatusOK, Body: "<html>hello</html>"},
		"half an answer": {CutAfter: 20},
		// A wrong secret is the administrator's matter, not the person's.
		"401 invalid_client": {Status: http.StatusUnauthorized, Body: `{"error":"invalid_client"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, rotating(frameiosim.RotateNever))
			w.connectAs("josh")
			w.clock.add(25 * time.Hour)
			rule.Path = "/ims/token"
			end := w.fio.Faults().Add(rule)
			if _, err := w.me(w.Service, "josh"); !fault.Is(err, fault.Unavailable, fault.Refused) {
				t.Fatalf("while the token endpoint is in trouble: got %v, want unavailable or refused", err)
			}

			if err := w.Connected(t.Context(), "josh"); err != nil {
				t.Errorf("the connection after the trouble: got %v, want it kept", err)
			}

			end()
			w.actsOnFrameioAs("josh", w.frameioJosh)
		})
	}
}

func TestMissingOfflineAccessIsExplained(t *testing.T) {
	t.Parallel()
	w := setup(t)
	err := w.store.Tx(t.Context(), func(tx *sql.Tx) error { // as an older version may have stored it
		_, err := tx.ExecContext(t.Context(), "UPDATE providers SET scopes = 'openid email'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	w.connectAs("josh")
	w.actsOnFrameioAs("josh", w.frameioJosh)
	w.clock.add(25 * time.Hour)
	asked := w.fio.Calls("ims.token")
	_, err = w.me(w.Service, "josh")
	if f := w.wants(err, fault.NotConnected); !strings.Contains(f.Message, "offline_access") {
		t.Errorf("without a refresh token people read %q, want offline_access in it", f.Message)
	}

	if n := w.fio.Calls("ims.token"); n != asked {
		t.Errorf("calls of the token endpoint without a refresh token: got %d, want %d", n, asked)
	}
}

// A person connects anew while the old sign-in is being refreshed: what comes
// of the old one must not replace the new one.
func TestConnectingAnewWinsOverARefresh(t *testing.T) {
	t.Parallel()
	for _, revoked := range []bool{false, true} {
		w := setup(t)
		w.connectAs("josh")
		w.clock.add(25 * time.Hour)
		if revoked {
			w.fio.RevokeTokens(w.frameioJosh)
		}

		b, q := w.begun()
		w.fio.Faults().Add(faults.Rule{Path: "/ims/token", Times: 1, Hook: func(*http.Request) {
			if _, err := w.FinishFrameio(t.Context(), q, b.Browser, "josh"); err != nil {
				t.Error(err)
			}
		}})

		w.actsOnFrameioAs("josh", w.frameioJosh)
		c, err := w.credential(t.Context(), "josh")
		if err != nil || c.generation != 2 || c.refreshing != 0 {
			t.Errorf("revoked %v: generation %d, refreshing %d, %v; want 2 and 0", revoked, c.generation, c.refreshing,
				err)
		}
	}
}

func TestDisconnectingWinsOverARefresh(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	w.clock.add(25 * time.Hour)
	w.fio.Faults().Add(faults.Rule{Path: "/ims/token", Times: 1, Hook: func(*http.Request) {
		if err := w.Disconnect(t.Context(), "josh"); err != nil {
			t.Error(err)
		}
	}})

	_, err := w.me(w.Service, "josh")
	w.wants(err, fault.NotConnected)
}

// mayRefresh says whether a node gets the right to refresh josh's credential now.
func (w *world) mayRefresh(node *Service) bool {
	w.Helper()
	c, err := node.credential(w.Context(), "josh")
	if err != nil {
		w.Fatal(err)
	}
	mine, err := node.claim(w.Context(), "josh", c)
	if err != nil {
		w.Fatal(err)
	}
	return mine
}

// A node that dies in a refresh holds the others up for as long as its claim, whatever its clock
// said: right, hours ahead or behind, or years.
func TestClaimOfADeadNodeEnds(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, 3 * time.Hour, -3 * time.Hour, 10 * 365 * 24 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			w := setup(t)
			w.connectAs("josh")
			_, other := w.node()
			w.steady = w.clock.now
			other.now = func() time.Time { return w.clock.now().Add(skew) }
			if !w.mayRefresh(other) {
				t.Fatal("the first claim of the refresh: got it refused, want it held")
			}

			for range 3 {
				if w.mayRefresh(w.Service) {
					t.Fatal("a second claim while the first lasts: got it held, want it refused")
				}
				w.clock.add(claim / 3)
			}

			w.clock.add(time.Second)
			if !w.mayRefresh(w.Service) {
				t.Error("a claim after the first has run out: got it refused, want it held")
			}
		})
	}
}

func TestNoSecretIsInClearInTheDatabase(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.connectAs("josh")
	w.fio.ExpireAccess(w.frameioJosh)
	w.actsOnFrameioAs("josh", w.frameioJosh)
	c, err := w.credential(t.Context(), "josh")
	if err != nil {
		t.Fatal(err)
	}

	for name, sealed := range map[string][]byte{"access": c.access, "refresh": c.refresh} {
		token, err := w.vault.Open("credentials/josh/"+name, sealed)
		if err != nil {
			t.Fatal(err)
		}
		w.notOnDisk(name+" token", token)
	}

	w.notOnDisk("client secret", clientSecret)
	w.notOnDisk("Nuxeo token", w.nuxeoToken("josh"))
	state, browser, verifier, err := w.begin(forFrameio, "josh", "/canary-path")
	if err != nil {
		t.Fatal(err)
	}

	w.notOnDisk("state", state)
	w.notOnDisk("browser cookie", browser)
	w.notOnDisk("verifier", verifier)
	if p, err := w.finish(forFrameio, state, browser); err != nil || w.spend(t.Context(), p) != nil {
		t.Error(err)
	}

	w.notOnDisk("verifier", verifier)
	if !strings.Contains(string(w.onDisk()), "josh@example.org") {
		t.Error("the search on disk: got nothing for josh@example.org, want it found, or it tests nothing")
	}
}
