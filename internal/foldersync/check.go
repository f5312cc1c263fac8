package foldersync

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Check starts a run that only compares. Its result is kept until the next one.
func (s *Service) Check(ctx context.Context, who work.Viewer, id string) (Sync, error) {
	q, err := s.getForChange(ctx, who, id)
	if err != nil {
		return q, err
	}

	if err := s.People.Usable(ctx, q.Owner); err != nil {
		return q, err
	}

	var ids []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		ids, err = s.startRun(ctx, tx, q, Check, who.Login, false)
		return err
	})
	if store.Duplicate(err) {
		return q, alreadyRunning(q, err)
	}

	if err != nil {
		return q, err
	}

	s.Engine.Wake(ids...)
	return getDetailed(ctx, s.DB.Reader, id)
}

// lookupBatch is how many documents are looked up in one search.
const lookupBatch = 50

// checkDocuments reads the documents of a sync in Nuxeo, many in one call, and records those that
// differ from what the sync made of them.
func (r *run) checkDocuments(ctx context.Context) (work.Next, error) {
	for !r.t.SliceOver() {
		some, err := r.entriesToCheck(ctx, r.st.After)
		if err != nil {
			return work.Next{}, err
		}
		if len(some) == 0 {
			return work.Next{Done: true, Outcome: outcomeChecked}, nil
		}
		if err := r.compareDocuments(ctx, some); err != nil {
			return work.Next{}, err
		}
	}
	return work.Next{Step: stepCheck, After: time.Millisecond}, nil
}

// A checkedEntry is an entry with what its document was last given.
type checkedEntry struct {
	Entry
	content   link.Link // what its document's content came from; empty if it has none
	parentUID string
}

func (r *run) entriesToCheck(ctx context.Context, after string) ([]checkedEntry, error) {
	return store.All(ctx, r.DB.Reader, func(row store.Row) (h checkedEntry, err error) {
		err = row.Scan(&h.Key, &h.Kind, &h.Name, &h.Document, &h.title,
			&h.content.FileID, &h.content.Size, &h.content.Digest, &h.parentUID)
		return h, err
	}, `SELECT e.key, e.kind, e.name, e.document_uid, e.title,
		COALESCE(l.file_id, ''), COALESCE(l.size, 0), COALESCE(l.digest, ''), COALESCE(p.document_uid, '')
		FROM sync_entries e LEFT JOIN links l ON l.document_uid = e.document_uid
		LEFT JOIN sync_entries p ON p.sync_id = e.sync_id AND p.key = e.parent
		WHERE e.sync_id = $1 AND e.key > $2 AND e.document_uid <> '' AND NOT e.gone AND e.parent <> ''
		ORDER BY e.key LIMIT $3`, r.sync.ID, after, lookupBatch)
}

func (r *run) compareDocuments(ctx context.Context, some []checkedEntry) error {
	uids := make([]string, 0, len(some))
	for _, h := range some {
		uids = append(uids, h.Document)
	}

	found, err := documents(ctx, r.nx, uids, "dublincore", "file", "frameio")
	if err != nil {
		return err
	}

	r.st.After = some[len(some)-1].Key
	return r.commit(ctx, func(tx *sql.Tx) error {
		for _, h := range some {
			if wrong := r.driftOf(h, found[h.Document]).String(); wrong != "" {
				if _, err := tx.ExecContext(ctx, `UPDATE sync_seen SET nuxeo = $1
					WHERE run_id = $2 AND key = $3`, wrong, r.st.Run, h.Key); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// driftOf returns how the document of an entry differs from what the sync made of it.
func (r *run) driftOf(h checkedEntry, doc *nuxeo.Document) drift {
	if doc == nil {
		return drift{missing: true}
	}
	return drift{
		moved: doc.ParentRef != h.parentUID, retitled: !h.isOurTitle(doc.Title),
		rewritten: r.isEdited(h.Kind, doc, h.content),
	}
}

// isEdited reports whether the content of a document is not what was imported.
func (r *run) isEdited(kind string, doc *nuxeo.Document, content link.Link) bool {
	if kind == kindFolder {
		return false
	}
	if content.Digest == "" { // nothing was imported
		return ingest.CheckColdStorage(doc) == nil && doc.Blob("file:content") != nil
	}
	return r.Ingest.IsEdited(doc, content, r.t.Actor)
}

// driftTexts describe how a document differs, in the order in which they are shown.
var driftTexts = []string{"missing in Nuxeo", "moved in Nuxeo", "renamed in Nuxeo", "changed in Nuxeo"}

// String describes the drift for people and for the database. It is empty if there is none.
func (d drift) String() string {
	var all []string
	for i, is := range []bool{d.missing, d.moved, d.retitled, d.rewritten} {
		if is {
			all = append(all, driftTexts[i])
		}
	}
	return strings.Join(all, ", ")
}

// parseDrift parses the result of String.
func parseDrift(words string) drift {
	is := func(i int) bool { return strings.Contains(words, driftTexts[i]) }
	return drift{missing: is(0), moved: is(1), retitled: is(2), rewritten: is(3)}
}

// findSuccessors records what takes over the document of a missing asset: the stack that its file
// was put on, or the file that was taken off it. Listing the files of stacks takes a call each,
// made only while something is missing.
func (r *run) findSuccessors(ctx context.Context) (work.Next, error) {
	// Is there a document to take over?
	missing, err := r.documentsMissing(ctx)
	if err != nil {
		return work.Next{}, err
	}

	// Files that were taken off a stack that is missing.
	if r.st.After == "" && missing {
		if err := r.noteFilesLeftByStacks(ctx); err != nil {
			return work.Next{}, err
		}
	}

	// Stacks that files were put on.
	for missing && !r.t.SliceOver() {
		stacks, err := r.stacksWithoutDocument(ctx, r.st.After)
		if err != nil {
			return work.Next{}, err
		}
		missing = len(stacks) > 0
		for _, stack := range stacks {
			if err := r.noteTakenFile(ctx, stack); err != nil {
				return work.Next{}, err
			}
		}
	}

	if missing {
		return work.Next{Step: stepSuccessors, After: time.Millisecond}, nil
	}

	r.st.rewind()
	return work.Next{Step: stepCheck}, r.t.Save(ctx, r.st)
}

// documentsMissing reports whether assets with documents are missing.
func (r *run) documentsMissing(ctx context.Context) (bool, error) {
	var n int
	err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sync_entries e
		WHERE `+r.missingCondition()+` AND e.kind <> 'folder' AND e.document_uid <> ''`,
		r.sync.ID, r.st.Run).Scan(&n)
	return n > 0, err
}

// noteFilesLeftByStacks finds new files whose content is that of the document of a missing stack.
func (r *run) noteFilesLeftByStacks(ctx context.Context) error {
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sync_seen SET takes = COALESCE((SELECT e.key FROM links l
				JOIN sync_entries e ON e.sync_id = $1 AND e.document_uid = l.document_uid AND e.kind = 'version_stack'
				WHERE l.file_id = sync_seen.key AND l.folder_uid = $3 AND `+unseenCondition+` LIMIT 1), '')
			WHERE run_id = $2 AND kind = 'file' AND NOT EXISTS (SELECT 1 FROM sync_entries o WHERE o.sync_id = $1
			AND o.key = sync_seen.key AND o.document_uid <> '')`,
			r.sync.ID, r.st.Run, r.sync.FolderUID)
		return err
	})
}

// stacksWithoutDocument returns the next stacks that have no document.
func (r *run) stacksWithoutDocument(ctx context.Context, after string) (keys []string, err error) {
	return store.Strings(ctx, r.DB.Reader, `SELECT key FROM sync_seen WHERE run_id = $1 AND kind = 'version_stack'
		AND key > $2
		AND NOT EXISTS (SELECT 1 FROM sync_entries e WHERE e.sync_id = $3 AND e.key = sync_seen.key
		AND e.document_uid <> '') ORDER BY key LIMIT $4`,
		r.st.Run, after, r.sync.ID, lookupBatch)
}

// noteTakenFile records which file with a document was put on a stack.
func (r *run) noteTakenFile(ctx context.Context, stack string) error {
	takes := ""
	for f, err := range r.fio.StackFiles(ctx, r.sync.Account, stack) {
		if isMissing(err) {
			break // it went while it was listed
		}

		if err != nil {
			return err
		}

		e, ok, err := getEntry(ctx, r.DB.Reader, r.sync.ID, f.ID)
		if err != nil {
			return err
		}

		if ok && e.Document != "" {
			takes = e.Key
			break
		}
	}

	r.st.After = stack
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sync_seen SET takes = $1
			WHERE run_id = $2 AND key = $3`, takes, r.st.Run, stack)
		return err
	})
}
