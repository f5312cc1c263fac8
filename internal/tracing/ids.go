package tracing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"

	"go.opentelemetry.io/otel/trace"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
)

// root is the span that everything with a correlation id hangs on.
func root(correlation string) trace.SpanContext {
	sum := sha256.Sum256([]byte(correlation))
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID(sum[:16]), SpanID: trace.SpanID(sum[16:24]),
		TraceFlags: trace.FlagsSampled, Remote: true,
	})
}

// below puts the root of the context's correlation id into the context.
func below(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(ctx, root(requestid.ID(ctx)))
}

// ids gives new traces the ids of their correlation id's root.
type ids struct{}

// NewIDs is sdk.IDGenerator's.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	r := root(requestid.ID(ctx))
	return r.TraceID(), r.SpanID()
}

// NewSpanID is sdk.IDGenerator's.
func (ids) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	_, _ = rand.Read(id[:]) // it never fails
	return id
}
