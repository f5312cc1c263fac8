package foldersync

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Change is what a person wants a sync to be. What is nil stays as it is; folder and source of a sync
// never change.
type Change struct {
	Version             int64 // of the sync that they have seen
	DocumentType, Fetch *string
	Earlier, Events     *bool
	Comments            *bool
	Filter              *Filter
	Gone, Conflicts     *string
	Every               *time.Duration
}

// PreviewEdit returns what Edit would change, and counts what the run after it would do, for at most
// limit; 0 stands for a sensible default.
func (s *Service) PreviewEdit(
	ctx context.Context, who work.Viewer, id string, c Change, limit time.Duration,
) (Plan, error) {
	p, err := s.planEdit(ctx, who, id, c)
	if err != nil || !p.Runs() {
		return p, err
	}

	p.Expected, err = s.expect(ctx, p.after, p.refetches(), limit)
	return p, err
}

// Edit changes a sync. If that changes what is imported, a run follows at once, and one that is under
// way ends before: it began with what was chosen then.
func (s *Service) Edit(ctx context.Context, who work.Viewer, id string, c Change) (Sync, error) {
	p, err := s.planEdit(ctx, who, id, c)
	if err != nil || len(p.Effects()) == 0 {
		return p.before, err
	}

	edited := audit.Entry{Who: who.Login, What: audit.SyncEdited, About: p.before.FolderPath, Detail: p.String()}
	begins := p.Runs() && !p.before.busy()
	var ids []string
	err = s.Engine.Audited(ctx, edited, func(tx *sql.Tx) (err error) {
		if err := s.recordEdit(ctx, tx, p); err != nil || !begins {
			return err
		}
		ids, err = s.startRun(ctx, tx, p.after, Edited, who.Login, false)
		return err
	})
	if store.Duplicate(err) { // one has begun meanwhile
		return p.before, alreadyRunning(p.before, err)
	}

	if err != nil {
		return p.before, err
	}

	// What is under way ends, and the next one, which is due, begins by itself.
	s.Engine.Wake(ids...)
	if p.Runs() && !begins {
		return s.cancelRuns(ctx, p.before)
	}

	return getDetailed(ctx, s.DB.Reader, id)
}

// busy reports whether a run of the sync is under way.
func (q Sync) busy() bool {
	for _, r := range []*Run{q.Last, q.Check} {
		if r != nil && r.State == Running {
			return true
		}
	}
	return false
}

// recordEdit records what a sync is from now on, unless somebody has changed it meanwhile.
func (s *Service) recordEdit(ctx context.Context, tx *sql.Tx, p Plan) error {
	q, now := p.after, s.Now()

	// When is it due? At once if something else is imported now, else after the new interval.
	due := store.Millis(q.Due)
	if p.before.Every != q.Every {
		due = nextDue(now, q.Every)
	}
	if p.Runs() {
		due = store.Millis(now)
	}
	if q.State != Active {
		due = 0
	}

	res, err := tx.ExecContext(ctx, `UPDATE syncs SET version = version + 1, document_type = $1, fetches = $2,
		earlier = $3, events = $4, comments = $5, filter = $6, gone = $7, conflicts = $8, every = $9, due = $10,
		updated = $11
		WHERE id = $12 AND version = $13 AND state <> 'removed'`,
		q.DocumentType, q.Fetch, q.Earlier, q.Events, q.Comments, q.Filter.json(), q.Gone, q.Conflicts,
		int64(q.Every/time.Second), due, store.Millis(now), q.ID, q.Version)
	if err != nil {
		return err
	}

	if n, err := res.RowsAffected(); n == 0 || err != nil {
		return orElse(err, changedMeanwhile())
	}

	if p.before.Fetch == q.Fetch {
		return nil
	}

	// Documents keep what they have if nothing is fetched any more. One that is on its way comes as it was chosen
	// before.
	_, err = tx.ExecContext(ctx, `UPDATE sync_entries SET refetch = $1 WHERE sync_id = $2 AND kind <> 'folder'`,
		p.refetches(), q.ID)
	return err
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func changedMeanwhile() error {
	return fault.New(fault.Conflict, "The synchronization was changed meanwhile.").
		With("Look at it again, and change it then if that is still needed.")
}

// planEdit checks a change as the person, and plans it.
func (s *Service) planEdit(ctx context.Context, who work.Viewer, id string, c Change) (Plan, error) {
	before, err := s.getForChange(ctx, who, id)
	if err != nil {
		return Plan{}, err
	}

	switch {
	case c.Version <= 0:
		return Plan{before: before}, fault.Field("version",
			"Give the version that the synchronization had when you looked at it.", "The version is missing.")
	case c.Version != before.Version:
		return Plan{before: before}, changedMeanwhile()
	}

	// What it shall be is checked as a new one is.
	q := c.request(before)
	if err := q.validate(); err != nil {
		return Plan{before: before}, err
	}

	p := Plan{before: before, after: before}
	p.after.DocumentType, p.after.Fetch, p.after.Earlier, p.after.Events = q.DocumentType, q.Fetch, q.Earlier, q.Events
	p.after.Comments, p.after.Filter, p.after.Gone, p.after.Conflicts = q.Comments, q.Filter, q.Gone, q.Conflicts
	p.after.Every = q.Every

	return p, s.checkNewType(ctx, p)
}

// checkNewType checks that the folder takes documents of another type from the owner, as whom they
// are created.
func (s *Service) checkNewType(ctx context.Context, p Plan) error {
	if p.before.DocumentType == p.after.DocumentType {
		return nil
	}

	nx, err := s.People.Nuxeo(ctx, p.before.Owner)
	if err != nil {
		return err
	}

	folder, err := nx.Get(ctx, p.before.FolderUID, nuxeo.Fetch{Enrichers: []string{"permissions", "subtypes"}})
	if err != nil {
		return err
	}

	return checkFolder(folder, p.after.DocumentType)
}

// request returns what a person would fill in to synchronize a folder as it shall be.
func (c Change) request(q Sync) Request {
	return Request{
		Folder: q.FolderUID, Workspace: q.Workspace, Project: q.Project, Root: q.Root,
		DocumentType: given(c.DocumentType, q.DocumentType), Fetch: given(c.Fetch, q.Fetch),
		Earlier: given(c.Earlier, q.Earlier), Events: given(c.Events, q.Events),
		Comments: given(c.Comments, q.Comments), Filter: given(c.Filter, q.Filter), Gone: given(c.Gone, q.Gone),
		Conflicts: given(c.Conflicts, q.Conflicts), Every: given(c.Every, q.Every),
	}
}

// given returns what a change gives, or what there is.
func given[T any](p *T, is T) T {
	if p == nil {
		return is
	}
	return *p
}
