// Package tracing tells each interaction as one trace, in OpenTelemetry: the
// request that began it, each step of its items, each call to a remote system.
//
// A trace has to survive the hand-over from the request to items, and of items
// between processes. What they carry already is the correlation id, so trace and
// root span are derived from it: nothing more is stored, and every node comes to
// the same ids. Invariants: no span carries a query, a token or the content
// of anything; no system but Nuxeo learns the id of a trace; without a receiver
// nothing is made. A nil Tracer is one that is off.
package tracing

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Settings say where spans go.
type Settings struct {
	// Receiver is the address of an OTLP receiver over HTTP; empty is what the
	// environment says in OTEL_EXPORTER_OTLP_ENDPOINT, or none.
	Receiver string
	// Share is how many of all traces are sent, from 0 to 1.
	Share         float64
	Version, Node string
	Transport     http.RoundTripper
	Log           *slog.Logger
}

// Tracer makes spans.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New makes a tracer; nil when there is no receiver.
func New(ctx context.Context, s Settings) (*Tracer, error) {
	if s.Receiver == "" && os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" &&
		os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return nil, nil
	}

	options := []otlptracehttp.Option{
		otlptracehttp.WithHTTPClient(&http.Client{Transport: s.Transport, Timeout: 10 * time.Second}),
	}
	if s.Receiver != "" {
		options = append(options, otlptracehttp.WithEndpointURL(whole(s.Receiver)))
	}

	out, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, err
	}

	about, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "nuxeo-frameio"), attribute.String("service.version", s.Version),
		attribute.String("service.instance.id", s.Node)), resource.WithFromEnv())
	if err != nil {
		return nil, err
	}

	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(&telling{SpanExporter: out, log: s.Log}, sdk.WithBatchTimeout(2*time.Second)),
		// By the trace's id alone, so that all nodes decide alike.
		sdk.WithSampler(sdk.TraceIDRatioBased(s.Share)),
		sdk.WithIDGenerator(ids{}), sdk.WithResource(about))
	return &Tracer{provider: provider, tracer: provider.Tracer("nuxeo-frameio")}, nil
}

// whole adds the path that receivers have, unless there is one.
func whole(receiver string) string {
	u, err := url.Parse(receiver)
	if err == nil && (u.Path == "" || u.Path == "/") {
		u.Path = "/v1/traces"
		return u.String()
	}
	return receiver
}

// Close sends what is left.
func (t *Tracer) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// telling logs when the receiver begins to fail and when it is back, and keeps
// its failures to itself otherwise: they are no failures of ours.
type telling struct {
	sdk.SpanExporter
	log     *slog.Logger
	failing atomic.Bool
}

// ExportSpans is sdk.SpanExporter's.
func (e *telling) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := e.SpanExporter.ExportSpans(ctx, spans)
	if e.failing.Swap(err != nil) == (err != nil) {
		return nil
	}

	if err != nil {
		e.log.WarnContext(ctx, "traces are lost: their receiver does not take them", "error", err)
	} else {
		e.log.InfoContext(ctx, "the receiver of traces is back")
	}

	return nil
}
