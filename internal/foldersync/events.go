package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// A Watch is a workspace that something is mirrored from, and the owner of a sync there.
type Watch struct{ Account, Workspace, Login string }

// Watches returns the workspaces for which webhooks are needed.
func (s *Service) Watches(ctx context.Context) ([]Watch, error) {
	return store.All(ctx, s.DB.Reader, func(row store.Row) (w Watch, err error) {
		err = row.Scan(&w.Account, &w.Workspace, &w.Login)
		return w, err
	}, `SELECT DISTINCT account_id, workspace_id, owner FROM syncs
		WHERE state = 'active' AND events ORDER BY account_id, workspace_id, owner`)
}

// OnCommentChanged handles an event about a comment: the comments of its asset are imported before
// those of others. A comment that was deleted does not lead to its asset.
func (s *Service) OnCommentChanged(ctx context.Context, account, workspace, id string) error {
	// Is anything of this workspace mirrored with comments?
	var owner string
	err := s.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MIN(owner), '') FROM syncs WHERE account_id = $1
		AND workspace_id = $2 AND state = 'active' AND events AND comments`,
		account, workspace).Scan(&owner)
	if err != nil || owner == "" {
		return err
	}

	// Which file was commented on?
	fio, err := s.People.Frameio(ctx, owner)
	if err != nil {
		return err
	}

	file, err := fio.CommentFile(ctx, account, id)
	if err != nil {
		return ignoreInaccessible(err)
	}

	// Schedule the import in each sync that has it.
	found, err := s.entriesForFile(ctx, file)
	for sync, e := range found {
		err = errors.Join(err, s.scheduleCommentsOf(ctx, sync, e))
	}

	return err
}

// scheduleCommentsOf schedules the import of one asset's comments.
func (s *Service) scheduleCommentsOf(ctx context.Context, sync string, e Entry) error {
	q, err := getSync(ctx, s.DB.Reader, sync)
	if err != nil || !q.Comments {
		return err
	}

	var ids []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `UPDATE sync_entries SET comments_at = $1
			WHERE sync_id = $2 AND key = $3`, -store.Millis(s.Now()), sync, e.Key); err != nil {
			return err
		}
		ids, err = s.scheduleComments(ctx, tx, q, s.Now())
		return err
	})

	s.Engine.Wake(ids...)
	return err
}

// OnFileChanged handles an event about a file or a stack: the next run looks at the folder it was
// in, according to the entry, and in syncs without an entry at the folder it is in, which takes a
// call.
func (s *Service) OnFileChanged(ctx context.Context, account, workspace, file string) error {
	found, err := s.entriesForFile(ctx, file)
	if err != nil {
		return err
	}

	for sync, e := range found {
		if err := s.noteChanged(ctx, sync, e.Parent); err != nil {
			return err
		}
	}

	return s.forEachOtherSync(ctx, account, workspace, found, func(ctx context.Context, q Sync) error {
		return s.noteUnknownFile(ctx, q, file)
	})
}

// entriesForFile returns, by sync, the entry of the asset that a file is or was part of.
func (s *Service) entriesForFile(ctx context.Context, file string) (map[string]Entry, error) {
	return store.Map(ctx, s.DB.Reader, func(row store.Row) (sync string, e Entry, err error) {
		e, err = scanEntry(prefixScanner{row, &sync})
		return sync, e, err
	}, `SELECT e.sync_id, e.key, e.kind, e.parent, e.name, e.size, e.print,
		e.document_uid, e.title, e.gone, e.problem, e.conflict, e.stamp, e.comments_at, e.refetch
		FROM link_files f JOIN links l ON l.id = f.link_id JOIN sync_entries e ON e.document_uid = l.document_uid
		JOIN syncs q ON q.id = e.sync_id
		WHERE f.file_id = $1 AND q.state = 'active' AND q.events AND NOT e.gone ORDER BY e.sync_id, e.key`, file)
}

// A prefixScanner scans one more column in front of the others.
type prefixScanner struct {
	store.Row
	first any
}

// Scan implements store.Row.
func (b prefixScanner) Scan(to ...any) error { return b.Row.Scan(append([]any{b.first}, to...)...) }

// addAssetItem adds an item for one entry outside of a run. The item also sets the title and the
// folder of the document.
func (s *Service) addAssetItem(
	ctx context.Context, tx *sql.Tx, q Sync, parent string, who work.Viewer, e Entry, conflicts string,
) ([]string, error) {
	var folder string
	if err := tx.QueryRowContext(ctx, `SELECT document_uid FROM sync_entries
		WHERE sync_id = $1 AND key = $2`, q.ID, e.Parent).Scan(&folder); err != nil {
		return nil, err
	}

	c := change{
		seenRow:   seenRow{Key: e.Key, Kind: e.Kind, Parent: e.Parent, Name: e.Name, fingerprint: e.fingerprint},
		parentUID: folder,
		had:       e,
	}

	c.had.fingerprint = ""
	item := q.newItem(c, parent, who.Login, conflicts)
	item.Subject += fmt.Sprintf(" at %d", store.Millis(s.Now()))
	return s.Engine.Add(ctx, tx, item)
}

// OnFolderChanged handles an event about a folder: the next run looks at the folder and at its
// parent.
func (s *Service) OnFolderChanged(ctx context.Context, account, workspace, folder string) error {
	return s.forEachOtherSync(ctx, account, workspace, nil, func(ctx context.Context, q Sync) error {
		e, ok, err := getEntry(ctx, s.DB.Reader, q.ID, folder)
		if err != nil {
			return err
		}

		if ok && !e.Gone {
			return s.noteChanged(ctx, q.ID, e.Key, e.Parent)
		}

		fio, err := s.People.Frameio(ctx, q.Owner)
		if err != nil {
			return err
		}

		f, err := fio.Folder(ctx, account, folder)
		return errors.Join(ignoreInaccessible(err), s.noteChanged(ctx, q.ID, f.ParentID))
	})
}

// OnEventsMissed handles a gap in the events of a workspace: its syncs run as soon as possible and
// compare everything.
func (s *Service) OnEventsMissed(ctx context.Context, account, workspace string) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE syncs SET due = $1 WHERE account_id = $2 AND workspace_id = $3
			AND state = 'active' AND events AND (due = 0 OR due > $1)`,
			store.Millis(s.Now()), account, workspace)
		return err
	})
}

// forEachOtherSync calls do for each sync of a workspace that follows events, except for those in
// but.
func (s *Service) forEachOtherSync(
	ctx context.Context, account, workspace string, but map[string]Entry, do func(context.Context, Sync) error,
) error {
	ids, err := s.queryIDs(ctx, `SELECT id FROM syncs WHERE account_id = $1 AND workspace_id = $2 AND state = 'active'
		AND events ORDER BY id`, account, workspace)
	if err != nil {
		return err
	}

	for _, id := range ids {
		if _, dealt := but[id]; dealt {
			continue
		}
		q, err := getSync(ctx, s.DB.Reader, id)
		if err != nil {
			return err
		}
		if err := do(ctx, q); err != nil {
			return err
		}
	}

	return nil
}

// noteUnknownFile makes the next run look at the folder of a file or stack that has no entry in the
// sync, directly or on a stack.
func (s *Service) noteUnknownFile(ctx context.Context, q Sync, id string) error {
	fio, err := s.People.Frameio(ctx, q.Owner)
	if err != nil {
		return err
	}

	// An entry says where it was.
	e, ok, err := getEntry(ctx, s.DB.Reader, q.ID, id)
	if err != nil {
		return err
	}

	if ok { // it could not be imported, is gone, or is a stack
		if err := s.noteChanged(ctx, q.ID, e.Parent); err != nil {
			return err
		}
	}

	// Frame.io says where it is.
	f, err := fio.File(ctx, q.Account, id)
	parent := f.ParentID
	if ignoreInaccessible(err) != nil {
		return err
	}

	if parent == "" {
		parent = id // the id may be a stack's
	}

	if in, err := s.hasFolder(ctx, q.ID, parent); in || err != nil {
		return errors.Join(err, s.noteChanged(ctx, q.ID, parent))
	}

	// It is on a stack.
	stack, err := fio.Stack(ctx, q.Account, parent)
	return errors.Join(ignoreInaccessible(err), s.noteChanged(ctx, q.ID, stack.ParentID))
}

// hasFolder reports whether a folder belongs to the sync.
func (s *Service) hasFolder(ctx context.Context, sync, folder string) (bool, error) {
	e, ok, err := getEntry(ctx, s.DB.Reader, sync, folder)
	return ok && e.Kind == kindFolder, err
}

// noteChanged records that something has changed in those of the folders that belong to the sync.
// The next partial run looks at them.
func (s *Service) noteChanged(ctx context.Context, sync string, folders ...string) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, folder := range folders {
			if err := recordChange(ctx, tx, sync, folder, s.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// recordChange records that something has changed in a folder, if the sync has it.
func recordChange(ctx context.Context, tx *sql.Tx, sync, folder string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO sync_changes (sync_id, folder, told)
		SELECT sync_id, key, $3 FROM sync_entries WHERE sync_id = $1 AND key = $2 AND kind = 'folder'
		AND document_uid <> '' AND NOT gone
		ON CONFLICT (sync_id, folder) DO UPDATE SET told = excluded.told`, sync, folder, store.Millis(now))
	return err
}
