package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"
)

// recording is a call that Nuxeo got, as it can be made again.
type recording struct {
	At     time.Time // when its answer was ready
	Method string
	Path   string // with the query
	Header http.Header
	Body   []byte
	Status int
}

// recorder keeps what Nuxeo is asked, while it is told to.
//
//	POST   /_bench/calls   begins anew
//	GET    /_bench/calls   ends, and gives what was kept
type recorder struct {
	next http.Handler

	mu   sync.Mutex
	on   bool
	kept []recording
}

// ServeHTTP is http.Handler's.
func (r *recorder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.URL.Path == recordings {
		r.tell(w, q.Method == http.MethodPost)
		return
	}

	r.mu.Lock()
	on := r.on
	r.mu.Unlock()
	if !on {
		r.next.ServeHTTP(w, q)
		return
	}

	body, err := io.ReadAll(q.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}

	q.Body = io.NopCloser(bytes.NewReader(body))
	answer := &statused{ResponseWriter: w, status: http.StatusOK}
	r.next.ServeHTTP(answer, q)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, recording{time.Now(), q.Method, q.URL.RequestURI(), q.Header, body, answer.status})
}

const recordings = "/_bench/calls"

// tell begins or ends the keeping.
func (r *recorder) tell(w http.ResponseWriter, on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.kept
	r.on, r.kept = on, nil
	if !on {
		_ = json.NewEncoder(w).Encode(kept) // who asks notices
	}
}

type statused struct {
	http.ResponseWriter
	status int
}

// WriteHeader is http.ResponseWriter's.
func (s *statused) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}
