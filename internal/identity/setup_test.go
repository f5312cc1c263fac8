package identity

import (
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/tables"
)

const (
	publicURL    = "http://localhost:9"
	clientSecret = "canary-client-secret"
	testKey      = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	otherKey     = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
)

// clock is a time that only the test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// world is the service between both remote systems. Josh and Julia are on
// Frame.io too; frameioJosh is his id there.
type world struct {
	*testing.T
	nx                *nuxeosim.Server
	fio               *frameiosim.Server
	nxURL, fioURL, db string
	frameioJosh       string
	clock             *clock
	vault             *Vault
	store             *store.DB
	*Service
}

func setup(t *testing.T, change ...func(*nuxeosim.Options, *frameiosim.Options)) *world {
	t.Helper()
	nxOpt, fioOpt := nuxeosim.Options{}, frameiosim.Options{Seed: 1, RateFactor: -1, ClientSecret: clientSecret}
	for _, f := range change {
		f(&nxOpt, &fioOpt)
	}

	w := &world{T: t, clock: &clock{t: time.Now()}, db: tables.Address(t, t.TempDir())}
	w.startNuxeo(nxOpt)
	w.startFrameio(fioOpt)
	w.vault = w.key(testKey)
	w.store, w.Service = w.node()
	w.register()
	return w
}

func (w *world) startNuxeo(opt nuxeosim.Options) {
	sim, err := nuxeosim.New(opt)
	if err != nil {
		w.Fatal(err)
	}

	srv := httptest.NewServer(sim)
	w.Cleanup(func() { srv.Close(); _ = sim.Close() })
	w.nx, w.nxURL = sim, srv.URL+"/nuxeo"
	sim.SetURL(w.nxURL)
	sim.AddOAuthClient(nuxeosim.OAuthClient{
		ID:           "connector",
		Name:         "Connector",
		Secret:       "nx-secret",
		RedirectURIs: []string{publicURL + "/oauth/nuxeo/callback"},
		Enabled:      true,
	})
}

func (w *world) startFrameio(opt frameiosim.Options) {
	sim, err := frameiosim.New(opt)
	if err != nil {
		w.Fatal(err)
	}

	srv := httptest.NewServer(sim)
	w.Cleanup(func() { srv.Close(); _ = sim.Close() })
	w.fio, w.fioURL = sim, srv.URL
	sim.SetURL(w.fioURL)
	w.frameioJosh = sim.AddPerson("Josh on Frame.io", "josh@example.org")
	sim.AddPerson("Julia on Frame.io", "julia@example.org")
}

func (w *world) key(keys ...string) *Vault {
	w.Helper()
	v, err := NewVault(keys...)
	if err != nil {
		w.Fatal(err)
	}
	return v
}

// node is a process on the common database.
func (w *world) node() (*store.DB, *Service) {
	w.Helper()
	db, err := store.Open(w.Context(), w.db)
	if err != nil {
		w.Fatal(err)
	}

	w.Cleanup(func() { _ = db.Close() })
	hc := &http.Client{Timeout: 10 * time.Second}
	nx, err := nuxeo.New(w.nxURL, hc, nil)
	if err != nil {
		w.Fatal(err)
	}

	return db, New(db, w.vault, nx, hc, w.clock.now, Settings{
		PublicURL: publicURL, NuxeoURL: w.nxURL, NuxeoClientID: "connector", NuxeoClientSecret: "nx-secret",
		FrameioURL: w.fioURL, PKCE: true, SessionTTL: 8 * time.Hour,
	})
}

func (w *world) register() {
	w.Helper()
	p := w.form()
	if err := w.SaveProvider(w.Context(), p); err != nil {
		w.Fatal(err)
	}
}

// form is the provider's form as an administrator sends it.
func (w *world) form() Provider {
	p := DefaultProvider()
	p.ClientID, p.ClientSecret, p.Enabled = "frameio-demo-client", clientSecret, true
	p.AuthorizationURL, p.TokenURL = w.fioURL+"/ims/authorize/v2", w.fioURL+"/ims/token/v3"
	return p
}

// nuxeoToken is a login token as Web UI acquires one.
func (w *world) nuxeoToken(login string) string {
	w.Helper()
	nx, err := nuxeo.New(w.nxURL, http.DefaultClient, nuxeo.Basic(login, login))
	if err != nil {
		w.Fatal(err)
	}

	token, err := nx.NewToken(w.Context(), "webui", "browser", "test")
	if err != nil {
		w.Fatal(err)
	}

	return token
}

func (w *world) signIn(login string) string {
	w.Helper()
	_, session, err := w.SignIn(w.Context(), w.nuxeoToken(login))
	if err != nil {
		w.Fatal(err)
	}
	return session
}

// browser follows redirects up to the connector's own addresses.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}

	return &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), publicURL) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// callback is the query that a request ends at the connector with.
func (w *world) callback(resp *http.Response, err error) url.Values {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}

	_ = resp.Body.Close()
	to, err := resp.Location()
	if err != nil {
		w.Fatalf("%s answers %s without a place to go on (%v), want a redirection", resp.Request.URL.Path, resp.Status,
			err)
	}

	return to.Query()
}

// agree goes through Frame.io's sign-in as the person with that address.
func (w *world) agree(b Begun, email string) url.Values {
	w.Helper()
	return w.callback(browser(w.T).Get(b.Address + "&login_hint=" + url.QueryEscape(email)))
}

// connect signs a person in and connects the Frame.io user of the same name.
func (w *world) connectAs(login string) {
	w.Helper()
	w.signIn(login)
	b, err := w.BeginFrameio(w.Context(), login, "/")
	if err != nil {
		w.Fatal(err)
	}

	if _, err := w.FinishFrameio(w.Context(), w.agree(b, login+"@example.org"), b.Browser, login); err != nil {
		w.Fatal(err)
	}
}

func (w *world) wants(err error, code fault.Code) *fault.Error {
	w.Helper()
	if !fault.Is(err, code) {
		w.Fatalf("got %v, want %s", err, code)
	}
	return fault.From(err)
}

// onDisk is all that the database has written.
func (w *world) onDisk() []byte {
	w.Helper()
	if pg.Chosen() {
		return pg.Dump(w, w.db)
	}

	files, err := filepath.Glob(w.db + "*")
	if err != nil || len(files) < 2 {
		w.Fatalf("the files of the database: %v, %v; want at least 2", files, err)
	}

	var all []byte
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			w.Fatal(err)
		}
		all = append(all, b...)
	}

	return all
}

func (w *world) notOnDisk(name, secret string) {
	w.Helper()
	if secret == "" {
		w.Fatalf("%s is empty, want something to look for", name)
	}
	if bytes.Contains(w.onDisk(), []byte(secret)) {
		w.Errorf("%s is in clear in the database, want it sealed", name)
	}
}
