package work

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// itemArgs are the arguments of a job: no secret, no address. Process says who inserted it. If a
// process dies after taking a job and before claiming its item, the library considers the job
// running for hours; it must not block the one that another process inserts.
type itemArgs struct {
	Item       string `json:"item" river:"unique"`
	Generation int64  `json:"generation" river:"unique"`
	Process    string `json:"process,omitempty" river:"unique"`
}

// Kind implements river.JobArgs.
func (itemArgs) Kind() string { return "item" }

// InsertOpts makes a job unique while it is unfinished. River's default would count finished ones
// as well.
func (itemArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

// driver returns the job library's driver. On PostgreSQL it listens for new jobs on connections of
// its own, which done closes.
func driver(ctx context.Context, db *store.DB) (_ riverdriver.Driver[*sql.Tx], done func(), err error) {
	if db.Address() == "" {
		return riversqlite.New(db.Writer), func() {}, nil
	}
	pool, err := pgxpool.New(ctx, db.Address())
	if err != nil {
		return nil, nil, fmt.Errorf("the job queue: %w", err)
	}
	return riverdatabasesql.NewWithPgxListener(db.Writer, pool), pool.Close, nil
}

// Migrate brings River's tables up to date. It is passed to store.Open.
func Migrate(ctx context.Context, db *store.DB) error {
	d, done, err := driver(ctx, db)
	if err != nil {
		return err
	}
	defer done()
	m, err := rivermigrate.New(d, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("the queue's migrations: %w", err)
	}

	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("bringing the queue up to date: %w", err)
	}

	return nil
}

// Jobs must end on their own well before River would rescue them: it does so without fencing, which
// ours makes harmless but useless.
const (
	rescueLater = 5 * time.Minute
	// fetchPause is the minimum time between two fetches, each of which fills the free workers.
	// Many short items would otherwise wait for it.
	fetchPause = 20 * time.Millisecond
	// softStop is how long jobs may continue when the process stops.
	softStop = 2 * time.Second
)

// A River is a Queue on the job library.
type River struct {
	client *river.Client[*sql.Tx]
	// process is a new id at each start.
	process string
	worker  *riverWorker
	log     *slog.Logger
	soft    time.Duration
	done    func()
}

// NewRiver returns a queue on a database that Migrate has prepared. Workers is how many jobs run at
// once, and limit how long a job may run; a step must not need more.
func NewRiver(db *store.DB, node string, workers int, limit time.Duration, log *slog.Logger) (*River, error) {
	return newRiver(db, node, workers, limit, log, softStop)
}

func newRiver(
	db *store.DB, node string, workers int, limit time.Duration, log *slog.Logger, soft time.Duration,
) (*River, error) {
	w := &riverWorker{slots: newSlots(workers)}
	bundle := river.NewWorkers()
	river.AddWorker(bundle, w)
	d, done, err := driver(context.Background(), db)
	if err != nil {
		return nil, err
	}

	client, err := river.NewClient(d, &river.Config{
		ID: node, Logger: log, Workers: bundle, JobTimeout: limit, RescueStuckJobsAfter: limit + rescueLater,
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: workers},
			queueInteractive:   {MaxWorkers: workers},
		},
		SoftStopTimeout: soft, FetchCooldown: fetchPause,
		// Our items say all that finished jobs could.
		CompletedJobRetentionPeriod: time.Hour, CancelledJobRetentionPeriod: time.Hour,
		DiscardedJobRetentionPeriod: 24 * time.Hour,
	})
	if err != nil {
		done()
		return nil, fmt.Errorf("the job queue: %w", err)
	}

	return &River{client: client, process: uuid.NewString(), worker: w, log: log, soft: soft, done: done}, nil
}

// queueInteractive is the queue of interactive jobs. For the library each queue has as many workers
// as there are slots for both.
const queueInteractive = "ahead"

type riverWorker struct {
	river.WorkerDefaults[itemArgs]
	slots slots
	work  func(context.Context, Job)
}

// Work hands a job to the engine, which records the result.
func (w *riverWorker) Work(ctx context.Context, job *river.Job[itemArgs]) error {
	interactive := job.Queue == queueInteractive
	release, err := w.slots.acquire(ctx, interactive)
	if err != nil {
		return err
	}
	defer release()
	w.work(ctx, Job{Item: job.Args.Item, Generation: job.Args.Generation, Interactive: interactive})
	return nil
}

// inMemoryDelay is longer than the interval of the library's scheduler, which moves scheduled jobs
// into the queue only every five seconds.
const inMemoryDelay = 6 * time.Second

// Push inserts jobs. Those that are queued already are ignored. Jobs due soon wait in memory; if
// the process ends, the sweeper finds them.
func (q *River) Push(ctx context.Context, jobs []Job) error {
	var now, later []Job
	for _, j := range jobs {
		// A job that is due has no time, so that one insert takes them all.
		switch wait := time.Until(j.At); {
		case wait <= 0:
			j.At = time.Time{}
			now = append(now, j)
		case wait < inMemoryDelay:
			time.AfterFunc(wait, func() { q.insertOne(j) })
		default:
			later = append(later, j)
		}
	}

	return q.insert(ctx, append(now, later...))
}

func (q *River) insertOne(j Job) {
	ctx, cancel := context.WithTimeout(context.Background(), inMemoryDelay)
	defer cancel()
	j.At = time.Time{}
	if err := q.insert(ctx, []Job{j}); err != nil {
		q.log.Debug("a job is left to the sweeper", "item", j.Item, "error", err)
	}
}

func (q *River) insert(ctx context.Context, jobs []Job) error {
	if len(jobs) == 0 {
		return nil
	}

	params := make([]river.InsertManyParams, len(jobs))
	for i, j := range jobs {
		params[i] = river.InsertManyParams{
			Args: itemArgs{Item: j.Item, Generation: j.Generation, Process: q.process},
			// zero: at once
			InsertOpts: &river.InsertOpts{ScheduledAt: j.At, Queue: queueOf(j), Priority: priorityOf(j)},
		}
	}

	_, err := q.client.InsertMany(ctx, params)
	return err
}

func queueOf(j Job) string {
	if j.Interactive {
		return queueInteractive
	}
	return river.QueueDefault
}

// priorityOf lets items that have begun finish before others begin.
func priorityOf(j Job) int {
	if j.Generation > 1 {
		return 1
	}
	return 2
}

// Close closes the connections that listen for new jobs, after Run.
func (q *River) Close() { q.done() }

// Run delivers jobs until ctx is done.
func (q *River) Run(ctx context.Context, work func(context.Context, Job)) error {
	q.worker.work = work
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("starting the job queue: %w", err)
	}
	<-ctx.Done()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), q.soft+settleTime)
	defer cancel()
	return q.client.Stop(stop)
}
