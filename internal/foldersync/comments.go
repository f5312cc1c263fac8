package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// round is what an item keeps that looks at the comments of a sync's assets. Before
// is what counts as looked at long ago; Stamp and After are how far it is.
type round struct {
	Sync   string `json:"sync"`
	Before int64  `json:"before"`
	Stamp  int64  `json:"stamp"`
	After  string `json:"after,omitempty"`
}

// CommentWorker looks at the comments of the assets whose documents have not shown
// any yet, or for long not: one call each, of which Frame.io allows a hundred a
// minute. So it is an item of its own, after documents and bytes, and delays neither.
// The newest assets come first.
type CommentWorker struct{ *Service }

// heldFor is how long an asset is left that is just being brought.
const heldFor = 2 * time.Second

// commentsAtOnce is how many entries are read before they are worked on.
const commentsAtOnce = 50

// Step looks at assets until the slice is over. One that is just being brought is left
// until then.
func (w CommentWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	var st round
	if err := t.Load(&st); err != nil {
		return work.Next{}, err
	}

	q, err := bare(ctx, w.DB.Reader, st.Sync)
	if err != nil {
		return work.Next{}, err
	}

	held := map[string]bool{}
	for q.State == Active && !t.SliceOver() {
		some, err := w.unheard(ctx, st, held)
		if err != nil || len(some) == 0 {
			return work.Next{Step: stepHear, After: heldFor, Done: len(held) == 0, Outcome: outcomeSynced}, err
		}

		for _, e := range some {
			busy, err := w.hear(ctx, t, &st, q, e)
			if err != nil {
				return work.Next{}, nobody(err)
			}
			if busy {
				held[e.Key] = true
			}
		}
	}

	return work.Next{Step: stepHear, After: time.Millisecond, Done: q.State != Active, Outcome: outcomeSynced}, nil
}

const stepHear = "sync-comments"

// unheard are the assets to look at next but for those that are held: those of which
// there are news, those that were never looked at, and those after a place in the round.
func (w CommentWorker) unheard(ctx context.Context, st round, held map[string]bool) ([]Entry, error) {
	const there = `SELECT ` + entryColumns + ` FROM sync_entries WHERE sync_id = $1 AND kind <> 'folder'
		AND document_uid <> '' AND NOT gone`
	first, err := w.entriesOf(ctx, there+` AND comments_at <= 0 ORDER BY CASE WHEN comments_at < 0 THEN 0 ELSE 1 END,
		stamp DESC, key LIMIT $2`, st.Sync, commentsAtOnce+len(held))
	first = slices.DeleteFunc(first, func(e Entry) bool { return held[e.Key] })
	if err != nil || len(first) > 0 {
		return first, err
	}

	return w.entriesOf(ctx, there+` AND comments_at > 0 AND (comments_at < $2 OR comments_at > $6)
			AND (stamp < $3 OR stamp = $3 AND key > $4) ORDER BY stamp DESC, key LIMIT $5`,
		st.Sync, st.Before, st.Stamp, st.After, commentsAtOnce, w.latest())
}

// hear looks at the comments of one asset and records that, unless there are news of it
// meanwhile. It reports whether somebody else holds the asset's link.
func (w CommentWorker) hear(ctx context.Context, t *work.Task, st *round, q Sync, e Entry) (held bool, err error) {
	began := store.Millis(t.Now())
	if e.heard > 0 {
		st.Stamp, st.After = e.stamp, e.Key
	}

	l, err := w.holdLink(ctx, t, st, e.Document)
	if err != nil {
		return fault.Is(err, fault.NotReady), unless(err, fault.NotReady)
	}

	failed := w.bringOne(ctx, t, st, q, e, l)
	return false, errors.Join(failed, t.Commit(ctx, st, func(tx *sql.Tx) error {
		if err := link.Release(ctx, tx, t.ID); err != nil || failed != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET comments_at = $1 WHERE sync_id = $2 AND key = $3
			AND comments_at = $4`, began, q.ID, e.Key, e.heard)
		return err
	}))
}

func unless(err error, code fault.Code) error {
	if fault.Is(err, code) {
		return nil
	}
	return err
}

// unheard has the comments of an asset looked at by the next round.
func unheard(ctx context.Context, tx *sql.Tx, sync, key string) error {
	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET comments_at = 0 WHERE sync_id = $1 AND key = $2
		AND comments_at > 0`, sync, key)
	return err
}

func (w CommentWorker) holdLink(
	ctx context.Context, t *work.Task, st *round, document string,
) (l link.Link, err error) {
	err = t.Commit(ctx, st, func(tx *sql.Tx) (err error) {
		l, _, err = link.HoldDocument(ctx, tx, document, t.ID)
		return err
	})
	return l, err
}

// bringOne makes the comments of a document equal to those of its asset. What is refused
// for good is noted, and the others go on; where there is nobody to act for, none can.
func (w CommentWorker) bringOne(ctx context.Context, t *work.Task, st *round, q Sync, e Entry, l link.Link) error {
	if l.FileID == "" {
		return nil
	}

	nx, err := w.People.Nuxeo(ctx, t.Actor)
	if err != nil {
		return err
	}

	fio, err := w.People.Frameio(ctx, t.Actor)
	if err != nil {
		return err
	}

	r := &ingest.Run{
		Task: t, Job: &ingest.Job{
			Asset:    ingest.Asset{Account: q.Account, Workspace: q.Workspace},
			LinkID:   l.ID,
			Document: e.Document,
		},
		Frameio: fio, Nuxeo: nx, Actor: t.Actor, Colleague: w.People.Nuxeo,
		Save:   func(ctx context.Context) error { return t.Save(ctx, st) },
		Commit: func(ctx context.Context, fn func(*sql.Tx) error) error { return t.Commit(ctx, st, fn) },
	}

	err = met(w.Ingest.Hear(ctx, r, l.FileID))
	if fault.Is(err, fault.NotConnected, fault.NeedsOwner) {
		return err
	}

	if err != nil && ctx.Err() == nil && fault.Then(err) == fault.Fail {
		return t.Note(ctx, "comments not brought", "%s: %s", e.Name, fault.From(err).Message)
	}

	return err
}

// Undo does nothing: what was written stays.
func (w CommentWorker) Undo(context.Context, *work.Task) error { return nil }

// Ended lets go of what it held.
func (w CommentWorker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	return nil, link.Release(ctx, tx, it.ID)
}
