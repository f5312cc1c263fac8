package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
)

// bombs are answers that are small to send and could be large to read.
func bombs() map[string][]byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	zeros := make([]byte, 1<<20)
	for range 1 << 10 { // a gibibyte
		_, _ = z.Write(zeros) // into memory
	}

	_ = z.Close()
	keys := strings.Builder{}
	for i := range 1_000_000 {
		fmt.Fprintf(&keys, `"k%d":1,`, i)
	}

	return map[string][]byte{
		"gzip bomb": packed.Bytes(), "nested": bytes.Repeat([]byte("["), 1_000_000),
		"nested objects":     []byte(strings.Repeat(`{"a":`, 1_000_000)),
		"a long string":      []byte(`{"data":{"name":"` + strings.Repeat("x", 100<<20) + `"}}`),
		"many keys":          []byte(`{"data":{` + keys.String() + `"id":"x"}}`),
		"the same key again": []byte(`{"data":{"id":"a","id":"b"}}`),
		"no number":          []byte(`{"data":{"file_size":1e999}}`), "cut": []byte(`{"data":{"id":"a"`),
	}
}

// bombBound is what one answer may take of memory: the body that is read, which
// is bounded, and what becomes of it.
const bombBound = 512 << 20

// Whatever either system answers, it is read within bounds or refused with a
// code. It is alone in the process while it runs, so it is not parallel.
func TestAnswersAreBounded(t *testing.T) {
	if testing.Short() {
		need.Skip(t, "it reads hundreds of MiB")
	}
	for name, body := range bombs() {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				if name == "gzip bomb" {
					w.Header().Set("Content-Encoding", "gzip")
				}
				_, _ = w.Write(body) // who reads may leave
			}))
			defer s.Close()
			for system, call := range callers(t, s.URL) {
				runtime.GC()
				began := time.Now()
				var err error
				most := peak(func() { err = call(t.Context()) })
				t.Logf("%s: %d MiB, %s, %s", system, most>>20, time.Since(began).Round(time.Millisecond),
					fault.CodeOf(err))
				if most > bombBound {
					t.Errorf("%s: the call took %d MiB, want at most %d", system, most>>20, bombBound>>20)
				}

				if err != nil && fault.CodeOf(err) == fault.Internal {
					t.Errorf("%s: got %.200v, want an error that is not internal", system, err)
				}
			}
		})
	}
}

func callers(t *testing.T, url string) map[string]func(context.Context) error {
	t.Helper()
	fio, err := v4.New(url, http.DefaultClient, func(context.Context, string) (string, error) { return "token", nil })
	if err != nil {
		t.Fatal(err)
	}

	nx, err := nuxeo.New(url+"/nuxeo", http.DefaultClient, nuxeo.Basic("josh", "josh"))
	if err != nil {
		t.Fatal(err)
	}

	return map[string]func(context.Context) error{
		"Frame.io": func(ctx context.Context) error { _, err := fio.File(ctx, "a", "f"); return err },
		"Nuxeo":    func(ctx context.Context) error { _, err := nx.Get(ctx, "d", nuxeo.Fetch{}); return err },
	}
}

// What comes in is bounded too: a body beyond what a form or a call can be is
// refused, a deep one as well.
func TestBodiesThatComeInAreBounded(t *testing.T) {
	t.Parallel()
	f := open(t)
	session := f.SignIn("josh")
	for name, body := range map[string]string{
		"nested": `{"folder":` + strings.Repeat("[", 200_000), "long": `{"folder":"` + strings.Repeat("x", 2<<20) +
			`"}`, "no number": `{"limit":1e999}`,
	} {
		a := f.send(request{method: http.MethodPost, path: "/api/v1/bindings", session: session, body: body})
		if a.status < 400 || a.status >= 500 {
			t.Errorf("%s: answered with %d %.100s, want 4xx", name, a.status, a.body)
		}
		if a := f.send(request{method: http.MethodPost, path: "/frameio/actions/x", body: body}); a.status < 400 ||
			a.status >= 500 {
			t.Errorf("%s to an action: answered with %d %.100s, want 4xx", name, a.status, a.body)
		}
	}
}
