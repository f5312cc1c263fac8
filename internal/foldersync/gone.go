package foldersync

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// gone deals with what the run has not seen. Each is looked at by itself before
// anything is done: it may have been moved while the tree was listed.
func (r *run) gone(ctx context.Context) (work.Next, error) {
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

// lost are entries that the run has not seen. Those that were looked at have a row
// in the listing by then, or are marked.
func (r *run) lost(ctx context.Context) ([]Entry, error) {
	rows, err := r.DB.Reader.QueryContext(ctx, `SELECT `+entryColumns+` FROM sync_entries WHERE sync_id = $1 AND NOT gone
		AND NOT EXISTS (SELECT 1 FROM sync_seen WHERE run_id = $2 AND sync_seen.key = sync_entries.key) ORDER BY key LIMIT $3`, r.sync.ID, r.st.Run, atOnce)
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

func (r *run) lose(ctx context.Context, e Entry) error {
	if shared, err := r.shared(ctx, e); err != nil || shared {
		return err
	}
	within, err := r.within(ctx, e)
	if err != nil {
		return err
	}
	if within { // for the next run
		return r.looked(ctx, e)
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
			if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET gone = gone + 1 WHERE id = $1`, r.st.Run); err != nil {
				return err
			}
		}
		return put(ctx, tx, r.t.Now(), r.sync.ID, e)
	})
}

// looked keeps an entry from being looked at again in this run.
func (r *run) looked(ctx context.Context, e Entry) error {
	return r.notePage(ctx, []seen{{Key: e.Key, Kind: e.Kind, Parent: e.Parent, Name: e.Name, Size: e.Size, print: e.print}})
}

// shared forgets an entry that has no document, or whose document is another's by
// now: a file was put on a stack, or taken out of one, and the link followed.
func (r *run) shared(ctx context.Context, e Entry) (yes bool, err error) {
	n := 1
	if e.Document != "" {
		err = r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sync_entries WHERE sync_id = $1 AND document_uid = $2 AND key <> $3 AND NOT gone`,
			r.sync.ID, e.Document, e.Key).Scan(&n)
	}
	if err != nil || n == 0 {
		return false, err
	}
	return true, r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sync_entries WHERE sync_id = $1 AND key = $2`, r.sync.ID, e.Key)
		return err
	})
}

// within says whether a thing is in the tree after all: moved while it was listed, or
// a version of an asset that could not be brought.
func (r *run) within(ctx context.Context, e Entry) (bool, error) {
	var parent string
	var err error
	switch frameio.Kind(e.Kind) {
	case frameio.KindFolder:
		var f frameio.Folder
		f, err = r.fio.Folder(ctx, r.sync.Account, e.Key)
		parent = f.ParentID
	case frameio.KindStack:
		var s frameio.Stack
		s, err = r.fio.Stack(ctx, r.sync.Account, e.Key)
		parent = s.ParentID
	default:
		var f frameio.File
		if f, err = r.fio.File(ctx, r.sync.Account, e.Key); err == nil && !r.wanted(f) {
			return false, nil // the filter leaves it out
		}
		parent = f.ParentID
	}
	if v4.NotFound(err) || v4.StatusOf(err) == 422 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var n int
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sync_seen WHERE run_id = $1 AND key = $2`, r.st.Run, parent).Scan(&n)
	return n > 0, err
}

// trash puts a document into the trash, and a folder only when nothing is in it:
// people may have put something there.
func (r *run) trash(ctx context.Context, e Entry) error {
	if e.Document == "" {
		return nil
	}
	if e.Kind == kindFolder {
		q := "SELECT * FROM Document WHERE ecm:parentId = " + nuxeo.Quote(e.Document) + " AND ecm:isTrashed = 0"
		in, _, err := r.nx.SearchPage(ctx, q, 0, 1, nuxeo.Fetch{})
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
