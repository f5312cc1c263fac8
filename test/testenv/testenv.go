// Package testenv sets up the connector between both simulated systems for tests:
// real HTTP, a real database, a real mail server, people who are signed in.
//
// It owns nothing that a test looks at by itself; it can kill the connector and
// start it again on the same database, as a crash would.
package testenv

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/doctor"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/tables"
)

// Bed is a connector between two simulators.
type Bed struct {
	*Systems
	App    *app.App
	Config app.Config

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
	around  func(http.Handler) http.Handler
	loose   bool
	nuxeo   nuxeosim.Options
	frameio frameiosim.Options
	config  func(*app.Config)
	world   app.World
}

// Nuxeo changes the simulated Nuxeo.
func Nuxeo(f func(*nuxeosim.Options)) Option { return func(o *options) { f(&o.nuxeo) } }

// Frameio changes the simulated Frame.io.
func Frameio(f func(*frameiosim.Options)) Option { return func(o *options) { f(&o.frameio) } }

// AroundNuxeo puts a handler in front of the simulated Nuxeo.
func AroundNuxeo(f func(http.Handler) http.Handler) Option {
	return func(o *options) { o.around = f }
}

// Loose leaves out the check of Frame.io's contract, for tests that break
// requests on their way.
func Loose() Option { return func(o *options) { o.loose = true } }

// Config changes the connector's configuration.
func Config(f func(*app.Config)) Option { return func(o *options) { o.config = f } }

// World changes the connector's world.
func World(f func(*app.World)) Option { return func(o *options) { f(&o.world) } }

// New builds a bed with a package installed, people signed in on both sides and
// the connector running.
func New(t testing.TB, opts ...Option) *Bed {
	t.Helper()
	o := options{frameio: frameiosim.Options{RateFactor: -1, ActionBackoff: 10 * time.Millisecond}}
	for _, f := range opts {
		f(&o)
	}

	b := &Bed{Systems: newSystems(t, Loopback{}, o), world: o.world}
	b.tap = &tap{bed: b}
	b.connector(o)
	b.Register(b.App)
	b.Connect("josh")
	b.Connect("julia")
	return b
}

func (b *Bed) connector(o options) {
	address := b.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := b.current.Load()
		if a == nil || b.dead.Load() {
			http.Error(w, "the connector is down", http.StatusBadGateway)
			return
		}
		a.Handler().ServeHTTP(w, r)
	}))

	b.Config = app.Defaults()
	b.Config.Nuxeo.URL, b.Config.Frameio.URL = b.NuxeoURL, b.FrameioURL
	b.Config.Network.PrivateAddresses = "allow" // both are on this machine
	b.Config.PublicURL, b.Config.Data = address, b.T.TempDir()
	b.Post(&b.Config)
	if o.config != nil {
		o.config(&b.Config)
	}

	b.layTables()
	b.Expect(address)
	b.Start()
	b.atEnd(b.Stop)
}

// layTables gives the connector a database whose tables are made, unless a test has
// brought one of its own.
func (b *Bed) layTables() {
	b.T.Helper()
	if pg.Chosen() && b.Config.Database == "" {
		b.Config.Database = tables.Address(b.T, b.Config.Data)
	}

	if path := b.Config.DatabaseAddress(); !store.IsPostgres(path) {
		if err := tables.Lay(path); err != nil {
			b.T.Fatal("laying the tables:", err)
		}
	}
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

	if w.Drain == 0 {
		w.Drain = time.Millisecond
	}

	w.Gate, w.Wrap, w.Doctor = b.tap.gate, b.tap.around, doctor.ForWeb
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
	s.Sweep, s.WaitFor, s.Debounce, s.SweepGrace = 300*time.Millisecond, 50*time.Millisecond, 0, 0
	s.Backoff = func(int64) time.Duration { return 20 * time.Millisecond }
	s.Pause = func(asked time.Duration) time.Duration {
		if asked > longestPause {
			return asked
		}
		return min(asked, shortPause)
	}
}

// What an item asks for up to longestPause is made shortPause: in that time it
// looks what became of another item. What is longer was said by a remote system,
// and may be what a test is about.
const longestPause, shortPause = 2 * time.Second, 50 * time.Millisecond

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

// SignIn opens a session for a Nuxeo login whose password is the login.
func (b *Bed) SignIn(login string) string {
	b.T.Helper()
	return b.Systems.SignIn(b.App, login)
}

// Connect signs a login in and connects the Frame.io person of the same name,
// through the pages, as a browser would.
func (b *Bed) Connect(login string) string {
	b.T.Helper()
	return b.Systems.Connect(b.App, login)
}
