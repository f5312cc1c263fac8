package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// endless is a body without an end, in the form of a list of ids, that counts what is
// read of it.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	const piece = `{"documents":["`
	n := copy(p, piece[min(e.read, int64(len(piece))):])
	for ; n < len(p); n++ {
		p[n] = 'a'
	}
	e.read += int64(n)
	return n, nil
}

var parameter = regexp.MustCompile(`\{[^}]+\}`)

// Nobody who is not signed in has more read than a small form, whatever they call and
// send; and where a session is needed, nothing at all before it is asked for.
func TestWhatAStrangerSendsIsNotRead(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	doc, err := openapi3.NewLoader().LoadFromFile(description)
	if err != nil {
		t.Fatal(err)
	}

	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			open := op.Security != nil && len(*op.Security) == 0
			for _, session := range []string{"", "Bearer nonsense"} {
				status, read := offer(b, method, "/api/v1"+parameter.ReplaceAllString(path, "x"), session)
				switch {
				case open && read > 64<<10+4096:
					t.Errorf("%s %s by a stranger: %d bytes were read, want at most 64 KiB", method, path, read)
				case !open && (status != http.StatusUnauthorized || read > 0):
					t.Errorf("%s %s by a stranger (%q): status %d after %d bytes, want 401 after none", method, path,
						session, status, read)
				}
			}
		}
	}
}

// Nobody has more read than the longest form.
func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	session := "Bearer " + b.SignIn("josh")
	doc, err := openapi3.NewLoader().LoadFromFile(description)
	if err != nil {
		t.Fatal(err)
	}

	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil || op.OperationID == "signOut" {
				continue
			}
			status, read := offer(b, method, "/api/v1"+parameter.ReplaceAllString(path, "x"), session)
			if status < 400 || status >= 500 || read > 1<<20+4096 {
				t.Errorf("%s %s with a body without an end: status %d after %d bytes, want a refusal after at "+
					"most 1 MiB", method, path, status, read)
			}
		}
	}

	for _, page := range []string{"/signin", "/signout", "/connect", "/nothing"} {
		for _, who := range []string{"", session} {
			if _, read := offer(b, http.MethodPost, page, who); read > 1<<20+4096 {
				t.Errorf("POST %s: %d bytes were read, want at most 1 MiB and 4 KiB", page, read)
			}
		}
	}
}

// offer calls the connector with a body without an end and tells how much of it was
// read, without the buffers of a real connection in between.
func offer(b *testenv.Bed, method, path, session string) (status int, read int64) {
	body := &endless{}
	r := httptest.NewRequest(method, path, io.NopCloser(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if strings.HasPrefix(session, "Bearer ") {
		r.Header.Set("Authorization", session)
	}

	w := httptest.NewRecorder()
	b.App.Handler().ServeHTTP(w, r)
	return w.Code, body.read
}

// call is a request as it comes over a connection from an address.
func call(b *testenv.Bed, method, path, body, from, session string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.RemoteAddr = from + ":4711"
	if r.Header = header.Clone(); header == nil {
		r.Header = http.Header{}
	}

	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if session != "" {
		r.Header.Set("Authorization", "Bearer "+session)
	}

	w := httptest.NewRecorder()
	b.App.Handler().ServeHTTP(w, r)
	return w
}

// What strangers do costs neither those who are signed in anything nor those who come from
// elsewhere.
func TestStrangersAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Config(func(c *app.Config) { c.Network.Proxies = []string{"10.0.0.0/8"} }))
	session := b.SignIn("josh")
	away := func(from string) int { return call(b, "GET", "/signin", "", from, "", nil).Code }
	refused := 0
	for range 5000 {
		if away("192.0.2.1") == http.StatusTooManyRequests {
			refused++
		}
	}

	if refused < 4800 {
		t.Errorf("of 5,000 sign-ins that one address began %d were refused, want at least 4800", refused)
	}

	if w := call(b, "GET", "/signin", "", "192.0.2.1", "", nil); w.Header().Get("Retry-After") == "" {
		t.Error("Retry-After: got none, want when to come again")
	}

	if n := away("192.0.2.2"); n != http.StatusSeeOther {
		t.Errorf("another address gets %d, want 303", n)
	}

	for what, header := range map[string]http.Header{"with a made-up origin": {"X-Forwarded-For": {"192.0.2.9"}}} {
		if w := call(b, "GET", "/signin", "", "192.0.2.1", "", header); w.Code != http.StatusTooManyRequests {
			t.Errorf("the address %s gets %d, want 429", what, w.Code)
		}
	}

	for via, want := range map[string]int{
		"192.0.2.1": http.StatusTooManyRequests, "198.51.100.1": http.StatusSeeOther,
		"192.0.2.7, 192.0.2.1, 10.3.3.3": http.StatusTooManyRequests,
		"192.0.2.1, 198.51.100.2":        http.StatusSeeOther,
	} {
		if w := call(b, "GET", "/signin", "", "10.1.1.1", "", http.Header{"X-Forwarded-For": {via}}); w.Code != want {
			t.Errorf("through a proxy for %q: %d, want %d", via, w.Code, want)
		}
	}

	asked := len(b.Nuxeo.Requests())
	var last *httptest.ResponseRecorder
	for range 300 {
		last = call(b, "POST", "/api/v1/session", `{"nuxeo_token":"made-up"}`, "192.0.2.1", "", nil)
	}

	if n := len(b.Nuxeo.Requests()) - asked; last.Code != http.StatusTooManyRequests ||
		last.Header().Get("Retry-After") == "" || n > 40 {
		t.Errorf("300 wrong sign-ins end with %d after %d calls of Nuxeo, want 429 with Retry-After after at most 40",
			last.Code, n)
	}

	if w := call(b, "GET", "/api/v1/me", "", "192.0.2.1", session, nil); w.Code != http.StatusOK {
		t.Errorf("who is signed in at that address gets %d, want 200", w.Code)
	}

	if w := call(b, "POST", "/api/v1/session", `{"nuxeo_token":"made-up"}`, "192.0.2.2", "",
		nil); w.Code != http.StatusUnauthorized {
		t.Errorf("another address gets %d, want 401", w.Code)
	}
}

// A session that is none is none, whatever it looks like.
func TestOddTokens(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	for _, odd := range []string{`a\nb`, `\u0000`, `ü`, `a b`, `\u007f`, strings.Repeat("x", 5000)} {
		if w := call(b, "POST", "/api/v1/session", `{"nuxeo_token":"`+odd+`"}`, "192.0.2.1", "",
			nil); w.Code != http.StatusUnauthorized {
			t.Errorf("the token %.20q: answered with %d %s, want 401", odd, w.Code, w.Body)
		}
		if w := call(b, "GET", "/api/v1/me", "", "192.0.2.1", odd, nil); w.Code != http.StatusUnauthorized {
			t.Errorf("the session %.20q: answered with %d %s, want 401", odd, w.Code, w.Body)
		}
	}
}
