package requestid

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOneIDFromRequestToRemoteCallAndLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(Handler(slog.NewTextHandler(&log, nil)))
	var seen string
	remote := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = r.Header.Get(Header)
	}))
	defer remote.Close()
	client := &http.Client{Transport: Transport(http.DefaultTransport)}
	h := Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		logger.InfoContext(r.Context(), "working")
		out, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, remote.URL, nil)
		resp, err := client.Do(out)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
	}))

	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set(Header, "abc-123-def")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	if seen != "abc-123-def" || rec.Header().Get(Header) != seen ||
		!strings.Contains(log.String(), "correlation=abc-123-def") {
		t.Errorf("the far side saw %q, the answer has %q, the log %q; want abc-123-def in all", seen,
			rec.Header().Get(Header), log.String())
	}
}

func TestForgedIDsAreReplaced(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "x", "a b c d e f", "line\nbreak-line", strings.Repeat("a", 65)} {
		if got := ID(With(context.Background(), bad)); got == bad || got == "" {
			t.Errorf("With(%q) kept %q, want another id", bad, got)
		}
	}
}
