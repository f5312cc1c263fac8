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
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/rights"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Filter selects pushes. Empty fields select all. Before is a cursor, the id of the last push of
// the page before. Pushes come newest first.
type Filter struct {
	Document, Folder, State, Before string
	Limit                           int
}

const defaultLimit, maxLimit = 50, 500

// List lists pushes. People who may read a document or a bound folder in Nuxeo see its pushes,
// others only their own; administrators see all. Since people who may read a folder may not be
// allowed to read everything in it, the pushes of others are shown only if the viewer may see their
// documents.
func (s *Service) List(ctx context.Context, who work.Viewer, f Filter) (page work.Page[Push], err error) {
	if f.Limit <= 0 || f.Limit > maxLimit {
		f.Limit = defaultLimit
	}

	// May the viewer see what they ask about?
	for _, uid := range []string{f.Document, f.Folder} {
		if err := s.checkVisible(ctx, who, uid); err != nil {
			return page, err
		}
	}

	// Read one more than asked for, to know whether there is another page.
	anyone := who.Admin || f.Document != "" || f.Folder != ""
	all, err := listPushes(ctx, s.DB.Reader, `WHERE ($1 = '' OR document_uid = $1) AND ($2 = '' OR scope_uid = $2)
		AND ($3 = '' OR state = $3)
		AND ($4 = '' OR id < $4) AND ($5 OR pushed_by = $6) ORDER BY id DESC LIMIT $7`, f.Document, f.Folder, f.State,
		f.Before, anyone, who.Login, f.Limit+1)
	if err != nil {
		return page, err
	}

	if len(all) > f.Limit {
		all = all[:f.Limit]
		page.Next = all[f.Limit-1].ID
	}

	// Leave out what the viewer may not see.
	page.List, err = s.filterVisible(ctx, who, all)
	page.Hidden = len(all) - len(page.List)
	return page, err
}

// filterVisible returns the pushes that are the viewer's own, or whose documents they may see.
func (s *Service) filterVisible(ctx context.Context, who work.Viewer, all []Push) ([]Push, error) {
	own := func(p Push) bool { return who.Admin || p.By == who.Login }
	if !slices.ContainsFunc(all, func(p Push) bool { return !own(p) }) {
		return all, nil
	}

	var uids []string
	for _, p := range all {
		uids = append(uids, p.Document)
	}

	seen, err := rights.Readable(ctx, s.People, who.Login, uids...)
	if err != nil {
		return nil, err
	}

	return slices.DeleteFunc(slices.Clone(all), func(p Push) bool { return !own(p) && !seen[p.Document] }), nil
}

// checkVisible returns a NotFound error for a document or folder that a person may not read.
func (s *Service) checkVisible(ctx context.Context, who work.Viewer, uid string) error {
	if uid == "" || who.Admin {
		return nil
	}

	seen, err := rights.Readable(ctx, s.People, who.Login, uid)
	if err == nil && !seen[uid] {
		err = fault.New(fault.NotFound, "There is no such document, or you may not see it.").
			With("Look at the folder it was in.")
	}

	return err
}

// Get returns a push to the person who asked for it, to people who may read its document, and to
// administrators.
func (s *Service) Get(ctx context.Context, who work.Viewer, id string) (Push, error) {
	p, err := getPush(ctx, s.DB.Reader, id)
	if err != nil || who.Admin || p.By == who.Login {
		return p, err
	}

	if err := s.checkVisible(ctx, who, p.Document); err != nil {
		if fault.Is(err, fault.NotFound) {
			err = notFound()
		}
		return Push{}, err
	}

	return p, nil
}

// Unfinished returns the unfinished push of a document, or nil. The caller has checked that the
// person may read the document.
func (s *Service) Unfinished(ctx context.Context, document string) (*Push, error) {
	found, err := s.unfinished(ctx, []string{document})
	if p, ok := found[document]; ok {
		return &p, err
	}
	return nil, err
}

// Locks lists the pushes that hold a lock, newest first: the viewer's own, or all for
// administrators.
func (s *Service) Locks(
	ctx context.Context, who work.Viewer, before string, limit int,
) (all []Push, next string, err error) {
	if limit <= 0 || limit > maxLimit {
		limit = defaultLimit
	}

	all, err = listPushes(
		ctx,
		s.DB.Reader,
		`WHERE lock_state IN ('intended', 'ours', 'releasing') AND ($1 OR pushed_by = $2)
		AND ($3 = '' OR id < $3)
		ORDER BY id DESC LIMIT $4`,
		who.Admin,
		who.Login,
		before,
		limit+1,
	)
	if len(all) > limit {
		all = all[:limit]
		next = all[limit-1].ID
	}

	return all, next, err
}

func (p Push) belongsTo(who work.Viewer) bool { return who.Admin || p.By == who.Login }

// MayRelease reports whether a person may end the push now, or try again to release its lock.
func (p Push) MayRelease(who work.Viewer) bool {
	return p.belongsTo(who) && p.State != Sending && (p.State == Open || p.HoldsLock())
}

// maxReason is how long the reason for a release may be, in bytes.
const maxReason = 1000

// Release ends an open push and releases its lock. The person who pushed and administrators may do
// so, giving a reason that is recorded. The asset stays on Frame.io. Release may be repeated if the
// lock could not be released.
func (s *Service) Release(ctx context.Context, who work.Viewer, id, reason string) (Push, error) {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > maxReason {
		return Push{}, fault.Field("reason", "Say in a few words why.", "The reason is missing, or too long.")
	}

	// May the person do this, now?
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

	// End the push, then unlock.
	if p, err = s.release(ctx, p, reason, who.Login); err != nil {
		return p, err
	}

	if err := s.unlockAs(ctx, who, p); err != nil {
		return p, err
	}

	return getPush(ctx, s.DB.Reader, id)
}

func (s *Service) release(ctx context.Context, p Push, reason, by string) (Push, error) {
	ended := false
	released := audit.Entry{Who: by, What: audit.LockReleased, About: p.Title, Detail: reason}
	err := s.Engine.Audited(ctx, released, func(tx *sql.Tx) (err error) {
		ended, err = endPush(ctx, tx, s.Now(), p.ID, Released, reason, by, Open, Open)
		return err
	})
	if err == nil && !ended && !p.HoldsLock() {
		err = fault.New(fault.Conflict, "%q is not locked by this push any more.", p.Title)
	}

	if err != nil {
		return p, err
	}

	return getPush(ctx, s.DB.Reader, p.ID)
}

// unlockAs releases the lock as the person who took it, else as the service account, else as the
// administrator who asks.
func (s *Service) unlockAs(ctx context.Context, who work.Viewer, p Push) error {
	err := s.unlock(ctx, p)
	if !fault.Is(err, fault.Forbidden) || !who.Admin {
		return err
	}

	nx, failed := s.People.Nuxeo(ctx, who.Login)
	if failed == nil {
		failed = s.removeLock(ctx, nx, p)
	}

	if failed != nil {
		return errors.Join(err, failed)
	}

	return s.DB.Tx(ctx, func(tx *sql.Tx) error { return setLock(ctx, tx, s.Now(), p.ID, Free, "") })
}

// CheckLocks is the maintenance task that compares locks with pushes. It releases what ended pushes
// still hold. It reports open pushes whose lock is gone, and locks that look like a push's but
// belong to none, as after an older database was restored.
func (s *Service) CheckLocks(ctx context.Context, r *maintenance.Report) error {
	all, err := listPushes(
		ctx,
		s.DB.Reader,
		`WHERE lock_state IN ('intended', 'ours', 'releasing') AND state <> 'sending'
		ORDER BY id`,
	)
	if err != nil {
		return err
	}

	for _, p := range all {
		if err := s.checkLock(ctx, p, r); err != nil {
			r.Note("the lock of %s could not be looked at: %s", p.Title, fault.From(err).Message)
		}
	}

	if err := s.reportStrayLocks(ctx, r); err != nil {
		r.Note("locks without a push could not be looked for: %s", fault.From(err).Message)
	}

	return ctx.Err()
}

// reportStrayLocks looks, as the service account, for documents locked by the person who pushed
// them although none of their pushes is unfinished.
func (s *Service) reportStrayLocks(ctx context.Context, r *maintenance.Report) error {
	if s.Service == nil {
		return nil
	}

	nx := s.Nuxeo.As(s.Service)
	where := "ecm:mixinType = '" + ingest.Facet + "' AND ecm:lockOwner IS NOT NULL AND frameio:pushedBy IS NOT NULL" +
		schema.AndLive
	for doc, err := range nx.Query(ctx, where, "", nuxeo.Fetch{Schemas: []string{"frameio"}, Lock: true}) {
		if err != nil {
			return err
		}

		if !ingest.HasOwnFacet(doc) || doc.LockOwner != doc.Text(schema.PushedBy) {
			continue
		}

		if open, err := s.Unfinished(ctx, doc.UID); err != nil || open != nil {
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
	case err == nil && !p.ownsLock(doc):
		r.Note("%s is on Frame.io for review but was unlocked by hand", p.Title)
	}

	return err
}
