package web_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// front is a reverse proxy as the manual describes it: Nuxeo and the connector
// under one address, the connector below Nuxeo's path.
type front struct {
	*httptest.Server
	nuxeo, connector *url.URL
	strips           bool // takes the connector's base off
}

const below = "/nuxeo/frameio"

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		to := f.nuxeo
		if strings.HasPrefix(p.In.URL.Path, below+"/") {
			to = f.connector
			if f.strips {
				p.Out.URL.Path = strings.TrimPrefix(p.In.URL.Path, below)
			}
		}
		p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = to.Scheme, to.Host, p.In.Host
		p.SetXForwarded()
	}}
	p.ServeHTTP(w, r)
}

func address(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// belowNuxeo is a bed behind such a proxy.
func belowNuxeo(t *testing.T, strips bool) (*face, *front) {
	t.Helper()
	f := &front{strips: strips}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	f.URL = strings.Replace(f.URL, "127.0.0.1", "localhost", 1)
	b := open(t, elements, testenv.Config(func(c *app.Config) {
		f.nuxeo, f.connector = address(t, c.Nuxeo.URL), address(t, c.PublicURL)
		c.Nuxeo.PublicURL, c.PublicURL = f.URL+"/nuxeo", f.URL+below
	}))

	b.Nuxeo.AddOAuthClient(nuxeosim.OAuthClient{
		ID: "nuxeo-frameio", Name: "Frame.io connector",
		RedirectURIs: []string{b.Config.PublicURL + "/oauth/nuxeo/callback"}, AutoGrant: true, Enabled: true,
	})

	return b, f
}

func TestBelowNuxeosAddress(t *testing.T) {
	t.Parallel()
	for name, strips := range map[string]bool{"passing the path on": false, "taking the base off": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, f := belowNuxeo(t, strips)
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}

			client := &http.Client{Jar: jar}
			get := func(path string) (string, string) {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.URL+path, nil)
				if err != nil {
					t.Fatal(err)
				}

				r.SetBasicAuth("josh", "josh") // Nuxeo's; a redirect on the same host keeps it
				resp, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != http.StatusOK {
					t.Fatalf("GET %s: %s, %v, %s; want 200", path, resp.Status, err, body)
				}

				return resp.Request.URL.Path, string(body)
			}

			at, page := get(below + "/signin?return=" + url.QueryEscape(below+"/activity"))
			if at != below+"/activity" || !strings.Contains(page, `<nxf-app base="`+below+`"`) ||
				!strings.Contains(page, `src="`+below+`/ui/nuxeo-frameio.bundle.js"`) {
				t.Errorf("signing in ends at %s, want %s with the elements below the base: %s", at, below+"/activity",
					page)
			}

			if at, _ = get(below + "/signin?return=/activity"); at != below+"/activity" {
				t.Errorf("a return without the base ends at %s, want %s", at, below+"/activity")
			}

			if _, me := get(below + "/api/v1/me"); !strings.Contains(me, `"login":"josh"`) {
				t.Errorf("who is signed in: got %s, want josh", me)
			}

			if _, script := get(below + "/ui/nuxeo-frameio.bundle.js"); script != bundle {
				t.Errorf("the elements are %q, want %q", script, bundle)
			}

			for _, c := range jar.Cookies(address(t, f.URL+"/nuxeo/ui/")) {
				if strings.HasPrefix(c.Name, "nxf_") {
					t.Errorf("Nuxeo is sent our cookie %s, want none of ours", c.Name)
				}
			}
		})
	}
}
