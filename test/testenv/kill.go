package testenv

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// Moment is when a chosen call or commit goes wrong.
type Moment int

// The moments.
const (
	Never  Moment = iota
	Before        // the process dies and the call never leaves it
	After         // the call has its effect, the process dies before the answer
	Lost          // the call has its effect, the answer is lost, the process lives
)

// String names the moment for a test.
func (m Moment) String() string { return [...]string{"never", "before", "after", "lost"}[m] }

// errDead is what a dead process gets from everything.
var errDead = errors.New("the process is dead")

// tap stands between the connector and the world: it counts remote writes and
// commits, and lets the n-th go wrong.
type tap struct {
	bed *Bed

	mu      sync.Mutex
	armed   bool
	writes  []string
	at      int
	moment  Moment
	commits int
	dieAt   int
}

// Watch begins to count remote writes and commits anew.
func (b *Bed) Watch() { b.FailAt(0, Never) }

// FailAt begins to count, and lets the n-th remote write, from 1, go wrong.
func (b *Bed) FailAt(n int, when Moment) {
	b.tap.mu.Lock()
	defer b.tap.mu.Unlock()
	b.tap.armed, b.tap.writes, b.tap.at, b.tap.moment, b.tap.commits, b.tap.dieAt = true, nil, n, when, 0, 0
}

// DieAtCommit begins to count, and lets the process die at the n-th time, from
// 1, that the database asks whether it may begin or commit a transaction.
func (b *Bed) DieAtCommit(n int) {
	b.Watch()
	b.tap.mu.Lock()
	defer b.tap.mu.Unlock()
	b.tap.dieAt = n
}

// Writes are the remote writes since Watch, in order.
func (b *Bed) Writes() []string {
	b.tap.mu.Lock()
	defer b.tap.mu.Unlock()
	return append([]string(nil), b.tap.writes...)
}

// Commits is how often the database asked since Watch.
func (b *Bed) Commits() int {
	b.tap.mu.Lock()
	defer b.tap.mu.Unlock()
	return b.tap.commits
}

// Survive waits until all is final; if the process dies meanwhile it is started
// again. It reports whether it died.
func (b *Bed) Survive() (died bool) {
	b.T.Helper()
	deadline, p := time.Now().Add(patience), poll{}
	for !b.dead.Load() {
		if !b.anyOpen() && !b.dead.Load() {
			return false
		}
		if time.Now().After(deadline) {
			b.Settle() // says what hangs
		}
		p.wait()
	}

	if w := b.Writes(); len(w) > 0 && strings.HasSuffix(w[len(w)-1], "/upload/") {
		b.MayLeave++ // the process died before it could record the batch's name
	}

	b.Restart()
	b.Settle()
	return true
}

// gate is asked by the database.
func (p *tap) gate() error {
	p.mu.Lock()
	if p.armed {
		p.commits++
	}

	die := p.dieAt > 0 && p.commits == p.dieAt
	p.mu.Unlock()
	if die {
		p.bed.Die()
	}

	if p.bed.dead.Load() {
		return errDead
	}

	return nil
}

func (p *tap) around(_ string, next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		if p.bed.dead.Load() {
			return nil, errDead
		}

		switch p.count(r) {
		case Before:
			p.bed.Die()
			return nil, errDead
		case After:
			defer p.bed.Die()
			return nil, effect(next, r)
		case Lost:
			return nil, effect(next, r)
		}

		return next.RoundTrip(r)
	})
}

// effect makes a call and forgets the answer.
func effect(next http.RoundTripper, r *http.Request) error {
	resp, err := next.RoundTrip(r)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	return errors.New("the answer was lost")
}

func (p *tap) count(r *http.Request) Moment {
	if nuxeosim.Reads(r) || strings.HasPrefix(r.URL.Path, "/ims/") {
		return Never
	}

	// Webhooks are looked after beside the items, some time after a folder was bound:
	// whether that is before or after a test begins to count is chance.
	if strings.Contains(r.URL.Path, "/webhooks") {
		return Never
	}

	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.armed {
		return Never
	}

	p.writes = append(p.writes, r.Method+" "+r.URL.Path)
	if len(p.writes) == p.at {
		return p.moment
	}

	return Never
}

type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip is http.RoundTripper's.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Dead reports whether the process has died.
func (b *Bed) Dead() bool { return b.dead.Load() }
