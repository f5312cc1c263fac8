package tracing

import (
	"context"
	"database/sql"
	"io"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Request begins the span of a request to us; end takes the route and the
// status. A request whose correlation id is ours begins its trace; one that
// brought the id is a part of what others have begun.
func (t *Tracer) Request(ctx context.Context, r *http.Request) (_ context.Context, end func(route string, status int)) {
	if t == nil {
		return ctx, func(string, int) {}
	}

	// An id that came with the request belongs to a trace that others began.
	if r.Header.Get(requestid.Header) == requestid.ID(ctx) {
		ctx = below(ctx)
	}

	ctx, span := t.tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", r.Method), attribute.String("correlation", requestid.ID(ctx))))
	return ctx, func(route string, status int) {
		span.SetName(route)
		span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Start begins a span below the one in the context; without one it does nothing.
// end takes what came of it.
func Start(ctx context.Context, name string) (_ context.Context, end func(error)) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, func(error) {}
	}
	ctx, span := parent.TracerProvider().Tracer("nuxeo-frameio").Start(ctx, name)
	return ctx, func(err error) { finish(span, err) }
}

// finish ends a span with a code and a sentence for people; causes stay in the
// log.
func finish(span trace.Span, err error) {
	if err != nil {
		f := fault.From(err)
		span.SetAttributes(attribute.String("code", string(f.Code)))
		span.SetStatus(codes.Error, f.Message)
	}
	span.End()
}

// Worker makes each step of a kind of items a span.
func (t *Tracer) Worker(w work.Worker) work.Worker {
	if t == nil {
		return w
	}
	return worker{t, w}
}

type worker struct {
	t    *Tracer
	next work.Worker
}

func (w worker) start(ctx context.Context, k *work.Task, step string) (context.Context, trace.Span) {
	// The table of steps says it in words.
	does := ""
	for _, s := range w.next.Steps() {
		if s.Name == step {
			does = s.Does
		}
	}

	if step == "" {
		step = "begin"
	}

	return w.t.tracer.Start(below(ctx), k.Kind+" "+step, trace.WithAttributes(
		attribute.String("item", k.ID), attribute.String("kind", k.Kind), attribute.String("step", step),
		attribute.String("does", does),
		attribute.Int64("attempt", k.Attempt), attribute.String("correlation", k.Correlation)))
}

// Steps is work.Worker's.
func (w worker) Steps() []work.StepInfo { return w.next.Steps() }

// Step is work.Worker's.
func (w worker) Step(ctx context.Context, k *work.Task) (next work.Next, err error) {
	ctx, span := w.start(ctx, k, k.Step)
	defer func() { finish(span, err) }()
	next, err = w.next.Step(ctx, k)
	span.SetAttributes(attribute.String("next", next.Step), attribute.String("outcome", next.Outcome))
	return next, err
}

// Undo is work.Worker's.
func (w worker) Undo(ctx context.Context, k *work.Task) (err error) {
	ctx, span := w.start(ctx, k, "undo")
	defer func() { finish(span, err) }()
	return w.next.Undo(ctx, k)
}

// Ended is work.Worker's.
func (w worker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	return w.next.Ended(ctx, tx, it)
}

// Calls makes each call to a system a span, from the request to the end of the
// answer's body, if it belongs to a trace. class names what a call is for; with
// told the system learns the trace's id.
func (t *Tracer) Calls(
	system string, class func(*http.Request) string, propagate bool, next http.RoundTripper,
) http.RoundTripper {
	if t == nil {
		return next
	}
	return calls{t, system, class, propagate, next}
}

type calls struct {
	t         *Tracer
	system    string
	class     func(*http.Request) string
	propagate bool
	next      http.RoundTripper
}

// RoundTrip is http.RoundTripper's.
func (c calls) RoundTrip(r *http.Request) (*http.Response, error) {
	if !trace.SpanContextFromContext(r.Context()).IsValid() {
		return c.next.RoundTrip(r)
	}

	// The name of a span has no ids, so that like calls can be compared.
	class := c.class(r)
	ctx, span := c.t.tracer.Start(r.Context(), c.system+" "+class, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(
			attribute.String("system", c.system), attribute.String("class", class),
			attribute.String("http.request.method", r.Method), attribute.String("server.address", r.URL.Hostname())))
	r = r.Clone(ctx)
	if c.propagate {
		propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(r.Header))
	}

	resp, err := c.next.RoundTrip(r)
	if err != nil {
		span.SetStatus(codes.Error, "no answer") // the error could tell an address
		span.End()
		return nil, err
	}

	span.SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	if resp.StatusCode >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}

	// The span lasts until the body has been read.
	resp.Body = &body{resp.Body, span}
	return resp, nil
}

type body struct {
	io.ReadCloser
	span trace.Span
}

func (b *body) Close() error {
	defer b.span.End()
	return b.ReadCloser.Close()
}
