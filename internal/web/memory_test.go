package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// little is how much memory a request may take.
const little = 8 << 20

// taken is how much memory a call of the connector takes.
func taken(b *testenv.Bed, make func() *http.Request) (uint64, *httptest.ResponseRecorder) {
	r, w := make(), httptest.NewRecorder()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.App.Handler().ServeHTTP(w, r)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, w
}

// operation is one of the REST interface, with an address that leads to it.
type operation struct {
	method, at string
	*openapi3.Operation
}

func operations(t *testing.T) (all []operation) {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(description)
	if err != nil {
		t.Fatal(err)
	}

	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			// the one has no end, after the other nobody is there
			if op.OperationID != "events" && op.OperationID != "signOut" {
				all = append(all, operation{method, "/api/v1" + path, op})
			}
		}
	}

	return all
}

// filled is a text of so many bytes at most.
func filled(size int, before, piece, after string) string {
	return before + strings.Repeat(piece, (size-len(before)-len(after))/len(piece)) + after
}

// One request takes little memory, whatever it holds: long lists, deep ones, long texts.
// It is alone in the process while it runs, so it is not parallel.
func TestARequestTakesLittleMemory(t *testing.T) {
	b := testenv.New(t)
	session := b.SignIn("josh")
	const size = 1<<20 - 100
	bodies := map[string]string{
		"a long list":       filled(size, `{"assets":[`, `"",`, `""]}`),
		"a list of objects": filled(size, `{"documents":[`, `{},`, `{}]}`),
		"nothings":          filled(size, `{"workspaces":[`, `null,`, `null]}`),
		"many fields":       filled(size, `{`, `"a":1,`, `"b":1}`),
		"deep":              filled(size, `{"folder":`, `[`, ``), "a long text": filled(size, `{"folder":"`, `x`, `"}`),
	}

	for _, op := range operations(t) {
		for what, body := range bodies {
			if op.RequestBody == nil && what != "a long list" {
				continue
			}

			took, w := taken(b, func() *http.Request {
				return sent(op.method, parameter.ReplaceAllString(op.at, "x"), body, session)
			})
			if took > little {
				t.Errorf("%s %s with %s takes %d KiB, want at most 8 MiB", op.method, op.at, what, took>>10)
			}

			if op.RequestBody != nil && (w.Code < 400 || w.Code >= 500) {
				t.Errorf("%s %s with %s: %d %.200s, want a refusal", op.method, op.at, what, w.Code, w.Body)
			}
		}
	}

	w := call(b, "POST", "/api/v1/publications", `{"binding":"x","assets":[`+strings.Repeat(`"a",`, 100_000)+`"a"]}`,
		"192.0.2.1", session, nil)
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "more than 20000 values") {
		t.Errorf("100,000 assets: answered with %d %s, want 400 for more than 20000 values", w.Code, w.Body)
	}
}

func sent(method, at, body, session string) *http.Request {
	r := httptest.NewRequest(method, at, strings.NewReader(body))
	r.RemoteAddr = "192.0.2.1:4711"
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if session != "" {
		r.Header.Set("Authorization", "Bearer "+session)
	}
	return r
}

// What stands before the body takes little memory as well, up to the length that the server
// lets in: of everybody, on every operation, page and receiver.
func TestAHeadTakesLittleMemory(t *testing.T) {
	b := testenv.New(t, testenv.Loose()) // an id of slashes is in no contract
	session := b.SignIn("josh")
	const size = 64 << 10
	long := strings.Repeat("x", size)
	places := []operation{
		{"GET", "/signin", nil},
		{"GET", "/connect", nil},
		{"GET", "/oauth/frameio/callback", nil},
		{"GET", "/oauth/nuxeo/callback", nil},
		{"GET", "/", nil},
		{"GET", "/media/{id}", nil},
		{"POST", "/frameio/actions/{id}", nil},
		{"POST", "/frameio/events/{id}", nil},
		{"POST", "/csp-report", nil},
		{"GET", "/admin/jobs/{id}", nil},
	}

	for _, op := range append(operations(t), places...) {
		at := parameter.ReplaceAllString(op.at, "x")
		names := []string{"cursor", "q"}
		if op.Operation != nil {
			for _, p := range op.Parameters {
				if p.Value.In == "query" {
					names = append(names, p.Value.Name)
				}
			}
		}

		var heads []func() *http.Request
		var whats []string
		add := func(what, at string, change func(http.Header)) {
			whats = append(whats, what)
			heads = append(heads, func() *http.Request {
				r := sent(op.method, at, "{}", session)
				if change != nil {
					change(r.Header)
				}
				return r
			})
		}

		for _, name := range names {
			add("a long "+name, at+"?"+filled(size, name+"=", "x", ""), nil)
			add("many of "+name, at+"?"+filled(size, name+"=x", "&"+name+"=x", ""), nil)
			add("a long escaped "+name, at+"?"+filled(size, name+"=", "%C3%A4", ""), nil)
		}

		add("many parameters", at+"?"+filled(size, "", "a&", "b"), nil)
		add("different parameters", at+"?"+different(size, "%x&"), nil)
		if strings.Contains(op.at, "{") {
			add("a long path", parameter.ReplaceAllString(op.at, long), nil)
			add("an escaped path", parameter.ReplaceAllString(op.at, filled(size, "", "%2F", "")), nil)
		}

		add("a path of many parts", at+strings.Repeat("/a", size/2), nil)
		for _, name := range []string{
			"Cookie", "Authorization", "Accept", "Accept-Language", "X-Forwarded-For",
			"Traceparent", "Baggage", "X-Request-Id", "Origin", "Last-Event-ID", "User-Agent",
		} {
			add("a long "+name, at, func(h http.Header) { h.Set(name, long) })
		}

		add("many cookies", at, func(h http.Header) { h.Set("Cookie", filled(size, "", "a=b;", "")) })
		add("many forwarders", at, func(h http.Header) { h.Set("X-Forwarded-For", filled(size, "", "10.0.0.1,", "")) })
		add("many lines", at, func(h http.Header) {
			for i := range size / 8 {
				h.Add("X-A", fmt.Sprint(i%10))
			}
		})

		add("many names", at, func(h http.Header) {
			for _, name := range strings.Fields(different(size, "X-%x ")) {
				h[name] = []string{""}
			}
		})

		for i, make := range heads {
			took, w := taken(b, make)
			if took > little {
				t.Errorf("%s %s with %s takes %d KiB, want at most 8 MiB", op.method, op.at, whats[i], took>>10)
			}
			if w.Code >= 500 || w.Body.Len() > 16<<10 && op.Operation != nil {
				t.Errorf("%s %s with %s: %d, %d bytes of %.200s; want less than 500 and a short answer", op.method,
					op.at, whats[i], w.Code, w.Body.Len(), w.Body)
			}
		}
	}
}

// different is a text of different pieces.
func different(size int, form string) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, form, i)
	}
	return b.String()
}
