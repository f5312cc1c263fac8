package foldersync

import (
	"context"
	"database/sql"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// refusal says why Nuxeo does not let a single document be changed: it is locked, or
// the owner may not write it. That is no reason to give up the others. Empty: there is
// no error, or another one.
func refusal(what string, err error) string {
	if !fault.Is(err, fault.Forbidden, fault.Locked) {
		return ""
	}
	return what + ": " + fault.From(err).Message
}

// refuse leaves an entry as it was, with its problem, for the next run to try again.
func (r *run) refuse(ctx context.Context, tx *sql.Tx, e Entry, why string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET refused = refused + 1 WHERE id = $1`, r.st.Run); err != nil {
		return err
	}
	e.Problem = why
	return put(ctx, tx, r.t.Now(), r.sync.ID, e)
}

// leaveFolder goes on behind a folder that Nuxeo does not let be renamed or moved.
func (r *run) leaveFolder(ctx context.Context, c change, why string) error {
	r.st.Depth, r.st.After = c.Depth, c.Key
	return r.commit(ctx, func(tx *sql.Tx) error { return r.refuse(ctx, tx, c.had, why) })
}

// leaveLost goes on behind a document that Nuxeo does not let be trashed.
func (r *run) leaveLost(ctx context.Context, e Entry, why string) error {
	return r.commit(ctx, func(tx *sql.Tx) error {
		if err := r.looked(ctx, tx, e); err != nil {
			return err
		}
		return r.refuse(ctx, tx, e, why)
	})
}
