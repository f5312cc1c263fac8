package push

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Filter chooses pushes; empty fields choose all. Before is a cursor: the id of
// the last push of the page before. Pushes come newest first.
type Filter struct {
	Document, Folder, State, Before string
	Limit                           int
}

const usual, atMost = 50, 500

// List shows pushes: those of a document or of a bound folder to whoever may read that
// in Nuxeo, else one's own; administrators see all. Who may read a folder may not read
// everything below it: of the pushes of others those are shown whose documents the
// viewer may see.
func (s *Service) List(ctx context.Context, who work.Viewer, f Filter) (page work.Page[Push], err error) {
	if f.Limit <= 0 || f.Limit > atMost {
		f.Limit = usual
	}

	for _, uid := range []string{f.Document, f.Folder} {
		if err := s.maySee(ctx, who, uid); err != nil {
			return page, err
		}
	}

	every := who.Admin || f.Document != "" || f.Folder != ""
	all, err := list(ctx, s.DB.Reader, `WHERE ($1 = '' OR document_uid = $1) AND ($2 = '' OR scope_uid = $2)
		AND ($3 = '' OR state = $3)
		AND ($4 = '' OR id < $4) AND ($5 OR pushed_by = $6) ORDER BY id DESC LIMIT $7`, f.Document, f.Folder, f.State,
		f.Before, every, who.Login, f.Limit+1)
	if err != nil {
		return page, err
	}

	if len(all) > f.Limit {
		all = all[:f.Limit]
		page.Next = all[f.Limit-1].ID
	}

	page.List, err = s.visible(ctx, who, all)
	page.Hidden = len(all) - len(page.List)
	return page, err
}

// visible are the pushes that are one's own, or whose documents the viewer may see.
func (s *Service) visible(ctx context.Context, who work.Viewer, all []Push) ([]Push, error) {
	own := func(p Push) bool { return who.Admin || p.By == who.Login }
	if !slices.ContainsFunc(all, func(p Push) bool { return !own(p) }) {
		return all, nil
	}

	nx, err := s.People.Nuxeo(ctx, who.Login)
	if err != nil {
		return nil, err
	}

	var uids []string
	for _, p := range all {
		uids = append(uids, p.Document)
	}

	seen, err := nx.Visible(ctx, uids)
	if err != nil {
		return nil, err
	}

	return slices.DeleteFunc(slices.Clone(all), func(p Push) bool { return !own(p) && !seen[p.Document] }), nil
}

// maySee refuses a document or folder that a person may not read, like one that is
// not there.
func (s *Service) maySee(ctx context.Context, who work.Viewer, uid string) error {
	if uid == "" || who.Admin {
		return nil
	}

	nx, err := s.People.Nuxeo(ctx, who.Login)
	if err != nil {
		return err
	}

	_, err = nx.Get(ctx, uid, nuxeo.Fetch{})
	switch nuxeo.StatusOf(err) {
	case 401, 403, 404:
		return fault.New(fault.NotFound, "There is no such document, or you may not see it.").
			With("Look at the folder it was in.")
	}

	return err
}

// Get shows a push to who asked for it, to who may read its document, and to
// administrators.
func (s *Service) Get(ctx context.Context, who work.Viewer, id string) (Push, error) {
	p, err := get(ctx, s.DB.Reader, id)
	if err != nil || who.Admin || p.By == who.Login {
		return p, err
	}

	if err := s.maySee(ctx, who, p.Document); err != nil {
		if fault.Is(err, fault.NotFound) {
			err = notFound()
		}
		return Push{}, err
	}

	return p, nil
}

// OpenOf is the unfinished push of a document, which the caller has read as the
// person; nil when there is none.
func (s *Service) OpenOf(ctx context.Context, document string) (*Push, error) {
	found, err := s.unfinished(ctx, []string{document})
	if p, ok := found[document]; ok {
		return &p, err
	}
	return nil, err
}

// Locks lists what is locked by a push, newest first: one's own, or all for
// administrators.
func (s *Service) Locks(
	ctx context.Context, who work.Viewer, before string, limit int,
) (all []Push, next string, err error) {
	if limit <= 0 || limit > atMost {
		limit = usual
	}

	all, err = list(ctx, s.DB.Reader, `WHERE lock_state IN ('intended', 'ours', 'releasing') AND ($1 OR pushed_by = $2)
		AND ($3 = '' OR id < $3)
		ORDER BY id DESC LIMIT $4`, who.Admin, who.Login, before, limit+1)
	if len(all) > limit {
		all = all[:limit]
		next = all[limit-1].ID
	}

	return all, next, err
}

func (p Push) belongsTo(who work.Viewer) bool { return who.Admin || p.By == who.Login }

// MayRelease reports whether a person may end the waiting for the push now, or ask again
// for its lock to be given back.
func (p Push) MayRelease(who work.Viewer) bool {
	return p.belongsTo(who) && p.State != Sending && (p.State == Open || p.Held())
}

// Release ends the waiting for a push and gives its lock back: who pushed, or an
// administrator, with a reason that is kept. The asset stays on Frame.io. It may be
// asked for again when the lock could not be given back.
func (s *Service) Release(ctx context.Context, who work.Viewer, id, reason string) (Push, error) {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 1000 {
		return Push{}, fault.Field("reason", "Say in a few words why.", "The reason is missing, or too long.")
	}

	p, err := s.Get(ctx, who, id)
	if err != nil {
		return p, err
	}

	if !p.belongsTo(who) {
		return p, fault.New(fault.Forbidden, "Only %s or an administrator may release this lock.", p.By).
			With("Ask one of them.")
	}

	if p.State == Sending {
		return p, fault.New(fault.Conflict, "%q is still being sent.", p.Title).
			With("Cancel its item: that unlocks it.")
	}

	if p, err = s.end(ctx, p, reason, who.Login); err != nil {
		return p, err
	}

	if err := s.unlockAs(ctx, who, p); err != nil {
		return p, err
	}

	return get(ctx, s.DB.Reader, id)
}

func (s *Service) end(ctx context.Context, p Push, reason, by string) (Push, error) {
	ended := false
	released := audit.Entry{Who: by, What: audit.LockReleased, About: p.Title, Detail: reason}
	err := s.Engine.Audited(ctx, released, func(tx *sql.Tx) (err error) {
		ended, err = conclude(ctx, tx, s.Now(), p.ID, Released, reason, by, Open, Open)
		return err
	})
	if err == nil && !ended && !p.Held() {
		err = fault.New(fault.Conflict, "%q is not locked by this push any more.", p.Title)
	}

	if err != nil {
		return p, err
	}

	return get(ctx, s.DB.Reader, p.ID)
}

// unlockAs gives the lock back as who took it, else as the service account, else
// as the administrator who asks.
func (s *Service) unlockAs(ctx context.Context, who work.Viewer, p Push) error {
	err := s.unlock(ctx, p)
	if !fault.Is(err, fault.Forbidden) || !who.Admin {
		return err
	}

	nx, failed := s.People.Nuxeo(ctx, who.Login)
	if failed == nil {
		failed = s.giveBack(ctx, nx, p)
	}

	if failed != nil {
		return errors.Join(err, failed)
	}

	return s.DB.Tx(ctx, func(tx *sql.Tx) error { return setLock(ctx, tx, s.Now(), p.ID, Free, "") })
}

// CheckLocks is the chore that compares locks with pushes: it gives back what a
// push that has ended still holds, and tells of open pushes whose lock is gone and
// of locks that look like a push's but belong to none, as after an older database
// was put back.
func (s *Service) CheckLocks(ctx context.Context, r *maintenance.Report) error {
	all, err := list(ctx, s.DB.Reader, `WHERE lock_state IN ('intended', 'ours', 'releasing') AND state <> 'sending'
		ORDER BY id`)
	if err != nil {
		return err
	}

	for _, p := range all {
		if err := s.checkLock(ctx, p, r); err != nil {
			r.Note("the lock of %s could not be looked at: %s", p.Title, fault.From(err).Message)
		}
	}

	if err := s.strayLocks(ctx, r); err != nil {
		r.Note("locks without a push could not be looked for: %s", fault.From(err).Message)
	}

	return ctx.Err()
}

// strayLocks looks, as the service account, for documents that are locked by who
// pushed them although no push of theirs is unfinished.
func (s *Service) strayLocks(ctx context.Context, r *maintenance.Report) error {
	if s.Service == nil {
		return nil
	}

	nx := s.Nuxeo.As(s.Service)
	where := "ecm:mixinType = '" + ingest.Facet + "' AND ecm:lockOwner IS NOT NULL AND frameio:pushedBy IS NOT NULL" +
		" AND ecm:isVersion = 0 AND ecm:isProxy = 0 AND ecm:isTrashed = 0"
	for doc, err := range nx.Query(ctx, where, "", nuxeo.Fetch{Schemas: []string{"frameio"}, Lock: true}) {
		if err != nil {
			return err
		}

		if !ingest.Linked(doc) || doc.LockOwner != doc.Text("frameio:pushedBy") {
			continue
		}

		if open, err := s.OpenOf(ctx, doc.UID); err != nil || open != nil {
			if err != nil {
				return err
			}
			continue
		}

		r.Note("%s is locked by %s, who pushed it once; no push holds that lock", doc.Title, doc.LockOwner)
	}

	return nil
}

func (s *Service) checkLock(ctx context.Context, p Push, r *maintenance.Report) error {
	if p.State != Open {
		if err := s.unlock(ctx, p); err != nil {
			return fmt.Errorf("a lock without a push: %w", err)
		}
		r.Add("the lock of %s, whose push had ended", p.Title)
		return nil
	}

	nx, err := s.People.Nuxeo(ctx, p.By)
	if err != nil {
		return err
	}

	doc, err := nx.Get(ctx, p.Document, nuxeo.Fetch{Lock: true})
	switch {
	case nuxeo.NotFound(err):
		r.Note("%s, which is on Frame.io for review, was deleted in Nuxeo", p.Title)
		return nil
	case err == nil && !p.holds(doc):
		r.Note("%s is on Frame.io for review but was unlocked by hand", p.Title)
	}

	return err
}
