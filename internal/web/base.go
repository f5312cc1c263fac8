package web

import (
	"net/http"
	"net/url"
	"strings"
)

// Base is the path of a public address, without a slash at its end: empty when
// we have an address to ourselves, /nuxeo/frameio when a reverse proxy puts us
// below Nuxeo's.
func Base(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return ""
	}
	return strings.TrimRight(u.Path, "/")
}

func (s *Server) base() string { return Base(s.Set.PublicURL) }

// at is a path of ours as browsers see it; one that has the base already keeps it.
func (s *Server) at(path string) string {
	base := s.base()
	if base == "" || path == base || strings.HasPrefix(path, base+"/") {
		return path
	}
	return base + path
}

// goTo sends a browser to a path of ours.
func (s *Server) goTo(w http.ResponseWriter, r *http.Request, path string) {
	http.Redirect(w, r, s.at(path), http.StatusSeeOther)
}

// below takes the base off a request, for proxies that pass it on. Others have
// taken it off themselves.
func (s *Server) below(next http.Handler) http.Handler {
	base := s.base()
	if base == "" {
		return next
	}

	stripped := http.StripPrefix(base, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, base+"/") {
			stripped.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// above puts the base back, for a part that knows its whole address.
func (s *Server) above(r *http.Request) *http.Request {
	inner := r.Clone(r.Context())
	inner.URL.Path = s.at(r.URL.Path)
	return inner
}
