package foldersync

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// maxUnaskedLoss is how many assets may always disappear without a confirmation.
const maxUnaskedLoss = 5

// checkLosses counts what was listed and stops the run when very much is gone: that may be a
// mistake on Frame.io, or a permission that was taken away.
func (r *run) checkLosses(ctx context.Context) (work.Next, error) {
	// Record what was listed.
	if err := r.recordTotals(ctx); err != nil {
		return work.Next{}, err
	}

	if err := r.reportUnreadable(ctx); err != nil {
		return work.Next{}, err
	}

	// A check deletes nothing, and neither does a run that could not read everything.
	if r.dry {
		r.st.rewind()
		return work.Next{Step: stepSuccessors}, r.t.Save(ctx, r.st)
	}

	if _, nameless, err := r.countUnreadable(ctx); err != nil || nameless > 0 {
		return work.Next{Step: stepFolders}, err
	}

	// How much is gone? What a person has just chosen to leave out does not count.
	one, err := getRun(ctx, r.DB.Reader, r.st.Run)
	if err != nil {
		return work.Next{}, err
	}

	total, lost, err := r.countLost(ctx, one.Why == Edited)
	if err != nil {
		return work.Next{}, err
	}

	// Was it confirmed, or is it little enough?

	if one.Sure || lost <= maxUnaskedLoss && lost < total || float64(lost) <= r.LostShare*float64(total) {
		return work.Next{Step: stepFolders}, nil
	}

	// A partial run leaves the question to a full one, which may find the assets elsewhere.
	if r.partial {
		next := work.Next{Done: true, Outcome: outcomeSynced}
		return next, r.commit(ctx, func(tx *sql.Tx) error { return r.requestFullRun(ctx, tx) })
	}

	// Otherwise stop, and pause the sync until a person confirms.
	message, err := r.lossMessage(ctx, total, lost)
	if err != nil {
		return work.Next{}, err
	}

	return work.Next{Done: true, Outcome: outcomeStopped}, r.commit(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET message = $1
			WHERE id = $2`, message, r.st.Run); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'paused', reason = $1, remedy = $2, due = 0
			WHERE id = $3 AND state = 'active'`,
			message, confirmRemedy, r.sync.ID)
		return err
	})
}

// lossMessage says what is gone, and whether some of it is there but left out by the filter.
func (r *run) lossMessage(ctx context.Context, total, lost int) (string, error) {
	_, unlisted, err := r.countLost(ctx, true)
	if unlisted < lost {
		return fmt.Sprintf("%d of %d assets are not on Frame.io any more, or the filter leaves them out now.", lost,
			total), err
	}
	return fmt.Sprintf("%d of %d assets are not on Frame.io any more.", lost, total), err
}

const confirmRemedy = "Look at Frame.io. If that is right, refresh and confirm it; nothing has been changed."

func (r *run) recordTotals(ctx context.Context) error {
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

// unseenCondition is a condition on entries e of sync $1: run $2 has not seen them, or the filter
// leaves them out now.
const unseenCondition = `e.sync_id = $1 AND NOT e.gone AND NOT EXISTS (SELECT 1 FROM sync_seen
	WHERE run_id = $2 AND sync_seen.key = e.key AND not_ready <> 'filtered')`

// missingCondition returns a condition on entries e of sync $1 that run $2 has not seen although it
// looked where they were: in the whole tree, or in the folders that it has listed and in those that
// were missing there.
func (r *run) missingCondition() string {
	if !r.partial {
		return unseenCondition
	}
	return `e.key IN (WITH RECURSIVE missing (key) AS (
			SELECT e.key FROM sync_entries e JOIN sync_seen p ON p.run_id = $2 AND p.key = e.parent AND p.listed
			WHERE ` + unseenCondition + `
			UNION SELECT e.key FROM sync_entries e JOIN missing ON missing.key = e.parent WHERE ` + unseenCondition + `)
				SELECT key FROM missing) AND e.sync_id = $1`
}

// countLost returns how many assets the sync has, or is importing, and how many of these the run
// misses. Failed imports do not count, and neither does a file whose document went to a stack. Each
// new stack accounts for a missing file, and each new file for a missing stack. With unlisted set, what the
// filter leaves out does not count either.
func (r *run) countLost(ctx context.Context, unlisted bool) (total, lost int, err error) {
	// Count the assets.
	const brought = ` AND e.kind <> 'folder' AND NOT e.gone AND (e.document_uid <> '' OR e.problem = '' AND NOT EXISTS (
		SELECT 1 FROM link_files f JOIN links l ON l.id = f.link_id WHERE f.file_id = e.key AND l.asset_key <> e.key))`
	if err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sync_entries e
		WHERE e.sync_id = $1`+brought, r.sync.ID).Scan(&total); err != nil {
		return 0, 0, err
	}

	// Count what is missing, and what is new.
	var files, stacks, newFiles, newStacks int
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN e.kind = 'file' THEN 1 END), COUNT(CASE WHEN
		e.kind <> 'file' THEN 1 END)
		FROM sync_entries e WHERE `+r.missingCondition()+brought+` AND NOT ($3 AND EXISTS (SELECT 1 FROM sync_seen
		WHERE run_id = $2 AND sync_seen.key = e.key))`, r.sync.ID, r.st.Run, unlisted).Scan(&files, &stacks)
	if err != nil {
		return 0, 0, err
	}

	err = r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN kind = 'file' THEN 1 END), COUNT(CASE WHEN
		kind = 'version_stack' THEN 1 END) FROM sync_seen
		WHERE run_id = $1 AND not_ready = '' AND NOT EXISTS (SELECT 1 FROM sync_entries e WHERE e.sync_id = $2
		AND e.key = sync_seen.key)`, r.st.Run, r.sync.ID).Scan(&newFiles, &newStacks)
	return total, max(0, files-newStacks) + max(0, stacks-newFiles), err
}
