package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// davPath is where the WebDAV server of the world is.
const davPath = "/_bench/dav/"

// dav is as much of a WebDAV server as a program needs that puts files there. It compares what
// comes with what the origin serves, and keeps only lengths.
type dav struct {
	want *pattern.Content

	mu      sync.Mutex
	lengths map[string]int64 // by path
}

// ServeHTTP is http.Handler's.
func (d *dav) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	switch q.Method {
	case "PROPFIND":
		d.describe(w, q.URL.Path)
	case "MKCOL":
		w.WriteHeader(http.StatusCreated)
	case http.MethodPut:
		n, err := d.compare(q.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}

		d.mu.Lock()
		d.lengths[q.URL.Path] = n
		d.mu.Unlock()
		w.WriteHeader(http.StatusCreated)
	default:
		http.Error(w, "only PROPFIND, MKCOL and PUT", http.StatusMethodNotAllowed)
	}
}

// describe tells what is at a path: the folder, or a file that was put there.
func (d *dav) describe(w http.ResponseWriter, path string) {
	kind := "<D:resourcetype><D:collection/></D:resourcetype>"
	if !strings.HasSuffix(path, "/") {
		d.mu.Lock()
		n, ok := d.lengths[path]
		d.mu.Unlock()
		if !ok {
			http.Error(w, "there is no such file", http.StatusNotFound)
			return
		}
		kind = fmt.Sprintf("<D:resourcetype/><D:getcontentlength>%d</D:getcontentlength>", n)
	}

	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusMultiStatus)
	_, _ = fmt.Fprintf(w, `<D:multistatus xmlns:D="DAV:"><D:response><D:href>%s</D:href><D:propstat><D:prop>%s</D:prop>`+
		`<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>`, path, kind)
}

// compare reads a body to its end and returns its length; another content is an error.
func (d *dav) compare(body io.Reader) (n int64, err error) {
	for buf := make([]byte, 1<<20); ; {
		m, err := io.ReadFull(body, buf)
		if !d.want.Matches(buf[:m], n) {
			return n, fmt.Errorf("from byte %d on it is not what the origin serves", n)
		}

		n += int64(m)
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return n, nil
		default:
			return n, err
		}
	}
}
