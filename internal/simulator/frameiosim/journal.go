package frameiosim

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

const journalSize = 10_000

// Request is one entry of the journal: a call to any of the hosts.
type Request struct {
	Time     time.Time `json:"time"`
	Method   string    `json:"method"`
	Path     string    `json:"path"`
	Query    string    `json:"query,omitempty"`
	PersonID string    `json:"person_id,omitempty"` // who called the API
	Class    string    `json:"class,omitempty"`     // the operation, such as files.show
	Status   int       `json:"status"`              // 0: the connection was broken off
	Bytes    int64     `json:"bytes"`               // of the answer's body
}

type journal struct {
	mu      sync.Mutex
	entries []Request
	start   int
	calls   map[string]int
}

func (j *journal) add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.calls == nil {
		j.calls = map[string]int{}
	}

	j.calls[r.Class]++
	if len(j.entries) < journalSize {
		j.entries = append(j.entries, r)
		return
	}

	j.entries[j.start] = r
	j.start = (j.start + 1) % journalSize
}

// Requests are the last ten thousand requests, oldest first.
func (s *Server) Requests() []Request {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	e := s.journal.entries
	return slices.Concat(e[s.journal.start:], e[:s.journal.start])
}

// Calls is how often an operation was asked for, whatever the answer and also
// if a fault struck the call. The
// class is the contract's operation id, such as files.show, or ims.authorize,
// ims.token, upload, download.
func (s *Server) Calls(class string) int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.calls[class]
}

type noteKey struct{}

// note lets the API tell the journal who called.
func note(r *http.Request, person string) {
	if entry, ok := r.Context().Value(noteKey{}).(*Request); ok {
		entry.PersonID = person
	}
}

// hostClasses names what is not an operation of the API, by pattern.
var hostClasses = map[string]string{
	"/upload/": "upload", "/assets/": "download", "/v4/": "unknown", "GET /ims/authorize/v2": "ims.authorize",
	"POST /ims/authorize/v2": "ims.authorize",
	"POST /ims/token/v3":     "ims.token", "POST /ims/revoke": "ims.revoke",
}

// classifier tells the class of a request before anybody serves it, so that
// calls struck by a fault count too.
func classifier(mux *http.ServeMux) func(*http.Request) string {
	classes := maps.Clone(hostClasses)
	for _, r := range apiRoutes() {
		classes[r.method+" "+r.path] = r.class
	}
	return func(r *http.Request) string {
		_, pattern := mux.Handler(r)
		return classes[pattern]
	}
}

func (s *Server) record(next http.Handler, class func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entry := &Request{Time: s.now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Class: class(r)}
		rec := &recorder{ResponseWriter: w, entry: entry}
		defer func() {
			s.journal.add(*entry)
			s.opt.Logger.Debug("request", "method", entry.Method, "path", entry.Path, "status", entry.Status)
		}()
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), noteKey{}, entry)))
	})
}

type recorder struct {
	http.ResponseWriter
	entry *Request
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	r.entry.Status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.entry.Status == 0 {
		r.entry.Status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.entry.Bytes += int64(n)
	return n, err
}
