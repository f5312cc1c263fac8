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

// A Next is what follows a step.
type Next struct {
	Step    string        // the next step
	After   time.Duration // how long to leave the item alone first
	Done    bool          // there is no next step
	Outcome string        // with Done: the outcome, for people
}

// A Worker does one kind of item.
type Worker interface {
	// Steps describes the steps of the items.
	Steps() []StepInfo
	// Step runs the task's current step. It may be interrupted anywhere and called again for the
	// same step.
	Step(ctx context.Context, t *Task) (Next, error)
	// Undo removes what is half done, after a final failure or a cancellation. It may be called
	// again.
	Undo(ctx context.Context, t *Task) error
	// Ended runs in the transaction in which an item ends. It returns the ids
	// of items it added.
	Ended(ctx context.Context, tx *sql.Tx, it Item) ([]string, error)
}

// A Job requests work on an item. A job with an outdated generation does nothing.
type Job struct {
	Item        string
	Generation  int64
	At          time.Time
	Interactive bool // is not queued behind background jobs
}

// A Queue delivers jobs to a function, each at least once, at its time.
type Queue interface {
	Push(ctx context.Context, jobs []Job) error
	// Run delivers jobs until ctx is done and all calls of work have returned.
	Run(ctx context.Context, work func(context.Context, Job)) error
}

// Settings are the times of the engine. The zero value is not usable; start from DefaultSettings.
type Settings struct {
	Node        string        // unique name of this process, kept across restarts
	Version     string        // of the program, for people
	Lease       time.Duration // how long a node may hold an item without a sign of life
	Sweep       time.Duration // how often lost items are looked for
	Slice       time.Duration // how long a job may work before it yields
	MaxAttempts int64         // failures in a row before an item fails for good
	Backoff     func(attempt int64) time.Duration
	WaitFor     time.Duration // default wait when the other side is not ready
	// Pause changes how long an item waits that asks to; nil changes nothing. Tests shorten the
	// seconds in which one item waits for another.
	Pause func(time.Duration) time.Duration
	// Monotonic is a clock that never jumps; nil is that of this machine.
	Monotonic func() time.Time
	// Debounce is how long no new item must have come before the new ones are started, and
	// MaxDebounce how long they wait for that at most: in a burst of calls that want an answer,
	// starting work comes second. SweepGrace keeps the sweeper from starting them earlier.
	Debounce, MaxDebounce, SweepGrace time.Duration
	// Audit records what people do to items and to the engine; nil records nothing.
	Audit *audit.Log
	// Ended is called for each item that has ended, once that is on disk; it may be nil.
	Ended func(it Item)
}

// DefaultSettings returns the settings for production.
func DefaultSettings(node string) Settings {
	return Settings{
		Node: node, Lease: 20 * time.Second, Sweep: 3 * time.Second, Slice: 15 * time.Minute,
		MaxAttempts: 12, Backoff: backoff, WaitFor: 15 * time.Second,
		Debounce: 20 * time.Millisecond, MaxDebounce: 4 * time.Second, SweepGrace: 5 * time.Second,
	}
}

// backoff doubles from two seconds to ten minutes.
func backoff(attempt int64) time.Duration {
	return min(10*time.Minute, time.Second<<min(attempt, 20))
}

// An Engine leases items and drives them through their steps.
type Engine struct {
	db      *store.DB
	queue   Queue
	log     *slog.Logger
	now     func() time.Time
	set     Settings
	workers map[string]Worker
	kinds   Kinds
	wake    chan []string
	insert  *sql.Stmt // compiled by Prepare; nil: as text

	mu      sync.Mutex
	running map[string]*runningItem // by item

	watching   sync.Mutex
	watch      leaseWatch
	nodeSigns  map[string]observation
	alive      atomic.Int64
	started    time.Time
	reportedAt time.Time // by sweep only
}

// NewEngine returns an engine. Workers must be registered before Run.
func NewEngine(db *store.DB, queue Queue, log *slog.Logger, now func() time.Time, set Settings) *Engine {
	if set.Monotonic == nil {
		set.Monotonic = time.Now
	}

	if set.Pause == nil {
		set.Pause = func(asked time.Duration) time.Duration { return asked }
	}

	return &Engine{
		started: now(),
		db:      db, queue: queue, log: log, now: now, set: set,
		workers: map[string]Worker{}, wake: make(chan []string, maxWoken), running: map[string]*runningItem{},
	}
}

// Audited runs fn and writes the entry in one transaction.
func (e *Engine) Audited(ctx context.Context, entry audit.Entry, fn func(*sql.Tx) error) error {
	return e.set.Audit.Do(ctx, e.db, func(tx *sql.Tx) (audit.Entry, error) { return entry, fn(tx) })
}

// DefaultWait returns how long an item waits for the other side if that does not say.
func (e *Engine) DefaultWait() time.Duration { return e.set.WaitFor }

// Register sets the worker of a kind.
func (e *Engine) Register(kind string, w Worker) { e.workers[kind] = w }

// Run works until ctx is done. It first takes back what this node held when it last ended.
func (e *Engine) Run(ctx context.Context) error {
	if err := errors.Join(e.reclaim(ctx), e.reportAlive(ctx)); err != nil {
		return err
	}

	var wg sync.WaitGroup
	wg.Go(func() { e.pushWoken(ctx) })
	wg.Go(func() { e.sweep(ctx) })
	err := e.queue.Run(ctx, e.Work)
	wg.Wait()
	return errors.Join(err, e.signOff(ctx))
}

// Wake requests work on items now. It does not block; requests that get lost are found by the
// sweeper.
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
			if err := e.push(ctx, e.debounce(ctx, ids)); err != nil && ctx.Err() == nil {
				e.log.WarnContext(ctx, "items wait for the sweeper", "error", err)
			}
		}
	}
}

// maxWoken bounds how many jobs one insert takes.
const maxWoken = 2000

// debounce collects requests until none has come for a while, so that under load one insert serves
// many callers and does not compete with them.
func (e *Engine) debounce(ctx context.Context, ids []string) []string {
	if e.set.Debounce <= 0 {
		return ids
	}

	// Calm ends the collecting; enough ends it if calm never comes.
	calm, enough := time.NewTimer(e.set.Debounce), time.NewTimer(e.set.MaxDebounce)
	defer calm.Stop()
	defer enough.Stop()
	for len(ids) < maxWoken {
		select {
		case more := <-e.wake:
			ids = append(ids, more...)
			calm.Reset(e.set.Debounce)
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
			WHERE id = $1 AND state = 'waiting'`, id).Scan(&j.Generation, &j.Interactive)
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

// pushBatch is small, so that other writers do not wait long.
const pushBatch = 40

func (e *Engine) pushAll(ctx context.Context, jobs []Job) error {
	for batch := range slices.Chunk(jobs, pushBatch) {
		if err := e.queue.Push(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// errShutdown ends steps when this process stops. It does not count as an attempt.
var errShutdown = errors.New("the connector stops")

// Work leases the job's item and drives it until it ends, waits, or the slice is over. An outdated
// job does nothing.
func (e *Engine) Work(ctx context.Context, job Job) {
	began := e.set.Monotonic()
	// Take the item.
	it, err := e.claim(ctx, job)
	if err != nil || it == nil {
		if err != nil && ctx.Err() == nil {
			e.log.ErrorContext(ctx, "cannot claim an item", "item", job.Item, "error", err)
		}
		return
	}

	// Let a cancellation reach it.
	ctx = requestid.WithItem(ctx, it.Correlation, it.ID)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer e.trackRunning(it.ID, cancel)()
	// Keep the lease while driving it.
	t := &Task{Item: *it, engine: e, ends: e.set.Monotonic().Add(e.set.Slice)}
	until := new(atomic.Pointer[time.Time])
	limit := began.Add(e.set.Lease * 3 / 4)
	until.Store(&limit)
	held := lease{until: func() time.Time { return *until.Load() }, now: e.set.Monotonic}
	ctx = context.WithValue(ctx, leaseKey{}, held)
	go e.heartbeat(ctx, t.ID, t.Generation, until, cancel)
	e.drive(ctx, t)
}

// A runningItem is an item that this process works on.
type runningItem struct{ cancel context.CancelCauseFunc }

// trackRunning lets a cancellation reach the worker of an item until untrack is called. By then the
// next worker may be tracked already, since a parked item is free before its job returns.
func (e *Engine) trackRunning(id string, cancel context.CancelCauseFunc) (untrack func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	own := &runningItem{cancel}
	e.running[id] = own
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.running[id] == own {
			delete(e.running, id)
		}
	}
}

// drive runs step after step.
func (e *Engine) drive(ctx context.Context, t *Task) {
	// Some items are not for this program, or not for another try.
	w, ok := e.workers[t.Kind]
	if !ok {
		e.leaveToNewer(ctx, t)
		return
	}

	if t.starts > maxStarts {
		e.giveUp(ctx, t)
		return
	}

	for {
		// A person or a shutdown may end it between steps.
		if t.Canceling && t.ending == "" {
			e.settle(ctx, t, errCanceled)
			return
		}

		if ctx.Err() != nil {
			e.settle(ctx, t, ctx.Err())
			return
		}

		// Run the step.
		next, err := e.step(ctx, w, t)
		if err != nil {
			e.settle(ctx, t, err)
			return
		}

		if again := e.applyNext(ctx, t, next); !again {
			return
		}
	}
}

// leaveToNewer puts back an item of a kind that only a newer version knows, which is among the
// nodes or will be.
func (e *Engine) leaveToNewer(ctx context.Context, t *Task) {
	f := fault.New(fault.NotReady, "This version of the connector does not know items of kind %q; a newer one does.",
		t.Kind)
	f.RetryAfter = e.set.Lease
	e.settle(ctx, t, f)
}

// step calls the worker. A panic becomes an error.
func (e *Engine) step(ctx context.Context, w Worker, t *Task) (next Next, err error) {
	defer func() {
		if r := recover(); r != nil {
			e.log.ErrorContext(ctx, "a step panicked", "step", t.Step, "panic", r, "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "The connector made a mistake in step %q.", t.Step)
		}
	}()

	// An item that has failed or was cancelled has nothing left but to be undone.
	if t.ending != "" {
		return Next{Done: true}, w.Undo(ctx, t)
	}

	// What an earlier step waited for does not matter to this one.
	t.waitingItems, t.awaited = nil, nil
	e.log.DebugContext(ctx, "step", "kind", t.Kind, "step", t.Step, "title", t.Title)
	return w.Step(ctx, t)
}

// applyNext records the result of a step and reports whether to continue at once. What a step
// achieved counts even if its context has ended meanwhile.
func (e *Engine) applyNext(ctx context.Context, t *Task, next Next) bool {
	// A shutdown must not lose what was achieved.
	rec, stop := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer stop()
	var err error
	switch {
	case next.Done:
		err = e.end(rec, t, next.Outcome)
	case next.After > 0 || t.SliceOver():
		err = e.park(rec, t, parking{step: next.Step, after: e.set.Pause(next.After), since: t.WaitingSince})
	default:
		var pause bool
		if pause, err = e.advance(rec, t, next.Step); pause {
			err = e.park(rec, t, parking{
				step:   next.Step,
				since:  t.WaitingSince,
				event:  "handed over",
				detail: errPaused.Error(),
			})
		} else if err == nil {
			return true
		}
	}

	// The result could not be recorded, so the step counts as failed.
	if err != nil {
		e.settle(ctx, t, err)
	}

	return false
}
