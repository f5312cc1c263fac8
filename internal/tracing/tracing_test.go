package tracing

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
)

// node is a tracer that sends to a receiver, whose answers have a status.
func node(t *testing.T, status *atomic.Int64, log *slog.Logger) *Tracer {
	t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/traces" {
			t.Errorf("spans are sent to %s, want /v1/traces", r.URL.Path)
		}
		w.WriteHeader(int(status.Load()))
	}))
	t.Cleanup(receiver.Close)
	tracer, err := New(t.Context(), Settings{
		Receiver: receiver.URL, Share: 1, Version: "1.0.0", Node: "a", Transport: http.DefaultTransport, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = tracer.Close() })
	return tracer
}

// traced has a tracer make the span of a request, and returns the id of its trace.
func traced(tracer *Tracer, correlation string) trace.TraceID {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	ctx, end := tracer.Request(requestid.With(context.Background(), correlation), r)
	defer end("GET /", http.StatusOK)
	return trace.SpanContextFromContext(ctx).TraceID()
}

// Nothing is handed over but the correlation id, and yet all nodes tell of one trace.
func TestNodesTellOneTrace(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	status.Store(http.StatusOK)
	one, two := node(t, &status, slog.New(slog.DiscardHandler)), node(t, &status, slog.New(slog.DiscardHandler))
	first, second, other := traced(one, "the-one"), traced(two, "the-one"), traced(two, "another")
	if first != second || first == other || !first.IsValid() {
		t.Errorf("the traces are %s and %s, and %s for another; want the first two alike", first, second, other)
	}
}

// A receiver that fails is told of when it begins to and when it is back, however much it loses.
func TestAFailingReceiverIsToldOfOnce(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	var status atomic.Int64
	tracer := node(t, &status, slog.New(slog.NewTextHandler(&log, nil)))
	for _, code := range []int64{400, 400, 200, 200, 400} {
		status.Store(code)
		traced(tracer, "the-one")
		if err := tracer.provider.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	if lost, back := strings.Count(log.String(), "traces are lost"), strings.Count(log.String(),
		"is back"); lost != 2 || back != 1 {
		t.Errorf("it was lost %d times and back %d times, want 2 and 1:\n%s", lost, back, log.String())
	}
}

func TestNoReceiverNoTracer(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	tracer, err := New(t.Context(), Settings{Share: 1})
	if tracer != nil || err != nil {
		t.Fatalf("got %v, %v; want no tracer", tracer, err)
	}

	if id := traced(tracer, "the-one"); id.IsValid() {
		t.Errorf("the trace is %s, want none", id)
	}

	if err := tracer.Close(); err != nil {
		t.Error(err)
	}
}
