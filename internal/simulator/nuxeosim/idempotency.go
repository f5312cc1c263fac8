package nuxeosim

import (
	"bytes"
	"maps"
	"net/http"
	"sync"
	"time"
)

const (
	replayFor = 24 * time.Hour
	replayMax = 5 << 20
	// replayAfter is how long after its answer a key still counts as in progress.
	replayAfter = 20 * time.Millisecond
)

// replays are the answers kept for Idempotency-Key. The key is global, not one
// per user.
type replays struct {
	mu   sync.Mutex
	kept map[string]*replay
}

// replay is a kept answer; without a status the first request is still running.
type replay struct {
	status int
	header http.Header
	body   []byte
	at     time.Time
}

// idempotent runs a request once per key: a second one gets the first answer,
// or 409 while the first is running. A failure frees the key.
func (s *Server) idempotent(c *call, run func() (*answer, error)) (*answer, error) {
	key := c.r.Header.Get("Idempotency-Key")
	if key == "" || safeMethod(c.r.Method) || c.r.Method == http.MethodPut || c.r.Method == http.MethodDelete {
		return run()
	}

	c.w.Header().Set("Idempotency-Key", key)
	after := replayAfter
	if s.opt.Untrue.KeysAtOnce {
		after = 0
	}

	kept, first := s.replays.begin(key, s.opt.Now(), after, s.opt.KeyRace)
	if !first {
		return c.replayed(kept)
	}

	if s.dying.Load() > 0 && s.dying.Add(-1) >= 0 {
		panic(http.ErrAbortHandler) // the key stays in progress
	}

	done := false
	defer func() {
		if !done {
			s.replays.end(key, nil)
		}
	}()

	a, err := run()
	if err != nil {
		return nil, err
	}

	rec, err := c.record(a)
	if err != nil {
		return nil, err
	}

	done = true
	s.replays.end(key, rec.replay(s.opt.Now()))
	return c.replayed(replay{status: rec.status, header: rec.header, body: rec.body.Bytes()})
}

// record makes the whole answer before a byte is sent, so that who has got it
// can have it again at once.
func (c *call) record(a *answer) (*recorder, error) {
	rec, real := &recorder{header: http.Header{}}, c.w
	c.w = rec
	defer func() { c.w = real }()
	return rec, c.send(a)
}

// sent is the answer of a request that has been answered.
var sent = &answer{stream: func(*call) error { return nil }}

func (c *call) replayed(kept replay) (*answer, error) {
	if kept.status == 0 {
		return nil, errEmpty409
	}
	maps.Copy(c.w.Header(), kept.header)
	c.w.WriteHeader(kept.status)
	_, _ = c.w.Write(kept.body) // the client may be gone
	return sent, nil
}

func (r *replays) begin(key string, now time.Time, after, race time.Duration) (kept replay, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = map[string]*replay{}
	}

	if k := r.kept[key]; k != nil && k.status == 0 && now.Sub(k.at) < race {
		return replay{}, true
	}

	if k := r.kept[key]; k != nil && (k.status == 0 || now.Sub(k.at) < replayFor) {
		if k.status != 0 && now.Sub(k.at) < after {
			return replay{}, false
		}
		return *k, false
	}

	r.kept[key] = &replay{at: now}
	return replay{}, true
}

func (r *replays) end(key string, result *replay) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if result == nil {
		delete(r.kept, key)
		return
	}
	r.kept[key] = result
}

// recorder is a writer into memory.
type recorder struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header is that of the answer.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader keeps the status.
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write keeps the body.
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }

// replay is what is kept for later; what is too large is not.
func (r *recorder) replay(now time.Time) *replay {
	if r.status >= 400 || r.body.Len() > replayMax {
		return nil
	}
	return &replay{status: r.status, header: r.header, body: r.body.Bytes(), at: now}
}

// DieWithKeys makes the server die in the middle of the next n requests with a key, before
// anything is made: the connection breaks, and the keys stay in progress for a day.
func (s *Server) DieWithKeys(n int) { s.dying.Store(int64(n)) }
