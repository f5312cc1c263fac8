// Package requestid carries one id from a request through its items to every
// remote call, and into every line of the log.
//
// It owns the id in the context, the header X-Correlation-Id and the log
// handler that adds what the context knows. An id from outside is taken only if
// it is short and plain, so that it cannot forge log lines. It leaves to others
// what is logged.
package requestid

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"regexp"
)

// Header is how the id travels in HTTP, in and out.
const Header = "X-Correlation-Id"

type key struct{}

type carried struct {
	id   string
	item string
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_.-]{6,64}$`)

// New makes a fresh id.
func New() string { return rand.Text()[:16] }

// With puts an id into the context, or a fresh one when id is not a plain one.
func With(ctx context.Context, id string) context.Context {
	if !plain.MatchString(id) {
		id = New()
	}
	c, _ := ctx.Value(key{}).(carried)
	c.id = id
	return context.WithValue(ctx, key{}, c)
}

// WithItem also names the item that is worked on.
func WithItem(ctx context.Context, id, item string) context.Context {
	return context.WithValue(With(ctx, id), key{}, carried{id: id, item: item})
}

// ID is the id in the context, empty when there is none.
func ID(ctx context.Context) string {
	c, _ := ctx.Value(key{}).(carried)
	return c.id
}

// Handler adds the context's ids to each record of next.
func Handler(next slog.Handler) slog.Handler { return handler{next} }

type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	c, _ := ctx.Value(key{}).(carried)
	if c.id != "" {
		r.AddAttrs(slog.String("correlation", c.id))
	}
	if c.item != "" {
		r.AddAttrs(slog.String("item", c.item))
	}
	return h.Handler.Handle(ctx, r)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}
func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }

// Transport sends the id along with each remote call.
func Transport(next http.RoundTripper) http.RoundTripper { return transport{next} }

type transport struct{ next http.RoundTripper }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if id := ID(r.Context()); id != "" {
		r = r.Clone(r.Context())
		r.Header.Set(Header, id)
	}
	return t.next.RoundTrip(r)
}

// Middleware takes the id of an incoming request, or makes one, and answers with it.
func Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := With(r.Context(), r.Header.Get(Header))
		w.Header().Set(Header, ID(ctx))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
