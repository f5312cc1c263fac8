package nuxeosim_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// look gets a page without any sign-in.
func look(t *testing.T, h http.Handler, path string) (int, http.Header, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, w.Header(), string(b)
}

func TestTreePage(t *testing.T) {
	t.Parallel()
	s, err := nuxeosim.New(nuxeosim.Options{URL: "http://nuxeo.test/nuxeo"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test
	uid := s.MkDoc("/default-domain/workspaces/films/a", "File", map[string]any{
		"dc:title": "<script>Teaser</script>", "file:content": nuxeosim.Blob{
			Name: "Teaser.mp4", MimeType: "video/mp4",
			Data: make([]byte, 1500),
		},
	})

	if _, err := s.CheckIn(uid, "MAJOR"); err != nil {
		t.Fatal(err)
	}

	if err := s.Lock(uid, "julia"); err != nil {
		t.Fatal(err)
	}

	status, header, body := look(t, s, "/nuxeo/ui/plain")
	if status != http.StatusOK || !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("the plain page: %d %v, want 200 and a policy that allows nothing by default", status, header)
	}

	for _, want := range []string{
		"simulation", `id="!/doc/` + uid + `"`, "&lt;script&gt;Teaser", "Teaser.mp4, 1.5 KB",
		"version 1.0", "locked by julia", "Versions: 1",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not show %q, want it: %s", want, body)
		}
	}

	if strings.Contains(body, "<script") {
		t.Error("a title: got it as HTML, want it escaped")
	}

	if _, _, body := look(t, s, "/nuxeo/login.jsp"); !strings.Contains(body, "josh / josh") {
		t.Errorf("the login page: got %.300s, want josh / josh", body)
	}

	for i := range 500 {
		s.MkDoc(fmt.Sprintf("/default-domain/workspaces/films/d%d", i), "File", nil)
	}

	if _, _, body := look(t, s, "/nuxeo/ui/plain"); !strings.Contains(body, "Only the first 500") ||
		strings.Count(body, "<article") != 500 {
		t.Errorf("articles of the page: got %d, want 500", strings.Count(body, "<article"))
	}
}
