package frameiosim

import (
	"net/http"
	"testing"
	"time"
)

func TestBudgets(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use, func(o *Options) { o.RateFactor = 1 })
	file := w.acc + "/files/" + w.file("a.mp4")
	for i := range 10 {
		r := w.get(file).want(200)
		if h := r.Header; h.Get("x-ratelimit-limit") != "10" || h.Get("x-ratelimit-remaining") != string(rune('9'-i)) ||
			h.Get("x-ratelimit-window") != "1000" {
			t.Fatalf("call %d has the headers %v, want a limit of 10 in 1000, and one less left at each", i, h)
		}
	}

	r := w.get(file).want(http.StatusTooManyRequests)
	if r.detail() != "Too many requests" || r.Header.Get("x-ratelimit-remaining") != "0" ||
		r.Header.Get("Retry-After") != "" {
		t.Errorf("429 is %s with %v, want Too many requests, none left, and no Retry-After", r.Raw, r.Header)
	}

	w.as(w.member).get(file).want(200) // each person has a budget
	w.get(file + "/metadata").want(200)
	c.Add(100 * time.Millisecond) // one drop has left
	w.get(file).want(200)
	w.get(file).want(429)
}

func TestBudgetsByClass(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use, func(o *Options) { o.RateFactor = 1 })
	folder := w.acc + "/folders/" + w.sim.AddFolder(w.root, "f")
	for class, budget := range map[string]struct {
		calls int
		do    func() *reply
	}{
		"folders.update": {10, func() *reply { return w.call("PATCH", folder, wrap("name", "g")) }},
		"folders.create": {3, func() *reply { return w.call("POST", folder+"/folders", wrap("name", "h")) }},
		"files.list":     {5, func() *reply { return w.get(folder + "/files") }},
		"folders.index":  {100, func() *reply { return w.get(folder + "/children") }},
	} {
		for range budget.calls {
			if r := budget.do(); r.Status >= 300 {
				t.Fatalf("%s: answered with %d %s, want it within the budget", class, r.Status, r.Raw)
			}
		}
		budget.do().want(429)
		if got := w.sim.Calls(class); got != budget.calls+1 {
			t.Errorf("%s: %d calls in the journal, want %d", class, got, budget.calls+1)
		}
	}
}

func TestRateFactor(t *testing.T) {
	t.Parallel()
	w := setup(t, newClock().use, func(o *Options) { o.RateFactor = 100 })
	if got := w.get("/v4/me").want(200).Header.Get("x-ratelimit-window"); got != "600" {
		t.Errorf("the window is %s, want 600", got)
	}

	free := setup(t)
	for range 300 {
		free.get("/v4/me").want(200)
	}
}

func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	nobody := *w
	nobody.token = ""
	for _, r := range []*reply{
		nobody.get("/v4/me"), w.get("/v4/nothing"), w.get(w.acc + "/files/x"),
		w.call("POST", w.acc+"/folders/"+w.root+"/folders", nil),
	} {
		if r.Status < 400 || r.Header.Get("x-ratelimit-limit") == "" || r.Header.Get("x-ratelimit-remaining") == "" ||
			r.Header.Get("x-ratelimit-window") == "" {
			t.Errorf("%d has the headers %v, want it refused, with limit, rest and window", r.Status, r.Header)
		}
	}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.get("/v4/me?x=1").want(200)
	w.as(w.member).get(w.acc + "/files/x").want(404)
	got := w.sim.Requests()
	if len(got) != 2 || got[0].Query != "x=1" || got[0].Status != 200 || got[0].Class != "users.show" ||
		got[1].PersonID != w.member || got[1].Status != 404 {
		t.Errorf("the journal is %+v, want a users.show with its query, and a 404 of %s", got, w.member)
	}
}

func TestJournalIsBounded(t *testing.T) {
	t.Parallel()
	var s Server
	for i := range journalSize + 5 {
		s.journal.add(Request{Status: i})
	}

	if got := s.Requests(); len(got) != journalSize || got[0].Status != 5 ||
		got[journalSize-1].Status != journalSize+4 {
		t.Errorf("%d entries, from status %d; want %d, from 5", len(got), got[0].Status, journalSize)
	}
}
