package work

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// maxStarts is how often in a row a step may be started without ending. A step that kills the
// process would otherwise do so at each start, and take down what runs beside it.
const maxStarts = 3

// startable is an SQL condition for items that may be started now. An item that was started twice
// in vain is started the third time without others of its kind: if the process dies again, that
// item did it.
const startable = `(begun <> 2 OR NOT EXISTS (SELECT 1 FROM items other WHERE other.state = 'running'
	AND other.begun = 3))`

// giveUp ends an item whose step was started too often in vain. Undoing it is started like a step:
// if that kills the process as well, the item ends without.
func (e *Engine) giveUp(ctx context.Context, t *Task) {
	f := fault.New(fault.Internal, "The connector ended %d times in the middle of %s.", maxStarts, stepName(t)).
		With("An administrator should look in the log for why it ended. Then retry.")
	e.log.ErrorContext(ctx, "an item is begun no more", "kind", t.Kind, "step", t.Step, "begun", maxStarts)
	var err error

	// Undo what is half done, unless it was undoing that ended the process.
	if t.ending == "" {
		err = e.abandon(ctx, t, Failed, f)
	} else if err = e.note(ctx, t, "clean-up given up", f.Message); err == nil {
		err = e.end(ctx, t, "")
	}

	if err != nil {
		e.settle(ctx, t, err)
	}
}

func stepName(t *Task) string {
	if t.ending != "" {
		return "removing what is half made"
	}
	if t.Step == "" {
		return "the first step"
	}
	return fmt.Sprintf("the step %q", t.Step)
}

// interrupt frees items whose holder is gone, each with a line in its history.
func interrupt(
	ctx context.Context, tx *sql.Tx, now time.Time, event, why, where string, args ...any,
) (n int, err error) {
	starts, err := store.Map(ctx, tx, store.Pair[string, int64], `UPDATE items SET state = 'waiting',
		generation = generation + 1, node = '', lease_until = 0
		WHERE state = 'running' AND `+where+` RETURNING id, begun`, args...)
	if err != nil {
		return 0, err
	}

	for id, times := range starts {
		if err := addHistory(ctx, tx, id, now, event, startDetail(why, times)); err != nil {
			return 0, err
		}
	}

	return len(starts), nil
}

// startDetail describes why a start came to nothing, and which one it was.
func startDetail(why string, starts int64) string {
	if starts == 0 { // started by an older version
		return why
	}
	return fmt.Sprintf("%s; begun in vain %d of %d times", why, min(starts, maxStarts), maxStarts)
}

// correctFutureTimes corrects items whose times were written while the clock was far ahead: they
// wait as long as was meant, not until that time comes.
func (e *Engine) correctFutureTimes(ctx context.Context) error {
	now := e.now()

	// A time that was written by a clock that was right lies before this limit.
	limit := store.Millis(e.LatestPlausible())
	ids, err := store.Strings(ctx, e.db.Reader, `SELECT id FROM items WHERE state = 'waiting' AND not_before > $1
		AND updated > $1 LIMIT $2`, limit, sweepBatch)
	if err != nil || len(ids) == 0 {
		return err
	}

	return e.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, id := range ids {
			res, err := tx.ExecContext(ctx, `UPDATE items SET updated = $1, generation = generation + 1,
					not_before = CASE WHEN not_before > updated THEN $1 + not_before - updated ELSE $1 END
				WHERE id = $2 AND state = 'waiting' AND not_before > $3 AND updated > $3`, store.Millis(now), id, limit)
			if err != nil {
				return err
			}

			// It has moved on meanwhile.
			if n, err := res.RowsAffected(); n == 0 || err != nil {
				return err
			}

			err = addHistory(ctx, tx, id, now, "clock", "it was left waiting by a clock that was ahead")
			if err != nil {
				return err
			}
		}
		return nil
	})
}
