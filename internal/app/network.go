package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/correlate"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/pace"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/transfer"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// network holds the four ways out: calls and bytes, for each remote system.
type network struct {
	nuxeo, uploads *http.Client // share one budget of connections
	frameio, files *http.Client
	budgets        *pace.Budgets
	closers        []func()
}

func newNetwork(c Config, w World, registry *prometheus.Registry) *network {
	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "nuxeo_frameio_remote_seconds", Help: "Time until a remote system answered, by system and status (0: no answer).",
		Buckets: []float64{.01, .05, .2, 1, 5, 30, 300},
	}, []string{"system", "status"})
	registry.MustRegister(seconds)
	n := &network{}
	calls := func() *http.Transport {
		t := http.DefaultTransport.(*http.Transport).Clone()
		if w.Dial != nil {
			t.DialContext = w.Dial
		}
		n.closers = append(n.closers, t.CloseIdleConnections)
		return t
	}
	bytes := func() *http.Transport {
		t := transfer.NewTransport(transfer.Network{Dial: w.Dial})
		n.closers = append(n.closers, t.CloseIdleConnections)
		return t
	}
	out := func(system string, t http.RoundTripper) http.RoundTripper {
		return correlate.Transport(held{measured{w.Wrap(system, t), system, seconds}})
	}
	places := pace.NewConnections(out("nuxeo", calls()), c.Nuxeo.Connections, w.nodes)
	n.nuxeo = &http.Client{Transport: limited{places, c.Nuxeo.CallTimeout}}
	n.uploads = &http.Client{Transport: places.Share(out("nuxeo", bytes()))}
	n.budgets = pace.NewBudgets(out("frameio", calls()), w.Now, w.nodes)
	n.frameio = &http.Client{Transport: limited{n.budgets, c.Frameio.CallTimeout}}
	n.files = &http.Client{Transport: out("files", bytes())}
	return n
}

func (n *network) close() {
	for _, c := range n.closers {
		c()
	}
}

// limited gives each call a time, to the end of its body. A call that grants the
// remote transaction more gets as much itself.
type limited struct {
	next http.RoundTripper
	time time.Duration
}

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	limit := l.time
	if s, err := strconv.Atoi(r.Header.Get("Nuxeo-Transaction-Timeout")); err == nil {
		limit += time.Duration(s) * time.Second
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	resp, err := l.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = ending{resp.Body, cancel}
	return resp, nil
}

type ending struct {
	io.ReadCloser
	end func()
}

func (e ending) Close() error {
	defer e.end()
	return e.ReadCloser.Close()
}

// held lets no call out for an item that is no longer ours.
type held struct{ next http.RoundTripper }

func (h held) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := work.Held(r.Context()); err != nil {
		return nil, err
	}
	return h.next.RoundTrip(r)
}

// measured counts answers and the time they took.
type measured struct {
	next    http.RoundTripper
	system  string
	seconds *prometheus.HistogramVec
}

func (m measured) RoundTrip(r *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := m.next.RoundTrip(r)
	status := 0
	if err == nil {
		status = resp.StatusCode
	}
	m.seconds.WithLabelValues(m.system, strconv.Itoa(status)).Observe(time.Since(start).Seconds())
	return resp, err
}

// quiet lets the job library speak of warnings only: what it does is ours to
// tell.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(louder{log.Handler()}) }

type louder struct{ slog.Handler }

func (l louder) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && l.Handler.Enabled(ctx, level)
}

func (l louder) WithAttrs(attrs []slog.Attr) slog.Handler { return louder{l.Handler.WithAttrs(attrs)} }

func (l louder) WithGroup(name string) slog.Handler { return louder{l.Handler.WithGroup(name)} }

// itemMetrics reads the database when it is scraped.
type itemMetrics struct {
	engine              *work.Engine
	network             *network
	items, age, budgets *prometheus.Desc
}

func newItemMetrics(e *work.Engine, n *network) *itemMetrics {
	return &itemMetrics{
		engine: e, network: n,
		items:   prometheus.NewDesc("nuxeo_frameio_items", "Items by state.", []string{"state"}, nil),
		age:     prometheus.NewDesc("nuxeo_frameio_queue_age_seconds", "How long the oldest due item has waited.", nil, nil),
		budgets: prometheus.NewDesc("nuxeo_frameio_budget_left_ratio", "What is left of the rate budget that is used up most, by endpoint class.", []string{"class"}, nil),
	}
}

// Describe is prometheus.Collector's.
func (m *itemMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- m.items
	ch <- m.age
	ch <- m.budgets
}

// Collect is prometheus.Collector's.
func (m *itemMetrics) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	counts, oldest, err := m.engine.Counts(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(m.items, err)
		return
	}
	for _, s := range []work.State{work.Waiting, work.Running, work.Done, work.Failed, work.Canceled} {
		ch <- prometheus.MustNewConstMetric(m.items, prometheus.GaugeValue, float64(counts[s]), string(s))
	}
	age := 0.0
	if !oldest.IsZero() {
		age = max(0, time.Since(oldest).Seconds())
	}
	ch <- prometheus.MustNewConstMetric(m.age, prometheus.GaugeValue, age)
	for class, left := range m.lowest() {
		ch <- prometheus.MustNewConstMetric(m.budgets, prometheus.GaugeValue, left, class)
	}
}

// lowest is the emptiest budget of each class, over all credentials.
func (m *itemMetrics) lowest() map[string]float64 {
	out := map[string]float64{}
	for _, b := range m.network.budgets.Snapshot() {
		if b.Limit <= 0 {
			continue
		}
		left := max(0, b.Level/b.Limit)
		if seen, ok := out[b.Class]; !ok || left < seen {
			out[b.Class] = left
		}
	}
	return out
}
