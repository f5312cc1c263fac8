// Package work runs items: the units that are leased, retried, cancelled and shown to people.
//
// It owns the tables items, item_history and transfers, the leases, and the only use of the job
// library. An item is a row with a step and the feature's own state; a worker turns one step into the
// next.
//
// Invariants: only the holder of the newest generation can change an item (Save, Progress and every
// end are fenced by it); a holder that loses the lease stops without effect; an item that is due is
// picked up within seconds even if its job was lost; an interactive item begins soon, however many are
// queued; no step's failure is silent. The features decide what a step does and how it is made safe to
// repeat. Remote systems know nothing of our generations, so that every effect there needs a guard of
// its own.
package work

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/requestid"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A State is the state of an item.
type State string

// The states. Done, Failed and Canceled are final until a person retries.
const (
	Waiting  State = "waiting"
	Running  State = "running"
	Done     State = "done"
	Failed   State = "failed"
	Canceled State = "canceled"
)

// Final reports whether nothing more happens without a person.
func (s State) Final() bool { return s == Done || s == Failed || s == Canceled }

// An Item is one unit of work.
type Item struct {
	ID, Kind string
	// Parent groups items: an interaction, a binding. (Kind, Parent, Subject) is unique.
	Parent, Subject string
	Title           string // what a person calls it
	Owner           string // the login it belongs to
	Actor           string // the login used on Nuxeo, once known
	Requester       string // the login of the person who asked for it, once known
	State           State
	Step            string // empty at first
	Outcome         string // of a done item: created, updated, unchanged …
	Generation      int64
	Attempt         int64
	WaitingSince    time.Time // when it began to wait for the other side
	NotBefore       time.Time
	// Code, Message and Remedy say why it failed, or what it waits for.
	Code, Message, Remedy string
	Correlation           string
	Created, Updated      time.Time
	Finished              time.Time
	Canceling             bool
	Interactive           bool // a person is waiting for it

	ending    State // what it becomes once undone
	data      string
	keySecret string // what its keys are made of
	starts    int64  // how often in a row its step was begun, this time included
}

// A New is an item to be added.
type New struct {
	Kind, Parent, Subject, Title, Owner, Actor, Requester string
	Data                                                  any // the feature's state, as JSON
	NotBefore                                             time.Time
	// Size is how many bytes it will move; 0: that is not known yet.
	Size int64
	// Interactive gives it priority over background items.
	Interactive bool
	// Why is what it waits for, if it does not start at once.
	Why *fault.Error
}

const itemColumns = `id, kind, parent, subject, title, owner, actor, requester, state, ending, step, data, outcome,
	generation, attempt, waiting_since, not_before, cancel, code, message, remedy, correlation, created, updated,
	finished, ahead, once, begun`

func scanItem(row store.Row) (Item, error) {
	var it Item
	var waiting, notBefore, created, updated, finished int64
	err := row.Scan(&it.ID, &it.Kind, &it.Parent, &it.Subject, &it.Title, &it.Owner, &it.Actor, &it.Requester,
		&it.State, &it.ending, &it.Step,
		&it.data, &it.Outcome, &it.Generation, &it.Attempt, &waiting, &notBefore, &it.Canceling, &it.Code,
		&it.Message, &it.Remedy,
		&it.Correlation, &created, &updated, &finished, &it.Interactive, &it.keySecret, &it.starts)
	it.WaitingSince, it.NotBefore = store.Time(waiting), store.Time(notBefore)
	it.Created, it.Updated, it.Finished = store.Time(created), store.Time(updated), store.Time(finished)
	return it, err
}

// Load reads the feature's state into v.
func (it *Item) Load(v any) error {
	if err := json.Unmarshal([]byte(it.data), v); err != nil {
		return fmt.Errorf("the state of item %s: %w", it.ID, err)
	}
	return nil
}

// Add inserts items in the caller's transaction and returns the ids of those that are new; an item
// with the same kind, parent and subject is left unchanged. Call Wake with the ids after the
// transaction is committed.
func (e *Engine) Add(ctx context.Context, tx *sql.Tx, items ...New) ([]string, error) {
	now := e.now()
	var ids []string
	for _, n := range items {
		id, err := e.add(ctx, tx, n, now)
		if err != nil {
			return nil, fmt.Errorf("adding an item: %w", err)
		}
		if id != "" {
			ids = append(ids, id)
		}
	}

	return ids, nil
}

// MakeDue makes the waiting items of a parent due now, in the caller's transaction, and gives them
// to another owner unless that is empty. Call Wake with the ids after the transaction is committed.
func (e *Engine) MakeDue(ctx context.Context, tx *sql.Tx, parent, owner string) ([]string, error) {
	return store.Strings(ctx, tx, `UPDATE items SET not_before = $1, generation = generation + 1, updated = $1,
			owner = CASE WHEN $2 = '' THEN owner ELSE $2 END WHERE parent = $3 AND state = 'waiting' RETURNING id`,
		store.Millis(e.now()), owner, parent)
}

// Latest is the id of the newest item of a kind that a parent has; empty: it has none.
func (e *Engine) Latest(ctx context.Context, tx *sql.Tx, parent, kind string) (id string, err error) {
	err = tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), '') FROM items WHERE parent = $1 AND kind = $2`,
		parent, kind).Scan(&id)
	return id, err
}

const insertItem = `INSERT INTO items (id, kind, parent, subject, title, owner, actor, requester, state, step, data,
		generation, not_before, correlation, created, updated, code, message, remedy, ahead, size)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', '', $9, 1, $10, $11, $12, $12, $13, $14, $15, $16, $17)
	ON CONFLICT (parent, kind, subject) DO NOTHING`

// Prepare prepares the statement that every accepted call runs. It is called once, before the
// engine is used.
func (e *Engine) Prepare(ctx context.Context) (err error) {
	e.insert, err = e.db.Prepare(ctx, insertItem)
	return err
}

func (e *Engine) add(ctx context.Context, tx *sql.Tx, n New, now time.Time) (string, error) {
	data, err := json.Marshal(n.Data)
	if err != nil {
		return "", err
	}

	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}

	// Complete what the caller left out.
	if n.Why == nil {
		n.Why = &fault.Error{}
	}

	if n.NotBefore.Before(now) {
		n.NotBefore = now
	}

	args := []any{
		id.String(), n.Kind, n.Parent, n.Subject, n.Title, n.Owner, n.Actor, n.Requester, string(data),
		store.Millis(n.NotBefore),
		requestid.ID(ctx), store.Millis(now), string(n.Why.Code), n.Why.Message, n.Why.Remedy, n.Interactive,
		n.Size,
	}

	// Bulk creation adds thousands: the statement is prepared once.
	var res sql.Result
	if e.insert != nil {
		res, err = tx.StmtContext(ctx, e.insert).ExecContext(ctx, args...)
	} else {
		res, err = tx.ExecContext(ctx, insertItem, args...)
	}

	if err != nil {
		return "", err
	}

	// One that exists already is not added again.
	if added, err := res.RowsAffected(); added == 0 || err != nil {
		return "", err
	}

	return id.String(), nil
}
