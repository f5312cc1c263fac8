// Package bed sets up the connector between both simulated systems for tests:
// real HTTP, a real database, a real mail server, people who are signed in.
//
// It owns nothing that a test looks at by itself; it can kill the connector and
// start it again on the same database, as a crash would.
package bed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/contract"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/mailsim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// Bed is a connector between two simulators.
type Bed struct {
	T       testing.TB
	Nuxeo   *nuxeosim.Server
	Frameio *frameiosim.Server
	Mail    *mailsim.Server
	App     *app.App
	Config  app.Config

	// On Frame.io: josh owns the account, julia is a member.
	Account, Workspace, Project, Root string
	Josh, Julia                       string
	// In Nuxeo: a folder that josh and julia may write in.
	Folder string

	// MayLeave is how many empty upload batches may be left behind: one whose
	// name nobody learned cannot be removed.
	MayLeave int

	world   app.World
	tap     *tap
	current atomic.Pointer[app.App]
	dead    atomic.Bool
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// Option changes what New builds.
type Option func(*options)

type options struct {
	nuxeo   nuxeosim.Options
	frameio frameiosim.Options
	config  func(*app.Config)
	world   app.World
}

// Nuxeo changes the simulated Nuxeo.
func Nuxeo(f func(*nuxeosim.Options)) Option { return func(o *options) { f(&o.nuxeo) } }

// Config changes the connector's configuration.
func Config(f func(*app.Config)) Option { return func(o *options) { o.config = f } }

// World changes the connector's world.
func World(f func(*app.World)) Option { return func(o *options) { f(&o.world) } }

// contracts holds the contract file, loaded once; nil when it is not at hand.
var contracts = sync.OnceValues(contract.FromEnv)

// Covered tells how much of Frame.io's contract the tests have used; each use was
// checked.
func Covered() string {
	c, err := contracts()
	if err != nil {
		return "SKIP contract: " + err.Error()
	}
	covered, total, _ := c.Covered()
	return fmt.Sprintf("contract: %d of %d operations used, all requests and answers valid", covered, total)
}

// New builds a bed with a package installed, people signed in on both sides and
// the connector running.
func New(t testing.TB, opts ...Option) *Bed {
	t.Helper()
	o := options{frameio: frameiosim.Options{RateFactor: -1, ActionBackoff: 10 * time.Millisecond}}
	for _, f := range opts {
		f(&o)
	}
	b := &Bed{T: t, world: o.world}
	b.tap = &tap{bed: b}
	b.mail()
	b.nuxeo(o)
	b.frameio(o)
	b.connector(o)
	b.people()
	return b
}

func (b *Bed) mail() {
	var err error
	if b.Mail, err = mailsim.Start("127.0.0.1:0"); err != nil {
		b.T.Fatal(err)
	}
	b.T.Cleanup(func() { _ = b.Mail.Close() })
}

func (b *Bed) nuxeo(o options) {
	o.nuxeo.SMTP, o.nuxeo.MailFrom = b.Mail.Addr(), "nuxeo@example.org"
	var err error
	if b.Nuxeo, err = nuxeosim.New(o.nuxeo); err != nil {
		b.T.Fatal(err)
	}
	server := httptest.NewServer(b.Nuxeo)
	b.Nuxeo.SetURL(server.URL + "/nuxeo")
	b.Config.Nuxeo.URL = server.URL + "/nuxeo"
	b.T.Cleanup(func() { server.Close(); _ = b.Nuxeo.Close() })
	var zip bytes.Buffer
	if err := addon.Build(&zip, "1.0.0"); err != nil {
		b.T.Fatal(err)
	}
	if err := b.Nuxeo.InstallPackage(zip.Bytes()); err != nil {
		b.T.Fatal(err)
	}
	b.Folder = b.Nuxeo.MkDoc("/default-domain/workspaces/videos", "Folder", map[string]any{"dc:title": "Videos"})
}

func (b *Bed) frameio(o options) {
	c, err := contracts()
	if err == nil {
		o.frameio.Wrap = func(next http.Handler) http.Handler {
			return c.Middleware(next, func(v string) { b.T.Errorf("contract: %s", v) })
		}
	} else if !errors.Is(err, contract.ErrUnset) {
		b.T.Fatal(err)
	}
	if b.Frameio, err = frameiosim.New(o.frameio); err != nil {
		b.T.Fatal(err)
	}
	server := httptest.NewServer(b.Frameio)
	b.Frameio.SetURL(server.URL)
	b.Config.Frameio.URL = server.URL
	b.T.Cleanup(func() { server.Close(); _ = b.Frameio.Close() })
	b.Josh = b.Frameio.AddPerson("Josh Editor", "josh@example.org")
	b.Julia = b.Frameio.AddPerson("Julia Reviewer", "julia@example.org")
	b.Account = b.Frameio.AddAccount("Studio", b.Josh)
	b.Frameio.AddMember(b.Account, b.Julia, frameiosim.RoleMember)
	b.Workspace = b.Frameio.AddWorkspace(b.Account, "Post")
	b.Project, b.Root = b.Frameio.AddProject(b.Workspace, "Film")
}

func (b *Bed) connector(o options) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := b.current.Load()
		if a == nil || b.dead.Load() {
			http.Error(w, "the connector is down", http.StatusBadGateway)
			return
		}
		a.Handler().ServeHTTP(w, r)
	}))
	b.T.Cleanup(server.Close)
	nx, fio := b.Config.Nuxeo.URL, b.Config.Frameio.URL
	b.Config = app.Defaults()
	b.Config.Nuxeo.URL, b.Config.Frameio.URL = nx, fio
	b.Config.Network.PrivateAddresses = "allow" // both are on this machine
	b.Config.PublicURL, b.Config.Data = server.URL, b.T.TempDir()
	if pg.Chosen() {
		b.Config.Database = pg.Database(b.T)
	}
	if o.config != nil {
		o.config(&b.Config)
	}
	b.Nuxeo.AddOAuthClient(nuxeosim.OAuthClient{
		ID: "nuxeo-frameio", Name: "Frame.io connector", RedirectURIs: []string{server.URL + "/oauth/nuxeo/callback"}, AutoGrant: true, Enabled: true,
	})
	b.Start()
	b.T.Cleanup(b.Stop)
}

// Start starts the connector on the bed's database.
func (b *Bed) Start() {
	b.T.Helper()
	b.dead.Store(false)
	ctx, cancel := context.WithCancel(context.Background())
	b.stop = cancel
	w := b.world
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
		if os.Getenv("BED_LOG") != "" {
			w.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
		}
	}
	if w.Queue == nil {
		w.Queue = func(*store.DB) work.Queue { return work.NewLoop(4) }
	}
	if w.Work == nil {
		w.Work = Quick
	}
	w.Gate, w.Wrap = b.tap.gate, b.tap.around
	a, err := app.New(ctx, b.Config, w)
	if err != nil {
		b.T.Fatal(err)
	}
	b.App = a
	b.current.Store(a)
	b.done.Go(func() {
		if err := a.Run(ctx); err != nil && !errors.Is(err, context.Canceled) && !b.dead.Load() {
			b.T.Errorf("the connector ended: %v", err)
		}
	})
}

// Quick makes the engine's waits short.
func Quick(s *work.Settings) {
	s.Sweep, s.WaitFor, s.Calm, s.Grace = 50*time.Millisecond, 50*time.Millisecond, 0, 0
	s.Backoff = func(int64) time.Duration { return 20 * time.Millisecond }
}

// Die ends the connector as a crash would: nothing is recorded any more. It may
// be called from within a call of the connector's.
func (b *Bed) Die() {
	b.dead.Store(true)
	b.stop()
}

// Stop ends the connector.
func (b *Bed) Stop() {
	b.stop()
	b.done.Wait()
	b.current.Store(nil)
	_ = b.App.Close()
}

// Restart stops what is left of the connector and starts it again.
func (b *Bed) Restart() {
	b.T.Helper()
	b.Stop()
	b.Start()
}

func (b *Bed) people() {
	ctx := b.T.Context()
	err := b.App.Identity.SaveProvider(ctx, identity.Provider{
		ClientID: "frameio-demo-client", ClientSecret: "frameio-demo-secret", Description: "Frame.io Provider",
		AuthorizationURL: b.Config.Frameio.URL + "/ims/authorize/v2", TokenURL: b.Config.Frameio.URL + "/ims/token/v3",
		Scopes: identity.DefaultProvider().Scopes, Enabled: true,
	})
	if err != nil {
		b.T.Fatal(err)
	}
	b.Connect("josh")
	b.Connect("julia")
}

// SignIn opens a session for a Nuxeo login whose password is the login.
func (b *Bed) SignIn(login string) string {
	b.T.Helper()
	ctx := b.T.Context()
	password := login
	nx := b.App.Nuxeo.As(nuxeo.Basic(login, password))
	token, err := nx.NewToken(ctx, "nuxeo-frameio", "bed", "test")
	if err != nil {
		b.T.Fatal(err)
	}
	_, session, err := b.App.Identity.SignIn(ctx, token)
	if err != nil {
		b.T.Fatal(err)
	}
	return session
}

// Connect signs a login in and connects the Frame.io person of the same name,
// through the pages, as a browser would.
func (b *Bed) Connect(login string) string {
	b.T.Helper()
	session := b.SignIn(login)
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.T.Fatal(err)
	}
	here, _ := url.Parse(b.Config.PublicURL)
	jar.SetCookies(here, []*http.Cookie{{Name: "nxf_session", Value: session, Path: "/"}})
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasSuffix(r.URL.Path, "/ims/authorize/v2") {
			q := r.URL.Query()
			q.Set("login_hint", login+"@example.org")
			r.URL.RawQuery = q.Encode()
		}
		return nil
	}}
	resp, err := client.Get(b.Config.PublicURL + "/connect")
	if err != nil {
		b.T.Fatal(err)
	}
	defer resp.Body.Close()
	if err := b.App.Identity.Connected(b.T.Context(), login); err != nil {
		b.T.Fatalf("connecting %s ended at %s with %d: %v", login, resp.Request.URL.Path, resp.StatusCode, err)
	}
	return session
}
