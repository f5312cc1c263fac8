package support

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// mostFailures is how many items tell of their failures, the newest first.
const mostFailures = 100

// packageCheck is what the doctor calls its look at the package in Nuxeo.
const packageCheck = "Package in Nuxeo"

func (s *archive) doctor(ctx context.Context) ([]byte, error) {
	if s.Doctor == nil {
		return nil, fault.New(fault.Refused, "this process has no doctor")
	}

	var b bytes.Buffer
	s.Doctor(ctx, func(f Finding) {
		fmt.Fprintf(&b, "%-8s %s: %s\n", f.Mark, f.Name, f.Detail)
		if f.Remedy != "" {
			fmt.Fprintf(&b, "         -> %s\n", f.Remedy)
		}
		if f.Name == packageCheck {
			s.packs = f.Detail
		}
	})

	return b.Bytes(), nil
}

func (s *archive) versions(ctx context.Context) ([]byte, error) {
	database, err := s.DB.Product(ctx)
	if err != nil {
		database = "it does not answer"
	}
	return lines(map[string]any{
		"program": s.Version, "node": s.Node, "database": database, "package in Nuxeo": s.packs,
		"go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH, "distribution": distribution(),
		"processors": runtime.NumCPU(), "written": s.Now().UTC(),
	}, nil)
}

// distribution is what the system calls itself, where it does.
func distribution() string {
	b, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return ""
	}

	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "PRETTY_NAME="); ok {
			return strings.Trim(name, `"`)
		}
	}

	return ""
}

func (s *archive) settings(context.Context) ([]byte, error) { return lines(s.Settings, nil) }

func (s *archive) queue(ctx context.Context) ([]byte, error) {
	g, err := s.Engine.Gauges(ctx)
	if err != nil {
		return nil, err
	}

	type count struct {
		Kind  string     `json:"kind"`
		State work.State `json:"state"`
		Items int        `json:"items"`
	}
	var counts []count
	for _, c := range g.Items {
		if c.N > 0 {
			counts = append(counts, count{c.Kind, c.State, c.N})
		}
	}

	slices.SortFunc(counts, func(a, b count) int {
		return strings.Compare(a.Kind+" "+string(a.State), b.Kind+" "+string(b.State))
	})

	states, _, err := s.Engine.Counts(ctx)
	waited := time.Duration(0)
	if !g.Oldest.IsZero() {
		waited = max(0, s.Now().Sub(g.Oldest)).Round(time.Second)
	}

	return lines(map[string]any{
		"states": states, "unfinished and failed": counts, "oldest due item has waited": waited.String(),
		"transfers": g.Transfers, "bytes per second": g.Rate,
	}, err)
}

func (s *archive) failures(ctx context.Context) ([]byte, error) {
	all, err := s.Engine.Failures(ctx, mostFailures)
	return lines(all, err)
}

func (s *archive) nodes(ctx context.Context) ([]byte, error) {
	nodes, err := s.Engine.Nodes(ctx)
	if err != nil {
		return nil, err
	}

	paused, err := s.Engine.Paused(ctx)
	if err != nil {
		return nil, err
	}

	// What chores have removed is told by names of people and assets, which are left out.
	chores, err := s.Maintenance.List(ctx)
	return lines(map[string]any{"nodes": nodes, "paused": paused, "chores": choresOf(chores)}, err)
}

type chore struct {
	Name    string    `json:"name"`
	Node    string    `json:"node"`
	Due     time.Time `json:"due"`
	Ended   time.Time `json:"ended"`
	Removed int       `json:"removed"`
	Problem string    `json:"problem,omitempty"`
}

func choresOf(states []maintenance.State) (all []chore) {
	for _, c := range states {
		all = append(all, chore{c.Name, c.Node, c.Due, c.Ended, c.Report.Removed, c.Report.Problem})
	}
	return all
}

func (s *archive) tables(ctx context.Context) ([]byte, error) {
	version, err := s.DB.Version(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.DB.Rows(ctx)
	return lines(struct {
		Schema int64          `json:"schema"`
		Rows   []store.Copied `json:"rows"`
	}{version, rows}, err)
}

func (s *archive) metrics(ctx context.Context) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return nil, err
	}

	w := &page{header: http.Header{}}
	s.Metrics.ServeHTTP(w, r)
	return w.Bytes(), nil
}

// page is an answer that is kept.
type page struct {
	bytes.Buffer
	header http.Header
}

// Header is http.ResponseWriter's.
func (p *page) Header() http.Header { return p.header }

// WriteHeader is http.ResponseWriter's.
func (p *page) WriteHeader(int) {}
