package work

import (
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// However many items a page or a batch has, it takes a few questions. The test is alone in the
// process while it runs.
func TestPagesTakeFewStatements(t *testing.T) {
	w := newBatches(t, func(title string) bool { return strings.HasSuffix(title, "7") })
	w.Engine = engine(t, openFile(t), w.clock.now, "node-1", w.workers["test"].(worker))
	w.Classify(Kinds{Housekeeping: []string{"mail"}, Batched: []string{"test"}, Listing: []string{"folder"}})
	for _, parent := range []string{"p", "q", "r"} {
		ids := w.add(assets(parent, 200)...)
		w.finish(ids[:20])
	}

	var asked atomic.Int64
	before := store.OnStatement
	store.OnStatement = func(statement string) {
		asked.Add(1)
		if before != nil {
			before(statement)
		}
	}
	defer func() { store.OnStatement = before }()

	// Whoever works in the background asks as well: what counts is the least of three.
	for name, c := range map[string]struct {
		most int64
		ask  func(batch string) (int, error)
		want int
	}{
		"a page of 500": {3, func(string) (int, error) {
			f := Filter{Limit: 500, WithoutHousekeeping: true, FailedFirst: true}
			list, _, err := w.Items(t.Context(), admin, f)
			return len(list), err
		}, 500},
		"all batches": {3, func(string) (int, error) {
			list, err := w.Batches(t.Context(), admin, BatchFilter{})
			return len(list), err
		}, 3},
		"a batch is cancelled": {6, func(batch string) (int, error) {
			w.clock.add(time.Second)
			changed, err := w.CancelAll(t.Context(), admin, Selection{Batch: batch})
			return len(changed), err
		}, 180},
	} {
		least := int64(math.MaxInt64)
		for _, batch := range []string{"p", "q", "r"} {
			asked.Store(0)
			got, err := c.ask(batch)
			least = min(least, asked.Load())
			if err != nil || got != c.want {
				t.Errorf("%s: got %d, %v; want %d", name, got, err, c.want)
			}
		}

		if least > c.most {
			t.Errorf("%s: got it with %d statements, want at most %d", name, least, c.most)
		}
	}
}
