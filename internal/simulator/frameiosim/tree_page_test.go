package frameiosim_test

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

func TestTreePage(t *testing.T) {
	t.Parallel()
	s, err := frameiosim.New(frameiosim.Options{ActionTries: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a test
	josh := s.AddPerson("Josh Editor", "josh@example.org")
	project, root := s.AddProject(s.AddWorkspace(s.AddAccount("Studio", josh), "Post"), "Autumn")
	if project == "" {
		t.Fatal("the page of projects: got none, want one")
	}

	file := s.AddFile(root, "<b>Teaser</b>.mp4", s.Pattern(1, 2000), frameiosim.WithStatus("Approved"),
		frameiosim.WithCreator(josh))
	talk := s.AddComment(file, frameiosim.CommentSpec{Text: "Too <i>late</i>", OwnerID: josh})
	s.AddComment(file, frameiosim.CommentSpec{Text: "Moved", OwnerID: josh, ParentID: talk})
	show := func(r *http.Request) (int, string) {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		b, err := io.ReadAll(w.Result().Body)
		if err != nil {
			t.Fatal(err)
		}

		if csp := w.Header().Get("Content-Security-Policy"); w.Code == http.StatusOK &&
			!strings.HasPrefix(csp, "default-src 'none'") {
			t.Errorf("the policy is %q, want one that allows nothing by default", csp)
		}

		return w.Code, string(b)
	}

	_, body := show(httptest.NewRequest(http.MethodGet, "/plain", nil))
	for _, want := range []string{
		"simulation", "Studio / Post", "Autumn", "&lt;b&gt;Teaser&lt;/b&gt;.mp4", "Approved",
		"2.0 KB", "Comments: 2", "Too &lt;i&gt;late&lt;/i&gt;", "No custom action yet", file,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not show %q, want it: %s", want, body)
		}
	}

	if n := strings.Count(body, "Moved"); n != 1 {
		t.Errorf("the reply is shown %d times, want once", n)
	}

	form := url.Values{"action": {"nobody's"}, "person": {josh}, "asset": {file}}
	post := func(origin string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "http://frameio.test/plain", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
		return show(r)
	}

	if status, body := post("http://frameio.test"); status != http.StatusOK ||
		!strings.Contains(html.UnescapeString(body), `there is no action "nobody's"`) {
		t.Errorf("an unknown action: answered with %d %s, want 200 and that there is none", status, body)
	}

	if status, _ := post("http://elsewhere.test"); status != http.StatusForbidden {
		t.Errorf("another site's form: answered with %d, want 403", status)
	}
}
