// Package faults makes a simulated server misbehave on purpose.
//
// A Set holds rules; each rule names requests (method, path) and what befalls
// them: latency, a status, a reset, a body cut short or damaged, an answer that
// is lost although the work was done. Tests add rules in Go, `simulate --fault`
// in text (see Parse), and both simulators share the middleware. The zero Set
// does nothing. It knows nothing of what the servers mean.
package faults

import (
	"hash/fnv"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Rule says which requests suffer, how often, and what from. The zero value of
// a field means "not this". Several effects of one rule happen together.
type Rule struct {
	// Method and Path choose requests; empty means any. Path is a regular
	// expression on the URL's path; Query, when set, one on its raw query.
	Method, Path, Query string
	// Skip lets so many matching requests pass first; Times then hits so many
	// (0: all that follow).
	Skip, Times int
	// Chance hits only this share (0 or 1: all). The choice is keyed by Seed
	// and the request's number, so that it can be repeated.
	Chance float64
	Seed   uint64

	Latency        time.Duration // waits before anything else
	Status         int           // answers with this status instead of working
	Body           string        // the body that goes with Status
	RetryAfter     string        // the Retry-After header that goes with Status
	Reset          bool          // closes the connection without working
	Lost           bool          // works, then closes the connection without the answer
	CutAfter       int64         // sends so many bytes of the body, then closes
	ShortBy        int64         // leaves out so many last bytes and declares the shorter length: the framing is right
	FlipAt         int64         // inverts the byte at this offset (from 1) of the body
	BytesPerSecond int64         // throttles the answer's body
	// Hook is called for each request that is hit, before it is served.
	Hook func(*http.Request)

	ended <-chan struct{} // closed with the rule: what waits because of it goes on
}

// Set is a list of active rules, safe for concurrent use.
type Set struct {
	mu    sync.Mutex
	rules []*active
	hits  []Hit
}

type active struct {
	Rule
	path, query *regexp.Regexp
	seen, hit   int
	end         func()
}

// Hit records that a rule struck a request.
type Hit struct {
	Method string `json:"method"`
	Path   string `json:"path"`
}

// Add activates a rule and returns the function that ends it, also for the requests that
// it slows down. It panics on a bad regular expression, as regexp.MustCompile does.
func (s *Set) Add(r Rule) (remove func()) {
	ended := make(chan struct{})
	r.ended = ended
	a := &active{
		Rule: r, path: regexp.MustCompile(r.Path), query: regexp.MustCompile(r.Query),
		end: sync.OnceFunc(func() { close(ended) }),
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, a)
	return func() { s.drop(a) }
}

func (s *Set) drop(a *active) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.end()
	s.rules = slices.DeleteFunc(s.rules, func(b *active) bool { return a == b })
}

// Clear ends all rules.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.rules {
		a.end()
	}
	s.rules = nil
}

// Hits lists what was struck so far, oldest first.
func (s *Set) Hits() []Hit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.hits)
}

// match returns the rules that strike r now, and counts.
func (s *Set) match(r *http.Request) []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Rule
	for _, a := range s.rules {
		if a.strikes(r) {
			out = append(out, a.Rule)
			s.hits = append(s.hits, Hit{Method: r.Method, Path: r.URL.Path})
		}
	}

	return out
}

func (a *active) strikes(r *http.Request) bool {
	if a.Method != "" && a.Method != r.Method || !a.path.MatchString(r.URL.Path) ||
		!a.query.MatchString(r.URL.RawQuery) {
		return false
	}

	a.seen++
	if a.seen <= a.Skip || a.Times > 0 && a.hit >= a.Times || !a.chosen() {
		return false
	}

	a.hit++
	return true
}

func (a *active) chosen() bool {
	if a.Chance <= 0 || a.Chance >= 1 {
		return true
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(strconv.FormatUint(a.Seed, 16) + "/" + strconv.Itoa(a.seen)))
	return float64(mix(h.Sum64())>>11)/(1<<53) < a.Chance
}

// mix spreads a hash over all its bits: those of numbers that follow each other
// differ in the low ones only, and rules would strike in long runs.
func mix(x uint64) uint64 {
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// Middleware lets the rules strike what next would serve.
func (s *Set) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, rule := range s.match(r) {
			var done bool
			if w, done = rule.before(w, r); done {
				return
			}
			if rule.Lost {
				next.ServeHTTP(&discard{header: http.Header{}}, r)
				abort()
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (rule Rule) before(w http.ResponseWriter, r *http.Request) (http.ResponseWriter, bool) {
	if rule.Hook != nil {
		rule.Hook(r)
	}

	if rule.Latency > 0 {
		select {
		case <-time.After(rule.Latency):
		case <-rule.ended:
		case <-r.Context().Done():
			return w, true
		}
	}

	if rule.Reset {
		abort()
	}

	if rule.Status > 0 {
		rule.refuse(w)
		return w, true
	}

	return rule.damage(w), false
}

func (rule Rule) refuse(w http.ResponseWriter) {
	if rule.RetryAfter != "" {
		w.Header().Set("Retry-After", rule.RetryAfter)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(rule.Status)
	_, _ = w.Write([]byte(rule.Body)) // the client may be gone; nothing to do about it
}

// abort ends the connection without a proper answer, as net/http documents.
func abort() { panic(http.ErrAbortHandler) }
