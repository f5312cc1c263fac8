package foldersync

import (
	"context"
	"database/sql"
	"time"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// List lists the syncs whose folder the viewer may see in Nuxeo, those they made
// first asked as themself; administrators see all.
func (s *Service) List(ctx context.Context, who work.Viewer) ([]Sync, error) {
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT id FROM syncs WHERE state <> 'removed' ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}

	if err := rows.Err(); err != nil {
		return nil, err
	}

	out := []Sync{}
	for _, id := range ids {
		q, err := s.Get(ctx, who, id)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}

	return out, nil
}

// Get shows a sync to whoever may see its folder.
func (s *Service) Get(ctx context.Context, who work.Viewer, id string) (Sync, error) {
	q, err := get(ctx, s.DB.Reader, id)
	if err != nil || q.State == Removed {
		return Sync{}, orNotFound(err)
	}

	if who.Admin || who.Login == q.Owner {
		return q, nil
	}

	sees, err := s.allowed(ctx, who.Login, q.FolderUID, "Read")
	if err == nil && !sees {
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

// OfFolder is the sync of a folder; NotFound when it has none.
func (s *Service) OfFolder(ctx context.Context, who work.Viewer, folder string) (Sync, error) {
	var id string
	err := s.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), '') FROM syncs WHERE folder_uid = $1
		AND state <> 'removed'`, folder).Scan(&id)
	if err != nil || id == "" {
		return Sync{}, orNotFound(err)
	}
	return s.Get(ctx, who, id)
}

// Of names what a folder is synchronized with; empty: it is not.
func (s *Service) Of(ctx context.Context, folder string) (name string, err error) {
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(root_name), '') FROM syncs WHERE folder_uid = $1
		AND state <> 'removed'`, folder).Scan(&name)
	return name, err
}

// changeable is the sync for whoever may change it: who may write in its folder.
func (s *Service) changeable(ctx context.Context, who work.Viewer, id string) (Sync, error) {
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
	return s.allowed(ctx, who.Login, q.FolderUID, "AddChildren")
}

// Refresh begins a run by hand, as the person from then on when the owner is no
// longer able to act. Sure says that they agree to lose very much at once.
func (s *Service) Refresh(ctx context.Context, who work.Viewer, id string, sure bool) (Sync, error) {
	q, err := s.changeable(ctx, who, id)
	if err != nil {
		return q, err
	}

	owner := q.Owner
	if s.People.Usable(ctx, owner) != nil {
		owner = who.Login
	}

	if err := s.People.Usable(ctx, owner); err != nil {
		return q, err
	}

	refreshed := audit.Entry{Who: who.Login, About: q.FolderPath} // what is ordinary is not told
	switch {
	case owner != q.Owner:
		refreshed.What, refreshed.Detail = audit.TookOver, "from "+q.Owner
	case sure:
		refreshed.What = audit.LossConfirmed
	}

	var ids []string
	err = s.Engine.Audited(ctx, refreshed, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'active', reason = '', remedy = '', paused_by = '',
			owner = $1, updated = $2
			WHERE id = $3 AND state <> 'removed'`, owner, store.Millis(s.Now()), id); err != nil {
			return err
		}
		q.Owner = owner
		ids, err = s.begin(ctx, tx, q, ByHand, who.Login, sure)
		return err
	})
	if store.Duplicate(err) {
		return q, busy(q, err)
	}

	if err != nil {
		return q, err
	}

	s.Engine.Wake(ids...)
	return get(ctx, s.DB.Reader, id)
}

func busy(q Sync, err error) error {
	return fault.New(fault.Conflict, "%q is being synchronized just now.", q.FolderTitle).
		With("Wait until that has ended.").Because(err)
}

func notChecked() error {
	return fault.New(fault.NotFound, "The synchronization was not checked lately.").
		With("Choose Check on its tab first, or run `nuxeo-frameio sync check`.")
}

// begin records a run and its item in a transaction; the database refuses a second
// one at the same time.
func (s *Service) begin(ctx context.Context, tx *sql.Tx, q Sync, why, by string, sure bool) ([]string, error) {
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

	next := due(now, q.Every)
	if why == Check || why == Changes {
		next = store.Millis(q.Due)
	}

	_, err = tx.ExecContext(ctx, `UPDATE syncs SET run_id = $1, due = $2, updated = $3
		WHERE id = $4`, run, next, store.Millis(now), q.ID)
	return ids, err
}

func due(now time.Time, every time.Duration) int64 {
	if every == 0 {
		return 0
	}
	return store.Millis(now.Add(every))
}

// Pause keeps a sync from running until it is resumed or refreshed. A run that is
// under way is cancelled; what it has done stays.
func (s *Service) Pause(ctx context.Context, who work.Viewer, id string) (Sync, error) {
	q, err := s.changeable(ctx, who, id)
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

	return s.stopped(ctx, q)
}

// stopped cancels the run that is under way.
func (s *Service) stopped(ctx context.Context, q Sync) (Sync, error) {
	for _, r := range []*Run{q.Last, q.Check} {
		if r == nil || r.State != Running {
			continue
		}
		err := s.Engine.Cancel(ctx, work.Viewer{Admin: true, Login: q.Owner}, r.Item)
		if err != nil && !fault.Is(err, fault.Conflict) { // it has just ended
			return q, err
		}
	}
	return get(ctx, s.DB.Reader, q.ID)
}

// Resume lets a paused sync run again by its schedule.
func (s *Service) Resume(ctx context.Context, who work.Viewer, id string) (Sync, error) {
	q, err := s.changeable(ctx, who, id)
	if err != nil {
		return q, err
	}

	resumed := audit.Entry{Who: who.Login, What: audit.SyncResumed, About: q.FolderPath}
	err = s.Engine.Audited(ctx, resumed, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE syncs SET state = 'active', reason = '', remedy = '', paused_by = '',
			due = $1, updated = $2 WHERE id = $3 AND state = 'paused'`,
			due(s.Now(), q.Every), store.Millis(s.Now()), id)
		return err
	})
	if err != nil {
		return q, err
	}

	return get(ctx, s.DB.Reader, id)
}

// Remove ends a sync. Every document stays as it is.
func (s *Service) Remove(ctx context.Context, who work.Viewer, id string) error {
	q, err := s.changeable(ctx, who, id)
	if err != nil {
		return err
	}

	if _, err := s.stopped(ctx, q); err != nil {
		return err
	}

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
func (s *Service) Runs(ctx context.Context, who work.Viewer, id string, most int) ([]Run, error) {
	if _, err := s.Get(ctx, who, id); err != nil {
		return nil, err
	}

	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT `+runColumns+` FROM sync_runs WHERE sync_id = $1
		ORDER BY id DESC LIMIT $2`, id, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []Run{}
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}

	if err := rows.Err(); err != nil {
		return nil, err
	}

	for i := range out {
		if err := out[i].count(ctx, s.DB.Reader); err != nil {
			return nil, err
		}
	}

	return out, nil
}
