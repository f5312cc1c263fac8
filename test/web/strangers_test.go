package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/bed"
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
	b := bed.New(t)
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
					t.Errorf("%s %s by a stranger (%q): status %d after %d bytes, want 401 after none", method, path, session, status, read)
				}
			}
		}
	}
}

// Nobody has more read than the longest form.
func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	b := bed.New(t)
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
				t.Errorf("%s %s with a body without an end: status %d after %d bytes, want a refusal after at most 1 MiB", method, path, status, read)
			}
		}
	}
	for _, page := range []string{"/signin", "/signout", "/connect", "/nothing"} {
		for _, who := range []string{"", session} {
			if _, read := offer(b, http.MethodPost, page, who); read > 1<<20+4096 {
				t.Errorf("POST %s: %d bytes were read", page, read)
			}
		}
	}
}

// offer calls the connector with a body without an end and tells how much of it was
// read, without the buffers of a real connection in between.
func offer(b *bed.Bed, method, path, session string) (status int, read int64) {
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
