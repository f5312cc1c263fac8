package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

const (
	// batchLook is how often a message looks whether all has ended that was asked for together, and
	// maxBatch how long it waits for that.
	batchLook = 15 * time.Second
	maxBatch  = time.Hour
	// keepTrying is how long a message is sent again that nobody accepts.
	keepTrying = 26 * time.Hour
	// longestPause is the longest time between two attempts, unless the receiver asks for more, up to
	// mostAsked.
	longestPause = time.Hour
	mostAsked    = 6 * time.Hour
	// pace is the shortest time between two messages to one receiver; Slack allows one a second.
	pace = 1100 * time.Millisecond
)

// A state is what a delivery keeps besides its rows.
type state struct {
	Test bool `json:"test,omitempty"`
	// Until is when it is given up; zero: it was not sent yet. Tries counts since a person asked for it.
	Until time.Time `json:"until,omitzero"`
	Tries int       `json:"tries,omitempty"`
}

// A Worker delivers messages.
type Worker struct{ *Service }

// A run is one delivery as its worker sees it.
type run struct {
	Worker
	t  *work.Task
	st state
	d  Delivery
}

// flow is what happens to a message.
var flow = work.Flow[*run]{
	{
		Does:   "wait until all has ended that is told together, then gather no more",
		Repeat: "changes a row of our database, once",
		Run:    (*run).gather,
	},
	{
		Name:   stepSend,
		Does:   "send the message",
		Repeat: "it has the same id each time, by which the receiver can tell that it came before",
		Run:    (*run).send,
	},
}

const stepSend = "send"

// Steps describes the steps.
func (w Worker) Steps() []work.StepInfo { return flow.Info() }

// Step runs the next step.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	r := &run{Worker: w, t: t}
	if err := t.Load(&r.st); err != nil {
		return work.Next{}, err
	}

	var found bool
	var err error
	if r.d, found, err = deliveryOf(ctx, w.DB.Reader, t.Parent, t.Subject); err != nil {
		return work.Next{}, err
	}
	if !found { // with its channel
		return work.Next{Done: true, Outcome: "not needed any more"}, nil
	}

	return flow.Run(ctx, t.Step, r)
}

// gather waits for what belongs to the same message. From then on the message stays what it is.
func (r *run) gather(ctx context.Context) (work.Next, error) {
	next := work.Next{Step: stepSend}
	if r.d.gathering == "" {
		return next, nil
	}

	if r.d.batch != "" && r.Now().Sub(r.d.Created) < maxBatch {
		open, err := r.Engine.BatchOpen(ctx, r.d.batch)
		if err != nil {
			return next, err
		}
		if open {
			f := fault.New(fault.NotReady, "What was asked for together has not ended.")
			f.RetryAfter = batchLook
			return next, f
		}
	}

	c, at, err := r.place(ctx)
	if err != nil {
		return next, err
	}

	return next, r.t.Commit(ctx, r.st, func(tx *sql.Tx) error {
		events, err := eventsOf(ctx, tx, r.d.ID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE deliveries SET gathering = '', state = $1, title = $2 WHERE id = $3`,
			Waiting, headline(events, at, c), r.d.ID)
		return err
	})
}

// place returns the channel, and the binding as messages name it.
func (r *run) place(ctx context.Context) (Channel, Place, error) {
	c, err := scan(r.DB.Reader.QueryRowContext(ctx, `SELECT `+columns+` FROM channels WHERE id = $1`, r.t.Parent))
	if errors.Is(err, sql.ErrNoRows) {
		return c, Place{}, fault.New(fault.Gone, "The channel was removed.")
	}
	if err != nil {
		return c, Place{}, err
	}

	at, err := r.Find(ctx, c.Binding)
	return c, at, err
}

// eventsOf reads what a message tells, in the order in which it happened.
func eventsOf(ctx context.Context, db store.Queryer, delivery string) ([]event.Event, error) {
	all, err := store.All(ctx, db, func(row store.Row) (e event.Event, err error) {
		var data string
		if err := row.Scan(&data); err != nil {
			return e, err
		}
		err = json.Unmarshal([]byte(data), &e)
		return e, err
	}, `SELECT data FROM channel_events WHERE delivery_id = $1 ORDER BY event_id`, delivery)
	inOrder(all)
	return all, err
}

// send sends the message, when its receiver is free.
func (r *run) send(ctx context.Context) (work.Next, error) {
	done := work.Next{Done: true, Outcome: string(Delivered)}
	if r.d.State == Delivered { // by a run that was interrupted before it could say so
		return done, nil
	}

	select {
	case r.sending <- struct{}{}:
		defer func() { <-r.sending }()
	default:
		return done, laterBy(time.Second)
	}

	c, m, err := r.message(ctx)
	if err != nil {
		return done, err
	}

	if err := r.begun(ctx, c); err != nil {
		return done, err
	}

	got := r.post(ctx, m)
	if err := context.Cause(ctx); err != nil {
		return done, err // whatever came: this node stops, or has lost the item
	}

	pause := r.pause(got)
	if err := r.record(ctx, c, got, pause); err != nil || got.accepted() {
		return done, err
	}

	if r.st.Test || r.Now().Add(pause).After(r.st.Until) {
		return done, fault.New(fault.Refused, "%s", got.problem).
			With("Look at the receiver and at its address, then send the message again.")
	}

	f := fault.New(fault.NotReady, "%s", got.problem)
	f.RetryAfter = pause
	return done, f
}

// message makes the request that delivers it.
func (r *run) message(ctx context.Context) (c Channel, m request, err error) {
	c, at, err := r.place(ctx)
	if err != nil {
		return c, m, err
	}

	events, err := eventsOf(ctx, r.DB.Reader, r.d.ID)
	if err != nil {
		return c, m, err
	}

	if m.address, err = r.Vault.Open(sealContext(c.ID, "address"), c.address); err != nil {
		return c, m, err
	}
	if m.secret, err = r.Vault.Open(sealContext(c.ID, "secret"), c.secret); err != nil {
		return c, m, err
	}

	m.delivery = r.d.ID
	m.body, err = r.body(c.Kind, message{Delivery: r.d, Place: at, Events: events, Test: r.st.Test})
	return c, m, err
}

// begun records that the message is about to be sent, and takes the receiver for as long as that may take.
func (r *run) begun(ctx context.Context, c Channel) error {
	now := r.Now()
	st := r.st
	if st.Tries++; st.Until.IsZero() {
		st.Until = now.Add(keepTrying)
	}

	err := r.t.Commit(ctx, st, func(tx *sql.Tx) error {
		var due int64
		err := tx.QueryRowContext(ctx, `SELECT due FROM channel_targets WHERE target = $1`, c.target).Scan(&due)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if wait := store.Time(due).Sub(now); err == nil && wait > 0 {
			return laterBy(wait)
		}

		if err := setDue(ctx, tx, c.target, now.Add(2*patience)); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE deliveries SET state = $1, attempts = attempts + 1, asked = $2
			WHERE id = $3`, Sending, store.Millis(now), r.d.ID)
		return err
	})
	if err == nil {
		r.st = st
	}

	return err
}

func laterBy(wait time.Duration) error {
	f := fault.New(fault.NotReady, "Another message is being sent there.")
	f.RetryAfter = wait
	return f
}

func setDue(ctx context.Context, tx *sql.Tx, target string, due time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO channel_targets (target, due) VALUES ($1, $2)
		ON CONFLICT (target) DO UPDATE SET due = excluded.due`, target, store.Millis(due))
	return err
}

// pause is how long to wait before the message is sent again: from five seconds on it doubles.
func (r *run) pause(got answer) time.Duration {
	return max(min(longestPause, 5*time.Second<<min(r.st.Tries-1, 10)), min(got.after, mostAsked))
}

// record records what an attempt came to, and from when on the receiver may be called again.
func (r *run) record(ctx context.Context, c Channel, got answer, pause time.Duration) error {
	now := r.Now()
	free := now.Add(pace)
	if asked := min(got.after, mostAsked); asked > pace {
		free = now.Add(asked)
	}

	return r.t.Commit(ctx, r.st, func(tx *sql.Tx) error {
		if err := setDue(ctx, tx, c.target, free); err != nil {
			return err
		}

		to, due, ended := Waiting, now.Add(pause), time.Time{}
		if got.accepted() {
			to, due, ended = Delivered, time.Time{}, now
		}
		_, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = $1, status = $2, problem = $3, due = $4, ended = $5
			WHERE id = $6`, to, got.status, got.problem, store.Millis(due), store.Millis(ended), r.d.ID)
		return err
	})
}

// Undo lets a retry begin anew: there is nothing to take back of a message.
func (w Worker) Undo(ctx context.Context, t *work.Task) error {
	var st state
	if err := t.Load(&st); err != nil {
		return err
	}
	return t.Save(ctx, state{Test: st.Test})
}

// Ended records that a message is given up.
func (w Worker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	if it.State == work.Done {
		return nil, nil
	}

	_, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = $1, gathering = '', problem = $2, due = 0, ended = $3
		WHERE id = $4 AND state <> $5`, Failed, it.Message, store.Millis(w.Now()), it.Subject, Delivered)
	return nil, err
}
