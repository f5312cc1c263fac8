package foldersync

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// heirs notes what takes over the document of something that is missing: a stack that a
// file was put on, and the file that a stack has left whose content the document has.
// What is on a stack costs a call, which is made only while something is missing.
func (r *run) heirs(ctx context.Context) (work.Next, error) {
	stacking, err := r.documentsMissing(ctx)
	if err != nil {
		return work.Next{}, err
	}

	if r.st.After == "" && stacking {
		if err := r.leftByStacks(ctx); err != nil {
			return work.Next{}, err
		}
	}

	for stacking && !r.t.SliceOver() {
		some, err := r.newStacks(ctx, r.st.After)
		if err != nil {
			return work.Next{}, err
		}
		stacking = len(some) > 0
		for _, stack := range some {
			if err := r.putOn(ctx, stack); err != nil {
				return work.Next{}, err
			}
		}
	}

	if stacking {
		return work.Next{Step: stepHeirs, After: time.Millisecond}, nil
	}

	r.st.rewind()
	return work.Next{Step: stepCheck}, r.t.Save(ctx, r.st)
}

// documentsMissing reports whether assets with documents are missing.
func (r *run) documentsMissing(ctx context.Context) (bool, error) {
	var n int
	err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sync_entries e
		WHERE `+r.missing()+` AND e.kind <> 'folder' AND e.document_uid <> ''`,
		r.sync.ID, r.st.Run).Scan(&n)
	return n > 0, err
}

// leftByStacks finds files that are new, and have the content of the document of a stack
// that is missing.
func (r *run) leftByStacks(ctx context.Context) error {
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sync_seen SET takes = COALESCE((SELECT e.key FROM links l
				JOIN sync_entries e ON e.sync_id = $1 AND e.document_uid = l.document_uid AND e.kind = 'version_stack'
				WHERE l.file_id = sync_seen.key AND l.folder_uid = $3 AND `+unseen+` LIMIT 1), '')
			WHERE run_id = $2 AND kind = 'file' AND NOT EXISTS (SELECT 1 FROM sync_entries o WHERE o.sync_id = $1
			AND o.key = sync_seen.key AND o.document_uid <> '')`,
			r.sync.ID, r.st.Run, r.sync.FolderUID)
		return err
	})
}

// newStacks are stacks that the sync has no document of, after a key.
func (r *run) newStacks(ctx context.Context, after string) (keys []string, err error) {
	rows, err := r.DB.Reader.QueryContext(ctx, `SELECT key FROM sync_seen WHERE run_id = $1 AND kind = 'version_stack'
		AND key > $2
		AND NOT EXISTS (SELECT 1 FROM sync_entries e WHERE e.sync_id = $3 AND e.key = sync_seen.key
		AND e.document_uid <> '') ORDER BY key LIMIT $4`,
		r.st.Run, after, r.sync.ID, looked)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}

	return keys, rows.Err()
}

// putOn notes which file that has a document was put on a stack.
func (r *run) putOn(ctx context.Context, stack string) error {
	takes := ""
	for f, err := range r.fio.StackFiles(ctx, r.sync.Account, stack) {
		if isAbsent(err) {
			break // it went while it was listed
		}

		if err != nil {
			return err
		}

		e, ok, err := entry(ctx, r.DB.Reader, r.sync.ID, f.ID)
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
