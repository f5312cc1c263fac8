package work

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// julia is a person none of whose items it is.
var julia = Viewer{Login: "julia"}

// newBatches is an engine with assets, folders that list them, and mails. Which assets fail, a test
// says.
func newBatches(t *testing.T, fails func(title string) bool) *world {
	t.Helper()
	asset := worker{step: func(_ context.Context, k *Task) (Next, error) {
		if fails(k.Title) {
			return Next{}, fault.New(fault.Refused, "Refused.").With("Ask.")
		}
		return Next{Done: true, Outcome: "done"}, nil
	}}
	w := setup(t, asset)
	w.Register("folder", worker{})
	w.Register("mail", worker{})
	w.Classify(Kinds{Housekeeping: []string{"mail"}, Batched: []string{"test"}, Listing: []string{"folder"}})
	return w
}

func none(string) bool { return false }

// assets are n items below a parent, each of 100 bytes.
func assets(parent string, n int) (list []New) {
	for i := range n {
		it := item(fmt.Sprintf("Shot %03d", i))
		it.Parent, it.Size = parent, 100
		list = append(list, it)
	}
	return list
}

func (w *world) batches(who Viewer) []Batch {
	w.Helper()
	all, err := w.Batches(w.Context(), who, BatchFilter{})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// onlyBatch is the one batch that josh sees.
func (w *world) onlyBatch() Batch {
	w.Helper()
	all := w.batches(Viewer{Login: "josh"})
	if len(all) != 1 {
		w.Fatalf("josh sees %d batches, want 1", len(all))
	}
	return all[0]
}

// finish runs items to their ends, one a second.
func (w *world) finish(ids []string) {
	w.Helper()
	for _, id := range ids {
		w.clock.add(time.Second)
		w.turns(id)
	}
}

func TestBatchIsOneWhole(t *testing.T) {
	t.Parallel()
	w := newBatches(t, none)
	single := item("alone")
	single.Parent = "q"
	mail := New{Kind: "mail", Parent: "q", Subject: "mail", Title: "mail", Owner: "josh"}
	w.add(single, mail)
	ids := w.add(assets("p", 305)...)
	b := w.onlyBatch()
	if b.Parent != "p" || b.By != "josh" || b.Kind != "test" || b.Items != 305 || b.Open != 305 || b.Arrived != 0 ||
		b.Bytes != 30_500 || b.Estimated || b.Left != nil {
		t.Errorf("before anything arrives it is %+v, want 305 of 30,500 bytes that are open, and no time left", b)
	}

	w.finish(ids[:120])
	b = w.onlyBatch()
	if b.Arrived != 120 || b.Open != 185 || b.Moved != 12_000 || b.Left == nil ||
		b.Left.Round(time.Second) != 185*time.Second {
		t.Errorf("after 120 in 120 s it is %+v (%v left), want 185 open, 12,000 bytes there, and 185 s left", b, b.Left)
	}

	if all := w.batches(julia); len(all) != 0 {
		t.Errorf("julia sees %+v, want none of josh's batches", all)
	}

	if all := w.batches(admin); len(all) != 1 {
		t.Errorf("an administrator sees %d batches, want 1", len(all))
	}

	w.finish(ids[120:])
	if all := w.batches(admin); len(all) != 0 {
		t.Errorf("at the end there are %+v, want none", all)
	}
}

// What failed is named first and can be retried at once; the batch stays until a day after.
func TestBatchWithFailures(t *testing.T) {
	t.Parallel()
	broken := true
	w := newBatches(t, func(title string) bool { return broken && title >= "Shot 005" })
	ids := w.add(assets("p", 10)...)
	w.finish(ids)
	b := w.onlyBatch()
	if b.Arrived != 5 || b.Failed != 5 || b.Open != 0 || b.Left != nil || len(b.Failures) != 3 ||
		b.Failures[0] != (BatchFailure{ids[9], "Shot 009", "Refused.", "Ask."}) {
		t.Errorf("it is %+v, want 5 arrived, 5 failed, and the latest 3 of these named", b)
	}

	for _, who := range []Viewer{julia, {Login: "nobody"}} {
		if _, err := w.RetryAll(t.Context(), who, Selection{Batch: "p"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s retries josh's batch: got %v, want that there is none", who.Login, err)
		}
	}

	broken = false
	changed, err := w.RetryAll(t.Context(), Viewer{Login: "josh"}, Selection{Batch: "p"})
	slices.Sort(changed)
	if err != nil || !slices.Equal(changed, ids[5:]) {
		t.Fatalf("retrying it all: got %v, %v; want the five that failed", changed, err)
	}

	if got := w.events(ids[7]); !slices.Contains(got, "retried") || slices.Contains(w.events(ids[1]), "retried") {
		t.Errorf("the history of a failed one is %v, want it retried, and not the others", got)
	}

	if again, err := w.RetryAll(t.Context(), admin, Selection{Batch: "p"}); err != nil || len(again) != 0 {
		t.Errorf("retrying it once more: got %v, %v; want nothing", again, err)
	}

	broken = true
	w.finish(ids[5:])
	w.clock.add(25 * time.Hour)
	if all := w.batches(admin); len(all) != 0 {
		t.Errorf("a day later there are %+v, want none", all)
	}
}

func TestBatchIsCancelled(t *testing.T) {
	t.Parallel()
	w := newBatches(t, none)
	ids := w.add(assets("p", 4)...)
	w.finish(ids[:1])
	if _, err := w.CancelAll(t.Context(), julia, Selection{Batch: "p"}); !fault.Is(err, fault.NotFound) {
		t.Errorf("julia cancels josh's batch: got %v, want that there is none", err)
	}

	changed, err := w.CancelAll(t.Context(), Viewer{Login: "josh"}, Selection{Batch: "p"})
	if err != nil || len(changed) != 3 {
		t.Fatalf("cancelling it: got %v, %v; want the three that are open", changed, err)
	}

	w.finish(ids[1:])
	w.is(w.item(ids[0]), Done)
	for _, id := range ids[1:] {
		w.is(w.item(id), Canceled)
	}

	if all := w.batches(admin); len(all) != 0 {
		t.Errorf("in the end there are %+v, want none: nothing of it failed", all)
	}
}

// A folder that was selected counts until it has been listed; sizes that are not known are estimated.
func TestBatchGrows(t *testing.T) {
	t.Parallel()
	w := newBatches(t, none)
	folder := New{Kind: "folder", Parent: "p", Subject: "f", Title: "Dailies", Owner: "josh"}
	list := w.add(append(assets("p", 2), folder)...)
	if b := w.onlyBatch(); b.Items != 3 || !b.Listing || !b.Estimated {
		t.Errorf("while the folder is listed it is %+v, want 3 items, and more to come", b)
	}

	w.finish(list[2:])
	later := item("a shot")
	later.Parent = "p"
	w.add(later)
	if b := w.onlyBatch(); b.Items != 3 || b.Arrived != 0 || b.Listing || !b.Estimated || b.Bytes != 300 {
		t.Errorf("once it is listed it is %+v, want 3 items of about 300 bytes", b)
	}
}

// Several are chosen by their ids; those of others are left alone, whoever names them.
func TestSelectionIsOnesOwn(t *testing.T) {
	t.Parallel()
	w := newBatches(t, none)
	ids := w.add(assets("p", 3)...)
	others := item("other")
	others.Owner = "julia"
	other := w.add(others)[0]
	changed, err := w.CancelAll(t.Context(), Viewer{Login: "josh"}, Selection{Items: append(ids[:2:2], other, "none")})
	slices.Sort(changed)
	if err != nil || !slices.Equal(changed, ids[:2]) {
		t.Errorf("cancelling two and another's: got %v, %v; want the two", changed, err)
	}

	if _, err := w.CancelAll(t.Context(), julia, Selection{Items: ids}); !fault.Is(err, fault.NotFound) {
		t.Errorf("julia cancels josh's items: got %v, want that there are none", err)
	}

	w.finish([]string{ids[2], other})
	w.is(w.item(ids[2]), Done)
	w.is(w.item(other), Done)
}

func TestItemsAreFiltered(t *testing.T) {
	t.Parallel()
	w := newBatches(t, func(title string) bool { return title == "Shot 001" })
	list := assets("p", 4)
	list[3].Title = "100% Teaser_v1"
	ids := w.add(append(list, New{Kind: "mail", Parent: "p", Subject: "m", Title: "Mail", Owner: "julia"})...)
	w.finish(ids[:2])
	for name, c := range map[string]struct {
		who  Viewer
		f    Filter
		want []string
	}{
		"all":                  {admin, Filter{}, []string{ids[4], ids[3], ids[2], ids[1], ids[0]}},
		"without housekeeping": {admin, Filter{WithoutHousekeeping: true}, []string{ids[3], ids[2], ids[1], ids[0]}},
		"words":                {admin, Filter{Search: "teaser"}, ids[3:4]},
		"words of a pattern":   {admin, Filter{Search: "0% t"}, ids[3:4]},
		"no pattern":           {admin, Filter{Search: "S%1"}, nil},
		"one letter":           {admin, Filter{Search: "teaserxv1"}, nil},
		"a person":             {admin, Filter{Person: "julia"}, ids[4:]},
		"another's":            {julia, Filter{Person: "josh"}, nil},
		"without parents":      {admin, Filter{Without: []string{"p", "q"}}, nil},
		"failures first":       {admin, Filter{FailedFirst: true}, []string{ids[1], ids[4], ids[3], ids[2], ids[0]}},
	} {
		if got := w.pages(c.who, c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v of %v", name, got, c.want, ids)
		}
	}
}

// pages lists all items that a filter selects, two at a time.
func (w *world) pages(who Viewer, f Filter) (ids []string) {
	w.Helper()
	for f.Limit = 2; ; {
		page, more, err := w.Items(w.Context(), who, f)
		if err != nil {
			w.Fatal(err)
		}

		for _, v := range page {
			ids = append(ids, v.ID)
		}

		if !more {
			return ids
		}

		f.Before = f.Next(page[len(page)-1])
	}
}
