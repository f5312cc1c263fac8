package testenv

import (
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
)

// A Receiver takes messages of channels, over real HTTP.
type Receiver struct {
	URL string

	mu      sync.Mutex
	got     []Received
	answers []http.HandlerFunc
}

// Received is a message as it came.
type Received struct {
	Header http.Header
	Body   string
}

// Delivery is the id that a message came with.
func (r Received) Delivery() string { return r.Header.Get(notify.DeliveryHeader) }

// Receive begins to take messages at a path that is a secret.
func (s *Systems) Receive() *Receiver {
	r := new(Receiver)
	r.URL = s.Serve(r) + "/services/T000/B000/verysecretpart"
	return r
}

// Answer says how the next messages are answered, each with one; the others are accepted.
func (r *Receiver) Answer(with ...http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = append(r.answers, with...)
}

// Got are the messages so far, oldest first.
func (r *Receiver) Got() []Received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// Deliveries are the ids of the messages so far, each once.
func (r *Receiver) Deliveries() (ids []string) {
	for _, m := range r.Got() {
		if !slices.Contains(ids, m.Delivery()) {
			ids = append(ids, m.Delivery())
		}
	}
	return ids
}

// ServeHTTP is http.Handler's.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // it was cut
	}

	r.mu.Lock()
	var answer http.HandlerFunc
	if len(r.answers) > 0 {
		answer, r.answers = r.answers[0], r.answers[1:]
	}
	r.got = append(r.got, Received{Header: q.Header.Clone(), Body: string(body)})
	r.mu.Unlock()

	if answer != nil {
		answer(w, q)
		return
	}
	_, _ = io.WriteString(w, "ok")
}

// Says answers with a status and a text.
func Says(status int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// Forget has all be accepted from now on.
func (r *Receiver) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers = nil
}
