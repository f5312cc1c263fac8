package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

const (
	sessionCookie = "nxf_session"
	signInCookie  = "nxf_signin"
)

type personKey struct{}

type visitor struct {
	person  identity.Person
	secret  string
	address string // where the request comes from
	err     error
}

// signedIn finds out who asks, by bearer session or cookie, and bounds what they may
// send. It refuses no one: handlers that need an identity call whoIs.
func (s *Server) signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visitor{secret: s.sessionSecret(r), address: s.addressOf(r)}
		if v.secret == "" {
			v.err = fault.New(fault.Unauthenticated, "You are not signed in.").With("Sign in with Nuxeo.")
		} else {
			v.person, v.err = s.Identity.Session(r.Context(), v.secret)
		}
		note(r.Context(), v.person.Login)
		bounded(w, r, v.err == nil)
		inner := r.WithContext(context.WithValue(audited(r, v.address, v.person.Login), personKey{}, v))
		defer func() { r.Pattern = inner.Pattern }() // for who measures
		next.ServeHTTP(w, inner)
	})
}

func (s *Server) sessionSecret(r *http.Request) string {
	if secret, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return secret
	}
	c, err := r.Cookie(s.cookieName(sessionCookie))
	if err != nil {
		return ""
	}
	return c.Value
}

func visitorOf(ctx context.Context) visitor {
	v, ok := ctx.Value(personKey{}).(visitor)
	if !ok {
		v.err = fault.New(fault.Unauthenticated, "You are not signed in.")
	}
	return v
}

// whoIs is the person who asks, or the reason why that is not known.
func whoIs(ctx context.Context) (identity.Person, error) {
	v := visitorOf(ctx)
	return v.person, v.err
}

func viewer(ctx context.Context) (work.Viewer, error) {
	p, err := whoIs(ctx)
	return work.Viewer{Login: p.Login, Admin: p.Admin}, err
}

func admin(ctx context.Context) (identity.Person, error) {
	p, err := whoIs(ctx)
	if err == nil && !p.Admin {
		err = fault.New(fault.Forbidden, "Only administrators of Nuxeo may do this.").With("Ask an administrator.")
	}
	return p, err
}

// cookie is a cookie of ours: for this site only, out of scripts' reach, and
// over https only where we are reached that way.
func (s *Server) cookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{
		Name: s.cookieName(name), Value: value, Path: s.at("/"), MaxAge: seconds, HttpOnly: true,
		Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	}
}

func (s *Server) secure() bool { return strings.HasPrefix(s.Set.PublicURL, "https://") }

// cookieName has browsers take a cookie over https only, and from this host: neither a
// neighbour below the same domain nor an attacker on the way can give them one of theirs.
func (s *Server) cookieName(name string) string {
	switch {
	case !s.secure():
		return name
	case s.base() == "":
		return "__Host-" + name
	}
	return "__Secure-" + name // a path of our own does not go with the other
}
