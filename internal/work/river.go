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

// itemArgs is all that a job holds: no secret, no address. Process tells who
// inserted it: a job that its process took and did not live to claim the item of
// stays running to the library for hours, and must not stand in the way of the
// one that another process, or the next, inserts.
type itemArgs struct {
	Item       string `json:"item" river:"unique"`
	Generation int64  `json:"generation" river:"unique"`
	Process    string `json:"process,omitempty" river:"unique"`
}

// Kind names the jobs.
func (itemArgs) Kind() string { return "item" }

// InsertOpts makes a job unique as long as it is not finished; River's default
// would remember finished ones too.
func (itemArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
		rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}}
}

// driver is the job library's way into the database. PostgreSQL tells it of new
// jobs over connections of its own, which close ends.
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

// Migrate brings River's tables up to date; give it to store.Open.
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

// Jobs must end on their own well before River would rescue them: it does so
// without fencing, which ours covers, but in vain.
const (
	rescueLater = 5 * time.Minute
	// fetchPause is the least time between two fetches, each of which fills the
	// workers that are free: many short items would else wait for it.
	fetchPause = 20 * time.Millisecond
	// softStop is how long jobs may go on when the process stops.
	softStop = 2 * time.Second
)

// River is a Queue on the job library. Workers is how many jobs run at once.
type River struct {
	client *river.Client[*sql.Tx]
	// process is new with each start.
	process string
	worker  *riverWorker
	log     *slog.Logger
	soft    time.Duration
	done    func()
}

// NewRiver makes the queue on a database that Migrate has prepared. limit is how
// long a job may run; a step must not need more.
func NewRiver(db *store.DB, node string, workers int, limit time.Duration, log *slog.Logger) (*River, error) {
	return newRiver(db, node, workers, limit, log, softStop)
}

func newRiver(
	db *store.DB, node string, workers int, limit time.Duration, log *slog.Logger, soft time.Duration,
) (*River, error) {
	w := &riverWorker{places: newPlaces(workers)}
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
			queueAhead:         {MaxWorkers: workers},
		},
		SoftStopTimeout: soft, FetchCooldown: fetchPause,
		// Finished jobs tell nothing that our items do not.
		CompletedJobRetentionPeriod: time.Hour, CancelledJobRetentionPeriod: time.Hour,
		DiscardedJobRetentionPeriod: 24 * time.Hour,
	})
	if err != nil {
		done()
		return nil, fmt.Errorf("the job queue: %w", err)
	}

	return &River{client: client, process: uuid.NewString(), worker: w, log: log, soft: soft, done: done}, nil
}

// queueAhead is the queue of what goes ahead. The library would run as many jobs of
// each queue as there are places for both.
const queueAhead = "ahead"

type riverWorker struct {
	river.WorkerDefaults[itemArgs]
	places *places
	work   func(context.Context, Job)
}

// Work hands a job to the engine, which records what comes of it.
func (w *riverWorker) Work(ctx context.Context, job *river.Job[itemArgs]) error {
	ahead := job.Queue == queueAhead
	leave, err := w.places.enter(ctx, ahead)
	if err != nil {
		return err
	}
	defer leave()
	w.work(ctx, Job{Item: job.Args.Item, Generation: job.Args.Generation, Ahead: ahead})
	return nil
}

// soon is below the pace of the library's scheduler, which moves jobs with a
// time of their own into the queue only every five seconds.
const soon = 6 * time.Second

// Push inserts jobs; those that are waiting already are left alone. What is due
// soon waits in memory, and is the sweeper's should the process end.
func (q *River) Push(ctx context.Context, jobs []Job) error {
	var now, later []Job
	for _, j := range jobs {
		switch wait := time.Until(j.At); {
		case wait <= 0:
			j.At = time.Time{}
			now = append(now, j)
		case wait < soon:
			time.AfterFunc(wait, func() { q.insertAlone(j) })
		default:
			later = append(later, j)
		}
	}

	return q.insert(ctx, append(now, later...))
}

func (q *River) insertAlone(j Job) {
	ctx, cancel := context.WithTimeout(context.Background(), soon)
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
	if j.Ahead {
		return queueAhead
	}
	return river.QueueDefault
}

// priorityOf brings to an end what has begun before more is begun.
func priorityOf(j Job) int {
	if j.Generation > 1 {
		return 1
	}
	return 2
}

// Close ends the connections that tell of new jobs, after Run.
func (q *River) Close() { q.done() }

// Run works on jobs until ctx ends.
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
