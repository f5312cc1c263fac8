package foldersync

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/rights"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// List lists the syncs whose folders the viewer may see, or the one of a folder, and what the viewer
// may do with these folders. It asks Nuxeo once for all of them, and for an administrator not at all.
func (s *Service) List(ctx context.Context, who work.Viewer, folder string) ([]Sync, rights.Rights, error) {
	all, err := s.list(ctx, folder)
	if err != nil || who.Admin {
		return all, nil, err
	}

	uids := make([]string, 0, len(all))
	for _, q := range all {
		uids = append(uids, q.FolderUID)
	}

	may, err := rights.Of(ctx, s.People, who.Login, uids...)
	return slices.DeleteFunc(all, func(q Sync) bool {
		return who.Login != q.Owner && !may.Has(q.FolderUID, rights.Read)
	}), may, err
}

func (s *Service) list(ctx context.Context, folder string) ([]Sync, error) {
	ids, err := store.Strings(ctx, s.DB.Reader, `SELECT id FROM syncs WHERE state <> 'removed'
		AND ($1 = '' OR folder_uid = $1) ORDER BY id`, folder)
	if err != nil {
		return nil, err
	}

	out := make([]Sync, 0, len(ids))
	for _, id := range ids {
		q, err := getDetailed(ctx, s.DB.Reader, id)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}

	return out, nil
}

// Get returns a sync if the viewer may see its folder.
func (s *Service) Get(ctx context.Context, who work.Viewer, id string) (Sync, error) {
	q, err := getDetailed(ctx, s.DB.Reader, id)
	if err != nil || q.State == Removed {
		return Sync{}, orNotFound(err)
	}

	if who.Admin || who.Login == q.Owner {
		return q, nil
	}

	seen, err := rights.Readable(ctx, s.People, who.Login, q.FolderUID)
	if err == nil && !seen[q.FolderUID] {
		err = notFound()
	}

	return q, err
}

func orNotFound(err error) error {
	if err == nil {
		return notFound()
	}
	return err
}

// ForFolder returns the sync of a folder, or a NotFound error.
func (s *Service) ForFolder(ctx context.Context, who work.Viewer, folder string) (Sync, error) {
	all, _, err := s.List(ctx, who, folder)
	if err != nil || len(all) == 0 {
		return Sync{}, orNotFound(err)
	}
	return all[len(all)-1], nil
}

// SourceOf returns the name of what a folder is synchronized with, or the empty string.
func (s *Service) SourceOf(ctx context.Context, folder string) (name string, err error) {
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(root_name), '') FROM syncs WHERE folder_uid = $1
		AND state <> 'removed'`, folder).Scan(&name)
	return name, err
}

// IDOfFolder returns the sync that mirrors into a folder, or the empty string.
func (s *Service) IDOfFolder(ctx context.Context, folder string) (id string, err error) {
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), '') FROM syncs WHERE folder_uid = $1
		AND state <> 'removed'`, folder).Scan(&id)
	return id, err
}

// getForChange returns a sync if the viewer may change it, which takes the right to write in its
// folder.
func (s *Service) getForChange(ctx context.Context, who work.Viewer, id string) (Sync, error) {
	q, err := s.Get(ctx, who, id)
	if err != nil {
		return q, err
	}

	may, err := s.May(ctx, who, q)
	if err == nil && !may {
		err = fault.New(fault.Forbidden, "You may not write in %q.", q.FolderTitle).
			With("Ask for the right to write there in Nuxeo.")
	}

	return q, err
}

// May reports whether the viewer may change a sync that they see.
func (s *Service) May(ctx context.Context, who work.Viewer, q Sync) (bool, error) {
	if who.Admin {
		return true, nil
	}
	may, err := rights.Of(ctx, s.People, who.Login, q.FolderUID)
	return MayChange(who, q, may), err
}

// MayChange reports whether the viewer may change a sync, by their rights.
func MayChange(who work.Viewer, q Sync, may rights.Rights) bool {
	return who.Admin || may.Has(q.FolderUID, rights.AddChildren)
}

// Refresh starts a run by hand. If the owner can no longer be acted for, the person becomes the
// owner. With sure set, the person has confirmed that many documents go.
func (s *Service) Refresh(ctx context.Context, who work.Viewer, id string, sure bool) (Sync, error) {
	q, err := s.getForChange(ctx, who, id)
	if err != nil {
		return q, err
	}

	// Who is the owner from now on?
	owner := q.Owner
	if s.People.Usable(ctx, owner) != nil {
		owner = who.Login
	}

	if err := s.People.Usable(ctx, owner); err != nil {
		return q, err
	}

	// The audit records what is out of the ordinary.
	refreshed := audit.Entry{Who: who.Login, About: q.FolderPath}
	switch {
	case owner != q.Owner:
		refreshed.What, refreshed.Detail = audit.TookOver, "from "+q.Owner
	case sure:
		refreshed.What = audit.LossConfirmed
	}

	// Start the run.
	var ids []string
	err = s.Engine.Audited(ctx, refreshed, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'active', reason = '', remedy = '', paused_by = '',
			owner = $1, updated = $2
			WHERE id = $3 AND state <> 'removed'`, owner, store.Millis(s.Now()), id); err != nil {
			return err
		}
		q.Owner = owner
		ids, err = s.startRun(ctx, tx, q, ByHand, who.Login, sure)
		return err
	})
	if store.Duplicate(err) {
		return q, alreadyRunning(q, err)
	}

	if err != nil {
		return q, err
	}

	s.Engine.Wake(ids...)
	return getDetailed(ctx, s.DB.Reader, id)
}

func alreadyRunning(q Sync, err error) error {
	return fault.New(fault.Conflict, "%q is being synchronized just now.", q.FolderTitle).
		With("Wait until that has ended.").Because(err)
}

func notChecked() error {
	return fault.New(fault.NotFound, "The synchronization was not checked lately.").
		With("Choose Check on its tab first, or run `nuxeo-frameio sync check`.")
}

// startRun adds a run and its item in a transaction. The database refuses a second run of a sync at
// the same time.
func (s *Service) startRun(ctx context.Context, tx *sql.Tx, q Sync, why, by string, sure bool) ([]string, error) {
	// Record the run, and its item.
	run, now := uuid.Must(uuid.NewV7()).String(), s.Now()
	if _, err := tx.ExecContext(ctx, `INSERT INTO sync_runs (id, sync_id, item_id, why, asked_by, sure, dry, partial,
		state, began) VALUES ($1, $2, '', $3, $4, $5, $6, $7, 'running', $8)`,
		run, q.ID, why, by, sure, why == Check, why == Changes, store.Millis(now)); err != nil {
		return nil, err
	}

	ids, err := s.Engine.Add(ctx, tx, work.New{
		Kind: KindRun, Parent: run, Subject: q.ID, Title: q.FolderTitle, Owner: q.Owner, Actor: q.Owner, Requester: by,
		Data: state{Sync: q.ID, Run: run},
	})
	if err != nil {
		return nil, err
	}

	if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET item_id = $1 WHERE id = $2`, ids[0], run); err != nil {
		return nil, err
	}

	// Full runs move the schedule.
	next := nextDue(now, q.Every)
	if why == Check || why == Changes {
		next = store.Millis(q.Due)
	}

	_, err = tx.ExecContext(ctx, `UPDATE syncs SET run_id = $1, due = $2, updated = $3
		WHERE id = $4`, run, next, store.Millis(now), q.ID)
	return ids, err
}

func nextDue(now time.Time, every time.Duration) int64 {
	if every == 0 {
		return 0
	}
	return store.Millis(now.Add(every))
}

// Pause keeps a sync from running until it is resumed or refreshed. A run that is under way is
// cancelled; what it has done stays.
func (s *Service) Pause(ctx context.Context, who work.Viewer, id string) (Sync, error) {
	q, err := s.getForChange(ctx, who, id)
	if err != nil {
		return q, err
	}

	paused := audit.Entry{Who: who.Login, What: audit.SyncPaused, About: q.FolderPath}
	err = s.Engine.Audited(ctx, paused, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'paused', reason = $1, remedy = 'Resume it.',
				paused_by = $2, due = 0, updated = $3 WHERE id = $4 AND state = 'active'`,
			"Paused by "+who.Login+".", who.Login, store.Millis(s.Now()), id)
		return err
	})
	if err != nil {
		return q, err
	}

	return s.cancelRuns(ctx, q)
}

// cancelRuns cancels the runs that are under way.
func (s *Service) cancelRuns(ctx context.Context, q Sync) (Sync, error) {
	for _, r := range []*Run{q.Last, q.Check} {
		if r == nil || r.State != Running {
			continue
		}
		err := s.Engine.Cancel(ctx, work.Viewer{Admin: true, Login: q.Owner}, r.Item)
		if err != nil && !fault.Is(err, fault.Conflict) { // it has just ended
			return q, err
		}
	}
	return getDetailed(ctx, s.DB.Reader, q.ID)
}

// Resume puts a paused sync back on its schedule.
func (s *Service) Resume(ctx context.Context, who work.Viewer, id string) (Sync, error) {
	q, err := s.getForChange(ctx, who, id)
	if err != nil {
		return q, err
	}

	resumed := audit.Entry{Who: who.Login, What: audit.SyncResumed, About: q.FolderPath}
	err = s.Engine.Audited(ctx, resumed, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'active', reason = '', remedy = '', paused_by = '',
			due = $1, updated = $2 WHERE id = $3 AND state = 'paused'`,
			nextDue(s.Now(), q.Every), store.Millis(s.Now()), id)
		return err
	})
	if err != nil {
		return q, err
	}

	return getDetailed(ctx, s.DB.Reader, id)
}

// Remove ends a sync. All documents stay.
func (s *Service) Remove(ctx context.Context, who work.Viewer, id string) error {
	q, err := s.getForChange(ctx, who, id)
	if err != nil {
		return err
	}

	// Cancel what is under way.
	if _, err := s.cancelRuns(ctx, q); err != nil {
		return err
	}

	// Record it, and take the facet off the folder.
	removed := audit.Entry{Who: who.Login, What: audit.SyncRemoved, About: q.FolderPath}
	var ids []string
	err = s.Engine.Audited(ctx, removed, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'removed', due = 0, updated = $1
			WHERE id = $2`, store.Millis(s.Now()), id); err != nil {
			return err
		}
		ids, err = s.Engine.Add(ctx, tx, work.New{
			Kind: KindRun, Parent: id, Subject: "remove", Title: q.FolderTitle, Owner: q.Owner, Actor: q.Owner,
			Requester: who.Login, Data: state{Sync: id, Remove: true},
		})
		return err
	})
	if err == nil {
		s.Engine.Wake(ids...)
	}

	return err
}

// Runs lists the runs of a sync, newest first.
func (s *Service) Runs(ctx context.Context, who work.Viewer, id string, limit int) ([]Run, error) {
	if _, err := s.Get(ctx, who, id); err != nil {
		return nil, err
	}

	out, err := store.All(ctx, s.DB.Reader, scanRun, `SELECT `+runColumns+` FROM sync_runs WHERE sync_id = $1
		ORDER BY id DESC LIMIT $2`, id, limit)
	if err != nil {
		return nil, err
	}

	for i := range out {
		if err := out[i].count(ctx, s.DB.Reader); err != nil {
			return nil, err
		}
	}

	return out, nil
}

// ResolveConflict resolves a conflict by hand. With FrameioWins the asset is imported, and a
// version keeps the content from Nuxeo; with KeepBoth it becomes a second document; with NuxeoWins
// the document stays until the asset changes again.
func (s *Service) ResolveConflict(ctx context.Context, who work.Viewer, id, key, use string) (Sync, error) {
	q, err := s.getForChange(ctx, who, id)
	if err != nil {
		return q, err
	}

	if use != NuxeoWins && use != FrameioWins && use != KeepBoth {
		return q, fault.Field("use", `Give "nuxeo", "frameio" or "both".`, "%q does not say whose content stays.", use)
	}

	// The entry has to be in conflict, and visible to the viewer.
	e, ok, err := getEntry(ctx, s.DB.Reader, id, key)
	if err != nil {
		return q, err
	}

	about := subject{document: e.Document, parent: e.Parent}
	sees, err := s.visibleTo(ctx, who, q, []subject{about})
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

	// Clear the conflict and import the asset, as chosen.
	var ids []string
	settled := audit.Entry{Who: who.Login, What: audit.ConflictSettled, About: e.Name, Detail: "for " + use}
	err = s.Engine.Audited(ctx, settled, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `UPDATE sync_entries SET conflict = '', updated = $1
			WHERE sync_id = $2 AND key = $3`, store.Millis(s.Now()), id, key); err != nil {
			return err
		}
		if use != NuxeoWins {
			ids, err = s.addAssetItem(ctx, tx, q, q.Last.ID, who, e, use)
		}
		return err
	})
	if err != nil {
		return q, err
	}

	s.Engine.Wake(ids...)
	return getDetailed(ctx, s.DB.Reader, id)
}
