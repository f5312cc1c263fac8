package work

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Next is what follows a step.
type Next struct {
	Step    string        // the next step
	After   time.Duration // how long to leave the item alone first
	Done    bool          // there is no next step
	Outcome string        // with Done: what came out, for people
}

// Worker does one kind of item.
type Worker interface {
	// Step does the step that the task stands at. It may be ended anywhere and
	// called again for the same step.
	Step(ctx context.Context, t *Task) (Next, error)
	// Undo removes what is half made, after a final failure or a cancel. It may
	// be called again.
	Undo(ctx context.Context, t *Task) error
	// Ended runs in the transaction in which an item ends. It returns the ids
	// of items it added.
	Ended(ctx context.Context, tx *sql.Tx, it Item) ([]string, error)
}

// Job asks for an item to be worked on. A job with an old generation does
// nothing.
type Job struct {
	Item       string
	Generation int64
	At         time.Time
	Ahead      bool // it is not queued behind those that are not
}

// Queue brings jobs to a function, each at least once, after its time.
type Queue interface {
	Push(ctx context.Context, jobs []Job) error
	// Run works on jobs until ctx ends and what runs has returned.
	Run(ctx context.Context, work func(context.Context, Job)) error
}

// Settings are the times of the engine. The zero value is not usable; take
// DefaultSettings.
type Settings struct {
	Node        string        // this process's name, kept over restarts; no other has it
	Version     string        // the program's, for people
	Lease       time.Duration // how long an item is ours without a sign of life
	Sweep       time.Duration // how often lost items are looked for
	Slice       time.Duration // how long a job may work before it makes room
	MaxAttempts int64         // failures in a row before an item fails for good
	Backoff     func(attempt int64) time.Duration
	WaitFor     time.Duration // pause when the other side is not ready and does not say how long
	// Pause changes how long an item that asks for it is left alone; nil leaves it
	// as long as it asks. Tests do not wait out the seconds in which one item looks
	// what became of another.
	Pause func(time.Duration) time.Duration
	// Steady is a clock that never jumps; nil is this machine's.
	Steady func() time.Time
	// Calm is how long no new item must have come before the new ones are
	// started, and Patience how long they wait for that at most: in a burst of
	// calls that want an answer, starting work comes second. Grace keeps the
	// sweeper from doing so earlier.
	Calm, Patience, Grace time.Duration
	// Audit records what people do to items and to the work as a whole; nil: nothing.
	Audit *audit.Log
	// Ended is told of each item that ended, once that is on disk; may be nil.
	Ended func(it Item)
}

// DefaultSettings are the times for production.
func DefaultSettings(node string) Settings {
	return Settings{
		Node: node, Lease: 20 * time.Second, Sweep: 3 * time.Second, Slice: 15 * time.Minute,
		MaxAttempts: 12, Backoff: backoff, WaitFor: 15 * time.Second,
		Calm: 20 * time.Millisecond, Patience: 4 * time.Second, Grace: 5 * time.Second,
	}
}

// backoff doubles from two seconds to ten minutes.
func backoff(attempt int64) time.Duration {
	return min(10*time.Minute, time.Second<<min(attempt, 20))
}

// Engine leases items and drives them through their steps.
type Engine struct {
	db      *store.DB
	queue   Queue
	log     *slog.Logger
	now     func() time.Time
	set     Settings
	workers map[string]Worker
	wake    chan []string
	insert  *sql.Stmt // compiled by Prepare; nil: as text

	mu      sync.Mutex
	running map[string]*held // by item

	watching sync.Mutex
	watch    watch
	beats    map[string]sighting
	alive    atomic.Int64
	started  time.Time
	beaten   time.Time // by sweep only
}

// NewEngine makes an engine. Register workers before Run.
func NewEngine(db *store.DB, queue Queue, log *slog.Logger, now func() time.Time, set Settings) *Engine {
	if set.Steady == nil {
		set.Steady = time.Now
	}

	if set.Pause == nil {
		set.Pause = func(asked time.Duration) time.Duration { return asked }
	}

	return &Engine{
		started: now(),
		db:      db, queue: queue, log: log, now: now, set: set,
		workers: map[string]Worker{}, wake: make(chan []string, maxWoken), running: map[string]*held{},
	}
}

// Audited runs fn in a transaction in which the entry is written as well.
func (e *Engine) Audited(ctx context.Context, entry audit.Entry, fn func(*sql.Tx) error) error {
	return e.set.Audit.Do(ctx, e.db, func(tx *sql.Tx) (audit.Entry, error) { return entry, fn(tx) })
}

// Soon is how long an item waits for the other side when that does not say.
func (e *Engine) Soon() time.Duration { return e.set.WaitFor }

// Register names the worker of a kind.
func (e *Engine) Register(kind string, w Worker) { e.workers[kind] = w }

// Run works until ctx ends. It first takes back what this node held when it
// last ended.
func (e *Engine) Run(ctx context.Context) error {
	if err := errors.Join(e.reclaim(ctx), e.beat(ctx)); err != nil {
		return err
	}

	var wg sync.WaitGroup
	wg.Go(func() { e.pushWoken(ctx) })
	wg.Go(func() { e.sweep(ctx) })
	err := e.queue.Run(ctx, e.Work)
	wg.Wait()
	return errors.Join(err, e.leave(ctx))
}

// Wake asks for items to be worked on now. It does not wait; what gets lost on
// the way is found by the sweeper.
func (e *Engine) Wake(ids ...string) {
	if len(ids) == 0 {
		return
	}
	select {
	case e.wake <- ids:
	default: // the sweeper will see them
	}
}

func (e *Engine) pushWoken(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case ids := <-e.wake:
			if err := e.push(ctx, e.gather(ctx, ids)); err != nil && ctx.Err() == nil {
				e.log.WarnContext(ctx, "items wait for the sweeper", "error", err)
			}
		}
	}
}

// maxWoken bounds how many jobs one insert takes.
const maxWoken = 2000

// gather takes what comes until it is calm, so that under load one insert serves
// many callers and does not compete with them.
func (e *Engine) gather(ctx context.Context, ids []string) []string {
	if e.set.Calm <= 0 {
		return ids
	}

	calm, enough := time.NewTimer(e.set.Calm), time.NewTimer(e.set.Patience)
	defer calm.Stop()
	defer enough.Stop()
	for len(ids) < maxWoken {
		select {
		case more := <-e.wake:
			ids = append(ids, more...)
			calm.Reset(e.set.Calm)
		case <-calm.C:
			return ids
		case <-enough.C:
			return ids
		case <-ctx.Done():
			return ids
		}
	}

	return ids
}

func (e *Engine) push(ctx context.Context, ids []string) error {
	now := e.now()
	jobs := make([]Job, 0, len(ids))
	for _, id := range ids {
		j := Job{Item: id, At: now}
		err := e.db.Reader.QueryRowContext(ctx, `SELECT generation, ahead FROM items
			WHERE id = $1 AND state = 'waiting'`, id).Scan(&j.Generation, &j.Ahead)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		jobs = append(jobs, j)
	}

	return e.pushAll(ctx, jobs)
}

// pushBatch is small, so that nobody waits long for the database behind it.
const pushBatch = 40

func (e *Engine) pushAll(ctx context.Context, jobs []Job) error {
	for batch := range slices.Chunk(jobs, pushBatch) {
		if err := e.queue.Push(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// errShutdown ends steps when this process stops; it costs no attempt.
var errShutdown = errors.New("the connector stops")

// Work leases the job's item and drives it until it ends, waits, or the slice
// is over. A job that is out of date does nothing.
func (e *Engine) Work(ctx context.Context, job Job) {
	asked := e.set.Steady()
	it, err := e.claim(ctx, job)
	if err != nil || it == nil {
		if err != nil && ctx.Err() == nil {
			e.log.ErrorContext(ctx, "cannot claim an item", "item", job.Item, "error", err)
		}
		return
	}

	ctx = requestid.WithItem(ctx, it.Correlation, it.ID)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer e.hold(it.ID, cancel)()
	t := &Task{Item: *it, engine: e, ends: e.set.Steady().Add(e.set.Slice)}
	until := new(atomic.Pointer[time.Time])
	ours := asked.Add(e.set.Lease * 3 / 4)
	until.Store(&ours)
	ctx = context.WithValue(ctx, leaseKey{}, lease{until: func() time.Time { return *until.Load() }, now: e.set.Steady})
	go e.heartbeat(ctx, t.ID, t.Generation, until, cancel)
	e.drive(ctx, t)
}

// held is an item that this process works on.
type held struct{ cancel context.CancelCauseFunc }

// hold lets a cancel reach whoever works on the item until let go is called. By then
// the next worker may hold it already: a parked item is free before its job returns.
func (e *Engine) hold(id string, cancel context.CancelCauseFunc) (letGo func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	mine := &held{cancel}
	e.running[id] = mine
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.running[id] == mine {
			delete(e.running, id)
		}
	}
}

// drive does step after step.
func (e *Engine) drive(ctx context.Context, t *Task) {
	w, ok := e.workers[t.Kind]
	if !ok {
		e.leaveToNewer(ctx, t)
		return
	}

	if t.begun > maxBegun {
		e.giveUp(ctx, t)
		return
	}

	for {
		if t.Canceling && t.ending == "" {
			e.settle(ctx, t, errCanceled)
			return
		}

		if ctx.Err() != nil {
			e.settle(ctx, t, ctx.Err())
			return
		}

		next, err := e.step(ctx, w, t)
		if err != nil {
			e.settle(ctx, t, err)
			return
		}

		if again := e.follow(ctx, t, next); !again {
			return
		}
	}
}

// leaveToNewer puts an item back that a newer version has made: one that knows
// it is among the nodes, or will be.
func (e *Engine) leaveToNewer(ctx context.Context, t *Task) {
	f := fault.New(fault.NotReady, "This version of the connector does not know items of kind %q; a newer one does.",
		t.Kind)
	f.RetryAfter = e.set.Lease
	e.settle(ctx, t, f)
}

func (e *Engine) step(ctx context.Context, w Worker, t *Task) (next Next, err error) {
	defer func() {
		if r := recover(); r != nil {
			e.log.ErrorContext(ctx, "a step panicked", "step", t.Step, "panic", r, "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "The connector made a mistake in step %q.", t.Step)
		}
	}()

	if t.ending != "" {
		return Next{Done: true}, w.Undo(ctx, t)
	}

	t.along = nil
	e.log.DebugContext(ctx, "step", "kind", t.Kind, "step", t.Step, "title", t.Title)
	return w.Step(ctx, t)
}

// follow records what came of a step and reports whether to go on at once. What a
// step achieved counts even when its context has ended meanwhile.
func (e *Engine) follow(ctx context.Context, t *Task, next Next) bool {
	rec, stop := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer stop()
	var err error
	switch {
	case next.Done:
		err = e.end(rec, t, next.Outcome)
	case next.After > 0 || t.SliceOver():
		err = e.park(rec, t, parked{step: next.Step, after: e.set.Pause(next.After), since: t.WaitingSince})
	default:
		var hold bool
		if hold, err = e.advance(rec, t, next.Step); hold {
			err = e.park(rec, t, parked{
				step:   next.Step,
				since:  t.WaitingSince,
				event:  "handed over",
				detail: errPaused.Error(),
			})
		} else if err == nil {
			return true
		}
	}

	if err != nil {
		e.settle(ctx, t, err)
	}

	return false
}
