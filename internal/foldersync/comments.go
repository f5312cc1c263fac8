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

// A commentState is the state of an item that imports the comments of a sync's assets. Comments
// imported before Before are stale; Stamp and After are the cursor.
type commentState struct {
	Sync   string `json:"sync"`
	Before int64  `json:"before"`
	Stamp  int64  `json:"stamp"`
	After  string `json:"after,omitempty"`
}

// A CommentWorker imports the comments of assets that have never been looked at, or not for long.
// That takes a call each, of which Frame.io allows a hundred a minute, so it is an item of its own
// after documents and content, and delays neither. The newest assets come first.
type CommentWorker struct {
	work.NoUndo
	*Service
}

// Steps describes the only step.
func (w CommentWorker) Steps() []work.StepInfo {
	return work.OneStep("import comments, the newest assets first, until the slice is over",
		"external ids and hashes; the cursor is saved with each asset", stepComments)
}

// heldRetry is how long to wait for an asset that another item is working on.
const heldRetry = 2 * time.Second

// commentBatch is how many entries are read at once.
const commentBatch = 50

// Step imports comments until the slice is over. An asset that another item is working on is left
// for later.
func (w CommentWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	var st commentState
	if err := t.Load(&st); err != nil {
		return work.Next{}, err
	}

	q, err := getSync(ctx, w.DB.Reader, st.Sync)
	if err != nil {
		return work.Next{}, err
	}

	// Take batch by batch, leaving out what another item holds.
	held := map[string]bool{}
	for q.State == Active && !t.SliceOver() {
		some, err := w.staleComments(ctx, st, held)
		if err != nil || len(some) == 0 {
			return work.Next{Step: stepComments, After: heldRetry, Done: len(held) == 0, Outcome: outcomeSynced}, err
		}

		for _, e := range some {
			busy, err := w.importComments(ctx, t, &st, q, e)
			if err != nil {
				return work.Next{}, ownerGone(err)
			}
			if busy {
				held[e.Key] = true
			}
		}
	}

	return work.Next{Step: stepComments, After: time.Millisecond, Done: q.State != Active, Outcome: outcomeSynced}, nil
}

const stepComments = "sync-comments"

// staleComments returns the next entries to look at, except for those that are held: first those
// with news, then those never looked at, then those that are stale, from the cursor on.
func (w CommentWorker) staleComments(ctx context.Context, st commentState, held map[string]bool) ([]Entry, error) {
	const there = `SELECT ` + entryColumns + ` FROM sync_entries WHERE sync_id = $1 AND kind <> 'folder'
		AND document_uid <> '' AND NOT gone`
	first, err := w.queryEntries(ctx, there+` AND comments_at <= 0 ORDER BY CASE WHEN comments_at < 0 THEN 0 ELSE 1 END,
		stamp DESC, key LIMIT $2`, st.Sync, commentBatch+len(held))
	first = slices.DeleteFunc(first, func(e Entry) bool { return held[e.Key] })
	if err != nil || len(first) > 0 {
		return first, err
	}

	return w.queryEntries(ctx, there+` AND comments_at > 0 AND (comments_at < $2 OR comments_at > $6)
			AND (stamp < $3 OR stamp = $3 AND key > $4) ORDER BY stamp DESC, key LIMIT $5`,
		st.Sync, st.Before, st.Stamp, st.After, commentBatch, w.latestPlausible())
}

// importComments imports the comments of one asset and records when, unless there is news of it
// meanwhile. It reports whether another item holds the link.
func (w CommentWorker) importComments(
	ctx context.Context, t *work.Task, st *commentState, q Sync, e Entry,
) (held bool, err error) {
	// Advance the cursor.
	began := store.Millis(t.Now())
	if e.commentsAt > 0 {
		st.Stamp, st.After = e.changedAt, e.Key
	}

	// Acquire the link, so that no other item changes the document.
	l, err := w.acquireLink(ctx, t, st, e.Document)
	if err != nil {
		return fault.Is(err, fault.NotReady), ignore(err, fault.NotReady)
	}

	// Import, and release the link in any case.
	failed := w.importEntryComments(ctx, t, st, q, e, l)
	return false, errors.Join(failed, t.Commit(ctx, st, func(tx *sql.Tx) error {
		if err := link.Release(ctx, tx, t.ID); err != nil || failed != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET comments_at = $1 WHERE sync_id = $2 AND key = $3
			AND comments_at = $4`, began, q.ID, e.Key, e.commentsAt)
		return err
	}))
}

// markCommentsStale makes the next round import the comments of an asset.
func markCommentsStale(ctx context.Context, tx *sql.Tx, sync, key string) error {
	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET comments_at = 0 WHERE sync_id = $1 AND key = $2
		AND comments_at > 0`, sync, key)
	return err
}

// acquireLink acquires the link of a document.
func (w CommentWorker) acquireLink(
	ctx context.Context, t *work.Task, st *commentState, document string,
) (l link.Link, err error) {
	err = t.Commit(ctx, st, func(tx *sql.Tx) (err error) {
		l, _, err = link.AcquireByDocument(ctx, tx, document, t.ID)
		return err
	})
	return l, err
}

// importEntryComments makes the comments of a document equal to those of its asset. A permanent
// failure is noted and the other assets go on, unless there is no one to act as.
func (w CommentWorker) importEntryComments(
	ctx context.Context, t *work.Task, st *commentState, q Sync, e Entry, l link.Link,
) error {
	if l.FileID == "" {
		return nil
	}

	// Act as the owner of the sync.
	r, err := ingest.NewRun(ctx, w.People, t, &ingest.Job{
		Asset:    ingest.Asset{Account: q.Account, Workspace: q.Workspace},
		LinkID:   l.ID,
		Document: e.Document,
	}, st)
	if err != nil {
		return err
	}

	if r.Frameio, err = w.People.Frameio(ctx, t.Actor); err != nil {
		return err
	}

	// Import. Without access no other asset would succeed.
	err = retryOnConflict(w.Ingest.SyncComments(ctx, r, l.FileID))
	if fault.Is(err, fault.NotConnected, fault.NeedsOwner) {
		return err
	}

	if err != nil && ctx.Err() == nil && fault.Then(err) == fault.Fail {
		return t.Note(ctx, "comments not brought", "%s: %s", e.Name, fault.From(err).Message)
	}

	return err
}

// Ended releases the link.
func (w CommentWorker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	return nil, link.Release(ctx, tx, it.ID)
}
