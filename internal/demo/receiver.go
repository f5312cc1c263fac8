package demo

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
)

// A receiver stands for Slack, Teams and a receiver of one's own: it takes messages at any path and shows them.
// Below /busy/ it refuses each message once, with 503.
type receiver struct {
	mu       sync.Mutex
	messages []received
}

// received is a message as it came.
type received struct {
	Path      string          `json:"path"`
	Delivery  string          `json:"delivery"`
	Signature string          `json:"signature"`
	Timestamp string          `json:"timestamp"`
	Body      json.RawMessage `json:"body"`
	Status    int             `json:"status"` // of our answer
}

// verified reports whether a message is signed with a secret, and fresh: as for a call of Frame.io's, but for
// the names of the headers.
func (m received) verified(secret string) bool {
	return v4.Verify(m.Body, m.Timestamp, m.Signature, time.Now(), secret) == nil
}

// receiver starts it.
func (s *Stage) receiver(context.Context) (err error) {
	s.told = new(receiver)
	s.ReceiverURL, err = s.serve(portReceiver, s.told)
	return err
}

// at are the messages that came to a path, oldest first.
func (r *receiver) at(path string) []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.messages), func(m received) bool { return m.Path != path })
}

// ServeHTTP is http.Handler's.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if q.Method != http.MethodPost {
		r.show(w)
		return
	}

	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, 4<<20))
	if err != nil || !json.Valid(body) {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}

	m := received{
		Path: q.URL.Path, Delivery: q.Header.Get(notify.DeliveryHeader), Body: body, Status: http.StatusOK,
		Signature: q.Header.Get(notify.SignatureHeader), Timestamp: q.Header.Get(notify.TimestampHeader),
	}
	r.mu.Lock()
	before := slices.ContainsFunc(r.messages, func(b received) bool { return b.Delivery == m.Delivery })
	if strings.HasPrefix(m.Path, "/busy/") && !before {
		m.Status = http.StatusServiceUnavailable
	}
	r.messages = append(r.messages, m)
	r.mu.Unlock()

	w.WriteHeader(m.Status)
	_, _ = io.WriteString(w, "ok")
}

// show lists the messages as JSON, newest first.
func (r *receiver) show(w http.ResponseWriter) {
	r.mu.Lock()
	all := slices.Clone(r.messages)
	r.mu.Unlock()
	slices.Reverse(all)
	if all == nil {
		all = []received{}
	}

	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(all) // a reader who goes away misses nothing
}
