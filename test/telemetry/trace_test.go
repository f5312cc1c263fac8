// Package telemetry reads what the connector tells those who watch it: traces
// at a receiver of its own, and the examples of dashboard and alerts.
package telemetry

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	wire "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// receiver takes spans as an OpenTelemetry collector does.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	spans []*wire.Span
	raw   strings.Builder
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := new(receiver)
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP is http.Handler's.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	b, err := io.ReadAll(q.Body)
	var m collector.ExportTraceServiceRequest
	if err != nil || q.URL.Path != "/v1/traces" || proto.Unmarshal(b, &m) != nil {
		http.Error(w, "no spans", http.StatusBadRequest)
		return
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	r.raw.Write(b)
	for _, res := range m.ResourceSpans {
		for _, s := range res.ScopeSpans {
			r.spans = append(r.spans, s.Spans...)
		}
	}
}

// trace is the spans of a correlation id, by name.
func (r *receiver) trace(correlation string) map[string][]*wire.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := sha256.Sum256([]byte(correlation))
	out := map[string][]*wire.Span{}
	for _, s := range r.spans {
		if hex.EncodeToString(s.TraceId) == hex.EncodeToString(sum[:16]) {
			out[s.Name] = append(out[s.Name], s)
		}
	}

	return out
}

// heard remembers the traceparent of each call that comes to a simulator.
type heard struct {
	mu     sync.Mutex
	traces map[string]int
	silent int
}

func (h *heard) rule(path string) faults.Rule {
	h.traces = map[string]int{}
	return faults.Rule{Path: path, Hook: func(r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if _, rest, ok := strings.Cut(r.Header.Get("Traceparent"), "-"); ok {
			h.traces[rest[:32]]++
		} else {
			h.silent++
		}
	}}
}

// One interaction is one trace, from the call of the custom action to the mail,
// also when the items go over to another process in the middle.
func TestOneTraceFromTheActionToTheMail(t *testing.T) {
	t.Parallel()
	for _, restarted := range []bool{false, true} {
		r := newReceiver(t)
		b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Telemetry.Traces = r.URL; testenv.ByNuxeo(c) }))
		b.Bind("Publish")
		var atNuxeo, atFrameio heard
		b.Nuxeo.Faults().Add(atNuxeo.rule(""))
		b.Frameio.Faults().Add(atFrameio.rule(""))
		if restarted {
			b.DieAtCommit(12) // in the middle of the steps
		}

		b.Run(b.Josh, b.Frameio.AddFile(b.Root, "Cut.mov", pattern.New(1, 3<<20)))
		if restarted && !b.Survive() {
			t.Fatal("the process: got it alive, want it dead")
		}

		var item work.View
		for _, v := range b.Settle() {
			if v.Kind == "publish" {
				item = v
			}
		}

		b.AllDone()
		b.Restart() // sends the last spans
		spans := r.trace(item.Correlation)
		names := slices.Sorted(maps.Keys(spans))
		want := []string{
			"POST /frameio/actions/{id}", "accept", "publish begin", "publish resolve", "publish link",
			"publish transfer", "publish attach",
			"publish verify", "publish describe", "publish comments", "notice begin",
			"frameio GET /files/*", "files GET original", "nuxeo POST upload", "nuxeo POST id",
			"nuxeo POST automation/Document.Mail",
		}

		for _, name := range want {
			// the dead tell nothing
			if len(spans[name]) == 0 && !(restarted && (strings.HasPrefix(name, "POST /") || name == "accept")) {
				t.Errorf("no span %q among %q, want one", name, names)
			}
		}

		hang(t, spans, item.Correlation, restarted)
		if len(atNuxeo.traces) == 0 || len(atFrameio.traces) != 0 {
			t.Errorf("Nuxeo heard of the traces %v and Frame.io of %v, want some and none", atNuxeo.traces,
				atFrameio.traces)
		}

		noSecrets(t, r)
	}
}

// hang checks that every span hangs on another one, and all on the first.
func hang(t *testing.T, spans map[string][]*wire.Span, correlation string, restarted bool) {
	t.Helper()
	sum := sha256.Sum256([]byte(correlation))
	known := map[string]string{string(sum[16:24]): "the root"}
	for name, list := range spans {
		for _, s := range list {
			known[string(s.SpanId)] = name
		}
	}

	parents := map[string]string{
		"accept": "POST /frameio/actions/{id}", "files GET original": "publish transfer",
		"nuxeo POST automation/Document.Mail": "notice begin",
		"publish attach":                      "POST /frameio/actions/{id}", "nuxeo POST id": "publish attach",
		"POST /frameio/actions/{id}": "",
	}

	for name, list := range spans {
		for _, s := range list {
			parent := known[string(s.ParentSpanId)]
			if want, ok := parents[name]; ok && want != parent && !(restarted && parent == "the root") {
				t.Errorf("the span %q hangs on %q, want %q", name, parent, want)
			}
			if parent == "" && name != "POST /frameio/actions/{id}" && !restarted {
				t.Errorf("the span %q hangs on nothing, want a parent", name)
			}
		}
	}
}

var secrets = regexp.MustCompile(`Signature|Bearer|response-content|Key-Pair|\?`)

func noSecrets(t *testing.T, r *receiver) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := secrets.FindString(r.raw.String()); m != "" && m != "?" {
		t.Errorf("the spans tell %q, want no secret", m)
	}

	for _, s := range r.spans {
		for _, a := range s.Attributes {
			if v := a.Value.GetStringValue(); secrets.MatchString(v) {
				t.Errorf("in %s the attribute %s is %q, want no secret", s.Name, a.Key, v)
			}
		}
	}
}

// A step that fails says so in its span, in words for people.
func TestFailuresAreInTheTrace(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Telemetry.Traces = r.URL }))
	b.Bind("Publish")
	b.Frameio.Faults().Add(faults.Rule{Path: "^/assets/", Status: 403, Body: "no"})
	v := b.Published(b.Josh, b.Frameio.AddFile(b.Root, "Cut.mov", pattern.New(1, 1000)))[0]
	b.Restart()
	spans := r.trace(v.Correlation)
	failed := spans["publish transfer"]
	if len(failed) == 0 || failed[0].Status.GetCode() != wire.Status_STATUS_CODE_ERROR ||
		!strings.Contains(failed[0].Status.GetMessage(), "refuses the original") {
		t.Errorf("the failed step tells %v, want an error that refuses the original", failed)
	}

	if len(spans["publish undo"]) == 0 {
		t.Error("spans of \"publish undo\": got none, want some")
	}
}

// A receiver that is not there changes nothing; without one there are no spans.
func TestNoReceiver(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "http://127.0.0.1:1"} {
		b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Telemetry.Traces = address }))
		b.Bind("Publish")
		var atNuxeo heard
		b.Nuxeo.Faults().Add(atNuxeo.rule(""))
		b.Published(b.Josh, b.Frameio.AddFile(b.Root, "Cut.mov", pattern.New(1, 1000)))
		b.AllDone()
		if (len(atNuxeo.traces) > 0) != (address != "") {
			t.Errorf("traced to %q, Nuxeo heard of %v; want some exactly where there is an address", address,
				atNuxeo.traces)
		}
	}
}

// A share of the interactions is traced whole, or not at all.
func TestShare(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Telemetry.Traces, c.Telemetry.TraceShare = r.URL, 0 }))
	b.Bind("Publish")
	b.Published(b.Josh, b.Frameio.AddFile(b.Root, "Cut.mov", pattern.New(1, 1000)))
	b.AllDone()
	b.Restart()
	if len(r.spans) != 0 {
		t.Errorf("%d spans came, want none", len(r.spans))
	}
}
