// Package web is the connector's face over HTTP: the REST interface, the
// receiver of custom actions, the sign-in pages, health and metrics.
//
// It owns routes, sessions in cookies and headers, and how an error becomes an
// answer. Invariants: who asks is known before anything is done, and is told
// of a document only if they may read it in Nuxeo; what strangers do keeps no one
// out who is signed in; a request that a browser was tricked into changes nothing;
// an unsigned or stale call of
// a custom action learns nothing, not even whether the action exists; an answer
// never waits on a remote system where a person at Frame.io waits for it. It
// leaves to the features what is done.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/assetview"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/browse"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/copies"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/explain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/loglevel"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/media"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/publish"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ratelimit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/reaction"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/relink"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/support"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/tracing"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/webhook"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Settings are the choices of the configuration.
type Settings struct {
	Version   string
	Node      string // that answers
	PublicURL string
	NuxeoURL  string
	// SessionTTL is how long a browser keeps its session.
	SessionTTL time.Duration
	// Postgres says that nodes share a database.
	Postgres bool
	// Bundle is the module with the elements; nil when there is none.
	Bundle []byte
	// MediaHosts are where Frame.io keeps what its players play, as a policy of
	// pages names them.
	MediaHosts []string
	// Proxies are the networks of reverse proxies whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// Admin says that administrators have an address of their own, where requests bring
	// AdminToken, unless it is empty.
	Admin      bool
	AdminToken string
	AccessLog  bool // each request is a line of the log
}

// Server answers requests.
type Server struct {
	Set         Settings
	Identity    *identity.Service
	Binding     *binding.Service
	Browse      *browse.Service
	Publish     *publish.Service
	Webhooks    *webhook.Service
	Push        *push.Service
	Sync        *foldersync.Service
	Engine      *work.Engine
	Maintenance *maintenance.Service
	Rebuild     *relink.Service
	Audit       *audit.Log
	// Held says why this process does nothing at all; nil, or answering nil: it works.
	Held func() error
	// Documents shows what a document got, Media what can be played of it.
	Documents *assetview.Service
	Map       *metamap.Service
	Media     *media.Service
	Reactions *reaction.Service
	Copies    *copies.Service
	Notify    *notify.Service
	// Explain tells why a document and its asset are as they are.
	Explain *explain.Service
	// Doctor is for administrators; nil where there is none.
	Doctor Doctor
	// Support is what an archive for who helps is made of; its doctor is ours.
	Support support.Sources
	// Console shows the jobs, at ConsolePath; nil where there is none.
	Console http.Handler
	Log     *slog.Logger
	// Level is that of Log; nil where it cannot be changed.
	Level    *loglevel.Level
	Now      func() time.Time
	Registry *prometheus.Registry
	// Ready says why the process cannot take requests; nil when it can.
	Ready func(context.Context) error
	// Trace makes requests spans; nil for none.
	Trace *tracing.Tracer
	// Stopping is closed when the process stops, so that streams end.
	Stopping <-chan struct{}

	requests *prometheus.HistogramVec
	// begun and refused are the sign-ins of strangers, by address.
	begun, refused *tally
	listeners      listeners
}

// Handler builds the routes. Browsers and machines have two sets of defences:
// the receiver of custom actions trusts signatures only, everything else
// refuses cross-origin writes, but for those of pages of Nuxeo on the REST
// interface, which show a session of their own.
func (s *Server) Handler() http.Handler {
	s.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "nuxeo_frameio_http_request_seconds", Help: "Time to answer, by route and status.",
		Buckets: []float64{.005, .02, .1, .5, 2, 5, 25},
	}, []string{"route", "status"})

	s.Registry.MustRegister(s.requests)
	s.begun, s.refused = newTally(beginEvery, beginMost, s.Now), newTally(failEvery, failMost, s.Now)

	// Machines come with signatures, people with a session.
	mux := http.NewServeMux()
	s.machines(mux)
	browsers := http.NewServeMux()
	s.pages(browsers)
	s.media(browsers)
	s.console(browsers)
	api.HandlerWithOptions(s.strict(), api.StdHTTPServerOptions{
		BaseURL: "/api/v1", BaseRouter: browsers, ErrorHandlerFunc: s.badRequest,
		Middlewares: []api.MiddlewareFunc{s.readable},
	})

	// What the description does not have is a problem, not a page.
	browsers.Handle("/api/", s.handler(func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.NotFound, "There is nothing at this address.").
			With("See the description of the REST interface.")
	}))

	// Writes from other sites are refused, since a browser adds our cookie to them.
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(s.crossSite))
	known := s.signedIn(s.gated(browsers))
	known = s.held(known)
	guarded := guard.Handler(known)
	mux.Handle("/", guarded)

	// Pages of Nuxeo show a session of their own instead.
	if origin := s.nuxeoOrigin(); origin != "" {
		mux.Handle("/api/", shared{origin, known, guarded})
	}

	return s.below(requestid.Middleware(s.outer(mux)))
}

func (s *Server) machines(mux *http.ServeMux) {
	mux.Handle("POST /frameio/actions/{id}", s.handler(s.action))
	mux.Handle("POST /frameio/events/{id}", s.handler(s.event))
	mux.HandleFunc("GET /healthz", healthz)
	mux.Handle("GET /readyz", s.handler(s.readyz))
	mux.Handle("POST /csp-report", s.reports())
	if !s.Set.Admin {
		mux.Handle("GET /metrics", s.metrics())
	}
}

func (s *Server) metrics() http.Handler {
	return promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{})
}

// healthz tells that the process lives.
func healthz(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, "ok") }

// readyz tells anyone whether the connector works. Why it does not may name hosts and
// files, and is for the log.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) error {
	if s.Held != nil {
		if err := s.Held(); err != nil {
			return err
		}
	}

	if err := s.Ready(r.Context()); err != nil {
		return fault.New(fault.NotReady, "Not ready: the database cannot be used; the log says why.").Because(err)
	}

	_, err := fmt.Fprintln(w, "ready")
	return err
}

// crossSite answers a write that another site made a browser send.
func (s *Server) crossSite(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, fault.New(fault.Forbidden, "This request comes from another site.").
		With("Do it on the connector's own pages."))
}

// handler adapts a function that returns errors.
func (s *Server) handler(fn func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := fn(w, r); err != nil {
			s.problem(w, r, err)
		}
	})
}

// outer measures, recovers, and sets the headers of every answer.
func (s *Server) outer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", tight)
		ctx, end := s.traced(noted(ratelimit.Interactive(r.Context())), r)
		r = r.WithContext(ctx) // the one that learns its route
		defer func() { end(route(r), rec.status) }()
		defer s.done(rec, r, start)
		next.ServeHTTP(rec, r)
	})
}

// traced begins the span of a request, unless it is one of those that ask all
// the time how we are.
func (s *Server) traced(ctx context.Context, r *http.Request) (context.Context, func(string, int)) {
	switch r.URL.Path {
	case "/healthz", "/readyz", "/metrics":
		return ctx, func(string, int) {}
	}

	if strings.HasPrefix(r.URL.Path, profiles) {
		return ctx, func(string, int) {}
	}

	return s.Trace.Request(ctx, r)
}

func (s *Server) done(rec *recorder, r *http.Request, start time.Time) {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			s.access(rec, r, time.Since(start))
			panic(p)
		}
		s.Log.ErrorContext(r.Context(), "a handler panicked", "panic", p, "stack", string(debug.Stack()))
		if !rec.wrote {
			s.problem(rec, r, errors.New("panic"))
		}
	}

	// Routes and shortened paths: neither metrics nor log hold ids that open something.
	took := time.Since(start)
	s.access(rec, r, took)
	s.requests.WithLabelValues(route(r), fmt.Sprint(rec.status)).Observe(took.Seconds())
	s.Log.DebugContext(r.Context(), "request", "method", r.Method, "path", shown(r.URL.Path), "status",
		rec.status, "took", took)
}

// shown is a path without the ticket in it, which may still be good.
func shown(path string) string {
	if rest, ok := strings.CutPrefix(path, "/media/"); ok && !strings.HasPrefix(rest, "nuxeo/") {
		return "/media/…"
	}
	return path
}

// route is the pattern that matched, never the path, which could be anything.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	r.status, r.wrote = status, true
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController flush.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
