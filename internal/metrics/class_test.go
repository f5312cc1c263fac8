package metrics_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metrics"
)

func TestClassesNameNoIds(t *testing.T) {
	t.Parallel()
	const id = "6f1c2e7a-0000-4000-8000-000000000001"
	for _, c := range []struct{ system, call, want string }{
		{metrics.Files, "/assets/Cut%20of%20Josh.mov?signature=secret", "GET original"},
		{metrics.Frameio, "/v4/accounts/" + id + "/files/" + id + "/comments", "GET /files/*/comments"},
		{metrics.Frameio, "/ims/token/v3", "GET sign-in"},
		{metrics.Nuxeo, "/nuxeo/api/v1/id/" + id, "GET id"},
		{metrics.Nuxeo, "/nuxeo/api/v1/id/" + id + "/@op/Document.Lock", "GET id/@op"},
		{metrics.Nuxeo, "/nuxeo/api/v1/path/default-domain/Film%20of%20Josh", "GET path"},
		{metrics.Nuxeo, "/nuxeo/api/v1/automation/Document.Mail", "GET automation/Document.Mail"},
		{metrics.Nuxeo, "/nuxeo/oauth2/token", "GET page"},
	} {
		if got := metrics.Class(c.system, httptest.NewRequest(http.MethodGet, c.call, nil)); got != c.want {
			t.Errorf("%s %s is counted as %q, want %q", c.system, c.call, got, c.want)
		}
	}
}

// A redirect may lead to any path: the labels have an end all the same.
func TestClassesHaveAnEnd(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	registry := prometheus.NewRegistry()
	m := metrics.New(registry, "1.0.0")
	client := &http.Client{Transport: m.Calls(metrics.Nuxeo, server.Client().Transport)}
	const calls = 200
	for i := range calls {
		resp, err := client.Get(fmt.Sprintf("%s/nuxeo/api/v1/made%d", server.URL, i))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}

	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}

	for _, f := range families {
		if f.GetName() != "nuxeo_frameio_remote_calls_total" {
			continue
		}

		counted := 0.0
		for _, series := range f.GetMetric() {
			counted += series.GetCounter().GetValue()
		}
		if n := len(f.GetMetric()); counted != calls || n > 65 {
			t.Errorf("%v calls are counted in %d classes, want %d in at most 65", counted, n, calls)
		}
		return
	}

	t.Error("counters of calls: got none, want one")
}
