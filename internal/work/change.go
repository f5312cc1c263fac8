package work

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// What is done to items that are in the right state for it. A %[1]s stands for the parameter with the
// time. Which items it is done to is added.
const (
	// startAgain starts failed and cancelled items again.
	startAgain = `UPDATE items SET state = 'waiting', step = '', ending = '', attempt = 0, begun = 0, waiting_since = 0,
		cancel = FALSE, code = '', message = '', remedy = '', finished = 0, generation = generation + 1,
		not_before = %[1]s, updated = %[1]s WHERE state IN ('failed', 'canceled')`
	// startFailed leaves alone what a person has cancelled.
	startFailed = startAgain + ` AND state = 'failed'`
	// goOn makes items that wait for their time due.
	goOn = `UPDATE items SET attempt = 0, generation = generation + 1, not_before = %[1]s, updated = %[1]s
		WHERE state = 'waiting' AND not_before > %[1]s`
	// askToEnd cancels. A waiting item becomes due at once, so that its worker undoes it.
	askToEnd = `UPDATE items SET cancel = TRUE, updated = %[1]s,
		generation = CASE state WHEN 'waiting' THEN generation + 1 ELSE generation END,
		not_before = CASE state WHEN 'waiting' THEN %[1]s ELSE not_before END
		WHERE state IN ('waiting', 'running') AND ending = ''`
)

// An action is what a person does to items, in their history and in the audit.
type action struct {
	event, audit string
	updates      []string
}

var (
	retry        = action{"retried", audit.Retried, []string{startAgain, goOn}}
	retryFailed  = action{"retried", audit.Retried, []string{startFailed}}
	cancellation = action{"cancel asked", audit.Canceled, []string{askToEnd}}
)

// A Selection is the items to change: those of a batch, or those with ids, up to 500. Items that
// the viewer may not change are not among them.
type Selection struct {
	Batch string
	Items []string
}

// Retry starts a failed or cancelled item again, keeping what it has reached. An item that waits
// for its time continues at once.
func (e *Engine) Retry(ctx context.Context, who Viewer, id string) error {
	return e.change(ctx, who, id, retry,
		"Only an item that failed, was cancelled or waits for its time can be retried.")
}

// Cancel stops an item: what is half done is undone, what is done stays.
func (e *Engine) Cancel(ctx context.Context, who Viewer, id string) error {
	return e.change(ctx, who, id, cancellation, "Only an item that is not finished can be cancelled.")
}

// RetryAll is Retry for those of a selection that can be retried; of a batch, those that failed. It
// returns their ids.
func (e *Engine) RetryAll(ctx context.Context, who Viewer, s Selection) ([]string, error) {
	if s.Batch != "" {
		return e.changeAll(ctx, who, s, retryFailed)
	}
	return e.changeAll(ctx, who, s, retry)
}

// CancelAll is Cancel for those of a selection that are not finished. It returns their ids.
func (e *Engine) CancelAll(ctx context.Context, who Viewer, s Selection) ([]string, error) {
	return e.changeAll(ctx, who, s, cancellation)
}

// change does it to one item, or refuses.
func (e *Engine) change(ctx context.Context, who Viewer, id string, a action, refusal string) error {
	v, err := e.Item(ctx, who, id)
	if err != nil {
		return err
	}

	q := conditions{}
	q.equal("id", id)
	changed, err := e.apply(ctx, who, q, a, audit.Entry{About: id, Detail: v.Kind + " " + v.Title})
	if err == nil && len(changed) == 0 {
		err = fault.New(fault.Conflict, "%s", refusal)
	}

	return err
}

// changeAll does it to those of a selection that are in the right state.
func (e *Engine) changeAll(ctx context.Context, who Viewer, s Selection, a action) ([]string, error) {
	// The items of others are not selected, whoever names them.
	q := conditions{}
	q.visible(who)
	if s.Batch != "" {
		q.equal("parent", s.Batch)
		q.in("kind", e.kinds.ofBatches())
	} else {
		q.in("id", s.Items)
	}

	some, err := e.hasAny(ctx, q)
	if err != nil {
		return nil, err
	}

	if !some {
		return nil, fault.New(fault.NotFound, "There is nothing of yours under this id.").
			With("See your activity, or `nuxeo-frameio items list`.").At("/activity")
	}

	return e.apply(ctx, who, q, a, audit.Entry{About: s.Batch})
}

// apply does it to the items that meet the conditions and returns their ids. In the audit it is one
// entry; each item tells of it in its history.
func (e *Engine) apply(
	ctx context.Context, who Viewer, q conditions, a action, entry audit.Entry,
) (changed []string, err error) {
	now := e.now()
	entry.Who = who.Login
	err = e.set.Audit.Do(ctx, e.db, func(tx *sql.Tx) (audit.Entry, error) {
		changed = nil // it may be called again
		for _, update := range a.updates {
			statement, args := q.narrow(update, store.Millis(now))
			ids, err := store.Strings(ctx, tx, statement+" RETURNING id", args...)
			if err != nil {
				return entry, err
			}
			changed = append(changed, ids...)
		}

		// What changes nothing is not worth an entry.
		if len(changed) == 0 {
			return entry, nil
		}

		entry.What = a.audit
		if entry.Detail == "" {
			entry.About = cmp.Or(entry.About, strings.Join(changed, " "))
			entry.Detail = plain.Count(len(changed), "item")
		}

		return entry, addHistories(ctx, tx, changed, now, a.event, "by "+who.Login)
	})
	if err != nil {
		return nil, err
	}

	if a.audit == audit.Canceled {
		e.stopSteps(changed)
	}

	e.Wake(changed...)
	return changed, nil
}

// stopSteps stops the steps of cancelled items that run on this node; on others, that happens at
// the next heartbeat.
func (e *Engine) stopSteps(ids []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, id := range ids {
		if now, ok := e.running[id]; ok {
			now.cancel(errCanceled)
		}
	}
}

// historiesAtOnce bounds the parameters of one statement.
const historiesAtOnce = 500

// addHistories appends the same line to the histories of items.
func addHistories(ctx context.Context, tx *sql.Tx, ids []string, at time.Time, event, detail string) error {
	for some := range slices.Chunk(ids, historiesAtOnce) {
		_, err := tx.ExecContext(ctx, `INSERT INTO item_history (item_id, seq, at, event, detail)
			SELECT items.id, COALESCE(MAX(before.seq), 0) + 1, CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS TEXT)
			FROM items LEFT JOIN item_history AS before ON before.item_id = items.id
			WHERE items.id IN (`+store.Marks(4, len(some))+`) GROUP BY items.id`,
			append([]any{store.Millis(at), event, detail}, store.Anys(some)...)...)
		if err != nil {
			return err
		}
	}

	return nil
}

// narrow adds the conditions to a statement that has others, and a parameter.
func (c *conditions) narrow(statement string, parameter any) (string, []any) {
	statement = fmt.Sprintf(statement, fmt.Sprintf("$%d", len(c.args)+1))
	return statement + " AND " + strings.Join(c.terms, " AND "), append(slices.Clip(c.args), parameter)
}

// hasAny reports whether any item meets the conditions.
func (e *Engine) hasAny(ctx context.Context, q conditions) (bool, error) {
	var n int
	err := e.db.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM (SELECT 1
		FROM items`+q.where()+` LIMIT 1) AS one`, q.args...).Scan(&n)
	return n > 0, err
}
