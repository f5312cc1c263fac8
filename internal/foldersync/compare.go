package foldersync

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// fewLost is how many assets may always disappear without a question.
const fewLost = 5

// compare counts what was listed and stops the run when very much is gone: it may
// be a mistake there, or a right that was taken away.
func (r *run) compare(ctx context.Context) (work.Next, error) {
	if err := r.tally(ctx); err != nil {
		return work.Next{}, err
	}

	if err := r.tellUnread(ctx); err != nil {
		return work.Next{}, err
	}

	if r.dry {
		r.st.rewind()
		return work.Next{Step: stepHeirs}, r.t.Save(ctx, r.st)
	}

	if _, nameless, err := r.unreadIn(ctx); err != nil || nameless > 0 {
		return work.Next{Step: stepFolders}, err
	}

	known, lost, err := r.lostOf(ctx)
	if err != nil {
		return work.Next{}, err
	}

	one, err := getRun(ctx, r.DB.Reader, r.st.Run)
	if err != nil {
		return work.Next{}, err
	}

	if one.Sure || lost <= fewLost && lost < known || float64(lost) <= r.LostShare*float64(known) {
		return work.Next{Step: stepFolders}, nil
	}

	if r.partial { // they may be elsewhere by now: a run that looks everywhere sees that, and asks if need be
		next := work.Next{Done: true, Outcome: outcomeSynced}
		return next, r.commit(ctx, func(tx *sql.Tx) error { return r.whole(ctx, tx) })
	}

	message := fmt.Sprintf("%d of %d assets are not on Frame.io any more.", lost, known)
	return work.Next{Done: true, Outcome: outcomeStopped}, r.commit(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET message = $1
			WHERE id = $2`, message, r.st.Run); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'paused', reason = $1, remedy = $2, due = 0
			WHERE id = $3 AND state = 'active'`,
			message, askFirst, r.sync.ID)
		return err
	})
}

const askFirst = "Look at Frame.io. If that is right, refresh and confirm it; nothing has been changed."

func (r *run) tally(ctx context.Context) error {
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sync_runs SET refused = 0,
			folders = (SELECT COUNT(*) FROM sync_seen WHERE run_id = $1 AND kind = 'folder' AND listed
			AND parent <> ''),
			assets = (SELECT COUNT(*) FROM sync_seen WHERE run_id = $1 AND kind <> 'folder' AND not_ready = ''),
			bytes = (SELECT COALESCE(SUM(size), 0) FROM sync_seen WHERE run_id = $1 AND not_ready = '')
			WHERE id = $1`, r.st.Run)
		return err
	})
}

// unseen is a condition on entries e of sync $1: run $2 has not seen them, or they are
// not chosen any more.
const unseen = `e.sync_id = $1 AND NOT e.gone AND NOT EXISTS (SELECT 1 FROM sync_seen
	WHERE run_id = $2 AND sync_seen.key = e.key AND not_ready <> 'filtered')`

// missing is a condition on entries e of sync $1 that run $2 has not seen although it
// looked where they were: in the whole tree, or in the folders that it has listed and
// in those that were missing there.
func (r *run) missing() string {
	if !r.partial {
		return unseen
	}
	return `e.key IN (WITH RECURSIVE missing (key) AS (
			SELECT e.key FROM sync_entries e JOIN sync_seen p ON p.run_id = $2 AND p.key = e.parent AND p.listed
			WHERE ` + unseen + `
			UNION SELECT e.key FROM sync_entries e JOIN missing ON missing.key = e.parent WHERE ` + unseen + `)
				SELECT key FROM missing) AND e.sync_id = $1`
}

// lostOf counts the assets that a sync has or has begun to bring, and those of them that
// the run misses: what failed has left nothing. A stack that is new has swallowed a file,
// and a stack that is gone has left one; a file that has lost its document to a stack is not
// one of the sync's any more.
func (r *run) lostOf(ctx context.Context) (known, lost int, err error) {
	const brought = ` AND e.kind <> 'folder' AND NOT e.gone AND (e.document_uid <> '' OR e.problem = '' AND NOT EXISTS (
		SELECT 1 FROM link_files f JOIN links l ON l.id = f.link_id WHERE f.file_id = e.key AND l.asset_key <> e.key))`
	if err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sync_entries e
		WHERE e.sync_id = $1`+brought, r.sync.ID).Scan(&known); err != nil {
		return 0, 0, err
	}

	var files, stacks, newFiles, newStacks int
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN e.kind = 'file' THEN 1 END), COUNT(CASE WHEN
		e.kind <> 'file' THEN 1 END)
		FROM sync_entries e WHERE `+r.missing()+brought, r.sync.ID, r.st.Run).Scan(&files, &stacks)
	if err != nil {
		return 0, 0, err
	}

	err = r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN kind = 'file' THEN 1 END), COUNT(CASE WHEN
		kind = 'version_stack' THEN 1 END) FROM sync_seen
		WHERE run_id = $1 AND not_ready = '' AND NOT EXISTS (SELECT 1 FROM sync_entries e WHERE e.sync_id = $2
		AND e.key = sync_seen.key)`, r.st.Run, r.sync.ID).Scan(&newFiles, &newStacks)
	return known, max(0, files-newStacks) + max(0, stacks-newFiles), err
}
