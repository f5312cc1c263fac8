package foldersync

import (
	"context"
	"database/sql"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Settle ends a conflict by hand. With FrameioWins the asset is brought, and a version keeps what
// Nuxeo had; with KeepBoth it becomes a second document; with NuxeoWins the document stays as it is
// until the asset changes again.
func (s *Service) Settle(ctx context.Context, who work.Viewer, id, key, use string) (Sync, error) {
	q, err := s.changeable(ctx, who, id)
	if err != nil {
		return q, err
	}

	if use != NuxeoWins && use != FrameioWins && use != KeepBoth {
		return q, fault.Field("use", `Give "nuxeo", "frameio" or "both".`, "%q does not say whose content stays.", use)
	}

	e, ok, err := entry(ctx, s.DB.Reader, id, key)
	if err != nil {
		return q, err
	}

	about := told{document: e.Document, parent: e.Parent}
	sees, err := s.sees(ctx, who, q, []told{about})
	if err == nil && (!ok || e.Conflict == "" || !sees(about)) {
		err = fault.Field("key", "See the conflicts of the synchronization.",
			"Nothing of this synchronization is in conflict under %q.", key)
	}

	if err != nil {
		return q, err
	}

	if q.Last == nil {
		return q, fault.New(fault.Conflict, "There was no run yet.").With("Refresh it.")
	}

	var ids []string
	settled := audit.Entry{Who: who.Login, What: audit.ConflictSettled, About: e.Name, Detail: "for " + use}
	err = s.Engine.Audited(ctx, settled, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `UPDATE sync_entries SET conflict = '', updated = $1
			WHERE sync_id = $2 AND key = $3`, store.Millis(s.Now()), id, key); err != nil {
			return err
		}
		if use != NuxeoWins {
			ids, err = s.bring(ctx, tx, q, q.Last.ID, who, e, use)
		}
		return err
	})
	if err != nil {
		return q, err
	}

	s.Engine.Wake(ids...)
	return get(ctx, s.DB.Reader, id)
}
