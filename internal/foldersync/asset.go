package foldersync

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// assetState is what an item that brings one asset keeps. Print is what the listing
// showed of it, and Head the file that it stood for.
type assetState struct {
	Sync  string `json:"sync"`
	Key   string `json:"key"`
	Print string `json:"print"`
	Head  string `json:"head,omitempty"`
	New   bool   `json:"new,omitempty"`   // the sync has not brought the asset by this key yet
	Title string `json:"title,omitempty"` // that the document got after it was made
	// Earlier says that files below the head become versions first, and Made that the
	// document was made for one of them.
	Earlier bool       `json:"earlier,omitempty"`
	Made    bool       `json:"made,omitempty"`
	Job     ingest.Job `json:"job"`
}

// Document is the uid of the document that an item has made or updated; empty until
// there is one, and for other items.
func Document(it work.Item) string {
	var st assetState
	if it.Kind != KindAsset || it.Load(&st) != nil {
		return ""
	}
	return st.Job.Document
}

// AssetWorker brings single assets. Its steps are those of ingest.
type AssetWorker struct{ *Service }

// Step does the next step.
func (w AssetWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	var st assetState
	if err := t.Load(&st); err != nil {
		return work.Next{}, err
	}

	if t.Step == "" {
		return work.Next{Step: first(st)}, w.wanted(ctx, st.Sync)
	}

	r, err := w.hands(ctx, t, &st)
	if err != nil {
		return work.Next{}, nobody(err)
	}

	switch t.Step {
	case stepPlace:
		return w.place(ctx, r, &st)
	case stepEarlier:
		return w.earlier(ctx, r, &st)
	}

	next, err := w.Ingest.Step(ctx, r, t.Step)
	if err != nil || !next.Done {
		return next, err
	}

	return after(st, next), nil
}

func first(st assetState) string {
	if st.Earlier {
		return stepEarlier
	}
	return ingest.StepResolve
}

// after is what follows when a file was brought: the next one, or the document's
// place.
func after(st assetState, next work.Next) work.Next {
	switch {
	case st.Job.Mirror.Only != "" && next.Outcome != ingest.Conflicting:
		return work.Next{Step: stepEarlier}
	case st.New && st.Job.Document != "" && next.Outcome != ingest.Created && next.Outcome != ingest.Conflicting:
		return work.Next{Step: stepPlace}
	}
	return next
}

// stepPlace is the last step of an asset that has a document from before: a file that
// was put on a stack has another name and place with it.
const stepPlace = "sync-place"

func (w AssetWorker) place(ctx context.Context, r *ingest.Run, st *assetState) (work.Next, error) {
	next := work.Next{Done: true, Outcome: r.Job.Outcome}
	if st.Made {
		next.Outcome = ingest.Created
	}

	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, nuxeo.Fetch{})
	if nuxeo.NotFound(err) {
		return next, nil
	}

	if err != nil {
		return next, err
	}

	if err := w.retitle(ctx, r, st, doc); err != nil {
		return next, met(err)
	}

	if doc.ParentRef == r.Job.Target.Folder {
		return next, nil
	}

	return next, met(r.Nuxeo.Move(ctx, doc.UID, r.Job.Target.Folder))
}

// retitle calls a document as its asset is called now, unless a person has given it
// another title than it had from one of the asset's files.
func (w AssetWorker) retitle(ctx context.Context, r *ingest.Run, st *assetState, doc *nuxeo.Document) error {
	title := ingest.Title(r.Job.File.Name)
	if !ingest.SameTitle(doc.Title, title) {
		ours, err := w.gave(ctx, r, st, doc)
		if err != nil || !ours {
			return err
		}
		if err := r.Nuxeo.Update(ctx, doc.UID, "", map[string]any{"dc:title": title},
			nuxeo.WriteOptions{Source: ingest.SourceMetadata}); err != nil {
			return err
		}
	}

	st.Title = title
	return r.Save(ctx)
}

// gave reports whether the title of a document is one that we gave: as an entry
// remembers, or after a name that one of the asset's files has or had. One that was made
// by an attempt that could not record it has the title it was made with, or a person's.
func (w AssetWorker) gave(ctx context.Context, r *ingest.Run, st *assetState, doc *nuxeo.Document) (bool, error) {
	var title, name string
	err := w.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(title), ''), COALESCE(MAX(name), '') FROM sync_entries
		WHERE sync_id = $1 AND document_uid = $2 AND key <> $3`,
		st.Sync, doc.UID, st.Key).Scan(&title, &name)
	if err != nil || title == "" && ingest.HasFirstTitle(doc) {
		return err == nil, err
	}

	ours := func(name string) bool { return name != "" && ingest.SameTitle(doc.Title, ingest.Title(name)) }
	return title != "" && ingest.SameTitle(doc.Title, title) ||
		slices.ContainsFunc(append(slices.Clone(r.Job.File.Names), r.Job.Mirror.Was, name), ours), nil
}

// wanted ends items of a sync that was removed or paused meanwhile.
func (s *Service) wanted(ctx context.Context, id string) error {
	q, err := bare(ctx, s.DB.Reader, id)
	if err == nil && q.State != Active {
		err = fault.New(fault.Gone, "The synchronization was stopped.").With("Refresh it.")
	}
	return err
}

// hands puts an item into ingest's hands.
func (w AssetWorker) hands(ctx context.Context, t *work.Task, st *assetState) (*ingest.Run, error) {
	nx, err := w.People.Nuxeo(ctx, t.Actor)
	if err != nil {
		return nil, err
	}

	fio, err := w.People.Frameio(ctx, t.Actor)
	if err != nil {
		return nil, err
	}

	return &ingest.Run{
		Task: t, Job: &st.Job, Frameio: fio, Nuxeo: nx, Actor: t.Actor, Colleague: w.People.Nuxeo,
		Save:   func(ctx context.Context) error { return t.Save(ctx, st) },
		Commit: func(ctx context.Context, fn func(*sql.Tx) error) error { return t.Commit(ctx, st, fn) },
	}, nil
}

// Undo removes what an item left half made.
func (w AssetWorker) Undo(ctx context.Context, t *work.Task) error {
	var st assetState
	if err := t.Load(&st); err != nil || !st.Job.Unfinished() {
		return err
	}

	r, err := w.hands(ctx, t, &st)
	if fault.Is(err, fault.NotConnected, fault.NeedsOwner) {
		return nil // nobody is left to do it as; Nuxeo removes old batches itself
	}

	if err != nil {
		return err
	}

	return w.Ingest.Undo(ctx, r)
}

// Ended records what the sync has of the asset now. A new document of an asset that a
// run found gone meanwhile is not gone: the next run deals with it.
func (w AssetWorker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	if err := link.Release(ctx, tx, it.ID); err != nil {
		return nil, err
	}

	var st assetState
	if err := it.Load(&st); err != nil {
		return nil, err
	}

	print, problem, conflict := st.shown(), "", ""
	switch {
	case it.State != work.Done:
		print, problem = "", it.Message
	case it.Outcome == ingest.Conflicting:
		conflict = "changed on both sides"
	}

	if err := w.newsAfter(ctx, tx, it, st); err != nil {
		return nil, err
	}

	if st.Title == "" && st.Job.Outcome == ingest.Created && st.Job.File != nil {
		st.Title = ingest.Title(st.Job.File.Name)
	}

	if conflict != "" {
		if err := w.asBefore(ctx, tx, &st); err != nil {
			return nil, err
		}
	}

	if err := w.only(ctx, tx, st); err != nil {
		return nil, err
	}

	if err := w.leave(ctx, tx, st); err != nil {
		return nil, err
	}

	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET print = $1, problem = $2, conflict = $3,
		document_uid = CASE WHEN $4 = '' THEN document_uid ELSE $4 END,
		gone = gone AND ($4 = '' OR $4 = document_uid), title = CASE WHEN $8 = '' THEN title ELSE $8 END, updated = $5
		WHERE sync_id = $6 AND key = $7`,
		print, problem, conflict, st.Job.Document, store.Millis(w.Now()), st.Sync, st.Key, st.Title)
	return nil, err
}

// shown is the print of what the document shows now; empty, so that the next run looks at
// the asset again, when that is not what was listed: it has got another version since, or
// was put on a stack, and may be what it was once more before anybody sees that.
func (st assetState) shown() string {
	f := st.Job.File
	if f != nil && st.Head != "" && (f.ID != st.Head || f.Key() != st.Key) {
		return ""
	}
	return st.Print
}

// asBefore has a stack in conflict called and placed as the file was that has its document
// so far: it keeps both until it is settled.
func (w AssetWorker) asBefore(ctx context.Context, tx *sql.Tx, st *assetState) error {
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

// only takes the document of an asset from the entries of others that had it: a file that
// was put on a stack. Should it be by itself again, it gets one of its own.
func (w AssetWorker) only(ctx context.Context, tx *sql.Tx, st assetState) error {
	if st.Job.Document == "" || st.Job.File == nil || st.Job.File.Key() != st.Key {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET document_uid = '', print = ''
		WHERE sync_id = $1 AND document_uid = $2 AND key <> $3 AND kind <> 'folder'`,
		st.Sync, st.Job.Document, st.Key)
	return err
}

// leave records whose the document is that an asset had before it got another: it belongs
// to the stack that the asset was on when it was brought, which no listing may have shown.
// The next run sees whether that is there.
func (w AssetWorker) leave(ctx context.Context, tx *sql.Tx, st assetState) error {
	if st.Job.Document == "" {
		return nil
	}

	had, ok, err := entry(ctx, tx, st.Sync, st.Key)
	if err != nil || !ok || had.Document == "" || had.Document == st.Job.Document {
		return err
	}

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

	kind := frameio.KindStack
	if key == file {
		kind = frameio.KindFile
	}

	return put(ctx, tx, w.Now(), st.Sync, Entry{
		Key: key, Kind: string(kind), Parent: had.Parent, Name: had.Name, Size: had.Size,
		Document: had.Document, title: had.title,
	})
}

// newsAfter has comments looked at where something is new, for there may be new ones,
// and the poster of another file.
func (w AssetWorker) newsAfter(ctx context.Context, tx *sql.Tx, it work.Item, st assetState) error {
	if it.State != work.Done || it.Outcome == ingest.Conflicting {
		return nil
	}

	if st.Job.Mirror.Another {
		if err := unpictured(ctx, tx, st.Sync, st.Key); err != nil {
			return err
		}
	}

	return unheard(ctx, tx, st.Sync, st.Key)
}
