package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/ui"
)

var shellLayout = template.Must(template.ParseFS(static, "static/shell.html"))

// shellPaths are the pages that elements make in the browser. Their shell knows
// no one and asks for nothing.
var shellPaths = []string{
	"/{$}", "/folders/{id}", "/documents/{id}", "/activity", "/items/{id}", "/locks", "/administration",
	"/administration/{page}",
}

func (s *Server) shells(mux *http.ServeMux) {
	page := s.shell()
	for _, path := range shellPaths {
		mux.Handle("GET "+path, page)
	}
	if s.Set.Bundle != nil {
		mux.Handle("GET /ui/"+ui.BundleName, built(s.Set.Bundle, "text/javascript; charset=utf-8"))
	}
	mux.Handle("GET /ui/messages/{file}", s.handler(s.messages))
}

// shell is the page that loads the elements, or says that there are none.
func (s *Server) shell() http.Handler {
	if s.Set.Bundle == nil {
		return s.browser(s.home)
	}

	var text bytes.Buffer
	if err := shellLayout.Execute(&text, struct{ Base, Languages string }{s.base(), languages()}); err != nil {
		panic(err) // it is part of the program
	}

	return s.browser(func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(text.Bytes()) // the browser may have left
		return nil
	})
}

// languages are those that say all that English says, beside English.
func languages() string {
	all, err := ui.Messages()
	if err != nil {
		panic(err) // they are part of the program
	}

	keys := func(text []byte) int {
		var texts map[string]string
		if err := json.Unmarshal(text, &texts); err != nil {
			panic(err) // likewise
		}
		return len(texts)
	}

	whole := keys(all[""])
	maps.DeleteFunc(all, func(language string, text []byte) bool { return language == "" || keys(text) < whole })
	return strings.Join(slices.Sorted(maps.Keys(all)), " ")
}

// built serves something that changes with the program only: it is asked for each
// time, and sent when it is another. Pages of Nuxeo may read it, as anyone may.
func built(text []byte, contentType string) http.Handler {
	sum := sha256.Sum256(text)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12])
	packed := sync.OnceValue(func() []byte { return pack(text) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "no-cache")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Add("Vary", "Accept-Encoding")

		// A packed answer has a tag of its own, or caches would mix them up.
		body, suffix := text, `"`
		if accepts(r, "gzip") {
			body, suffix = packed(), `-gzip"`
			h.Set("Content-Encoding", "gzip")
		}

		h.Set("ETag", tag+suffix)
		if r.Header.Get("If-None-Match") == tag+suffix {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}

		_, _ = w.Write(body) // the browser may have left
	})
}

func pack(text []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is a good one
	_, _ = z.Write(text)                                  // memory takes all
	_ = z.Close()
	return b.Bytes()
}

// accepts reports whether a request takes an encoding; one with the weight 0 it does
// not.
func accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == encoding {
			return strings.Trim(strings.TrimSpace(weight), "q=0.") != "" || weight == ""
		}
	}
	return false
}

// messages serves the texts of a language.
func (s *Server) messages(w http.ResponseWriter, r *http.Request) error {
	all, err := ui.Messages()
	if err != nil {
		return err
	}

	for language, text := range all {
		if r.PathValue("file") == strings.TrimSuffix("messages-"+language, "-")+".json" {
			built(text, "application/json").ServeHTTP(w, r)
			return nil
		}
	}

	return fault.New(fault.NotFound, "There are no texts in this language.")
}
