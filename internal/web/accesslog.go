package web

import (
	"context"
	"net/http"
	"slices"
	"time"
)

// usual are the methods that are told by their names: any word can be one.
var usual = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions,
	http.MethodPatch,
}

type callerKey struct{}

// noted makes room in the context of a request for who sends it, which is known further in.
func noted(ctx context.Context) context.Context {
	return context.WithValue(ctx, callerKey{}, new(string))
}

// note tells who sends a request.
func note(ctx context.Context, login string) {
	if to, ok := ctx.Value(callerKey{}).(*string); ok {
		*to = login
	}
}

// access writes the line of a request: its route and never its path, since there may be tickets, tokens and
// signatures in that. The id of the request is in each line of the log.
func (s *Server) access(rec *recorder, r *http.Request, took time.Duration) {
	if !s.Set.AccessLog {
		return
	}

	method := r.Method
	if !slices.Contains(usual, method) {
		method = "other"
	}

	args := []any{
		"method", method, "route", route(r), "status", rec.status, "bytes", rec.bytes,
		"took", took.Round(time.Microsecond),
	}
	if who, _ := r.Context().Value(callerKey{}).(*string); who != nil && *who != "" {
		args = append(args, "login", *who)
	}

	s.Log.InfoContext(r.Context(), "access", args...)
}
