package web_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// Administrators see what browsers had to stop, and no more of it than they need.
func TestReportsOfBrowsers(t *testing.T) {
	t.Parallel()
	log := new(journal)
	f := open(t, testenv.World(func(w *app.World) { w.Log = slog.New(slog.NewTextHandler(log, nil)) }))
	send := func(body string) {
		t.Helper()
		a := f.send(request{
			method: http.MethodPost,
			path:   "/csp-report",
			body:   body,
			header: http.Header{"Content-Type": {"application/csp-report"}, "Sec-Fetch-Site": {"cross-site"}},
		})
		if a.status != http.StatusNoContent || a.body != "" {
			t.Errorf("a report is answered with %d %s, want 204 without a body", a.status, a.body)
		}
	}

	report := func(directive, blocked string) string {
		return fmt.Sprintf(
			`{"csp-report":{"document-uri":"https://here.example/secret-page","effective-directive":%q,"blocked-uri":%q,"script-sample":"secret-sample"}}`, directive, blocked)
	}

	send(report("img-src", "https://evil.example:8443/secret-path?secret-query=1#secret"))
	send(report("script-src-elem", "inline"))
	send(report("made-up", "data"))
	for _, bad := range []string{
		"", "{", "[]", `{"csp-report":1}`, report("img-src\nnext line", "x"),
		report(strings.Repeat("a", 1000), "x"), report("script-src", strings.Repeat("x", 1<<20)),
	} {
		send(bad)
	}

	page := f.get("/metrics", "").body
	for _, want := range []string{
		`nuxeo_frameio_csp_violations_total{directive="img-src"} 1`,
		`{directive="script-src-elem"} 1`, `{directive="other"} 1`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the metrics lack %s, want what was reported", want)
		}
	}

	text := log.String()
	if !strings.Contains(text, "directive=img-src source=evil.example") ||
		!strings.Contains(text, "directive=script-src-elem source=inline") || strings.Contains(text, "secret") {
		t.Errorf("the log is %s, want both directives with their sources, and no secret", text)
	}

	for range 200 {
		send(report("img-src", "https://flood.example/"))
	}

	if n := strings.Count(log.String(), "flood.example"); n > 25 {
		t.Errorf("%d of 200 reports are in the log, want at most 25", n)
	}
}
