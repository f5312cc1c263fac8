package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// problem answers with problem details. What is our mistake goes to the log;
// the person gets a sentence and the correlation id.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.From(err)
	status := f.Code.Status()
	if status >= 500 {
		s.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "route", route(r), "code",
			f.Code, "error", err)
	}

	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())+1))
	}

	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}

	// Causes may quote addresses and answers, so they are not sent.
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(api.Problem{ // the client may be gone
		Type: "about:blank", Title: f.Message, Status: status, Code: string(f.Code),
		Field: opt(f.Field), Remedy: opt(f.Remedy), Page: opt(f.Page), Correlation: opt(requestid.ID(r.Context())),
	})
}

func (s *Server) badRequest(w http.ResponseWriter, r *http.Request, err error) {
	s.problem(w, r, unreadable(err))
}

func unreadable(err error) error {
	return fault.New(fault.Invalid, "The request cannot be read: %s.", firstLine(err)).Because(err)
}

func firstLine(err error) string {
	text := err.Error()
	if len(text) > 200 {
		text = text[:200]
	}
	return text
}

// opt is nil for an empty string, so that JSON leaves it out.
func opt(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func val[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// some is nil for a zero value, so that JSON leaves it out.
func some[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// moment is nil for no time, so that JSON leaves it out.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
