package nuxeo_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A range comes as a part whatever the server calls it, from wherever it lets whoever is
// signed in read.
func TestBlobIsReadByRange(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*nuxeosim.Options){
		"as it comes":                  func(*nuxeosim.Options) {},
		"files for browsers":           func(o *nuxeosim.Options) { o.FilesForBrowsers = true },
		"from where the files are":     func(o *nuxeosim.Options) { o.DirectDownload = true },
		"files are not told by digest": func(o *nuxeosim.Options) { o.DigestAlgorithm = "none" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, change)
			uid := w.sim.MkDoc(folder+"/Cut", "File", map[string]any{
				"file:content": nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: []byte("0123456789")},
			})

			for range 2 {
				resp, err := w.OpenBlob(t.Context(), uid, "file:content", http.Header{"Range": {"bytes=2-4"}})
				if err != nil {
					t.Fatal(err)
				}

				body, err := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if err != nil || resp.StatusCode != http.StatusPartialContent ||
					resp.Header.Get("Content-Range") != "bytes 2-4/10" || string(body) != "234" {
					t.Errorf("status %d, range %q, body %q, %v; want 206, bytes 2-4/10, 234", resp.StatusCode,
						resp.Header.Get("Content-Range"), body, err)
				}
			}
		})
	}
}

// What leads to where people sign in is not the file, and says so.
func TestSignInIsNotTheFile(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"x"`)
		_, _ = w.Write([]byte("<html>sign in</html>"))
	}))

	t.Cleanup(elsewhere.Close)
	for name, answer := range map[string]http.HandlerFunc{
		"a page of the server": func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/login.jsp") {
				_, _ = w.Write([]byte("<html>sign in</html>"))
				return
			}
			http.Redirect(w, r, "/nuxeo/login.jsp", http.StatusFound)
		},
		"a page in place of the file": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<html>sign in</html>"))
		},
		"another host": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+"/sso?back=x", http.StatusFound)
		},
		"401": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) },
	} {
		srv := httptest.NewServer(answer)
		t.Cleanup(srv.Close)
		resp, err := client(t, srv.URL+"/nuxeo", nuxeo.Token("x")).OpenBlob(t.Context(), "uid", "file:content", nil)
		if nuxeo.StatusOf(err) != http.StatusUnauthorized {
			t.Errorf("%s: %v %v, want 401", name, resp, err)
		}
	}
}

// A login token that does not hold is told as such, although files answer it with 500.
func TestATokenThatDoesNotHoldIsToldAtFiles(t *testing.T) {
	t.Parallel()
	w := setup(t)
	uid := w.sim.MkDoc(folder+"/Cut", "File", map[string]any{
		"file:content": nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: []byte("0123456789")},
	})

	if resp, err := client(t, w.url, nuxeo.Token("gone")).OpenBlob(t.Context(), uid, "file:content",
		nil); nuxeo.StatusOf(err) != http.StatusUnauthorized {
		t.Errorf("%v %v, want 401", resp, err)
	}
}

// A master that is a page itself is read.
func TestPageThatIsTheFile(t *testing.T) {
	t.Parallel()
	w := setup(t)
	uid := w.sim.MkDoc(folder+"/page", "File", map[string]any{
		"file:content": nuxeosim.Blob{Name: "a.html", MimeType: "text/html", Data: []byte("<html>")},
	})

	resp, err := w.OpenBlob(t.Context(), uid, "file:content", nil)
	if err != nil {
		t.Fatal(err)
	}

	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil || string(body) != "<html>" {
		t.Errorf("the body is %q, %v; want <html>", body, err)
	}
}
