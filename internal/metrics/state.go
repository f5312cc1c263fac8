package metrics

import (
	"context"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/bandwidth"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ratelimit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Sources are asked when the metrics are read.
type Sources struct {
	Engine   *work.Engine
	Identity *identity.Service
	Budgets  *ratelimit.Budgets
	Limit    *bandwidth.Limit
	// Files are the database's on the disk, by what they hold; those that are not
	// there are left out.
	Files map[string]string
	// Ready says why the process cannot take requests.
	Ready func(context.Context) error
	Now   func() time.Time
}

// state reads how things stand when it is scraped.
type state struct {
	Sources
	items, age, open, rate, limit, budgets, credentials, size, ready, paused, nodes *prometheus.Desc
}

// Watch registers what is read from the sources.
func Watch(registry *prometheus.Registry, s Sources) {
	gauge := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("nuxeo_frameio_"+name, help, labels, nil)
	}
	registry.MustRegister(&state{
		Sources: s,
		items:   gauge("items", "Items that are not finished, or failed, by kind and state.", "kind", "state"),
		age:     gauge("queue_age_seconds", "How long the oldest due item has waited."),
		open:    gauge("transfers", "Transfers under way."),
		rate:    gauge("transfer_bytes_per_second", "Speed of all transfers under way."),
		limit: gauge("transfer_limit_bytes_per_second",
			"Bandwidth that this node's transfers may use at the moment; 0 is no limit."),
		budgets: gauge("budget_left_ratio",
			"What is left of the rate budget that is used up most, by endpoint class.", "class"),
		credentials: gauge("credentials", "Frame.io sign-ins by state: usable, expired (renewed at the next use), "+
			"lost (the person must connect again).", "state"),
		size:   gauge("database_bytes", "Size of the database's files.", "file"),
		paused: gauge("paused", "1 while somebody has paused the work."),
		nodes:  gauge("nodes", "Nodes that give a sign of life."),
		ready:  gauge("ready", "1 when this node can take requests."),
	})
}

// Describe is prometheus.Collector's.
func (s *state) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		s.items, s.age, s.open, s.rate, s.limit, s.budgets, s.credentials, s.size,
		s.ready, s.paused, s.nodes,
	} {
		ch <- d
	}
}

// scrapeTime is how long reading the state may take.
const scrapeTime = 2 * time.Second

// Collect is prometheus.Collector's.
func (s *state) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	send := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}

	// What needs no database is told in any case.
	ready := s.Ready(ctx) == nil
	send(s.ready, number(ready))
	send(s.limit, float64(s.Limit.Speed()))
	for class, left := range s.lowest() {
		send(s.budgets, left, class)
	}

	for what, path := range s.Files {
		if info, err := os.Stat(path); err == nil {
			send(s.size, float64(info.Size()), what)
		}
	}

	if ready { // else there is no telling, which must not hide the rest
		s.rows(ctx, send)
	}
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// rows tells what is in the database. What cannot be read now is left out.
func (s *state) rows(ctx context.Context, send func(*prometheus.Desc, float64, ...string)) {
	// Items and transfers.
	if g, err := s.Engine.Gauges(ctx); err == nil {
		for _, c := range g.Items {
			send(s.items, float64(c.N), c.Kind, string(c.State))
		}
		age := 0.0
		if !g.Oldest.IsZero() {
			age = max(0, s.Now().Sub(g.Oldest).Seconds())
		}
		send(s.age, age)
		send(s.open, float64(g.Transfers))
		send(s.rate, float64(g.Rate))
	}

	if p, err := s.Engine.Paused(ctx); err == nil {
		send(s.paused, number(p != nil))
	}

	// Nodes that are alive.
	if all, err := s.Engine.Nodes(ctx); err == nil {
		alive := 0
		for _, n := range all {
			alive += int(number(n.Alive))
		}
		send(s.nodes, float64(alive))
	}

	// Sign-ins of people.
	if c, err := s.Identity.Gauges(ctx); err == nil {
		send(s.credentials, float64(c.Usable), "usable")
		send(s.credentials, float64(c.Expired), "expired")
		send(s.credentials, float64(c.Lost), "lost")
	}
}

// lowest is the emptiest budget of each class, over all credentials.
func (s *state) lowest() map[string]float64 {
	out := map[string]float64{}
	for _, b := range s.Budgets.Snapshot() {
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
