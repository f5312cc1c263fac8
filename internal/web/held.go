package web

import (
	"net/http"
	"strings"
)

// held answers every request with why this process does nothing, when it does nothing. What pages need to
// say so is served all the same; calls of custom actions are taken, and wait.
func (s *Server) held(next http.Handler) http.Handler {
	if s.Held == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := s.Held()
		switch {
		case err == nil || strings.HasPrefix(r.URL.Path, "/static/"):
			next.ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/api/"):
			s.problem(w, r, err)
		default:
			s.browser(func(http.ResponseWriter, *http.Request) error { return err }).ServeHTTP(w, r)
		}
	})
}
