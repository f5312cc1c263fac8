package foldersync

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Settle ends a conflict by hand. With FrameioWins the asset is brought, and a
// version keeps what Nuxeo had; with NuxeoWins the document stays as it is until the
// asset changes again.
func (s *Service) Settle(ctx context.Context, who work.Viewer, id, key, use string) (Sync, error) {
	q, err := s.changeable(ctx, who, id)
	if err != nil {
		return q, err
	}
	if use != NuxeoWins && use != FrameioWins {
		return q, fault.Field("use", `Give "nuxeo" or "frameio".`, "%q does not say whose content stays.", use)
	}
	e, ok, err := entry(ctx, s.DB.Reader, id, key)
	if err == nil && (!ok || e.Conflict == "") {
		err = fault.Field("key", "See the conflicts of the synchronization.", "Nothing of this synchronization is in conflict under %q.", key)
	}
	if err != nil {
		return q, err
	}
	if q.Last == nil {
		return q, fault.New(fault.Conflict, "There was no run yet.").With("Refresh it.")
	}
	var ids []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `UPDATE sync_entries SET conflict = '', updated = $1 WHERE sync_id = $2 AND key = $3`, store.Millis(s.Now()), id, key); err != nil {
			return err
		}
		if use == FrameioWins {
			ids, err = s.bring(ctx, tx, q, who, e)
		}
		return err
	})
	if err != nil {
		return q, err
	}
	s.Engine.Wake(ids...)
	return get(ctx, s.DB.Reader, id)
}

// bring adds an item that replaces what the document holds.
func (s *Service) bring(ctx context.Context, tx *sql.Tx, q Sync, who work.Viewer, e Entry) ([]string, error) {
	var parent string
	if err := tx.QueryRowContext(ctx, `SELECT document_uid FROM sync_entries WHERE sync_id = $1 AND key = $2`, q.ID, e.Parent).Scan(&parent); err != nil {
		return nil, err
	}
	c := change{seen: seen{Key: e.Key, Kind: e.Kind, Name: e.Name, print: e.print}, parentIn: parent}
	item := q.item(c, q.Last.ID, who.Login, true)
	item.Subject += fmt.Sprintf(" settled %d", store.Millis(s.Now()))
	return s.Engine.Add(ctx, tx, item)
}
