package web

import (
	"context"
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ratelimit"
)

//go:embed static
var static embed.FS

var layout = template.Must(template.ParseFS(static, "static/page.html"))

// page is what the one plain page shows. It works without scripts.
type page struct {
	Title, Message, Remedy, Correlation string
	Person                              *identity.Person
	Connected                           bool
	Problem                             string
	NuxeoURL, Version                   string
	// Base begins the path of each page of ours.
	Base string
	// Popup are the origins whose pages are told, when one of them opened this
	// page in a window; Done says that Frame.io is connected now.
	Popup string
	Done  bool
	// SignIn leads through the sign-in and back to what was asked for.
	SignIn string
	// Bare says that there are no elements.
	Bare bool
}

func (s *Server) pages(mux *http.ServeMux) {
	s.shells(mux)
	mux.HandleFunc("GET /static/style.css", asset("static/style.css"))
	mux.HandleFunc("GET /static/icon.svg", asset("static/icon.svg"))
	mux.HandleFunc("GET /static/popup.js", asset("static/popup.js"))
	mux.Handle("GET /signin", s.browser(s.signIn))
	mux.Handle("POST /signout", s.browser(s.signOut))
	mux.Handle("GET /connect", s.popup(s.connect))
	mux.Handle("GET /connected", s.popup(s.connected))
	mux.Handle("GET /oauth/nuxeo/callback", s.popup(s.nuxeoCallback))
	mux.Handle("GET /oauth/frameio/callback", s.popup(s.frameioCallback))
	mux.Handle("/", s.browser(func(http.ResponseWriter, *http.Request) error {
		return fault.New(fault.NotFound, "There is no such page.")
	}))
}

func asset(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		http.ServeFileFS(w, r, static, name)
	}
}

// browser adapts a function whose errors become a page.
func (s *Server) browser(fn func(http.ResponseWriter, *http.Request) error) http.Handler {
	return s.paged(fn, "")
}

// popup adapts one that may run in a window that a page of ours or of Nuxeo has
// opened, and that page hears of its errors.
func (s *Server) popup(fn func(http.ResponseWriter, *http.Request) error) http.Handler {
	return s.paged(fn, s.origins())
}

func (s *Server) paged(fn func(http.ResponseWriter, *http.Request) error, popup string) http.Handler {
	policy := s.policy()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		if err := fn(w, r); err != nil {
			s.errorPage(w, r, err, popup)
		}
	})
}

// origins are those of the pages that open windows of ours.
func (s *Server) origins() string {
	return strings.TrimSpace(originOf(s.Set.PublicURL) + " " + s.nuxeoOrigin())
}

func (s *Server) errorPage(w http.ResponseWriter, r *http.Request, err error, popup string) {
	f := fault.From(err)
	if f.Code.Status() >= 500 {
		s.Log.ErrorContext(r.Context(), "page failed", "route", route(r), "error", err)
	}

	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())+1))
	}

	p := page{
		Title:       "This did not work",
		Message:     f.Message,
		Remedy:      f.Remedy,
		Correlation: w.Header().Get("X-Correlation-Id"),
		Popup:       popup,
	}
	// A window of a sign-in is begun again where it was opened; its address holds
	// what must not be kept.
	if f.Code == fault.Unauthenticated && r.Method == http.MethodGet && popup == "" {
		p.SignIn = s.at("/signin?" + url.Values{"return": {identity.LocalPath(r.URL.RequestURI())}}.Encode())
	}

	s.show(w, r, f.Code.Status(), p)
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, p page) {
	p.NuxeoURL, p.Version, p.Base = s.Set.NuxeoURL, s.Set.Version, s.base()
	if who, err := whoIs(r.Context()); err == nil {
		p.Person = &who
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := layout.Execute(w, p); err != nil {
		s.Log.DebugContext(r.Context(), "the reader of a page left", "error", err)
	}
}

// home is what there is to see of a program without elements.
func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	p := page{Title: "Frame.io connector for Nuxeo", Bare: true}
	if who, err := whoIs(r.Context()); err == nil {
		problem := s.Identity.Connected(r.Context(), who.Login)
		p.Connected = problem == nil
		if problem != nil {
			p.Problem = fault.From(problem).Message
		}
	}

	s.show(w, r, http.StatusOK, p)
	return nil
}

// connected ends connecting in a window of its own.
func (s *Server) connected(w http.ResponseWriter, r *http.Request) error {
	who, err := whoIs(r.Context())
	if err != nil {
		return err
	}

	if err := s.Identity.Connected(r.Context(), who.Login); err != nil {
		return err
	}

	s.show(w, r, http.StatusOK, page{Title: "Frame.io is connected", Popup: s.origins(), Done: true})
	return nil
}

const signInSeconds = 600

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	from := visitorOf(r.Context()).address
	if err := s.begun.full(from); err != nil {
		return err
	}

	// The sign-in comes back to this browser alone, by its cookie.
	s.begun.count(from)
	begun, err := s.Identity.BeginNuxeo(r.Context(), r.URL.Query().Get("return"))
	if err != nil {
		return err
	}

	http.SetCookie(w, s.cookie(signInCookie, begun.Browser, signInSeconds))
	http.Redirect(w, r, begun.Address, http.StatusSeeOther)
	return nil
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.Identity.SignOut(r.Context(), visitorOf(r.Context()).secret); err != nil {
		return err
	}
	http.SetCookie(w, s.cookie(sessionCookie, "", -1))
	s.goTo(w, r, "/")
	return nil
}

// connect sends a signed-in person to Frame.io; others sign in first.
func (s *Server) connect(w http.ResponseWriter, r *http.Request) error {
	who, err := whoIs(r.Context())
	if err != nil {
		again := "/connect?" + url.Values{"return": {identity.LocalPath(r.URL.Query().Get("return"))}}.Encode()
		s.goTo(w, r, "/signin?"+url.Values{"return": {again}}.Encode())
		return nil
	}

	begun, err := s.Identity.BeginFrameio(r.Context(), who.Login, r.URL.Query().Get("return"))
	if err != nil {
		return err
	}

	http.SetCookie(w, s.cookie(signInCookie, begun.Browser, signInSeconds))
	http.Redirect(w, r, begun.Address, http.StatusSeeOther)
	return nil
}

func (s *Server) browserSecret(r *http.Request) string {
	c, err := r.Cookie(s.cookieName(signInCookie))
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *Server) nuxeoCallback(w http.ResponseWriter, r *http.Request) error {
	from := visitorOf(r.Context()).address
	if err := s.refused.full(from); err != nil {
		return err
	}

	// A call for a stranger must not take the connections of those who work.
	done, err := s.Identity.FinishNuxeo(ratelimit.Stranger(r.Context()), r.URL.Query(), s.browserSecret(r))
	if err != nil {
		s.wrong(from, err)
		return s.failed(r.Context(), err)
	}

	http.SetCookie(w, s.cookie(signInCookie, "", -1))
	http.SetCookie(w, s.cookie(sessionCookie, done.Session, int(s.Set.SessionTTL.Seconds())))
	s.goTo(w, r, done.ReturnTo)
	return nil
}

// goOn starts what waited for a person to connect. Should it fail, the chores do
// so a little later.
func (s *Server) goOn(ctx context.Context, p identity.Person) {
	err := s.Publish.ReleaseKept(ctx, p.FrameioID)
	if err == nil {
		err = s.Binding.Reconnected(ctx, p.Login, func(b string) error { return s.Publish.Resume(ctx, b, p.Login) })
	}
	if err != nil {
		s.Log.WarnContext(ctx, "what waited for a person starts later", "login", p.Login, "error", err)
	}
}

func (s *Server) frameioCallback(w http.ResponseWriter, r *http.Request) error {
	who, err := whoIs(r.Context())
	if err != nil {
		return err
	}

	done, err := s.Identity.FinishFrameio(r.Context(), r.URL.Query(), s.browserSecret(r), who.Login)
	if err != nil {
		return err
	}

	// What waited for this person goes on.
	s.goOn(r.Context(), done.Person)
	http.SetCookie(w, s.cookie(signInCookie, "", -1))
	s.goTo(w, r, done.ReturnTo)
	return nil
}
