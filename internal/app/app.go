// Package app builds the connector out of its parts, starts and stops it.
//
// It owns the configuration and the order of start and stop. Invariants:
// time, network, queue and the end of the process are parameters, so that the
// same program runs in a test; on stop, requests and steps are given time to
// come to a checkpoint. It contains no logic of its own.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/copies"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/egress"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/installation"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/loglevel"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/mail"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/media"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metrics"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/publish"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/reaction"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/relink"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/repair"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/tracing"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/webhook"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/ui"
)

// Version is set when the program is built.
var Version = "0.1.0-dev"

// World is what the connector takes from outside. The zero value is the real
// world.
type World struct {
	Log *slog.Logger
	// Level is that of Log; nil: it cannot be changed.
	Level *loglevel.Level
	Now   func() time.Time
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	// Wrap goes around the transports to "nuxeo", "frameio" and "files".
	Wrap func(system string, next http.RoundTripper) http.RoundTripper
	// Queue replaces the job library; the settings of the engine may change too.
	Queue func(*store.DB) work.Queue
	Work  func(*work.Settings)
	// Worker goes around the worker of each kind of item.
	Worker func(kind string, w work.Worker) work.Worker
	// Drain is how long what others were just writing to a document may take when we
	// lock it; 0: as long as a real Nuxeo needs.
	Drain time.Duration
	// LockFrom is the length from which on a new document is locked until it has its
	// content; 0: from where a real Nuxeo takes longer than a moment to take it.
	LockFrom int64
	// Gate is store.DB's.
	Gate func() error
	// Doctor makes what looks through the installation for the pages; nil: nothing.
	Doctor func(*App) web.Doctor
	// Files are those that settings with secrets came from.
	Files []string
	// Bundle is the module with the elements; nil: that of the program.
	Bundle func() ([]byte, bool)
	// Node names this process among those on one database; empty: by a name
	// kept in the data folder.
	Node string

	nodes func() int // how many share the budgets
}

func (w *World) fill() {
	if w.Log == nil {
		w.Log = slog.New(slog.DiscardHandler)
	}

	if w.Now == nil {
		w.Now = time.Now
	}

	if w.Wrap == nil {
		w.Wrap = func(_ string, next http.RoundTripper) http.RoundTripper { return next }
	}

	if w.Work == nil {
		w.Work = func(*work.Settings) {}
	}

	if w.Drain == 0 {
		w.Drain = 200 * time.Millisecond
	}

	if w.LockFrom == 0 {
		w.LockFrom = 64 << 20
	}

	if w.Bundle == nil {
		w.Bundle = ui.Bundle
	}

	if w.Doctor == nil {
		w.Doctor = func(*App) web.Doctor { return nil }
	}

	if w.Worker == nil {
		w.Worker = func(_ string, w work.Worker) work.Worker { return w }
	}
}

// App is a connector that is built and can be run.
type App struct {
	Config      Config
	DB          *store.DB
	Engine      *work.Engine
	Identity    *identity.Service
	Audit       *audit.Log
	Home        *installation.Process
	Binding     *binding.Service
	Ingest      *ingest.Service
	Map         *metamap.Service
	Publish     *publish.Service
	Push        *push.Service
	Sync        *foldersync.Service
	Reactions   *reaction.Service
	Copies      *copies.Service
	Notify      *notify.Service
	Webhooks    *webhook.Service
	reviews     push.Watcher
	Mail        *mail.Service
	Maintenance *maintenance.Service
	Rebuild     *relink.Service
	Repair      *repair.Service
	Media       *media.Service
	Nuxeo       *nuxeo.Client // without a credential

	world      World
	endStreams func()
	network    *outlets
	trace      *tracing.Tracer
	count      *metrics.Metrics
	handler    http.Handler
	inside     http.Handler // what administrators see at admin-listen; nil without
	measured   http.Handler // the metrics
	console    http.Handler
	vault      *identity.Vault
	node       string
	release    func() error
	closeQueue func()
}

// New opens the database and builds everything. Close it when done.
func New(ctx context.Context, c Config, w World) (*App, error) {
	w.fill()
	if err := c.Check(); err != nil {
		return nil, err
	}

	c.PublicURL, c.Nuxeo.URL = strings.TrimRight(c.PublicURL, "/"), strings.TrimRight(c.Nuxeo.URL, "/")
	db, err := store.Open(ctx, c.DatabaseAddress(), work.Migrate)
	if err != nil {
		return nil, err
	}

	db.Gate = w.Gate
	a := &App{Config: c, DB: db, world: w, release: func() error { return nil }, closeQueue: func() {}}
	// How many nodes share the limits is known once the engine runs.
	a.world.nodes = func() int {
		if a.Engine == nil {
			return 1
		}
		return a.Engine.Alive()
	}

	if err := a.build(ctx); err != nil {
		return nil, errors.Join(err, db.Close(), a.release())
	}

	return a, nil
}

func (a *App) build(ctx context.Context) (err error) {
	registry := prometheus.NewRegistry()
	if err := a.name(); err != nil {
		return err
	}

	// First the ways out, the secrets, and what everything writes to.
	if err := a.connect(ctx, registry); err != nil {
		return err
	}

	if a.Nuxeo, err = nuxeo.New(a.Config.Nuxeo.URL, a.network.nuxeo, nil); err != nil {
		return err
	}

	a.vault, err = identity.OpenVault(ctx, a.DB, a.Config.EncryptionKey, filepath.Join(a.Config.Data, "encryption.key"))
	if err != nil {
		return err
	}

	a.Audit = audit.New(a.DB, a.vault, a.world.Now, a.node, a.world.Log)
	if a.Home, err = installation.Look(ctx, a.DB, a.Config.PublicURL, a.world.Now); err != nil {
		return err
	}

	a.Identity = identity.New(a.DB, a.vault, a.Nuxeo, a.network.frameio, a.world.Now, a.identitySettings())

	// Then the engine, and the features on top of it.
	if err := a.buildEngine(); err != nil {
		return err
	}

	a.Mail = a.mail()
	a.Binding = &binding.Service{
		DB:        a.DB,
		Engine:    a.Engine,
		People:    a.Identity,
		Vault:     a.vault,
		Now:       a.world.Now,
		PublicURL: a.Config.PublicURL,
	}

	a.Map = a.metadataMap()
	a.Copies = a.copies()
	a.Binding.CopiesChanged = a.copiesChanged
	events := a.events()
	a.Push = a.push()
	a.Push.Events = events
	a.Binding.Reviews = a.Push
	a.Ingest = a.ingest()
	a.Ingest.Events = events
	a.Publish = &publish.Service{
		DB: a.DB, Engine: a.Engine, People: a.Identity, Ingest: a.Ingest, Mail: a.Mail, Events: events,
		Stands:  a.Binding.Stands,
		Binding: a.publishInto, Orphan: a.Binding.Orphan, PublicURL: a.Config.PublicURL,
		Now: a.world.Now, MaxAssets: a.Config.Publish.MaxAssets,
	}

	a.Sync = a.foldersync()
	a.Sync.Events = events
	a.Binding.Synced = a.Sync.SourceOf

	// Then what looks after them all.
	a.watch()
	a.Maintenance = &maintenance.Service{DB: a.DB, Now: a.world.Now, Log: a.world.Log, Node: a.node, Chores: a.chores()}
	a.Rebuild = &relink.Service{DB: a.DB, Engine: a.Engine, People: a.Identity}
	a.Repair = &repair.Service{
		DB:       a.DB,
		Engine:   a.Engine,
		People:   a.Identity,
		Ingest:   a.Ingest,
		Repaired: a.Sync.MarkPosterStale,
		Now:      a.world.Now,
	}

	a.Media = a.media()

	// At last the workers, and the server that offers all of it.
	a.register()
	a.serveBy(registry)
	return errors.Join(a.Engine.Prepare(ctx), a.Binding.Prepare(ctx), a.Publish.Prepare(ctx))
}

// connect makes the ways out, counted and traced.
func (a *App) connect(ctx context.Context, registry *prometheus.Registry) (err error) {
	set := a.Config.Network.settings(a.world.Dial)
	a.count = metrics.New(registry, Version)
	a.count.TellSlow(a.world.Log, a.Config.SlowCall, a.world.Now)
	b := builder{c: a.Config, w: a.world, count: a.count}
	if b.ways, err = egress.New(set); err != nil {
		return err
	}

	// Spans are sent by the same ways, so these come first.
	sending := b.tracer()
	sending.Node = a.node
	if a.trace, err = tracing.New(ctx, sending); err != nil {
		return err
	}

	b.trace = a.trace
	a.network, err = newOutlets(b)
	return err
}

// Reach is an HTTP client of the connector's network, without the bounds of a
// system, for looking whether an address answers.
func (a *App) Reach() *http.Client { return a.network.plain }

// Frameio is the HTTP client of the calls to Frame.io.
func (a *App) Frameio() *http.Client { return a.network.frameio }

// Files are those that settings with secrets came from.
func (a *App) Files() []string { return a.world.Files }

// Blobs is the HTTP client that reads files of Nuxeo, and of where it keeps them.
func (a *App) Blobs() *http.Client { return a.network.blobs }

// StoreAddress says why Frame.io may not be asked to fetch a file from an address
// to which Nuxeo sends on.
func (a *App) StoreAddress(address string) error { return a.Config.storeAddress()(address) }

// name finds this process's name among the nodes.
func (a *App) name() (err error) {
	if a.node = a.world.Node; a.node == "" {
		a.node, a.release, err = nodeName(a.Config.Data)
	}
	for _, e := range private(a.Config.Data, a.world.Files...) {
		a.world.Log.Warn("what holds secrets is exposed", "path", e.Path, "why", e.Why, "remedy", e.Remedy)
	}
	return err
}

func (a *App) buildEngine() error {
	set := work.DefaultSettings(a.node)
	set.Version, set.Ended, set.Audit = Version, a.count.Ended, a.Audit
	a.world.Work(&set)
	if a.world.Queue != nil {
		queue := a.world.Queue(a.DB)
		a.Engine = work.NewEngine(a.DB, queue, a.world.Log, a.world.Now, set)
		return a.showJobs(queue)
	}

	// A slice may end in an attach, which takes as long as Nuxeo is granted.
	limit := set.Slice + a.Config.Nuxeo.AttachTimeout + 10*time.Minute
	queue, err := work.NewRiver(a.DB, a.node, a.Config.Workers, limit, quiet(a.world.Log))
	if err != nil {
		return err
	}

	a.closeQueue = queue.Close
	a.Engine = work.NewEngine(a.DB, queue, a.world.Log, a.world.Now, set)
	return a.showJobs(queue)
}

// showJobs makes the console, if the queue has one.
func (a *App) showJobs(queue work.Queue) (err error) {
	if q, ok := queue.(*work.River); ok {
		a.console, err = q.Console(web.Base(a.Config.PublicURL) + web.ConsolePath)
	}
	return err
}

// publishInto is a binding as publish sees it.
func (a *App) publishInto(ctx context.Context, id string) (publish.Binding, error) {
	b, err := a.Binding.Get(ctx, work.Viewer{Admin: true}, id)
	return publish.Binding{
		ID:           b.ID,
		Folder:       b.FolderUID,
		DocumentType: b.DocumentType,
		Owner:        b.Owner,
		Publishers:   b.Publishers,
	}, err
}

func (a *App) identitySettings() identity.Settings {
	return identity.Settings{
		PublicURL: a.Config.PublicURL, NuxeoURL: strings.TrimRight(a.Config.nuxeoPublic(), "/"),
		JWTSecret:     a.Config.Nuxeo.JWTSecret,
		NuxeoClientID: a.Config.Nuxeo.ClientID, NuxeoClientSecret: a.Config.Nuxeo.ClientSecret,
		FrameioURL: a.Config.Frameio.URL, PKCE: a.Config.Frameio.PKCE, SessionTTL: a.Config.SessionTTL,
		Audit: a.Audit, Held: a.Home.Held,
	}
}

func (a *App) mail() *mail.Service {
	m := a.Config.Mail
	s := &mail.Service{People: a.Identity, Set: mail.Settings{
		Via: m.Via, Host: m.SMTPHost, Port: m.SMTPPort, User: m.SMTPUser, Password: m.SMTPPass,
		From: m.From, TLS: m.SMTPTLS, Domain: a.Config.domain(), Dial: a.world.Dial,
	}}

	if n := a.Config.Nuxeo; n.ServiceUser != "" {
		s.Account = a.Nuxeo.As(nuxeo.Basic(n.ServiceUser, n.ServicePassword))
	}

	return s
}

func (a *App) ingest() *ingest.Service {
	c, f := a.Config, a.Config.Frameio
	set := ingest.Settings{
		Verify: c.Transfer.Verify, Streams: c.Transfer.Streams, Idle: c.Transfer.Idle,
		WaitOriginal:  c.Publish.WaitOriginal,
		AttachTimeout: c.Nuxeo.AttachTimeout, Drain: a.world.Drain, LockFrom: a.world.LockFrom, FrameBase: f.FrameBase,
		StatusField: f.StatusField,
		FieldNames: ingest.FieldNames{
			FrameRate: f.FrameRateField, Duration: f.DurationField, Codec: f.CodecField,
			Resolution: f.ResolutionField, Width: f.WidthField, Height: f.HeightField,
		},
	}

	// Comments are written by the service account, if there is one.
	if c.Nuxeo.ServiceUser != "" {
		set.ServiceAccount, set.ServiceLogin = nuxeo.Basic(c.Nuxeo.ServiceUser, c.Nuxeo.ServicePassword),
			c.Nuxeo.ServiceUser
	}

	s := &ingest.Service{
		DB: a.DB, Set: set, Map: a.Map, Returns: push.Returns{Service: a.Push},
		Files: a.network.files, SmallFiles: a.network.glances, Uploads: a.network.uploads,
	}
	if set.ServiceAccount != nil {
		s.Service = a.Nuxeo.As(set.ServiceAccount)
	}

	return s
}

func (a *App) media() *media.Service {
	half := func() int { return max(1, a.Config.Nuxeo.Connections/max(1, a.world.nodes())/2) }
	return &media.Service{
		DB: a.DB, People: a.Identity, Vault: a.vault, Now: a.world.Now, Allowed: a.Config.fileAddress(),
		Streams: media.NewStreamLimit(half),
	}
}

// Run works on items, and does the chores, until ctx ends. Where the database is at home
// elsewhere it waits until that changes.
func (a *App) Run(ctx context.Context) error {
	if held := a.Home.Held(); held != nil {
		f := fault.From(held)
		a.world.Log.WarnContext(ctx, f.Message, "remedy", f.Remedy)
	}

	if err := a.Home.Settle(ctx); err != nil || ctx.Err() != nil {
		return err
	}

	// The chores end with the engine, whatever ends it.
	var wg sync.WaitGroup
	defer wg.Wait()
	chores, stop := context.WithCancel(ctx)
	defer stop()
	wg.Go(func() { a.Maintenance.Run(chores) })
	wg.Go(func() { a.Webhooks.Run(chores) })
	wg.Go(func() { a.Audit.Run(chores) })
	return a.Engine.Run(ctx)
}

// Close closes what New opened.
func (a *App) Close() error {
	a.network.ways.Close()
	a.closeQueue()
	return errors.Join(a.DB.Close(), a.release(), a.trace.Close())
}
