package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// sample is what a node holds at a moment.
type sample struct {
	items                              float64 // published so far
	goroutines, descriptors, live, rss float64 // live and rss in MiB
}

// Tolerances of the slopes, for each thousand publishes. They are what is noise
// within some minutes; a goroutine or a descriptor that stays behind of each
// publish would be a thousand. live is what the last collection of garbage found
// in use, and would tell of 200 bytes that stay behind of each. The system's view
// also has what the runtime gives back late and what SQLite keeps at hand, some
// 20 MiB in all before it ends.
const (
	mostGoroutines  = 5.0
	mostDescriptors = 5.0
	mostLiveMiB     = 0.2
	mostMiB         = 1.0
	lateMiB         = 20.0
)

// soak publishes small assets for as long as there is time and looks for what
// grows with them. The first quarter warms up.
func (e *endurance) soak(ctx context.Context) error {
	w, err := newWorld(nuxeosim.Options{}, frameiosim.Options{})
	if err != nil {
		return err
	}

	n, err := e.newNode(w, e.product, "")
	if err != nil {
		return err
	}
	defer func() { n.kill(); _ = w.close() }()
	if err := errors.Join(n.start(ctx), n.bind(ctx)); err != nil {
		return err
	}

	want := e.scaled(20000, 2000)
	m := &mix{world: w, seed: 1 << 30}
	var samples []sample
	done := 0
	begin := time.Now()
	for round := 0; done < want && (time.Since(begin) < e.budget || round < 40); round++ {
		if err := e.batch(ctx, w, m, 50); err != nil {
			return err
		}

		done += 50
		if err := n.rest(ctx, 5*time.Minute); err != nil {
			return err
		}

		s, err := n.sample(ctx)
		if err != nil {
			return err
		}

		s.items = float64(done)
		samples = append(samples, s)
		if round%10 == 0 {
			e.say("%d published in %s: %v goroutines, %v descriptors, %.1f MiB in use, %.1f MiB resident", done,
				time.Since(begin).Round(time.Second), s.goroutines, s.descriptors, s.live, s.rss)
		}
	}

	failed, err := n.failures(ctx)
	if err != nil {
		return err
	}

	d, err := m.check(ctx, n)
	if err != nil {
		return err
	}

	e.atLeast("soak-publishes", float64(done), float64(min(want, done)))
	e.atMost("soak-failed", float64(failed+d.lost+d.doubled+d.orphans), 0)
	e.slopes(samples[len(samples)/4:])
	return nil
}

func (e *endurance) slopes(samples []sample) {
	of := func(value func(sample) float64) float64 {
		var x, y []float64
		for _, s := range samples {
			x, y = append(x, s.items/1000), append(y, value(s))
		}
		return slope(x, y)
	}

	e.atMost("soak-goroutines-per-1000", of(func(s sample) float64 { return s.goroutines }), mostGoroutines)
	e.atMost("soak-descriptors-per-1000", of(func(s sample) float64 { return s.descriptors }), mostDescriptors)
	e.atMost("soak-live-mib-per-1000", of(func(s sample) float64 { return s.live }), mostLiveMiB)
	thousands := (samples[len(samples)-1].items - samples[0].items) / 1000
	e.atMost("soak-rss-mib-per-1000", of(func(s sample) float64 { return s.rss }), max(mostMiB, lateMiB/thousands))
}

func (e *endurance) batch(ctx context.Context, w *world, m *mix, n int) error {
	var ids []string
	for range n {
		id, content := m.file(w.root, fmt.Sprintf("soaked %d.jpg", m.seed), 2000)
		ids, m.clips = append(ids, id), append(m.clips, &clip{head: id, contents: []*pattern.Content{content}})
	}
	return w.publish(ctx, ids...)
}

// sample reads the node's own count of goroutines, and the rest from the system.
func (n *node) sample(ctx context.Context) (s sample, err error) {
	if s.goroutines, err = n.metric(ctx, "go_goroutines"); err != nil {
		return s, err
	}

	next, err := n.metric(ctx, "go_memstats_next_gc_bytes") // at twice of what is in use
	if err != nil {
		return s, err
	}

	s.live = next / 2 / (1 << 20)
	proc := fmt.Sprintf("/proc/%d", n.cmd.Process.Pid)
	open, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		return s, err
	}

	s.descriptors = float64(len(open))
	status, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		return s, err
	}

	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	s.rss = kib / 1024
	return s, err
}

// metric is a value of /metrics without labels, which only an administrator sees.
func (n *node) metric(ctx context.Context, name string) (float64, error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.address+"/metrics", nil)
	if err != nil {
		return 0, err
	}

	resp, err := n.driver.Client.Do(q)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(rest, 64)
		}
	}

	return 0, errors.Join(lines.Err(), fmt.Errorf("/metrics has no %s", name))
}
