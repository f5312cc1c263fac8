package push

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

const columns = `id, batch, COALESCE((SELECT items.id FROM items WHERE items.parent = pushes.batch
	AND items.kind = 'push' AND items.subject = pushes.id), ''),
	document_uid, document_title, scope_uid, binding_id, account_id, workspace_id, workspace_name, project_id,
	project_name,
	folder_id, folder_name, what, separate, file_id, view_url, state, pushed_by, lock_state, locked, size, digest,
	status, reason, ended_by,
	created, opened, ended, updated, seen_status, seen, seen_gone, making,
	field_values, seen_metadata`

func scanPush(row store.Row) (Push, error) {
	var p Push
	var created, opened, ended, updated, seen int64
	err := row.Scan(&p.ID, &p.Batch, &p.Item, &p.Document, &p.Title, &p.Scope, &p.Binding, &p.Account, &p.Workspace,
		&p.WorkspaceName,
		&p.Project, &p.ProjectName, &p.Folder, &p.FolderName, &p.What, &p.Separate, &p.File, &p.ViewURL,
		&p.State, &p.By, &p.Lock,
		&p.Locked, &p.Size, &p.Digest, &p.Status, &p.Reason, &p.EndedBy, &created, &opened, &ended, &updated,
		&p.SeenStatus, &seen, &p.SeenGone, &p.Making, &p.FieldValues, &p.SeenMetadata)
	p.Created, p.Opened, p.Ended, p.Update = store.Time(created), store.Time(opened), store.Time(ended),
		store.Time(updated)
	p.Seen = store.Time(seen)
	return p, err
}

func notFound() error {
	return fault.New(fault.NotFound, "There is no such push, or you may not see it.").With("Look at the document.")
}

func getPush(ctx context.Context, q store.Queryer, id string) (Push, error) {
	p, err := scanPush(q.QueryRowContext(ctx, `SELECT `+columns+` FROM pushes WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return p, notFound()
	}
	return p, err
}

// listPushes reads pushes; rest follows the name of the table.
func listPushes(ctx context.Context, q store.Queryer, rest string, args ...any) ([]Push, error) {
	return store.All(ctx, q, scanPush, `SELECT `+columns+` FROM pushes `+rest, args...)
}

func (s *Service) insert(ctx context.Context, tx *sql.Tx, p Push) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO pushes (id, batch, document_uid, document_title, scope_uid, binding_id,
		account_id, workspace_id,
			workspace_name, project_id, project_name, folder_id, folder_name, what, separate, state, pushed_by, size,
			digest, status, created, updated)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'sending', $16, $17, $18, $19,
		$20, $20)`,
		p.ID, p.Batch, p.Document, p.Title, p.Scope, p.Binding, p.Account, p.Workspace, p.WorkspaceName,
		p.Project, p.ProjectName,
		p.Folder, p.FolderName, p.What, p.Separate, p.By, p.Size, p.Digest, p.Status, store.Millis(s.Now()))
	if store.Duplicate(err) {
		return fault.New(fault.Conflict, "%q is being pushed already.", p.Title).Because(err)
	}

	return err
}

// setLock records the state of a lock.
func setLock(ctx context.Context, tx *sql.Tx, now time.Time, id string, to Lock, locked string) error {
	_, err := tx.ExecContext(ctx, `UPDATE pushes SET lock_state = $1, locked = $2, updated = $3, unlocking = 0
		WHERE id = $4`, string(to), locked, store.Millis(now), id)
	return err
}

// endPush ends a push that is in one of two states and reports whether it was. A lock that it holds
// is marked for release.
func endPush(
	ctx context.Context, tx *sql.Tx, now time.Time, id string, to State, reason, by string, from, or State,
) (bool, error) {
	res, err := tx.ExecContext(ctx, `UPDATE pushes SET state = $1, reason = $2, ended_by = $3, ended = $4, updated = $4,
		lock_state = CASE lock_state WHEN 'ours' THEN 'releasing' ELSE lock_state END
		WHERE id = $5 AND state IN ($6, $7)`,
		string(to), reason, by, store.Millis(now), id, string(from), string(or))
	if err != nil {
		return false, err
	}

	n, err := res.RowsAffected()
	return n > 0, err
}

// Forget deletes pushes that ended before a time and hold no lock, except for those of renditions
// that were sent: these must be recognized when they return.
func (s *Service) Forget(ctx context.Context, before time.Time, r *maintenance.Report) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM pushes
			WHERE state IN ('returned', 'failed', 'canceled', 'released') AND ended > 0 AND ended < $1
			AND lock_state IN ('', 'own', 'released') AND (what = 'master'
			OR state IN ('failed', 'canceled'))`, store.Millis(before))
		if err != nil {
			return err
		}

		n, err := res.RowsAffected()
		if n > 0 {
			r.Note("%d pushes", n)
		}

		r.Removed += int(n)
		return err
	})
}
