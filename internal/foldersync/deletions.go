package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// syncMissing deals with what the run has not seen. Before anything is marked or trashed, each entry
// is looked up on Frame.io: it may have been moved while the tree was being listed.
func (r *run) syncMissing(ctx context.Context) (work.Next, error) {
	if _, nameless, err := r.countUnreadable(ctx); err != nil || nameless > 0 {
		return work.Next{Step: stepFacet}, err
	}

	for !r.t.SliceOver() {
		some, err := r.missingEntries(ctx)
		if err != nil {
			return work.Next{}, err
		}

		if len(some) == 0 {
			return work.Next{Step: stepFacet}, nil
		}

		for _, e := range some {
			if err := r.markDeleted(ctx, e); err != nil {
				return work.Next{}, err
			}
		}
	}

	return work.Next{Step: stepGone, After: time.Millisecond}, nil
}

// missingEntries returns entries that the run misses, folders after their content. Entries already
// dealt with have a row in the listing or are marked.
func (r *run) missingEntries(ctx context.Context) ([]Entry, error) {
	return r.queryEntries(
		ctx,
		`SELECT `+entryColumns+` FROM sync_entries e WHERE `+r.missingCondition()+` AND (kind <> 'folder'
		OR e.key NOT IN
			(SELECT e.parent FROM sync_entries e WHERE `+unseenCondition+`)) ORDER BY key LIMIT $3`,
		r.sync.ID,
		r.st.Run,
		rowBatch,
	)
}

// markDeleted marks an entry as gone, and trashes its document if the sync says so. An entry that is
// still in the tree is left to the next run.
func (r *run) markDeleted(ctx context.Context, e Entry) error {
	// Its document may exist unrecorded, or belong to another entry by now.
	if e.Document == "" {
		if err := r.findUnrecorded(ctx, &e); err != nil {
			return err
		}
	}

	if shared, err := r.mergedElsewhere(ctx, e); err != nil || shared {
		return err
	}

	// Leave what is still in the tree to the next run.
	within, folder, err := r.stillInTree(ctx, e)
	if err != nil {
		return err
	}

	if within {
		return r.deferToNextRun(ctx, e, folder)
	}

	// Trash the document; folders only if they are empty.
	if e.Kind == kindFolder || r.sync.Gone == Trash {
		err := r.trash(ctx, e)
		if why := refusalMessage("It is gone on Frame.io, but cannot be put into the trash", err); why != "" {
			return r.skipMissing(ctx, e, why)
		}
		if err != nil {
			return err
		}
	}

	// Record it.
	e.Gone, e.Problem = true, ""
	return r.commit(ctx, func(tx *sql.Tx) error {
		if e.Kind != kindFolder {
			if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET gone = gone + 1
				WHERE id = $1`, r.st.Run); err != nil {
				return err
			}
		}
		return putEntry(ctx, tx, r.t.Now(), r.sync.ID, e)
	})
}

// markChecked keeps an entry from being checked again in this run.
func (r *run) markChecked(ctx context.Context, tx *sql.Tx, e Entry) error {
	return r.recordSeen(ctx, tx, []seenRow{{
		Key:         e.Key,
		Kind:        e.Kind,
		Parent:      e.Parent,
		Name:        e.Name,
		Size:        e.Size,
		fingerprint: e.fingerprint,
	}})
}

// deferToNextRun leaves an entry to the next run, which looks in the folder where it is now.
func (r *run) deferToNextRun(ctx context.Context, e Entry, folder string) error {
	return r.commit(ctx, func(tx *sql.Tx) error {
		if err := r.markChecked(ctx, tx, e); err != nil || !r.partial {
			return err
		}
		return recordChange(ctx, tx, r.sync.ID, folder, r.Now())
	})
}

// findUnrecorded looks for a document that was created for an asset but not recorded: the response
// was lost, and the item was not repeated because there was no one to act as, or the process died. It
// was created for a file, which may be on a stack now. A document of another asset does not count.
func (r *run) findUnrecorded(ctx context.Context, e *Entry) error {
	// Search by the asset and its files.
	files, err := link.FilesOf(ctx, r.DB, r.sync.FolderUID, e.Key)
	if err != nil {
		return err
	}

	docs, _, err := r.nx.QueryPage(ctx, r.sourceQuery(append(files, e.Key)...)+" ORDER BY ecm:uuid", 0,
		lookupBatch, nuxeo.Fetch{})
	if err != nil {
		return err
	}

	// Take the first that no other asset has.
	for _, doc := range docs {
		l, err := link.OfDocument(ctx, r.DB, doc.UID)
		if errors.Is(err, sql.ErrNoRows) || err == nil && l.AssetKey == e.Key {
			e.Document = doc.UID
			return nil
		}
		if err != nil {
			return err
		}
	}

	return nil
}

// mergedElsewhere removes an entry that has no document, or whose document belongs to another entry
// by now, because a file was put on a stack or taken off one and the link followed. It reports
// whether it did.
func (r *run) mergedElsewhere(ctx context.Context, e Entry) (yes bool, err error) {
	if e.Document != "" {
		other, settled, err := r.survivingFolder(ctx, e)
		if other == "" || err != nil {
			return false, err
		}
		if settled {
			err = r.moveInto(ctx, e.Document, other)
		}
		if err != nil {
			return false, err
		}
	}
	return true, r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sync_entries WHERE sync_id = $1 AND key = $2`, r.sync.ID, e.Key)
		return err
	})
}

// survivingFolder returns the Nuxeo folder of the other entry that has the same document. The
// folder is empty if there is none; settled is false if that entry is in conflict, in which case
// the document stays where it is.
func (r *run) survivingFolder(ctx context.Context, e Entry) (folder string, settled bool, err error) {
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT p.document_uid, o.conflict = '' FROM sync_entries o
		JOIN sync_entries p ON p.sync_id = o.sync_id AND p.key = o.parent
		WHERE o.sync_id = $1 AND o.document_uid = $2 AND o.key <> $3
		AND NOT o.gone LIMIT 1`, r.sync.ID, e.Document, e.Key).Scan(&folder, &settled)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return folder, settled, err
}

// moveInto moves a document into a folder unless it is there already: both the file and its stack
// may have been listed, each in its own folder.
func (r *run) moveInto(ctx context.Context, uid, folder string) error {
	doc, err := r.nx.Get(ctx, uid, nuxeo.Fetch{})
	if nuxeo.NotFound(err) || err == nil && (doc.ParentRef == folder || doc.IsTrashed) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.nx.Move(ctx, uid, folder)
}

// trash puts a document into the trash. A folder goes there only if the sync says so and it is
// empty: people may have put something there.
func (r *run) trash(ctx context.Context, e Entry) error {
	if e.Document == "" {
		return nil
	}

	if e.Kind == kindFolder {
		q := "SELECT * FROM Document WHERE ecm:parentId = " + nuxeo.Quote(e.Document) + " AND ecm:isTrashed = 0"
		in, _, err := r.nx.QueryPage(ctx, q, 0, 1, nuxeo.Fetch{})
		if err != nil || len(in) > 0 || r.sync.Gone != Trash {
			return err
		}
	}

	err := r.nx.Trash(ctx, e.Document)
	if nuxeo.NotFound(err) {
		return nil
	}

	return err
}

// maxAncestors is how many folders above an asset are looked up.
const maxAncestors = 100

// parentsKept is how many parents are cached.
const parentsKept = 1000

// stillInTree reports whether a missing asset or folder is in the tree after all, and the nearest
// folder of the sync above it. It may have been moved while the tree was being listed, or to where
// this run does not look, or into a new folder or stack, or it is a version of an asset that could
// not be imported. A file on a stack that has a document of its own does not count. What cannot be
// read or accessed counts as present.
func (r *run) stillInTree(ctx context.Context, e Entry) (yes bool, folder string, err error) {
	// Follow the parents up to a folder of the sync.
	above, err := r.currentParent(ctx, e)
	for range maxAncestors {
		// An unreadable or inaccessible parent decides it.
		switch {
		case v4.Odd(err):
			return true, e.Parent, nil
		case v4.StatusOf(err) == http.StatusForbidden:
			return true, "", nil
		case above == "" || err != nil:
			return false, "", err
		}

		if known, err := r.isInTree(ctx, above); known || err != nil {
			return known, above, err
		}

		if other, err := r.hasOwnDocument(ctx, above); other || err != nil {
			return false, "", err
		}

		above, err = r.parentOf(ctx, above)
	}

	return true, "", nil // too deep to tell
}

// currentParent returns the id of the folder or stack that an entry is in now. It is empty if the
// asset does not exist or the filter leaves it out.
func (r *run) currentParent(ctx context.Context, e Entry) (string, error) {
	switch frameio.Kind(e.Kind) {
	case frameio.KindFolder:
		f, err := r.fio.Folder(ctx, r.sync.Account, e.Key)
		return f.ParentID, ignoreMissing(err)
	case frameio.KindStack:
		s, err := r.fio.Stack(ctx, r.sync.Account, e.Key)
		return s.ParentID, ignoreMissing(err)
	}

	f, err := r.fio.File(ctx, r.sync.Account, e.Key)
	if err == nil && notReadyReason(f) == "" && !r.isSelected(f) {
		return "", nil
	}

	return f.ParentID, ignoreMissing(err)
}

// isInTree reports whether a folder belongs to the tree: this run has seen it, or a partial run has
// no reason to miss it.
func (r *run) isInTree(ctx context.Context, folder string) (yes bool, err error) {
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sync_seen
		WHERE run_id = $1 AND key = $2 AND kind = 'folder')`, r.st.Run, folder).Scan(&yes)
	if yes || err != nil || !r.partial {
		return yes, err
	}

	err = r.DB.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sync_entries
			WHERE sync_id = $1 AND key = $3 AND kind = 'folder' AND NOT gone)
		AND NOT EXISTS (SELECT 1 FROM sync_entries e WHERE `+r.missingCondition()+` AND e.key = $3)`,
		r.sync.ID, r.st.Run, folder).Scan(&yes)
	return yes, err
}

// hasOwnDocument reports whether a stack has a document of its own.
func (r *run) hasOwnDocument(ctx context.Context, stack string) (yes bool, err error) {
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sync_entries
		WHERE sync_id = $1 AND key = $2 AND kind = 'version_stack' AND document_uid <> '' AND problem = '')`,
		r.sync.ID, stack).Scan(&yes)
	return yes, err
}

// parentOf returns the parent of a folder or stack, or the empty string. Parents are cached, since
// many things may have been moved to one folder.
func (r *run) parentOf(ctx context.Context, key string) (string, error) {
	if parent, asked := r.parents[key]; asked {
		return parent, nil
	}

	f, err := r.fio.Folder(ctx, r.sync.Account, key)
	parent := f.ParentID
	if isMissing(err) { // it is a stack, if anything
		var s frameio.Stack
		s, err = r.fio.Stack(ctx, r.sync.Account, key)
		parent = s.ParentID
	}

	if err = ignoreMissing(err); err != nil {
		return "", err
	}

	if r.parents == nil || len(r.parents) > parentsKept {
		r.parents = map[string]string{}
	}

	r.parents[key] = parent
	return parent, nil
}
