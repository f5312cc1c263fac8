package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// gone deals with what the run has not seen. Each is looked at by itself before
// anything is done: it may have been moved while the tree was listed.
func (r *run) gone(ctx context.Context) (work.Next, error) {
	if _, nameless, err := r.unreadIn(ctx); err != nil || nameless > 0 {
		return work.Next{Step: stepFacet}, err
	}

	for !r.t.SliceOver() {
		some, err := r.lost(ctx)
		if err != nil {
			return work.Next{}, err
		}

		if len(some) == 0 {
			return work.Next{Step: stepFacet}, nil
		}

		for _, e := range some {
			if err := r.lose(ctx, e); err != nil {
				return work.Next{}, err
			}
		}
	}

	return work.Next{Step: stepGone, After: time.Millisecond}, nil
}

// lost are entries that the run misses, folders after what was in them. Those that
// were looked at have a row in the listing by then, or are marked.
func (r *run) lost(ctx context.Context) ([]Entry, error) {
	return r.entriesOf(ctx, `SELECT `+entryColumns+` FROM sync_entries e WHERE `+r.missing()+` AND (kind <> 'folder'
		OR e.key NOT IN
			(SELECT e.parent FROM sync_entries e WHERE `+unseen+`)) ORDER BY key LIMIT $3`, r.sync.ID, r.st.Run, atOnce)
}

func (r *run) lose(ctx context.Context, e Entry) error {
	if e.Document == "" {
		if err := r.orphan(ctx, &e); err != nil {
			return err
		}
	}

	if shared, err := r.shared(ctx, e); err != nil || shared {
		return err
	}

	within, folder, err := r.within(ctx, e)
	if err != nil {
		return err
	}

	if within {
		return r.later(ctx, e, folder)
	}

	if e.Kind == kindFolder || r.sync.Gone == Trash {
		err := r.trash(ctx, e)
		if why := refusal("It is gone on Frame.io, but cannot be put into the trash", err); why != "" {
			return r.leaveLost(ctx, e, why)
		}
		if err != nil {
			return err
		}
	}

	e.Gone, e.Problem = true, ""
	return r.commit(ctx, func(tx *sql.Tx) error {
		if e.Kind != kindFolder {
			if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET gone = gone + 1
				WHERE id = $1`, r.st.Run); err != nil {
				return err
			}
		}
		return put(ctx, tx, r.t.Now(), r.sync.ID, e)
	})
}

// looked keeps an entry from being looked at again in this run.
func (r *run) looked(ctx context.Context, tx *sql.Tx, e Entry) error {
	return r.note(ctx, tx, []seen{{
		Key:    e.Key,
		Kind:   e.Kind,
		Parent: e.Parent,
		Name:   e.Name,
		Size:   e.Size,
		print:  e.print,
	}})
}

// later leaves an entry to the next run, which is to look where it is now.
func (r *run) later(ctx context.Context, e Entry, folder string) error {
	return r.commit(ctx, func(tx *sql.Tx) error {
		if err := r.looked(ctx, tx, e); err != nil || !r.partial {
			return err
		}
		return tell(ctx, tx, r.sync.ID, folder, r.Now())
	})
}

// orphan finds a document that was made for an asset although nobody could record it:
// the answer was lost, and then there was nobody to act for, or the process died. It was
// made for a file, which may be on a stack; one that another asset has is none.
func (r *run) orphan(ctx context.Context, e *Entry) error {
	files, err := link.FilesOf(ctx, r.DB, r.sync.FolderUID, e.Key)
	if err != nil {
		return err
	}

	docs, _, err := r.nx.QueryPage(ctx, r.sourced(append(files, e.Key)...)+" ORDER BY ecm:uuid", 0,
		looked, nuxeo.Fetch{})
	if err != nil {
		return err
	}

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

// shared forgets an entry that has no document, or whose document is another's by
// now: a file was put on a stack, or taken out of one, and the link followed.
func (r *run) shared(ctx context.Context, e Entry) (yes bool, err error) {
	if e.Document != "" {
		other, settled, err := r.heir(ctx, e)
		if other == "" || err != nil {
			return false, err
		}
		if settled {
			err = r.putInto(ctx, e.Document, other)
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

// heir is the folder in Nuxeo for the document of an entry, where another entry has
// the document as well; empty: none has. One in conflict stays where it is.
func (r *run) heir(ctx context.Context, e Entry) (folder string, settled bool, err error) {
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT p.document_uid, o.conflict = '' FROM sync_entries o
		JOIN sync_entries p ON p.sync_id = o.sync_id AND p.key = o.parent
		WHERE o.sync_id = $1 AND o.document_uid = $2 AND o.key <> $3
		AND NOT o.gone LIMIT 1`, r.sync.ID, e.Document, e.Key).Scan(&folder, &settled)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return folder, settled, err
}

// putInto moves a document into a folder, if it is in another: both keys of an asset
// may have been listed, each in its own place.
func (r *run) putInto(ctx context.Context, uid, folder string) error {
	doc, err := r.nx.Get(ctx, uid, nuxeo.Fetch{})
	if nuxeo.NotFound(err) || err == nil && (doc.ParentRef == folder || doc.IsTrashed) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.nx.Move(ctx, uid, folder)
}

// trash puts a document into the trash, and a folder only when nothing is in it:
// people may have put something there.
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
