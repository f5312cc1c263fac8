package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/intake"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/upkeep"
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

// listenAgain is how long after a failure comments are looked at again.
const listenAgain = time.Hour

// commentsAtOnce is how many entries are read before they are worked on.
const commentsAtOnce = 50

// Step looks at assets until the slice is over.
func (w CommentWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	var st round
	if err := t.Load(&st); err != nil {
		return work.Next{}, err
	}
	q, err := get(ctx, w.DB.Reader, st.Sync)
	if err != nil {
		return work.Next{}, err
	}
	for q.State == Active && !t.SliceOver() {
		some, err := w.unheard(ctx, st)
		if err != nil || len(some) == 0 {
			return work.Next{Done: true, Outcome: outcomeSynced}, err
		}
		for _, e := range some {
			if err := w.hear(ctx, t, &st, q, e); err != nil {
				return work.Next{}, nobody(err)
			}
		}
	}
	return work.Next{Step: stepHear, After: time.Millisecond, Done: q.State != Active, Outcome: outcomeSynced}, nil
}

const stepHear = "sync-comments"

func (w CommentWorker) unheard(ctx context.Context, st round) ([]Entry, error) {
	rows, err := w.DB.Reader.QueryContext(ctx, `SELECT `+entryColumns+` FROM sync_entries WHERE sync_id = $1 AND kind <> 'folder' AND document_uid <> '' AND NOT gone
		AND comments_at < $2 AND (stamp < $3 OR stamp = $3 AND key > $4) ORDER BY stamp DESC, key LIMIT $5`, st.Sync, st.Before, st.Stamp, st.After, commentsAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, rows.Err()
}

// hear looks at the comments of one asset and records that. One that is just being
// brought is left for later.
func (w CommentWorker) hear(ctx context.Context, t *work.Task, st *round, q Sync, e Entry) error {
	before := *st
	st.Stamp, st.After = e.stamp, e.Key
	l, err := w.holdLink(ctx, t, &before, e.Document)
	if fault.Is(err, fault.NotReady) {
		return t.Save(ctx, st)
	}
	if err != nil {
		return err
	}
	failed := w.bring(ctx, t, st, q, e, l)
	if failed != nil {
		*st = before
	}
	return errors.Join(failed, t.Commit(ctx, st, func(tx *sql.Tx) error {
		if err := link.Release(ctx, tx, t.ID); err != nil || failed != nil {
			return err
		}
		return heard(ctx, tx, q.ID, e.Key, store.Millis(t.Now()))
	}))
}

func heard(ctx context.Context, tx *sql.Tx, sync, key string, at int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET comments_at = $1 WHERE sync_id = $2 AND key = $3`, at, sync, key)
	return err
}

func (w CommentWorker) holdLink(ctx context.Context, t *work.Task, st *round, document string) (l link.Link, err error) {
	err = t.Commit(ctx, st, func(tx *sql.Tx) (err error) {
		l, _, err = link.HoldDocument(ctx, tx, document, t.ID)
		return err
	})
	return l, err
}

// bring makes the comments of a document equal to those of its asset. What Nuxeo
// refuses for good is noted, and the others go on.
func (w CommentWorker) bring(ctx context.Context, t *work.Task, st *round, q Sync, e Entry, l link.Link) error {
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
	r := &intake.Run{
		Task: t, Job: &intake.Job{Asset: intake.Asset{Account: q.Account, Workspace: q.Workspace}, LinkID: l.ID, Document: e.Document},
		Frameio: fio, Nuxeo: nx, Actor: t.Actor, Colleague: w.People.Nuxeo,
		Save:   func(ctx context.Context) error { return t.Save(ctx, st) },
		Commit: func(ctx context.Context, fn func(*sql.Tx) error) error { return t.Commit(ctx, st, fn) },
	}
	err = w.Intake.Hear(ctx, r, l.FileID)
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

// listen adds the item that looks at comments, if there are any to look at and none
// is at it. After one that failed the next waits for a while.
func (s *Service) listen(ctx context.Context, tx *sql.Tx, q Sync) ([]string, error) {
	now := s.Now()
	st := round{Sync: q.ID, Before: max(1, store.Millis(now.Add(-s.CommentsEvery))), Stamp: 1 << 62}
	var due, at int
	err := tx.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM sync_entries WHERE sync_id = $1 AND kind <> 'folder' AND document_uid <> '' AND NOT gone AND comments_at < $2 LIMIT 1) AS d),
		(SELECT COUNT(*) FROM items WHERE kind = 'sync-comments' AND parent = $1 AND (state IN ('waiting', 'running') OR state = 'failed' AND finished > $3))`,
		q.ID, st.Before, store.Millis(now.Add(-listenAgain))).Scan(&due, &at)
	if err != nil || due == 0 || at > 0 {
		return nil, err
	}
	return s.Engine.Add(ctx, tx, work.New{
		Kind: KindComments, Parent: q.ID, Subject: fmt.Sprintf("round at %d", store.Millis(now)), Title: "Comments of " + q.FolderTitle,
		Owner: q.Owner, Actor: q.Owner, Requester: q.Owner, Data: st,
	})
}

// Listen looks at comments whose time has come, of all syncs.
func (s *Service) Listen(ctx context.Context, r *upkeep.Report) error {
	ids, err := s.idsOf(ctx, `SELECT id FROM syncs WHERE state = 'active' AND comments ORDER BY id`)
	for _, id := range ids {
		q, failed := get(ctx, s.DB.Reader, id)
		if failed != nil {
			return failed
		}
		var woken []string
		failed = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
			woken, err = s.listen(ctx, tx, q)
			return err
		})
		if len(woken) > 0 {
			r.Note("%s", q.FolderTitle)
		}
		s.Engine.Wake(woken...)
		err = errors.Join(err, failed)
	}
	return err
}
