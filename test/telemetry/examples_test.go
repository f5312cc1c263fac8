package telemetry

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

var (
	listed = regexp.MustCompile("(?m)^\\| `(nuxeo_frameio_[a-z_]+)")
	named  = regexp.MustCompile(`nuxeo_frameio_[a-z_]+`)
)

// metricsIn checks that every metric that an expression names is in the list,
// which another test compares with what is served.
func metricsIn(t *testing.T, where, expr string) {
	t.Helper()
	list, err := os.ReadFile("../../doc/metrics.md")
	if err != nil {
		t.Fatal(err)
	}

	var known []string
	for _, m := range listed.FindAllStringSubmatch(string(list), -1) {
		known = append(known, m[1])
	}

	names := named.FindAllString(expr, -1)
	if len(names) == 0 {
		t.Errorf("%s asks for nothing of ours, want a metric of ours in it: %s", where, expr)
	}

	for _, n := range names {
		if !slices.Contains(known, n) && !slices.Contains(known, strings.TrimSuffix(n, "_bucket")) {
			t.Errorf("%s names %s, want a metric that exists", where, n)
		}
	}

	if strings.Count(expr, "(") != strings.Count(expr, ")") || strings.Count(expr, "{") != strings.Count(expr, "}") {
		t.Errorf("%s: got brackets that do not close, want them balanced: %s", where, expr)
	}
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../doc/telemetry/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}

	var d struct {
		Title  string
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}

	if err := json.Unmarshal(b, &d); err != nil || d.Title == "" || len(d.Panels) < 10 {
		t.Fatalf("the board %q has %d panels, %v; want a title and at least 10", d.Title, len(d.Panels), err)
	}

	seen := map[int]bool{}
	for _, p := range d.Panels {
		if seen[p.ID] || p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("the panel is %d, %q, with %d queries; want an id of its own, a title and a query", p.ID, p.Title,
				len(p.Targets))
		}
		seen[p.ID] = true
		for _, q := range p.Targets {
			metricsIn(t, "the panel "+p.Title, q.Expr)
		}
	}
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../doc/telemetry/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}

	var a struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For string
				Labels           map[string]string
				Annotations      struct{ Summary, Description string }
			}
		}
	}

	if err := yaml.Unmarshal(b, &a); err != nil || len(a.Groups) != 1 || len(a.Groups[0].Rules) < 6 {
		t.Fatalf("the example has %+v, %v; want one group of at least 6 rules", a, err)
	}

	for _, r := range a.Groups[0].Rules {
		if r.Alert == "" || r.Labels["severity"] == "" || r.Annotations.Summary == "" ||
			r.Annotations.Description == "" {
			t.Errorf("the rule is %+v, want a name, a severity, a summary and a description", r)
		}
		metricsIn(t, "the alert "+r.Alert, r.Expr)
	}
}
