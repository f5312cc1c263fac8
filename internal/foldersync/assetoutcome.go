package foldersync

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Ended records the outcome in the entry of the asset. If a run has marked the asset as gone
// meanwhile and it has a new document, the mark is removed, and the next run checks it again.
func (w AssetWorker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	// Release the link, whatever came of the item.
	if err := link.Release(ctx, tx, it.ID); err != nil {
		return nil, err
	}

	// Work out what to record.
	var st assetState
	if err := it.Load(&st); err != nil {
		return nil, err
	}

	fingerprint, problem, conflict := st.currentFingerprint(), "", ""
	switch {
	case it.State != work.Done:
		fingerprint, problem = "", it.Message
	case it.Outcome == ingest.Conflicting:
		conflict = "changed on both sides"
	}

	// Schedule what follows from new content.
	if err := w.markStale(ctx, tx, it, st); err != nil {
		return nil, err
	}

	if st.Title == "" && st.Job.Outcome == ingest.Created && st.Job.File != nil {
		st.Title = ingest.Title(st.Job.File.Name)
	}

	// Settle which entry has which document.
	if conflict != "" {
		if err := w.keepFormerPlace(ctx, tx, &st); err != nil {
			return nil, err
		}
	}

	if err := w.takeDocument(ctx, tx, st); err != nil {
		return nil, err
	}

	if err := w.recordFormerDocument(ctx, tx, st); err != nil {
		return nil, err
	}

	// Record the outcome.
	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET print = $1, problem = $2, conflict = $3,
		document_uid = CASE WHEN $4 = '' THEN document_uid ELSE $4 END,
		gone = gone AND ($4 = '' OR $4 = document_uid), title = CASE WHEN $8 = '' THEN title ELSE $8 END, updated = $5,
		refetch = refetch AND ($9 OR NOT EXISTS (SELECT 1 FROM syncs WHERE id = $6 AND fetches = $10))
		WHERE sync_id = $6 AND key = $7`,
		fingerprint, problem, conflict, st.Job.Document, store.Millis(w.Now()), st.Sync, st.Key, st.Title,
		it.State != work.Done, fetchOf(st.Job.Mirror))
	if err != nil {
		return nil, err
	}

	// Tell what happened.
	told, err := w.tellArrival(ctx, tx, it, st)
	if err != nil {
		return nil, err
	}

	// After the last one the run goes on.
	var run string
	if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(item_id), '') FROM sync_runs WHERE id = $1`,
		it.Parent).Scan(&run); err != nil {
		return nil, err
	}

	woken, err := w.Engine.WakeAfterLast(ctx, tx, it, run, stepWait, KindAsset)
	return append(told, woken...), err
}

// tellArrival tells of an asset that has come with another content, and what the review says of it.
func (w AssetWorker) tellArrival(ctx context.Context, tx *sql.Tx, it work.Item, st assetState) ([]string, error) {
	if it.State != work.Done || it.Outcome == ingest.Conflicting {
		return nil, nil
	}

	about := w.Ingest.Subject(st.Job)
	about.Title, about.Owner, about.Person, about.Requester = it.Title, it.Owner, it.Actor, it.Requester
	var added []string
	var err error
	if it.Outcome == ingest.Created || it.Outcome == ingest.Updated {
		if added, err = w.Events.Tell(ctx, tx, event.Arrived, it.ID, about); err != nil {
			return nil, err
		}
	}

	more, err := w.Events.See(ctx, tx, about)
	return append(added, more...), err
}

// fetchOf returns what an item fetches of its asset, which may be something else than the sync does by now.
func fetchOf(m *ingest.Mirror) string {
	switch {
	case m == nil:
		return Original
	case m.NoContent:
		return Metadata
	case m.Proxy:
		return Proxy
	}
	return Original
}

// currentFingerprint returns the fingerprint of what the document shows now. It is empty, so that
// the next run looks at the asset again, if the item imported something else than was listed: a
// newer version, or a file that was put on a stack and may be taken off again before a run sees it.
func (st assetState) currentFingerprint() string {
	f := st.Job.File
	if f != nil && st.Head != "" && (f.ID != st.Head || f.Key() != st.Key) {
		return ""
	}
	return st.Print
}

// keepFormerPlace gives a stack in conflict the name and the parent of the file whose document it
// takes over. The document keeps both until the conflict is resolved.
func (w AssetWorker) keepFormerPlace(ctx context.Context, tx *sql.Tx, st *assetState) error {
	var was Entry
	err := tx.QueryRowContext(ctx, `SELECT name, parent, title FROM sync_entries
		WHERE sync_id = $1 AND document_uid = $2 AND key <> $3 LIMIT 1`,
		st.Sync, st.Job.Document, st.Key).Scan(&was.Name, &was.Parent, &was.title)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}

	if err != nil {
		return err
	}

	st.Title = cmp.Or(was.title, ingest.Title(was.Name))
	_, err = tx.ExecContext(ctx, `UPDATE sync_entries SET name = $1, parent = $2
		WHERE sync_id = $3 AND key = $4`, was.Name, was.Parent, st.Sync, st.Key)
	return err
}

// takeDocument clears the document from the entries of other assets that had it, such as a file
// that was put on a stack. If that file is taken off the stack again, it gets a document of its
// own.
func (w AssetWorker) takeDocument(ctx context.Context, tx *sql.Tx, st assetState) error {
	if !st.ownDocument() {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET document_uid = '', print = ''
		WHERE sync_id = $1 AND document_uid = $2 AND key <> $3 AND kind <> 'folder'`,
		st.Sync, st.Job.Document, st.Key)
	return err
}

// recordFormerDocument records an entry for the document that the asset had before it got another.
// That document belongs to the stack that the asset was on when it was imported, which a listing
// may never have shown. The next run checks whether the stack exists.
func (w AssetWorker) recordFormerDocument(ctx context.Context, tx *sql.Tx, st assetState) error {
	if st.Job.Document == "" {
		return nil
	}

	// Has the asset got another document?
	had, ok, err := getEntry(ctx, tx, st.Sync, st.Key)
	if err != nil || !ok || had.Document == "" || had.Document == st.Job.Document {
		return err
	}

	// Find the asset of the former document, unless it has an entry.
	var key, file string
	err = tx.QueryRowContext(ctx, `SELECT l.asset_key, l.file_id FROM links l
		JOIN syncs q ON q.id = $1 AND q.folder_uid = l.folder_uid WHERE l.document_uid = $2
		AND NOT EXISTS (SELECT 1 FROM sync_entries e WHERE e.sync_id = q.id AND e.key = l.asset_key)`,
		st.Sync, had.Document).Scan(&key, &file)
	if errors.Is(err, sql.ErrNoRows) { // it was deleted, or belongs to something that is known
		return nil
	}

	if err != nil {
		return err
	}

	// Record it with the former name and folder.
	kind := frameio.KindStack
	if key == file {
		kind = frameio.KindFile
	}

	return putEntry(ctx, tx, w.Now(), st.Sync, Entry{
		Key: key, Kind: string(kind), Parent: had.Parent, Name: had.Name, Size: had.Size,
		Document: had.Document, title: had.title,
	})
}

// markStale marks the comments of an imported asset stale, and its poster if the file is another
// one.
func (w AssetWorker) markStale(ctx context.Context, tx *sql.Tx, it work.Item, st assetState) error {
	if it.State != work.Done || it.Outcome == ingest.Conflicting {
		return nil
	}

	if st.Job.Mirror.OtherFile {
		if err := markPosterStale(ctx, tx, st.Sync, st.Key); err != nil {
			return err
		}
	}

	return markCommentsStale(ctx, tx, st.Sync, st.Key)
}

// stepEarlier precedes each file of a stack whose earlier files become versions.
const stepEarlier = "sync-earlier"
