package metrics_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metrics"
)

// A call that takes long is told by its class, once a minute, and never by its address.
func TestSlowCallsAreTold(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "slow") {
			time.Sleep(30 * time.Millisecond)
		}
	}))
	defer server.Close()

	var log strings.Builder
	now := time.Now()
	m := metrics.New(prometheus.NewRegistry(), "1.0.0")
	m.TellSlow(slog.New(slog.NewTextHandler(&log, nil)), 20*time.Millisecond, func() time.Time { return now })
	call := func(system, method, path string) {
		client := &http.Client{Transport: m.Calls(system, server.Client().Transport)}
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path+"?sig=canary", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}

	// Quick ones are not told, nor is what lasts as long as its bytes.
	call(metrics.Nuxeo, http.MethodGet, "/nuxeo/api/v1/id/quick")
	call(metrics.Files, http.MethodGet, "/slow.mov")
	call(metrics.Nuxeo, http.MethodPost, "/nuxeo/api/v1/upload/slow/0")
	if log.Len() > 0 {
		t.Errorf("what was quick or moves bytes: got %s, want nothing told", log.String())
	}

	for range 3 {
		call(metrics.Nuxeo, http.MethodGet, "/nuxeo/api/v1/id/slow-canary")
	}

	const line = `level=WARN msg="a call took long" system=nuxeo class="GET id" status=200 took=`
	if got := strings.Count(log.String(), line); got != 1 || strings.Contains(log.String(), "canary") {
		t.Errorf("three slow calls in a minute: got\n%s\nwant one line with their class, without their address",
			log.String())
	}

	call(metrics.Frameio, http.MethodGet, "/v4/slow/me")
	now = now.Add(time.Minute)
	call(metrics.Nuxeo, http.MethodGet, "/nuxeo/api/v1/id/slow-canary")
	if got := strings.Count(log.String(), line); got != 2 || !strings.Contains(log.String(), "untold=2 longest=") ||
		!strings.Contains(log.String(), "system=frameio") {
		t.Errorf("another one after a minute, and one of Frame.io: got\n%s\nwant a line for each, and that 2 were "+
			"not told", log.String())
	}
}

func TestNothingIsSlowWithoutTheSetting(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	var log strings.Builder
	m := metrics.New(prometheus.NewRegistry(), "1.0.0")
	m.TellSlow(slog.New(slog.NewTextHandler(&log, nil)), 0, time.Now)
	resp, err := (&http.Client{Transport: m.Calls(metrics.Nuxeo, server.Client().Transport)}).Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if log.Len() > 0 {
		t.Errorf("with 0: got %s, want nothing told", log.String())
	}
}
