package web_test

import (
	"errors"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	f := open(t)
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		if a := f.get(path, ""); a.status != http.StatusOK || a.body != want {
			t.Errorf("%s: answered with %d %q, want 200 %q", path, a.status, a.body, want)
		}
	}

	if err := errors.Join(f.App.DB.Reader.Close(), f.App.DB.Writer.Close()); err != nil {
		t.Fatal(err)
	}

	a := f.get("/readyz", "")
	a.refused(t, http.StatusServiceUnavailable, "not_ready")
	if strings.Contains(a.body, "sql") {
		t.Errorf("strangers are told %s, want nothing of what stands behind it", a.body)
	}

	if a := f.get("/healthz", ""); a.status != http.StatusOK {
		t.Errorf("/healthz: answered with %d, want 200, since the process lives", a.status)
	}

	f.get("/api/v1/me", "some session").refused(t, http.StatusInternalServerError, "internal")
	if a := f.send(request{method: http.MethodPost, path: "/frameio/actions/x", body: "{}"}); a.status !=
		http.StatusInternalServerError {
		t.Errorf("an action: answered with %d, want 500", a.status) // Frame.io tries again
	}

	f.Die()
}

var (
	documented = regexp.MustCompile("(?m)^\\| `(nuxeo_frameio_[a-z_]+)")
	metricName = regexp.MustCompile(`^nuxeo_[a-z_]+`)
	labels     = regexp.MustCompile(`[a-z_]+="([^"]*)"`)
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	list, err := os.ReadFile("../../doc/metrics.md")
	if err != nil {
		t.Fatal(err)
	}

	f := open(t)
	made := f.Bind("Publish")
	session := f.SignIn("josh")
	items := f.Published(f.Josh, f.file("Cut.mov", 1000))
	f.get("/api/v1/bindings/"+made.ID, session)
	f.get("/api/v1/items/"+items[0].ID, session)
	f.get("/api/v1/items/unknown-item-id", session)
	f.get("/made/up/path", "")
	f.send(request{method: "BREW", path: "/made/up/path"})
	f.send(request{
		method: http.MethodPost,
		path:   "/csp-report",
		body:   `{"csp-report":{"effective-directive":"img-src"}}`,
	})

	page := f.get("/metrics", "").body
	names := documented.FindAllStringSubmatch(string(list), -1)
	if len(names) < 5 {
		t.Fatalf("the list names the metrics %v, want at least 5", names)
	}

	for _, m := range names {
		if m[1] == "nuxeo_frameio_database_bytes" && pg.Chosen() {
			continue // PostgreSQL keeps no files of ours
		}
		if !strings.Contains(page, "\n# TYPE "+m[1]+" ") {
			t.Errorf("%s is not there, want every metric of the list", m[1])
		}
	}

	for line := range strings.Lines(page) {
		if name := metricName.FindString(line); name != "" && !slices.ContainsFunc(names, func(m []string) bool {
			return name == m[1] || partOf(name, m[1])
		}) {
			t.Errorf("not in the list, want every metric in it: %s", line)
		}
		for _, l := range labels.FindAllStringSubmatch(line, -1) {
			if len(l[1]) > 60 || strings.Contains(l[1], "made") || strings.Contains(l[1], "unknown-item") ||
				uuids.MatchString(l[1]) {
				t.Errorf("a label holds %q, want a short one without ids and names", l[1])
			}
		}
	}

	for _, want := range []string{
		`route="POST /frameio/actions/{id}",status="200"`, `route="GET /api/v1/items/{id}",status="404"`,
		`route="GET /api/v1/bindings/{id}",status="200"`,
		`class="POST id",status="201",system="nuxeo"`, `class="GET original",status="206",system="files"`,
		`nuxeo_frameio_items_finished_total{kind="publish",outcome="created"} 1`,
		`nuxeo_frameio_items_finished_total{kind="notice",outcome="sent"} 1`,
		`nuxeo_frameio_items{kind="publish",state="waiting"} 0`, `nuxeo_frameio_credentials{state="usable"} 2`,
		"nuxeo_frameio_ready 1\n",
		`nuxeo_frameio_transfer_bytes_total{direction="from_frameio"} 1000`,
		`nuxeo_frameio_transfer_bytes_total{direction="to_nuxeo"} 1000`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the metrics have no %s, want it with what happened", want)
		}
	}
}

// partOf reports whether a series belongs to a histogram.
func partOf(series, histogram string) bool {
	return slices.Contains([]string{"_bucket", "_sum", "_count"}, strings.TrimPrefix(series, histogram))
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-`)
