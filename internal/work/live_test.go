package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// live runs an engine in a bubble of its own time until the test ends.
func live(t *testing.T, w worker) (*world, context.CancelFunc) {
	t.Helper()
	e := engine(t, openFile(t), time.Now, "node-1", w)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- e.Run(ctx) }()
	return &world{T: t, Engine: e}, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func (w *world) await(id string, long time.Duration) View {
	w.Helper()
	v, err := w.Await(w.Context(), admin, id, long)
	if err != nil {
		w.Fatal(err)
	}
	return v
}

func TestItemsRunByThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		w, stop := live(t, worker{step: func(context.Context, *Task) (Next, error) {
			if n++; n < 3 {
				return Next{}, fault.New(fault.Unavailable, "Down.")
			}
			return Next{Done: true}, nil
		}})
		defer stop()
		began := time.Now()
		id := w.one()
		w.Wake(id)
		w.is(w.await(id, time.Minute), Done)
		if took := time.Since(began); took < 6*time.Second || took > 7*time.Second {
			t.Errorf("the item took %s, want 6 to 7 s", took)
		}

		lost := w.add(item("nobody woke this"))[0]
		w.is(w.await(lost, 2*w.set.Sweep), Done)
	})
}

// A step that takes many times the lease keeps it.
func TestHeartbeatKeepsTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		w, stop := live(t, worker{step: func(ctx context.Context, _ *Task) (Next, error) {
			n++
			select {
			case <-time.After(2 * time.Minute):
			case <-ctx.Done():
			}
			return Next{Done: true}, ctx.Err()
		}})
		defer stop()
		id := w.one()
		w.Wake(id)
		w.is(w.await(id, 3*time.Minute), Done)
		if n != 1 {
			t.Errorf("the step was begun %d times, want once", n)
		}
	})
}

// A transfer of three hours, in slices, beside another node that looks for lost
// items all the time: at no moment do two work on it.
func TestWorkOfHoursHasOneOwner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var owners, most, slices atomic.Int64
		began := time.Now()
		k := worker{step: func(ctx context.Context, k *Task) (Next, error) {
			slices.Add(1)
			most.Store(max(most.Load(), owners.Add(1)))
			defer owners.Add(-1)
			for !k.SliceOver() && time.Since(began) < 3*time.Hour {
				select {
				case <-time.After(time.Minute):
				case <-ctx.Done():
					return Next{}, ctx.Err()
				}
			}

			return Next{Done: time.Since(began) >= 3*time.Hour, Step: "bytes"}, nil
		}}

		w := &world{T: t, Engine: engine(t, openFile(t), time.Now, "node-1", k)}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		for _, e := range []*Engine{w.Engine, engine(t, w.db, time.Now, "node-2", k)} {
			e.set.Sweep = 30 * time.Second // often enough to see a lease end
			go func() { ended <- e.Run(ctx) }()
		}

		id := w.one()
		w.Wake(id)
		time.Sleep(4 * time.Hour)
		w.is(w.item(id), Done)
		cancel()
		if err := errors.Join(<-ended, <-ended); err != nil {
			t.Error(err)
		}

		t.Logf("%d slices, at most %d at once", slices.Load(), most.Load())
		if most.Load() != 1 || slices.Load() < 10 {
			t.Errorf("%d slices, at most %d at once; want at least 10, and 1", slices.Load(), most.Load())
		}
	})
}

// The database does not answer any more: the holder stops before its lease
// ends, since from then on another worker may hold the item.
func TestHolderWithoutDatabaseStopsInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var down atomic.Bool
		var w *world
		ended := make(chan time.Duration, 1)
		w = &world{T: t, Engine: engine(t, open(t), time.Now, "node-1",
			worker{step: func(ctx context.Context, _ *Task) (Next, error) {
				down.Store(true)
				began := time.Now()
				<-ctx.Done()
				ended <- time.Since(began)
				return Next{}, ctx.Err()
			}})}

		w.db.Gate = func() error {
			if down.Load() {
				return errors.New("gone")
			}
			return nil
		}

		w.Work(t.Context(), w.job(w.one()))
		if took := <-ended; took >= w.set.Lease {
			t.Errorf("the step was stopped after %s, want less than the lease of %s", took, w.set.Lease)
		}
	})
}

// A person cancels on another node than the one that works.
func TestCancelReachesOtherNodes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan struct{})
		w, stop := live(t, worker{step: func(ctx context.Context, _ *Task) (Next, error) {
			close(begun)
			<-ctx.Done()
			return Next{}, ctx.Err()
		}})
		defer stop()
		id := w.one()
		w.Wake(id)
		<-begun
		other := &world{T: t, Engine: engine(t, w.db, time.Now, "node-2", worker{})}
		other.cancelItem(id)
		w.is(w.await(id, w.set.Lease), Canceled)
	})
}

func TestStopOfALiveEngineHandsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := make(chan struct{})
		w, stop := live(t, worker{step: func(ctx context.Context, _ *Task) (Next, error) {
			close(begun)
			<-ctx.Done()
			return Next{}, ctx.Err()
		}})

		id := w.one()
		w.Wake(id)
		<-begun
		w.is(w.item(id), Running)
		stop()
		w.is(w.item(id), Waiting)
	})
}

// onRiver runs an engine on the job library, with real time.
func onRiver(t *testing.T, db *store.DB, node string, k worker) (*world, context.CancelFunc) {
	t.Helper()
	q, err := newRiver(db, node, 4, time.Hour, slog.New(slog.DiscardHandler), 100*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}

	e := NewEngine(db, q, slog.New(slog.DiscardHandler), time.Now, settings(node))
	e.set.Backoff = func(int64) time.Duration { return time.Millisecond }
	e.Register("test", k)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})

	t.Cleanup(stop)
	return &world{T: t, Engine: e}, stop
}

func TestRiverRunsItems(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), pg.Address(t, t.TempDir()), Migrate)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })
	var steps atomic.Int64
	started := make(chan struct{}, 1)
	w, stop := onRiver(t, db, "node-1", worker{
		step: func(ctx context.Context, k *Task) (Next, error) {
			steps.Add(1)
			if k.Subject == "long" {
				started <- struct{}{}
				<-ctx.Done()
				return Next{}, ctx.Err()
			}
			if k.Step == "" {
				return Next{Step: "two", After: time.Millisecond}, nil
			}
			return Next{Done: true}, nil
		},
		ended: func(context.Context, *sql.Tx, Item) ([]string, error) { return nil, nil },
	})

	var items []New
	for i := range 20 {
		items = append(items, item(fmt.Sprint("short ", i)))
	}

	ids := w.add(items...)
	w.Wake(ids...)
	w.Wake(ids...) // twice is once
	for _, id := range ids {
		w.is(w.await(id, 30*time.Second), Done)
	}

	if n := steps.Load(); n != 40 {
		t.Errorf("%d steps, want 40", n)
	}

	long := w.add(item("long"))[0]
	w.Wake(long)
	<-started
	stop() // the step goes on until the soft stop's time is over
	v := w.item(long)
	w.is(v, Waiting)
	if v.Attempt != 0 {
		t.Errorf("let go by the soft stop: attempt %d, want 0", v.Attempt)
	}

	next, _ := onRiver(t, db, "node-2", worker{})
	next.is(next.await(long, 30*time.Second), Done)
}

func TestRiverHoldsNoSecrets(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), pg.Address(t, t.TempDir()), Migrate)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = db.Close() })
	q, err := NewRiver(db, "node-1", 1, time.Hour, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}

	jobs := []Job{{Item: "id-1", Generation: 3, At: time.Now()}}
	for range 2 { // the same job is kept once
		if err := q.Push(t.Context(), jobs); err != nil {
			t.Fatal(err)
		}
	}

	text := "SELECT count(*), max(json(args)) FROM river_job"
	if pg.Chosen() {
		text = "SELECT count(*), max(CAST(args AS TEXT)) FROM river_job"
	}

	var n int
	var args string
	if err := db.Reader.QueryRowContext(t.Context(), text).Scan(&n, &args); err != nil {
		t.Fatal(err)
	}

	args = regexp.MustCompile(`"process":"[0-9a-f-]{36}"`).ReplaceAllString(strings.ReplaceAll(args, " ", ""),
		`"process":"…"`)
	if n != 1 || args != `{"item":"id-1","generation":3,"process":"…"}` &&
		args != `{"item":"id-1","process":"…","generation":3}` {
		t.Errorf("%d jobs with the arguments %s; want 1, with item id-1, generation 3 and a process", n, args)
	}
}
