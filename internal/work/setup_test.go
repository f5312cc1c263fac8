package work

import (
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

// clock is a time that only the test moves.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// worker does what a test says. What is nil succeeds at once.
type worker struct {
	step  func(context.Context, *Task) (Next, error)
	undo  func(context.Context, *Task) error
	ended func(context.Context, *sql.Tx, Item) ([]string, error)
}

func (w worker) Steps() []StepInfo { return nil }

func (w worker) Step(ctx context.Context, t *Task) (Next, error) {
	if w.step == nil {
		return Next{Done: true, Outcome: "done"}, nil
	}
	return w.step(ctx, t)
}

func (w worker) Undo(ctx context.Context, t *Task) error {
	if w.undo == nil {
		return nil
	}
	return w.undo(ctx, t)
}

func (w worker) Ended(ctx context.Context, tx *sql.Tx, it Item) ([]string, error) {
	if w.ended == nil {
		return nil, nil
	}
	return w.ended(ctx, tx, it)
}

// world is an engine whose jobs are run by hand.
type world struct {
	*testing.T
	*Engine
	clock *clock
}

var admin = Viewer{Login: "Administrator", Admin: true}

func setup(t *testing.T, w worker) *world {
	t.Helper()
	c := &clock{t: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)}
	return &world{T: t, clock: c, Engine: engine(t, open(t), c.now, "node-1", w)}
}

func open(t *testing.T) *store.DB {
	t.Helper()
	return openAt(t, pg.Address(t, t.TempDir()))
}

// openFile is for bubbles of fake time, which no socket reaches into.
func openFile(t *testing.T) *store.DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "test.db"))
}

func openAt(t *testing.T, address string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func settings(node string) Settings {
	s := DefaultSettings(node)
	s.MaxAttempts = 3
	return s
}

func engine(t *testing.T, db *store.DB, now func() time.Time, node string, w worker) *Engine {
	t.Helper()
	set := settings(node)
	set.Monotonic = now
	e := NewEngine(db, NewLoop(2),
		slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})), now, set)
	e.Register("test", w)
	return e
}

// other is another process on the same database.
func (w *world) other(node string, k worker) *world {
	w.Helper()
	return &world{T: w.T, clock: w.clock, Engine: engine(w.T, w.db, w.clock.now, node, k)}
}

func item(subject string) New {
	return New{Kind: "test", Parent: "p", Subject: subject, Title: subject, Owner: "josh", Data: map[string]int{"n": 0}}
}

func (w *world) add(items ...New) []string {
	w.Helper()
	var ids []string
	err := w.db.Tx(w.Context(), func(tx *sql.Tx) (err error) {
		ids, err = w.Add(w.Context(), tx, items...)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}

	return ids
}

func (w *world) one() string { return w.add(item("a"))[0] }

func (w *world) item(id string) View {
	w.Helper()
	v, err := w.Item(w.Context(), admin, id)
	if err != nil {
		w.Fatal(err)
	}
	return v
}

// job is the one that is current for the item.
func (w *world) job(id string) Job {
	w.Helper()
	return Job{Item: id, Generation: w.item(id).Generation}
}

// turn runs the item's job as if it came now.
func (w *world) turn(id string) View {
	w.Helper()
	w.Work(w.Context(), w.job(id))
	return w.item(id)
}

// turns runs the item's jobs, each when it is due, until the item is final.
func (w *world) turns(id string) View {
	w.Helper()
	for range 50 {
		v := w.item(id)
		if v.State.Final() {
			return v
		}
		w.clock.add(max(0, v.NotBefore.Sub(w.clock.now())))
		w.turn(id)
	}

	w.Fatalf("the item never ends: %+v, want it in a final state", w.item(id))
	return View{}
}

func (w *world) is(v View, state State) {
	w.Helper()
	if v.State != state {
		w.Fatalf("%s (%s %q), want %s", v.State, v.Code, v.Message, state)
	}
}

// events are the names of the item's history.
func (w *world) events(id string) []string {
	w.Helper()
	list, err := w.History(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}

	var out []string
	for _, e := range list {
		out = append(out, e.Event)
	}

	return out
}
