package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// bundle stands for the elements, which another tool builds.
const bundle = "export const elements = 1; // padding padding padding padding padding padding padding"

var (
	elements = testenv.World(func(w *app.World) { w.Bundle = func() ([]byte, bool) { return []byte(bundle), true } })
	bare     = testenv.World(func(w *app.World) { w.Bundle = func() ([]byte, bool) { return nil, false } })
)

var shellPaths = []string{
	"/", "/folders/f", "/documents/d", "/activity", "/items/i", "/locks", "/administration",
	"/administration/people",
}

func TestShellIsTheSameForEverybody(t *testing.T) {
	t.Parallel()
	f := open(t, elements)
	first := f.send(request{method: http.MethodGet, path: "/"})
	for _, want := range []string{
		`<nxf-app languages="fr"></nxf-app>`, `<script type="module" src="/ui/nuxeo-frameio.bundle.js"></script>`,
		"<noscript>", `href="/static/style.css"`,
	} {
		if !strings.Contains(first.body, want) {
			t.Errorf("the shell lacks %s, want it in %s", want, first.body)
		}
	}

	for _, path := range shellPaths {
		for _, cookie := range []string{"", f.SignIn("josh"), "false"} {
			if a := f.send(request{method: http.MethodGet, path: path, cookie: cookie}); a.status != http.StatusOK ||
				a.body != first.body {
				t.Errorf("%s: answered with %d %s, want 200 and the shell", path, a.status, a.body)
			}
		}
	}

	for _, path := range []string{
		"/folders", "/folders/f/documents", "/documents/d/e", "/items", "/activity/x",
		"/administration/a/b", "/index.html", "/ui/other.js", "/ui/",
	} {
		if a := f.send(request{method: http.MethodGet, path: path}); a.status != http.StatusNotFound {
			t.Errorf("%s: answered with %d, want 404", path, a.status)
		}
	}
}

func TestBundleIsSentOnce(t *testing.T) {
	t.Parallel()
	f := open(t, elements)
	get := func(header http.Header) answer {
		return f.send(request{method: http.MethodGet, path: "/ui/nuxeo-frameio.bundle.js", header: header})
	}

	for encoding, want := range map[string]string{
		"identity":       "",
		"gzip":           "gzip",
		"br, gzip;q=0.8": "gzip",
		"gzip;q=0":       "",
	} {
		a := get(http.Header{"Accept-Encoding": {encoding}})
		body := a.body
		if want != "" {
			z, err := gzip.NewReader(strings.NewReader(a.body))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(z)
			if body = string(b); err != nil {
				t.Fatal(err)
			}
		}

		tag := a.header.Get("Etag")
		if a.header.Get("Content-Encoding") != want || body != bundle || len(tag) < 10 ||
			strings.HasPrefix(tag, "W/") || a.header.Get("Cache-Control") != "no-cache" ||
			a.header.Get("Content-Type") != "text/javascript; charset=utf-8" ||
			a.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %v %q, want the bundle as a script, encoded by %q, with a strong tag", encoding, a.header,
				body, want)
		}

		again := get(http.Header{"Accept-Encoding": {encoding}, "If-None-Match": {tag}})
		if again.status != http.StatusNotModified || again.body != "" {
			t.Errorf("%s again: %d %q, want 304 without a body", encoding, again.status, again.body)
		}
	}

	if a := f.send(request{method: http.MethodGet, path: "/ui/messages/messages.json"}); a.status != http.StatusOK ||
		a.header.Get("Content-Type") != "application/json" {
		t.Errorf("the messages: %d %v, want 200 and JSON", a.status, a.header)
	}

	for _, name := range []string{
		"messages-xx.json", "messagesen.json", "messages", "other.json", "..%2fui.go",
		"messages-.json",
	} {
		if a := f.send(request{method: http.MethodGet, path: "/ui/messages/" + name}); a.status != http.StatusNotFound {
			t.Errorf("the messages %s: answered with %d %s, want 404", name, a.status, a.body)
		}
	}
}

func TestWithoutElements(t *testing.T) {
	t.Parallel()
	f := open(t, bare)
	for _, path := range shellPaths {
		a := f.send(request{method: http.MethodGet, path: path, cookie: f.SignIn("josh")})
		if a.status != http.StatusOK || !strings.Contains(a.body, "make build") ||
			!strings.Contains(a.body, "Signed in as") || strings.Contains(a.body, "nxf-app") {
			t.Errorf("%s: answered with %d %s, want 200, who is signed in, and to make build", path, a.status, a.body)
		}
	}

	if a := f.send(request{method: http.MethodGet, path: "/ui/nuxeo-frameio.bundle.js"}); a.status !=
		http.StatusNotFound {
		t.Errorf("a bundle that is not there: answered with %d, want 404", a.status)
	}
}

// A window that connects tells the page that opened it, whatever way it ends.
func TestConnectingInAWindow(t *testing.T) {
	t.Parallel()
	f := local(t)
	origins := `data-popup="` + f.Config.PublicURL + " " + strings.TrimSuffix(f.NuxeoURL, "/nuxeo") + `"`
	b := f.browser("olga")
	f.Frameio.AddPerson("Olga <b>", "olga@example.org")
	_, page, way := b.walk("/connect?return=/connected")
	if last := way[len(way)-1]; last != f.Config.PublicURL+"/connected" {
		t.Fatalf("connecting ends at %s, want %s", last, f.Config.PublicURL+"/connected")
	}

	for _, want := range []string{
		origins, `data-connected="true"`, `data-login="olga"`, `data-name="Olga &lt;b&gt;"`,
		"You can close this window", `src="/static/popup.js"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s, want it in %s", want, page)
		}
	}

	here, _ := url.Parse(f.Config.PublicURL)
	other := f.browser("olga")
	other.jar.SetCookies(here, []*http.Cookie{{Name: "nxf_session", Value: f.SignIn("olga"), Path: "/"}})
	_, page = other.open(with(other.leaveAndReturn("/connect?return=/connected"), "error", "access_denied"))
	for _, want := range []string{
		origins, `data-connected="false"`, `data-message="`, `data-remedy="Begin again`,
		`src="/static/popup.js"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the refusal lacks %s, want it in %s", want, page)
		}
	}

	if _, page, _ = f.browser("olga").walk("/connected"); !strings.Contains(page, `data-connected="false"`) ||
		strings.Contains(page, "data-login") {
		t.Errorf("for nobody the page is %s, want it not connected and without a login", page)
	}

	if a := f.send(request{method: http.MethodGet, path: "/static/popup.js"}); a.status != http.StatusOK ||
		!strings.Contains(a.header.Get("Content-Type"), "javascript") {
		t.Errorf("the script: %d %v, want 200 and JavaScript", a.status, a.header)
	}
}
