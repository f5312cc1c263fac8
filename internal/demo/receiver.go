package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"html/template"
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
		r.show(w, q)
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

// messagesPage shows messages to people.
var messagesPage = template.Must(template.New("messages").Parse(`<!doctype html><html lang="en"><meta charset="utf-8">
<meta http-equiv="refresh" content="5"><meta name="viewport" content="width=device-width"><title>Messages</title>
<style>
:root { color-scheme: light dark; background: light-dark(#fff, #15171c); color: light-dark(#1d2433, #e8ebf2); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
article { border: 1px solid #8884; border-radius: 10px; padding: 1rem 1.25rem; margin: 1rem 0; }
h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }
</style>
<h1>Messages to channels</h1>
<p>This stands for Slack, Teams and a receiver of your own. Edit a binding, add a channel, and give it the address of
this page with any path behind it. Below /busy/ each message is refused once, and comes again.</p>
{{range .}}<article><h2>{{.Path}}</h2><p>Answered with {{.Status}}{{if .Signature}}; it is signed{{end}}</p>
<pre>{{.Text}}</pre></article>{{else}}<p>Nothing was told yet.</p>{{end}}</html>`))

// Text is the body as people read it.
func (m received) Text() string {
	var out bytes.Buffer
	if err := json.Indent(&out, m.Body, "", "  "); err != nil {
		return string(m.Body)
	}
	return out.String()
}

// show lists the messages, newest first, as a page or for programs.
func (r *receiver) show(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	all := append([]received{}, r.messages...)
	r.mu.Unlock()
	slices.Reverse(all)

	w.Header().Set("X-Content-Type-Options", "nosniff")
	if q.URL.Path == "/messages.json" {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(all) // a reader who goes away misses nothing
		return
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = messagesPage.Execute(w, all)
}
