package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Watched is a workspace in which something is mirrored.
type Watched struct {
	Account, Workspace string
	Logins             []string // who owns a sync of it
}

// Places are the workspaces that are worth a webhook.
func (s *Service) Places(ctx context.Context) (all []Watched, err error) {
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT DISTINCT account_id, workspace_id, owner FROM syncs
		WHERE state = 'active' AND events ORDER BY account_id, workspace_id, owner`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Watched
		var login string
		if err := rows.Scan(&p.Account, &p.Workspace, &login); err != nil {
			return nil, err
		}
		if n := len(all); n == 0 || all[n-1].Account != p.Account || all[n-1].Workspace != p.Workspace {
			all = append(all, p)
		}
		last := &all[len(all)-1]
		last.Logins = append(last.Logins, login)
	}

	return all, rows.Err()
}

// Comment has the comments of an asset looked at that one was made on, before those of
// others. One that is gone does not tell of what.
func (s *Service) Comment(ctx context.Context, account, workspace, id string) error {
	var owner string
	err := s.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MIN(owner), '') FROM syncs WHERE account_id = $1
		AND workspace_id = $2 AND state = 'active' AND events AND comments`,
		account, workspace).Scan(&owner)
	if err != nil || owner == "" {
		return err
	}

	fio, err := s.People.Frameio(ctx, owner)
	if err != nil {
		return err
	}

	file, err := fio.CommentFile(ctx, account, id)
	if err != nil {
		return absent(err)
	}

	found, err := s.known(ctx, file)
	for sync, e := range found {
		err = errors.Join(err, s.commented(ctx, sync, e))
	}

	return err
}

func (s *Service) commented(ctx context.Context, sync string, e Entry) error {
	q, err := bare(ctx, s.DB.Reader, sync)
	if err != nil || !q.Comments {
		return err
	}

	var ids []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `UPDATE sync_entries SET comments_at = $1
			WHERE sync_id = $2 AND key = $3`, -store.Millis(s.Now()), sync, e.Key); err != nil {
			return err
		}
		ids, err = s.listen(ctx, tx, q, s.Now())
		return err
	})

	s.Engine.Wake(ids...)
	return err
}

// File has the folder looked at of a file, or a stack, that something happened to
// between two runs: where it was, by the syncs that have it, without a call, and where
// it lies, by others.
func (s *Service) File(ctx context.Context, account, workspace, file string) error {
	found, err := s.known(ctx, file)
	if err != nil {
		return err
	}

	for sync, e := range found {
		if err := s.changed(ctx, sync, e.Parent); err != nil {
			return err
		}
	}

	return s.strange(ctx, account, workspace, found, func(ctx context.Context, q Sync) error {
		return s.stranger(ctx, q, file)
	})
}

// known are the entries whose asset a file is, or was, of, by sync.
func (s *Service) known(ctx context.Context, file string) (map[string]Entry, error) {
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT e.sync_id, e.key, e.kind, e.parent, e.name, e.size, e.print,
		e.document_uid, e.title, e.gone, e.problem, e.conflict, e.stamp, e.comments_at
		FROM link_files f JOIN links l ON l.id = f.link_id JOIN sync_entries e ON e.document_uid = l.document_uid
		JOIN syncs q ON q.id = e.sync_id
		WHERE f.file_id = $1 AND q.state = 'active' AND q.events AND NOT e.gone ORDER BY e.sync_id, e.key`, file)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]Entry{}
	for rows.Next() {
		var sync string
		e, err := scanEntry(before{rows, &sync})
		if err != nil {
			return nil, err
		}
		found[sync] = e
	}

	return found, rows.Err()
}

// before scans a column first that is asked for beside the others.
type before struct {
	scanner
	first any
}

// Scan is scanner's.
func (b before) Scan(to ...any) error { return b.scanner.Scan(append([]any{b.first}, to...)...) }

// absent overlooks the answers that say that a thing is not there, or no such thing, or
// may not be seen.
func absent(err error) error {
	if isAbsent(err) || v4.StatusOf(err) == http.StatusForbidden {
		return nil
	}
	return err
}

// bring adds an item for one entry outside of a run, which also gives the document its
// name and place.
func (s *Service) bring(
	ctx context.Context, tx *sql.Tx, q Sync, parent string, who work.Viewer, e Entry, conflicts string,
) ([]string, error) {
	var folder string
	if err := tx.QueryRowContext(ctx, `SELECT document_uid FROM sync_entries
		WHERE sync_id = $1 AND key = $2`, q.ID, e.Parent).Scan(&folder); err != nil {
		return nil, err
	}

	c := change{
		seen:     seen{Key: e.Key, Kind: e.Kind, Parent: e.Parent, Name: e.Name, print: e.print},
		parentIn: folder,
		had:      e,
	}

	c.had.print = ""
	item := q.item(c, parent, who.Login, conflicts)
	item.Subject += fmt.Sprintf(" at %d", store.Millis(s.Now()))
	return s.Engine.Add(ctx, tx, item)
}
