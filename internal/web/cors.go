package web

import (
	"net/http"
	"net/url"
	"strings"
)

// shared lets pages of Nuxeo use the REST interface from the browser (CORS).
// Exactly Nuxeo's origin may, and only with a session it holds itself: a cookie
// that comes along proves nothing about who wrote the page.
type shared struct {
	origin string // scheme://host[:port] of Nuxeo
	theirs http.Handler
	ours   http.Handler // all other requests
}

// allowed are what pages may send, exposed what they may read of an answer.
const (
	allowedMethods = "GET, POST, PUT, PATCH, DELETE"
	allowedHeaders = "Authorization, Content-Type, X-Correlation-Id"
	exposedHeaders = "X-Correlation-Id, Retry-After"
	preflightAge   = "600" // seconds
)

// originOf is the origin of an address, empty when it has none.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return ""
	}

	host := strings.ToLower(u.Host) // browsers leave out the port that goes without saying
	switch scheme := strings.ToLower(u.Scheme); scheme {
	case "http":
		return scheme + "://" + strings.TrimSuffix(host, ":80")
	case "https":
		return scheme + "://" + strings.TrimSuffix(host, ":443")
	}

	return ""
}

// nuxeoOrigin is where pages come from that are not ours; empty when Nuxeo and we
// have one address, so that there are none.
func (s *Server) nuxeoOrigin() string {
	if origin := originOf(s.Set.NuxeoURL); origin != originOf(s.Set.PublicURL) {
		return origin
	}
	return ""
}

// ServeHTTP is http.Handler's.
func (c shared) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Add("Vary", "Origin")
	if r.Header.Get("Origin") != c.origin {
		c.ours.ServeHTTP(w, r)
		return
	}

	// It is a page of Nuxeo. A preflight only asks what is allowed.
	h.Set("Access-Control-Allow-Origin", c.origin)
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", allowedMethods)
		h.Set("Access-Control-Allow-Headers", allowedHeaders)
		h.Set("Access-Control-Max-Age", preflightAge)
		w.WriteHeader(http.StatusNoContent)
		return
	}

	// It brings a session of its own; our cookie must not count.
	h.Set("Access-Control-Expose-Headers", exposedHeaders)
	inner := r.Clone(r.Context())
	inner.Header.Del("Cookie")
	defer func() { r.Pattern = inner.Pattern }() // for who measures
	c.theirs.ServeHTTP(w, inner)
}
