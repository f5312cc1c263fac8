package nuxeosim

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

const journalSize = 10000

// Request is an entry of the journal of requests below /nuxeo.
type Request struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Query  string `json:"query,omitempty"`
	User   string `json:"user,omitempty"`
	// Status is 0 when a fault struck before the server did anything.
	Status        int           `json:"status"`
	CorrelationID string        `json:"correlationId,omitempty"`
	Source        string        `json:"source,omitempty"`
	Time          time.Time     `json:"time"`
	Took          time.Duration `json:"took"`
}

// journal keeps the last requests.
type journal struct {
	mu   sync.Mutex
	list []Request
}

func (j *journal) add(r Request) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.list) >= journalSize {
		j.list = slices.Delete(j.list, 0, journalSize/10)
	}
	j.list = append(j.list, r)
}

// Requests lists the last requests below /nuxeo, oldest first.
func (s *Server) Requests() []Request {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return slices.Clone(s.journal.list)
}

type recordKey struct{}

// recordOf finds the journal entry that journaled opened. It is passed by
// context because faults sit in between and may swallow the answer.
func recordOf(r *http.Request) *Request {
	if rec, ok := r.Context().Value(recordKey{}).(*Request); ok {
		return rec
	}
	return &Request{}
}

func (s *Server) journaled(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &Request{
			Method: r.Method, Path: r.URL.Path, Query: redacted(r), Time: s.opt.Now(),
			CorrelationID: r.Header.Get("X-Correlation-Id"), Source: r.Header.Get("source"),
		}
		defer func() { // also when a fault aborts
			rec.Took = s.opt.Now().Sub(rec.Time)
			s.journal.add(*rec)
		}()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), recordKey{}, rec)))
	})
}

// redacted is the query without credentials.
func redacted(r *http.Request) string {
	q := r.URL.Query()
	for _, secret := range []string{"token", "access_token", "code", "assertion"} {
		if q.Has(secret) {
			q.Set(secret, "-")
		}
	}
	return q.Encode()
}

// statusWriter notes the status in the journal.
type statusWriter struct {
	http.ResponseWriter
	rec *Request
}

// WriteHeader notes the status and passes it on.
func (w *statusWriter) WriteHeader(status int) {
	w.rec.Status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
