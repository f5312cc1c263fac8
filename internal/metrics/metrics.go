// Package metrics counts what the connector does, for Prometheus.
//
// It owns the names and labels of the metrics; doc/metrics.md lists them, and a
// test compares both. Invariants: no label takes more values than the
// program has words for, and none comes from outside; what is read from the
// database costs the same however much is in it; nothing secret is counted. The
// queries belong to the packages that are asked.
package metrics

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Metrics are those of one process.
type Metrics struct {
	seconds  *prometheus.HistogramVec
	calls    *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	finished *prometheus.CounterVec
	classes  *classes
	slow     *slow
}

// New makes the metrics and registers them.
func New(registry *prometheus.Registry, version string) *Metrics {
	m := &Metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "nuxeo_frameio_remote_seconds",
			Help:    "Time until a remote system answered, or failed to, by system and class of call.",
			Buckets: []float64{.01, .05, .2, 1, 5, 30, 300},
		}, []string{"system", "class"}),
		calls: counter("nuxeo_frameio_remote_calls_total",
			"Calls to remote systems by system, class and status; status 0 is no answer.", "system", "class", "status"),
		bytes: counter("nuxeo_frameio_transfer_bytes_total", "Bytes of files that were moved, by direction.",
			"direction"),
		finished: counter("nuxeo_frameio_items_finished_total",
			"Items that ended on this node, by kind and outcome.", "kind", "outcome"),
		classes: newClasses(),
	}

	// A counter that is there from the start can be told from one that is missing.
	m.bytes.WithLabelValues(fromFrameio)
	m.bytes.WithLabelValues(toNuxeo)
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "nuxeo_frameio_build_info",
		Help: "Always 1; the labels tell the version.",
	}, []string{"version", "go"})

	build.WithLabelValues(version, runtime.Version()).Set(1)
	registry.MustRegister(m.seconds, m.calls, m.bytes, m.finished, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// Ended counts an item that ended.
func (m *Metrics) Ended(it work.Item) {
	outcome := it.Outcome
	if it.State != work.Done {
		outcome = string(it.State)
	}
	m.finished.WithLabelValues(it.Kind, outcome).Inc()
}
