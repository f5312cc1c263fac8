package push

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/transfer"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func document(t *testing.T, text string) *nuxeo.Document {
	t.Helper()
	d := new(nuxeo.Document)
	if err := json.Unmarshal([]byte(text), d); err != nil {
		t.Fatal(err)
	}
	return d
}

const file = `"properties":{"file:content":{"name":"a.mov","length":"10"}}`

func TestCompatible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"title":"T",` + file + `}`:                                    "",
		`{"title":"T","isVersion":true,` + file + `}`:                   "version or a proxy",
		`{"title":"T","isProxy":true,` + file + `}`:                     "version or a proxy",
		`{"title":"T","isTrashed":true,` + file + `}`:                   "trash",
		`{"title":"T","facets":["Folderish"],` + file + `}`:             "folder",
		`{"title":"T","properties":{"file:content":null}}`:              "no file",
		`{"title":"T","properties":{"file:content":"odd"}}`:             "no file",
		`{"title":"T","isUnderRetentionOrLegalHold":true,` + file + `}`: "legal hold",
	} {
		err := checkPushable(document(t, text))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) ||
			fault.From(err).Remedy == "") {
			t.Errorf("%s: got %v, want %q in it and a remedy; where that is empty, no error", text, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ master, title, piece, mime, want string }{
		{"Teaser.mov", "T", Master, "video/quicktime", "Teaser.mov"},
		{"a/b\\c\n.mov", "T", Master, "video/quicktime", "a_b_c.mov"},
		{"Teaser", "T", Master, "video/mp4", "Teaser.mp4"},
		{"", "Spring film", Master, "image/png", "Spring film.png"},
		{"Teaser.mov", "T", "MP4 480p", "video/mp4", "Teaser (MP4 480p).mp4"},
		{strings.Repeat("x", 300) + ".mov", "T", Master, "video/quicktime", strings.Repeat("x", 251) + ".mov"},
	} {
		doc := document(t, `{"properties":{}}`)
		doc.Title = c.title
		master, err := json.Marshal(map[string]string{"name": c.master, "length": "10"})
		if err != nil {
			t.Fatal(err)
		}

		doc.Properties["file:content"] = master
		p := Piece{Name: c.piece, Blob: nuxeo.Blob{Name: c.master, MimeType: c.mime}}
		if c.piece != Master {
			p.Blob.Name = "proxy.mp4"
		}

		if got := fileName(doc, p); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.master, got, c.want)
		}
	}
}

// The status of the file server decides whether a part is tried again, and no error reveals the
// address.
func TestParts(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]struct {
		code  fault.Code
		ended bool
	}{
		200: {"", false},
		403: {fault.Refused, true},
		404: {fault.Refused, true},
		500: {fault.Unavailable, false},
		503: {fault.Unavailable, false},
	} {
		host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("x-amz-acl") != "private" || r.Header.Get("Content-Type") != "video/mp4" ||
				r.ContentLength != 3 || r.Header.Get("Authorization") != "" {
				t.Errorf("a part was sent with %v and %d bytes, want it private, video/mp4, 3 bytes and no sign-in",
					r.Header, r.ContentLength)
			}
			w.WriteHeader(status)
		}))
		defer host.Close()
		s := &sink{
			http:      host.Client(),
			mediaType: "video/mp4",
			parts:     []frameio.UploadPart{{Size: 3, URL: host.URL + "/part?X-Signature=secret"}},
		}

		err := s.Put(context.Background(), transfer.Part{Length: 3}, strings.NewReader("abc"))
		if fault.CodeOf(err) != want.code || s.isExpired() != want.ended {
			t.Errorf("the store answers %d: %v, ended %v; want %s and %v", status, err, s.isExpired(), want.code,
				want.ended)
		}

		host.Close()
		if err := s.Put(context.Background(), transfer.Part{Length: 3}, strings.NewReader("abc")); err == nil ||
			strings.Contains(err.Error(), "secret") {
			t.Errorf("a part for a store that is gone: got %v, want an error without the secret", err)
		}
	}
}

func TestBlobOfAnotherKind(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(http.ResponseWriter){
		"whole for a range": func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 10)) },
		"another size": func(w http.ResponseWriter) {
			w.Header().Set("Content-Range", "bytes 2-4/11")
			w.WriteHeader(http.StatusPartialContent)
		},
		"no such range": func(w http.ResponseWriter) { w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) },
	} {
		host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
		defer host.Close()
		nx, err := nuxeo.New(host.URL+"/nuxeo", host.Client(), nil)
		if err != nil {
			t.Fatal(err)
		}
		b := &blob{nx: nx, document: "uid", piece: Piece{XPath: "file:content", Blob: nuxeo.Blob{Length: 10}}}
		if _, err := b.Open(context.Background(), 2, 3); !errors.Is(err, transfer.ErrChanged) {
			t.Errorf("%s: reading the blob gave %v, want %v", name, err, transfer.ErrChanged)
		}
	}
}
