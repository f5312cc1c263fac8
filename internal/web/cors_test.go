package web_test

import (
	"net/http"
	"strings"
	"testing"
)

// from is what a browser adds to a request of a page elsewhere.
func from(origin string, preflight bool) http.Header {
	h := http.Header{"Origin": {origin}, "Sec-Fetch-Site": {"cross-site"}}
	if preflight {
		h.Set("Access-Control-Request-Method", http.MethodDelete)
		h.Set("Access-Control-Request-Headers", "authorization")
	}
	return h
}

func TestPagesOfNuxeoUseTheInterface(t *testing.T) {
	t.Parallel()
	f := open(t)
	nuxeo := strings.TrimSuffix(f.Config.Nuxeo.URL, "/nuxeo")
	josh := f.SignIn("josh")
	pre := f.send(request{method: http.MethodOptions, path: "/api/v1/me/frameio", header: from(nuxeo, true)})
	if pre.status != http.StatusNoContent || pre.header.Get("Access-Control-Allow-Origin") != nuxeo ||
		!strings.Contains(pre.header.Get("Access-Control-Allow-Methods"), "PUT, PATCH, DELETE") ||
		!strings.Contains(pre.header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("preflight: %d %v, want 204, PUT, PATCH, DELETE and Authorization allowed to %s", pre.status,
			pre.header, nuxeo)
	}

	for _, q := range []struct {
		request
		status int
	}{
		{request{method: "GET", path: "/api/v1/me", session: josh}, 200},
		{request{method: "DELETE", path: "/api/v1/me/frameio", session: josh}, 204},
		{request{method: "GET", path: "/api/v1/me"}, 401}, // and the page may read why
		{request{method: "GET", path: "/api/v1/nothing"}, 404},
	} {
		q.header = from(nuxeo, false)
		a := f.send(q.request)
		if a.status != q.status || a.header.Get("Access-Control-Allow-Origin") != nuxeo ||
			a.header.Get("Vary") != "Origin" {
			t.Errorf("%s %s: %d %v, want %d, readable by %s, Vary: Origin", q.method, q.path, a.status, a.header,
				q.status, nuxeo)
		}
		if a.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("Access-Control-Allow-Credentials: got %q, want none",
				a.header.Get("Access-Control-Allow-Credentials"))
		}
	}
}

// A page of Nuxeo that somebody wrote into a document must not act by the cookie
// of whoever looks at it.
func TestCookiesAreNoGoodFromElsewhere(t *testing.T) {
	t.Parallel()
	f := open(t)
	nuxeo := strings.TrimSuffix(f.Config.Nuxeo.URL, "/nuxeo")
	cookie := f.SignIn("josh")
	for _, method := range []string{"GET", "DELETE"} {
		path := map[string]string{"GET": "/api/v1/me", "DELETE": "/api/v1/me/frameio"}[method]
		if a := f.send(request{method: method, path: path, cookie: cookie, header: from(nuxeo, false)}); a.status !=
			http.StatusUnauthorized {
			t.Errorf("%s %s: answered with %d %s, want 401", method, path, a.status, a.body)
		}
	}

	own := request{method: "GET", path: "/api/v1/me", cookie: cookie}
	if a := f.send(own); !strings.Contains(a.body, `"frameio_connected":true`) {
		t.Errorf("something was done, want josh connected as before: %s", a.body)
	}
}

func TestNobodyElseUsesTheInterface(t *testing.T) {
	t.Parallel()
	f := open(t)
	nuxeo := strings.TrimSuffix(f.Config.Nuxeo.URL, "/nuxeo")
	josh := f.SignIn("josh")
	for _, origin := range []string{
		"https://evil.example", "null", nuxeo + ".evil.example", nuxeo + "/", strings.ToUpper(nuxeo), nuxeo + "0",
		strings.Replace(nuxeo, "://", "://evil.", 1), strings.Replace(nuxeo, "http", "ftp", 1), "*",
		nuxeo + " https://evil.example",
	} {
		for _, q := range []request{
			{method: http.MethodOptions, path: "/api/v1/me/frameio", header: from(origin, true)},
			{method: http.MethodGet, path: "/api/v1/me", session: josh, header: from(origin, false)},
			{method: http.MethodDelete, path: "/api/v1/me/frameio", session: josh, header: from(origin, false)},
		} {
			a := f.send(q)
			if got := a.header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("%s %s from %q: may be read by %q, want nobody", q.method, q.path, origin, got)
			}
			if q.method == http.MethodDelete && a.status != http.StatusForbidden {
				t.Errorf("%s from %q: answered with %d, want 403", q.method, origin, a.status)
			}
		}
	}

	for _, path := range []string{"/", "/signin", "/healthz", "/metrics"} {
		a := f.send(request{method: http.MethodGet, path: path, header: from(nuxeo, false)})
		if a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s may be read by pages of Nuxeo, want it closed to them", path)
		}
	}
}
