package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Folder has a folder looked at that something happened to, and the one that it is
// in, by the syncs that mirror them.
func (s *Service) Folder(ctx context.Context, account, workspace, folder string) error {
	return s.strange(ctx, account, workspace, nil, func(ctx context.Context, q Sync) error {
		e, ok, err := entry(ctx, s.DB.Reader, q.ID, folder)
		if err != nil {
			return err
		}

		if ok && !e.Gone {
			return s.changed(ctx, q.ID, e.Key, e.Parent)
		}

		fio, err := s.People.Frameio(ctx, q.Owner)
		if err != nil {
			return err
		}

		f, err := fio.Folder(ctx, account, folder)
		return errors.Join(absent(err), s.changed(ctx, q.ID, f.ParentID))
	})
}

// Missed has the syncs of a workspace that follow events compare everything at the next
// occasion: something may have happened of which nobody told.
func (s *Service) Missed(ctx context.Context, account, workspace string) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE syncs SET due = $1 WHERE account_id = $2 AND workspace_id = $3
			AND state = 'active' AND events AND (due = 0 OR due > $1)`,
			store.Millis(s.Now()), account, workspace)
		return err
	})
}

// strange does something for each sync of a workspace that follows events, but for
// those that are dealt with already.
func (s *Service) strange(
	ctx context.Context, account, workspace string, but map[string]Entry, do func(context.Context, Sync) error,
) error {
	ids, err := s.idsOf(ctx, `SELECT id FROM syncs WHERE account_id = $1 AND workspace_id = $2 AND state = 'active'
		AND events ORDER BY id`, account, workspace)
	if err != nil {
		return err
	}

	for _, id := range ids {
		if _, dealt := but[id]; dealt {
			continue
		}
		q, err := bare(ctx, s.DB.Reader, id)
		if err != nil {
			return err
		}
		if err := do(ctx, q); err != nil {
			return err
		}
	}

	return nil
}

// stranger has the folder looked at in which a file lies that a sync does not know,
// or a stack: by itself or in a stack.
func (s *Service) stranger(ctx context.Context, q Sync, id string) error {
	fio, err := s.People.Frameio(ctx, q.Owner)
	if err != nil {
		return err
	}

	e, ok, err := entry(ctx, s.DB.Reader, q.ID, id)
	if err != nil {
		return err
	}

	if ok { // one that could not be brought, or is gone, or a stack
		if err := s.changed(ctx, q.ID, e.Parent); err != nil {
			return err
		}
	}

	f, err := fio.File(ctx, q.Account, id)
	parent := f.ParentID
	if absent(err) != nil {
		return err
	}

	if parent == "" {
		parent = id // it may be a stack's
	}

	if in, err := s.mirrors(ctx, q.ID, parent); in || err != nil {
		return errors.Join(err, s.changed(ctx, q.ID, parent))
	}

	stack, err := fio.Stack(ctx, q.Account, parent)
	return errors.Join(absent(err), s.changed(ctx, q.ID, stack.ParentID))
}

// mirrors reports whether a folder is one of the sync's.
func (s *Service) mirrors(ctx context.Context, sync, folder string) (bool, error) {
	e, ok, err := entry(ctx, s.DB.Reader, sync, folder)
	return ok && e.Kind == kindFolder, err
}

// changed notes folders in which something has changed, of those that the sync has:
// the next run by what was told looks at them.
func (s *Service) changed(ctx context.Context, sync string, folders ...string) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		for _, folder := range folders {
			if err := tell(ctx, tx, sync, folder, s.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// tell notes that something has changed in a folder, if the sync has it.
func tell(ctx context.Context, tx *sql.Tx, sync, folder string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO sync_changes (sync_id, folder, told)
		SELECT sync_id, key, $3 FROM sync_entries WHERE sync_id = $1 AND key = $2 AND kind = 'folder'
		AND document_uid <> '' AND NOT gone
		ON CONFLICT (sync_id, folder) DO UPDATE SET told = excluded.told`, sync, folder, store.Millis(now))
	return err
}
