// Package ratelimit keeps calls within what the remote systems allow.
//
// It owns the rate budgets of Frame.io, learned from the headers of its answers
// per credential and class of endpoint, and the connection budget of Nuxeo. Both
// are transports that wait before a call rather than be refused after it. What
// must hold: after a 429 its bucket, and no other, is left alone for as long as
// was asked, at least a second and twice as long each time; work that a person
// waits for is not queued behind work in the background. It leaves retries to
// its callers.
package ratelimit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

type priorityKey struct{}

// A priority says for whom a call is made; the more urgent comes first.
type priority int

const (
	byPerson priority = iota
	byStranger
	background
	priorities
)

// Interactive marks calls that a person is waiting for.
func Interactive(ctx context.Context) context.Context {
	return context.WithValue(ctx, priorityKey{}, byPerson)
}

// Stranger marks calls caused by people who have not signed in yet.
func Stranger(ctx context.Context) context.Context {
	return context.WithValue(ctx, priorityKey{}, byStranger)
}

func priorityOf(ctx context.Context) priority {
	if p, ok := ctx.Value(priorityKey{}).(priority); ok {
		return p
	}
	return background
}

func interactive(ctx context.Context) bool { return priorityOf(ctx) == byPerson }

// maxWait is how long a call waits for its budget; beyond, it is refused with
// Throttled and the time to come back, so that the worker can do something else.
const maxWait = 20 * time.Second

// Budgets is a transport that keeps the leaky buckets of Frame.io.
type Budgets struct {
	next  http.RoundTripper
	now   func() time.Time
	nodes func() int

	mu      sync.Mutex
	buckets map[string]*bucket
}

// NewBudgets wraps a transport. now is a clock that never jumps, or a stop would
// last as long as the jump. As many nodes as nodes says draw on the same budgets;
// nil is one.
func NewBudgets(next http.RoundTripper, now func() time.Time, nodes func() int) *Budgets {
	if nodes == nil {
		nodes = func() int { return 1 }
	}
	return &Budgets{next: next, now: now, nodes: nodes, buckets: map[string]*bucket{}}
}

// bucket mirrors what the service keeps: level calls are left, and limit calls
// come back evenly over a window.
type bucket struct {
	limit, level float64
	window       time.Duration
	at           time.Time
	stopped      time.Time
	strikes      int
	flying       float64 // calls that were not answered yet
	answered     bool    // a call was answered: its limit is known, or there is none
}

// Budget is a bucket as it stands, for metrics.
type Budget struct {
	Class        string
	Limit, Level float64
}

// Snapshot lists the budgets by endpoint class, without whose they are.
func (b *Budgets) Snapshot() []Budget {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []Budget
	for key, k := range b.buckets {
		k.refill(b.now(), b.share())
		_, class, _ := strings.Cut(key, "|")
		out = append(out, Budget{Class: class, Limit: k.limit, Level: k.level})
	}

	return out
}

// RoundTrip waits for the call's budget, makes it, and learns from the answer.
func (b *Budgets) RoundTrip(r *http.Request) (*http.Response, error) {
	key := credentialOf(r) + "|" + Class(r.Method, r.URL.Path)
	if err := b.wait(r.Context(), key); err != nil {
		return nil, err
	}

	resp, err := b.next.RoundTrip(r)
	b.landed(key)
	if err == nil {
		b.learn(key, resp)
	}

	return resp, err
}

// landed counts a call as no longer on its way.
func (b *Budgets) landed(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bucket(key, b.now()).flying--
}

const (
	manyBuckets = 2048
	idleBucket  = 2 * time.Hour
)

// bucket is the one for a key. Those of tokens that are over are forgotten.
func (b *Budgets) bucket(key string, now time.Time) *bucket {
	if k, ok := b.buckets[key]; ok {
		return k
	}

	if len(b.buckets) >= manyBuckets {
		maps.DeleteFunc(b.buckets, func(_ string, k *bucket) bool {
			return k.flying == 0 && now.Sub(k.at) > idleBucket
		})
	}

	k := &bucket{at: now}
	b.buckets[key] = k
	return k
}

func credentialOf(r *http.Request) string {
	sum := sha256.Sum256([]byte(r.Header.Get("Authorization")))
	return hex.EncodeToString(sum[:8])
}

var (
	ids = regexp.MustCompile(
		`/(accounts|workspaces|projects|folders|files|version_stacks|comments|actions|webhooks|shares|users)/[^/]+`)
	uploads = regexp.MustCompile(`^/files/(local|remote)_upload$`) // where an id would be
	prefix  = regexp.MustCompile(`^/v4/accounts/\*`)
)

// Class is the endpoint class of a call: its method and its path without ids.
func Class(method, path string) string {
	path = ids.ReplaceAllStringFunc(path, func(s string) string {
		if uploads.MatchString(s) {
			return s
		}
		return s[:strings.LastIndexByte(s, '/')] + "/*"
	})
	return method + " " + prefix.ReplaceAllString(path, "")
}

func (b *Budgets) wait(ctx context.Context, key string) error {
	for {
		delay := b.take(key, interactive(ctx))
		if delay <= 0 {
			return nil
		}

		// The item waits, and leaves its worker to others.
		if delay > maxWait {
			e := fault.New(fault.Throttled, "Frame.io's rate limit is used up for the moment.")
			e.RetryAfter = delay
			return e
		}

		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// take reserves a call and returns 0, or says how long to wait.
func (b *Budgets) take(key string, first bool) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	k := b.bucket(key, now)
	k.refill(now, b.share())

	// After a 429, nothing is sent.
	if d := k.stopped.Sub(now); d > 0 {
		return d
	}

	// The first answer tells the limit: one call goes ahead, the others wait for it.
	if !k.answered && k.flying > 0 {
		return firstAnswer
	}

	// A part is kept for calls that a person is waiting for.
	need := 1 + k.kept(first)
	if k.level >= need || k.limit == 0 { // without a limit: the first answer will tell
		k.level--
		k.flying++
		return 0
	}

	return max(time.Millisecond, time.Duration((need-k.level)/(k.limit*b.share())*float64(k.window)))
}

// firstAnswer is how often to look whether the first call to a class was answered,
// which tells its limit.
const firstAnswer = 20 * time.Millisecond

// kept is what the others leave for people: the last tenth, and one call at least
// where there are more than two.
func (k *bucket) kept(first bool) float64 {
	if first || k.limit < 3 {
		return 0
	}
	return max(1, k.limit/10)
}

// share is this node's part of every budget. What other nodes leave over, the
// answers tell.
func (b *Budgets) share() float64 { return 1 / float64(max(1, b.nodes())) }

func (k *bucket) refill(now time.Time, share float64) {
	if k.window > 0 && now.After(k.at) {
		k.level = min(k.limit, k.level+now.Sub(k.at).Seconds()/k.window.Seconds()*k.limit*share)
	}
	k.at = now
}

func (b *Budgets) learn(key string, resp *http.Response) {
	limit, err1 := strconv.ParseFloat(resp.Header.Get("x-ratelimit-limit"), 64)
	left, err2 := strconv.ParseFloat(resp.Header.Get("x-ratelimit-remaining"), 64)
	window, err3 := strconv.ParseFloat(resp.Header.Get("x-ratelimit-window"), 64)
	limited := err1 == nil && err2 == nil && err3 == nil && limit > 0 && window > 0

	// What is under way is not counted in the header yet.
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.bucket(key, b.now())
	k.answered = true
	if limited {
		k.limit, k.window, k.at = limit, time.Duration(window)*time.Millisecond, b.now()
		k.level = (left - k.flying) * b.share()
	}

	b.strike(k, resp)
}

// answered is when the other side answered by its own clock, from which dates in
// its answer have to be read; ours may be wrong.
func (b *Budgets) answered(resp *http.Response) time.Time {
	if t, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		return t
	}
	return b.now()
}

// strike stops the bucket after a 429 and tells the caller for how long.
func (b *Budgets) strike(k *bucket, resp *http.Response) {
	if resp.StatusCode != http.StatusTooManyRequests {
		k.strikes = 0
		return
	}

	k.strikes++
	pause := time.Second << min(k.strikes-1, 6)
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		pause = max(pause, time.Duration(s)*time.Second)
	} else if t, err := http.ParseTime(resp.Header.Get("Retry-After")); err == nil {
		pause = max(pause, t.Sub(b.answered(resp)))
	}

	// Answers to calls at the same time may ask for less, and come in another order than they were given.
	if until := b.now().Add(pause); until.After(k.stopped) {
		k.stopped = until
	}

	pause = k.stopped.Sub(b.now())
	resp.Header.Set("Retry-After", strconv.Itoa(int((pause+time.Second-1)/time.Second)))
}
