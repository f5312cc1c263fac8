package work

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// settleTime is how long recording an end may take after a step's own context has ended.
const settleTime = 10 * time.Second

// settle decides what follows an error of a step.
func (e *Engine) settle(ctx context.Context, t *Task, err error) {
	// What is recorded must not depend on a context that may have ended.
	cause := context.Cause(ctx)
	ended := ctx.Err() != nil
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer stop()
	// Another holder has the item: nothing of ours counts any more.
	if fault.Is(cause, fault.Stale) || fault.Is(err, fault.Stale) {
		e.log.InfoContext(ctx, "item was taken over", "step", t.Step)
		return
	}

	// A context that ended for no reason of the item's own was ended by a shutdown.
	if ended && cause != errCanceled && cause != errPaused && !errors.Is(cause, context.DeadlineExceeded) {
		cause = errShutdown // a step that took too long has failed, though
	}

	if rec := e.recordFailure(ctx, t, err, cause); rec != nil && !fault.Is(rec, fault.Stale) {
		e.log.ErrorContext(ctx, "cannot record a failure; the item is taken up again when its lease ends",
			"error", rec, "of", err)
	}
}

// recordFailure records what follows an error: waiting, a retry, or the end.
func (e *Engine) recordFailure(ctx context.Context, t *Task, err, cause error) error {
	// What was asked of the item comes before what the step says.
	switch {
	case cause == errShutdown || cause == errPaused:
		return e.park(ctx, t, parking{
			step:       t.Step,
			since:      t.WaitingSince,
			attempt:    t.Attempt,
			handedOver: true,
			event:      "handed over",
			detail:     cause.Error(),
		})
	case cause == errCanceled || err == errCanceled:
		return e.abandon(ctx, t, Canceled, errCanceled)
	}

	// Otherwise the error decides.
	f := fault.From(err)
	switch fault.Then(err) {
	case fault.Wait:
		e.logFailure(ctx, slog.LevelDebug, t, f, err)
		return e.parkWaiting(ctx, t, f)
	case fault.Retry, fault.Drop: // still ours: something within the step was stopped
		if t.Attempt+1 < e.set.MaxAttempts {
			e.logFailure(ctx, slog.LevelInfo, t, f, err)
			return e.parkRetry(ctx, t, f)
		}
	}

	// There is no use in trying again.
	e.logFailure(ctx, slog.LevelWarn, t, f, err)
	return e.abandon(ctx, t, Failed, f)
}

// logFailure logs why a step did not succeed. Waiting is ordinary, a retry is worth a line, and a
// final failure needs attention.
func (e *Engine) logFailure(ctx context.Context, level slog.Level, t *Task, f *fault.Error, err error) {
	e.log.Log(ctx, level, "a step did not succeed", "kind", t.Kind, "step", t.Step, "title", t.Title, "code", f.Code,
		"attempt", t.Attempt, "error", err)
}

func (e *Engine) parkWaiting(ctx context.Context, t *Task, f *fault.Error) error {
	p := parking{
		step:    t.Step,
		after:   e.set.Pause(f.RetryAfter),
		since:   t.WaitingSince,
		why:     f,
		attempt: t.Attempt,
		items:   t.waitingItems,
		awaited: t.awaited,
	}
	if p.after <= 0 {
		p.after = e.set.WaitFor
	}

	// The history gets one line, not one for each look.
	if p.since.IsZero() {
		p.since, p.event, p.detail = e.now(), "waiting", f.Message
	}

	return e.park(ctx, t, p)
}

func (e *Engine) parkRetry(ctx context.Context, t *Task, f *fault.Error) error {
	after := max(e.set.Backoff(t.Attempt+1), f.RetryAfter)
	return e.park(ctx, t, parking{
		step: t.Step, after: after, since: t.WaitingSince, why: f, attempt: t.Attempt + 1,
		event: "retry", detail: fmt.Sprintf("%s Next try in %s.", f.Message, after.Round(time.Second)),
	})
}

// abandon makes an item end as failed or canceled. Its worker's Undo comes first, in a job of its own;
// called while that is under way, it ends the item without.
func (e *Engine) abandon(ctx context.Context, t *Task, as State, f *fault.Error) error {
	if t.ending != "" { // undoing failed permanently: note it and end
		if err := e.note(ctx, t, cleanUpFailed, f.Message); err != nil {
			return err
		}
		return e.end(ctx, t, "")
	}

	if err := e.beginEnding(ctx, t, as, f); err != nil {
		return err
	}

	// Undo gets a job of its own, with all the time it needs.
	return e.park(ctx, t, parking{step: t.Step, why: f, event: "undoing", detail: f.Message})
}

func (e *Engine) beginEnding(ctx context.Context, t *Task, as State, f *fault.Error) error {
	t.ending, t.Attempt = as, 0
	t.Code, t.Message, t.Remedy = string(f.Code), f.Message, f.Remedy
	return e.fenced(ctx, t, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE items SET ending = $1, code = $2, message = $3, remedy = $4
			WHERE id = $5`,
			string(as), string(f.Code), f.Message, f.Remedy, t.ID)
		return err
	})
}

// A parking is how an item goes back to waiting.
type parking struct {
	step          string
	after         time.Duration
	since         time.Time
	attempt       int64
	why           *fault.Error
	event, detail string
	handedOver    bool  // this node stops or a pause begins: the start does not count as one in vain
	items         []New // items to add with it
	awaited       *family
}

// park puts an item back to waiting, with the step and the time at which it goes on, and queues a
// job for it.
func (e *Engine) park(ctx context.Context, t *Task, p parking) error {
	now := e.now()
	at := now.Add(p.after)
	if p.why == nil {
		p.why = &fault.Error{}
	}

	if t.ending != "" { // people should read why it ends, not how undoing goes
		p.why = &fault.Error{Code: fault.Code(t.Code), Message: t.Message, Remedy: t.Remedy}
	}

	var due int64
	var added []string
	err := e.fenced(ctx, t, func(tx *sql.Tx) (err error) {
		// A cancellation that came meanwhile does not wait for the pause to end.
		if err := tx.QueryRowContext(ctx, `UPDATE items SET state = 'waiting', step = $1, waiting_since = $3,
			attempt = $4,
				not_before = CASE WHEN cancel AND ending = '' THEN CAST($8 AS BIGINT) ELSE CAST($2 AS BIGINT) END,
				code = $5, message = $6, remedy = $7, node = '', lease_until = 0, updated = $8,
				begun = CASE WHEN $10 AND begun > 0 THEN begun - 1 ELSE 0 END WHERE id = $9 RETURNING not_before`,
			p.step, store.Millis(at), store.Millis(p.since), p.attempt, string(p.why.Code), p.why.Message, p.why.Remedy,
			store.Millis(now), t.ID, p.handedOver).Scan(&due); err != nil {
			return err
		}

		// What it waits for may have ended just now.
		over, err := e.dueIfOver(ctx, tx, t.ID, p.awaited, now)
		if err != nil {
			return err
		}
		if over {
			due = store.Millis(now)
		}

		if added, err = e.Add(ctx, tx, p.items...); err != nil {
			return err
		}

		return addHistory(ctx, tx, t.ID, now, p.event, p.detail)
	})
	if err != nil {
		return err
	}

	e.Wake(added...)
	job := Job{Item: t.ID, Generation: t.Generation, At: store.Time(due), Interactive: t.Interactive}
	err = e.queue.Push(ctx, []Job{job})
	if err != nil {
		e.log.WarnContext(ctx, "an item waits for the sweeper", "error", err)
	}

	return nil
}

// advance goes to the next step, and reports whether to stop there for a pause. Earlier failures
// are cleared.
func (e *Engine) advance(ctx context.Context, t *Task, step string) (pause bool, err error) {
	now := e.now()
	err = e.fenced(ctx, t, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, `UPDATE items SET step = $1, attempt = 0, begun = 1, waiting_since = 0,
			code = '', message = '', remedy = '',
			updated = $2 WHERE id = $3 RETURNING `+pausedCondition, step, store.Millis(now), t.ID).
			Scan(&pause); err != nil {
			return err
		}
		return addHistory(ctx, tx, t.ID, now, "step", step)
	})

	t.Step, t.Attempt, t.WaitingSince = step, 0, time.Time{}
	return pause, err
}

// end makes an item final.
func (e *Engine) end(ctx context.Context, t *Task, outcome string) error {
	// An item that was undone ends as what it was undone for.
	now := e.now()
	state := t.ending
	if state == "" {
		state = Done
	}

	if state == Done {
		t.Code, t.Message, t.Remedy = "", "", ""
	}

	var added []string
	err := e.fenced(ctx, t, func(tx *sql.Tx) error {
		var before int64
		if err := tx.QueryRowContext(ctx, `SELECT finished FROM items WHERE id = $1`, t.ID).Scan(&before); err != nil {
			return err
		}

		if _, err := tx.ExecContext(ctx, `UPDATE items SET state = $1, ending = '', outcome = $2, node = '',
			lease_until = 0, begun = 0, cancel = FALSE,
				code = $3, message = $4, remedy = $5, finished = $6, updated = $6 WHERE id = $7`,
			string(state), outcome, t.Code, t.Message, t.Remedy, store.Millis(now), t.ID); err != nil {
			return err
		}

		if err := addHistory(ctx, tx, t.ID, now, string(state), outcome); err != nil {
			return err
		}

		if before > 0 { // it had ended before, and was only cleaned up
			return nil
		}

		return e.runEnded(ctx, tx, t.ID, &added)
	})
	// Tell the world only after the commit.
	if err == nil {
		e.Wake(added...)
		e.log.InfoContext(ctx, "ended", "kind", t.Kind, "title", t.Title, "state", string(state), "outcome", outcome,
			"owner", t.Owner)
		e.notifyEnded(t, state, outcome)
	}

	return err
}

// notifyEnded calls the Ended function of the settings.
func (e *Engine) notifyEnded(t *Task, state State, outcome string) {
	if e.set.Ended != nil {
		it := t.Item
		it.State, it.Outcome = state, outcome
		e.set.Ended(it)
	}
}

// runEnded calls the worker's Ended.
func (e *Engine) runEnded(ctx context.Context, tx *sql.Tx, id string, added *[]string) error {
	it, err := scanItem(tx.QueryRowContext(ctx, `SELECT `+itemColumns+` FROM items WHERE id = $1`, id))
	if err != nil {
		return err
	}
	if w, ok := e.workers[it.Kind]; ok {
		*added, err = w.Ended(ctx, tx, it)
	}
	return err
}

// fenced runs fn only while the task's generation is the item's newest.
func (e *Engine) fenced(ctx context.Context, t *Task, fn func(*sql.Tx) error) error {
	return e.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE items SET updated = $1 WHERE id = $2 AND generation = $3
			AND state = 'running'`,
			store.Millis(e.now()), t.ID, t.Generation)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return errStale
		}
		return fn(tx)
	})
}

func (e *Engine) note(ctx context.Context, t *Task, event, detail string) error {
	return e.fenced(ctx, t, func(tx *sql.Tx) error { return addHistory(ctx, tx, t.ID, e.now(), event, detail) })
}

// addHistory appends a line to an item's history; without an event it does nothing.
func addHistory(ctx context.Context, tx *sql.Tx, id string, at time.Time, event, detail string) error {
	if event == "" {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO item_history (item_id, seq, at, event, detail)
		SELECT CAST($1 AS TEXT), COALESCE(MAX(seq), 0) + 1, CAST($2 AS BIGINT), CAST($3 AS TEXT), CAST($4 AS TEXT)
		FROM item_history WHERE item_id = $1`, id, store.Millis(at), event, detail)
	return err
}
