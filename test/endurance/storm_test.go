package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ratelimit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

const (
	stormItems  = 1000
	stormLength = 10 * time.Minute
	stormLimit  = 120 // calls a minute, for each class
)

// stormy is Frame.io in a storm: it enforces leaky buckets, and while the storm
// lasts answers half of all calls with 503 or 429, with times to come back as
// seconds, as a date, or not at all. It notes who came before their time.
type stormy struct {
	mu      sync.Mutex
	rng     *rand.Rand
	begun   time.Time
	buckets map[string]*leaky
	items   map[string]time.Time // when each may come again
	calls   int
	// earlyItem and earlyBucket are the calls before their time.
	earlyItem, earlyBucket int
	stopped                int // 503s and 429s
	// beside is how many calls of other items came while one had been told to wait
	// by a 503, and how many of other classes while a bucket was stopped.
	besideItem, besideBucket int
}

type leaky struct {
	level    float64
	at       time.Time
	told     time.Time     // when a 429 stopped it
	until    time.Time     // how long
	blocked  time.Duration // of the storm, so far
	calls    int           // in the storm
	overfull int           // refused since the level was used up
}

// RoundTrip is http.RoundTripper's.
func (s *stormy) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	class := ratelimit.Class(r.Method, r.URL.Path)
	item := itemOf(r.URL.Path)
	b := s.bucket(class, now)
	s.watch(now, class, item, b)
	status, h := http.StatusOK, http.Header{}
	storm := now.Sub(s.begun) < stormLength
	if storm {
		b.calls++
	}

	switch {
	case b.level < 1:
		status = http.StatusTooManyRequests
		b.overfull++
	case storm && s.rng.IntN(2) == 0:
		b.level--
		status = []int{
			http.StatusServiceUnavailable, http.StatusServiceUnavailable, http.StatusServiceUnavailable,
			http.StatusTooManyRequests,
		}[s.rng.IntN(4)]
	default:
		b.level--
	}

	if status != http.StatusOK {
		s.stopped++
		s.stop(now, status, item, b, h)
	}

	h.Set("x-ratelimit-limit", strconv.Itoa(stormLimit))
	h.Set("x-ratelimit-remaining", strconv.Itoa(int(b.level)))
	h.Set("x-ratelimit-window", "60000")
	return &http.Response{
		StatusCode: status,
		Header:     h,
		Body:       io.NopCloser(strings.NewReader(body(r.URL.Path))),
		Request:    r,
	}, nil
}

func body(path string) string {
	if strings.HasSuffix(path, "/comments") {
		return `{"data":[],"links":{}}`
	}
	return `{"data":{"id":"` + itemOf(path) + `","type":"file","name":"a.mov","status":"uploaded","file_size":1}}`
}

func itemOf(path string) string {
	_, rest, _ := strings.Cut(path, "/files/")
	id, _, _ := strings.Cut(rest, "/")
	return id
}

func (s *stormy) bucket(class string, now time.Time) *leaky {
	b := s.buckets[class]
	if b == nil {
		b = &leaky{level: stormLimit, at: now}
		s.buckets[class] = b
	}
	b.level = min(stormLimit, b.level+now.Sub(b.at).Seconds()/60*stormLimit)
	b.at = now
	return b
}

// watch notes what the call tells of how the caller keeps to what it was told.
func (s *stormy) watch(now time.Time, class, item string, b *leaky) {
	s.calls++
	// At the very moment of the 429 others were on their way already.
	if now.Before(b.until) && now.After(b.told) {
		s.earlyBucket++
	}

	if now.Before(s.items[item]) {
		s.earlyItem++
	}

	for other, until := range s.items {
		if other != item && now.Before(until) {
			s.besideItem++
			break
		}
	}

	for other, o := range s.buckets {
		if other != class && now.Before(o.until) {
			s.besideBucket++
			break
		}
	}
}

// stop says when to come again. A 503 is about the item, a 429 about the bucket.
func (s *stormy) stop(now time.Time, status int, item string, b *leaky, h http.Header) {
	wait := time.Duration(1+s.rng.IntN(8)) * time.Second
	switch s.rng.IntN(3) {
	case 0:
		h.Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	case 1:
		h.Set("Retry-After", now.Add(wait).UTC().Format(http.TimeFormat))
		wait = now.Add(wait).Truncate(time.Second).Sub(now)
	default:
		wait = time.Second // what we promise ourselves at least
	}

	if status == http.StatusServiceUnavailable {
		s.items[item] = now.Add(wait)
		return
	}

	from := b.until
	if from.Before(now) {
		from = now
	}

	b.told, b.until = now, now.Add(wait)
	if b.until.After(from) {
		b.blocked += b.until.Sub(from)
	}
}

// caller reads a file, then its comments: two classes of endpoints.
type caller struct {
	work.Base
	fio *v4.Client
}

func (c caller) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	if t.Step == "" {
		_, err := c.fio.File(ctx, "acc", t.Subject)
		return work.Next{Step: "comments"}, err
	}

	for _, err := range c.fio.Comments(ctx, "acc", t.Subject) {
		if err != nil {
			return work.Next{}, err
		}
	}

	return work.Next{Done: true}, nil
}

func (caller) Steps() []work.StepInfo { return nil }

// TestStorm lets a thousand items wait for a Frame.io that answers half of all
// calls with 503 or 429 for ten minutes.
func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stormy{
			rng:     rand.New(rand.NewPCG(11, 1)),
			begun:   time.Now(),
			buckets: map[string]*leaky{},
			items:   map[string]time.Time{},
		}

		took := weather(t, s)
		e := &endurance{}
		used := 0.0
		for class, b := range s.buckets {
			open := stormLength - b.blocked
			share := float64(b.calls) / (stormLimit + open.Minutes()*stormLimit)
			t.Logf("%s: %d calls in the storm, stopped for %s of it, %d beyond the level", class, b.calls,
				b.blocked.Round(time.Second), b.overfull)
			if class == "GET /files/*" { // items wait for it all the time; comments come after
				used = min(1, share) // what came back while it was stopped is used later
			}
		}

		t.Logf("%d calls, %d of them stopped; %d items done after %s", s.calls, s.stopped, stormItems, took)
		e.atMost("storm-calls-before-their-time-after-503", float64(s.earlyItem), 0)
		e.atMost("storm-calls-before-their-time-after-429", float64(s.earlyBucket), 0)
		e.atLeast("storm-calls-beside-a-503", float64(s.besideItem), 100)
		e.atLeast("storm-calls-beside-a-429", float64(s.besideBucket), 100)
		e.atLeast("storm-budget-used", used, 0.9)
		e.atMost("storm-minutes-until-done", took.Minutes(), 30)
		if e.failed > 0 {
			t.Errorf("figures that miss their target: got %d, want 0", e.failed)
		}
	})
}

// weather runs the items through the storm and returns how long they took.
func weather(t *testing.T, s *stormy) time.Duration {
	t.Helper()
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "storm.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	set := work.DefaultSettings("storm")
	engine := work.NewEngine(db, work.NewLoop(8), slog.New(slog.DiscardHandler), time.Now, set)
	fio, err := v4.New("http://frame.test", &http.Client{Transport: ratelimit.NewBudgets(s, time.Now, nil)},
		func(context.Context, string) (string, error) { return "token", nil })
	if err != nil {
		t.Fatal(err)
	}

	engine.Register("storm", caller{fio: fio})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	begin := time.Now()
	addStorm(t, db, engine)
	go func() { ended <- engine.Run(ctx) }()
	for {
		time.Sleep(5 * time.Second)
		counts, _, err := engine.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		if counts[work.Failed] > 0 {
			t.Errorf("failed items: got %d, want 0", counts[work.Failed])
		}

		if counts[work.Done]+counts[work.Failed] == stormItems || time.Since(begin) > 2*time.Hour {
			break
		}
	}

	took := time.Since(begin)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}

	return took
}

func addStorm(t *testing.T, db *store.DB, engine *work.Engine) {
	t.Helper()
	err := db.Tx(t.Context(), func(tx *sql.Tx) error {
		var items []work.New
		for i := range stormItems {
			id := fmt.Sprintf("file-%d", i)
			items = append(items, work.New{
				Kind:    "storm",
				Parent:  "storm",
				Subject: id,
				Title:   id,
				Owner:   "josh",
				Data:    json.RawMessage("{}"),
			})
		}

		_, err := engine.Add(t.Context(), tx, items...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
