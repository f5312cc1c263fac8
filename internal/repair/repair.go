// Package repair looks, some time after they were written, whether documents still tell of
// their assets, and gives their facet and metadata back to those that do not.
//
// Nuxeo's work in the background, such as that for thumbnails, writes back what it had
// read of a document before; a facet that came in between is lost without a word. The item
// that wrote it looks at once; this package looks a minute later and once a day, a
// thousand documents in a call.
//
// It owns the items of kind "repair", one for each document that lost something.
// Invariants: a document that tells of its asset is not written to; only the facet and
// the metadata are written; a document that is gone, or another person's to write to, is
// left alone. What the metadata are is ingest's to know.
package repair

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Kind is the kind of the items.
const Kind = "repair"

const (
	settles = time.Minute    // after so long Nuxeo's work in the background is through
	every   = 24 * time.Hour // when nothing changed
	page    = 1000           // links whose documents are looked at together
	pages   = 20             // at a time; the rest follows a minute later
)

// People acts as persons.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
}

// A Service finds damaged documents and repairs them.
type Service struct {
	DB     *store.DB
	Engine *work.Engine
	People People
	Ingest *ingest.Service
	// Repaired lets others bring again what they had put on a document.
	Repaired func(ctx context.Context, tx *sql.Tx, document string) error
	Now      func() time.Time
}

// Look looks at the documents of links that changed a while ago, or that were not looked at
// for a day, and adds items for those that have lost what they told.
//
// Repository.Query, once for each thousand documents and person to act for.
func (s *Service) Look(ctx context.Context, r *maintenance.Report) error {
	for range pages {
		now := s.Now()
		links, err := link.DueForCheck(ctx, s.DB, s.Engine.LatestPlausible(), now.Add(-every), now.Add(-settles), page)
		if err != nil {
			return err
		}
		if err := s.lookAt(ctx, r, links); err != nil || len(links) < page {
			return err
		}
	}
	return nil
}

func (s *Service) lookAt(ctx context.Context, r *maintenance.Report, links []link.Link) error {
	byOwner, err := s.byOwner(ctx, links)
	if err != nil {
		return err
	}

	for owner, some := range byOwner {
		lost, err := s.lost(ctx, owner, some)
		if fault.Passing(err) {
			return err
		}
		if err != nil {
			r.Note("%d documents could not be looked at as %s: %s", len(some), owner, fault.From(err).Message)
		}
		if err := s.record(ctx, r, owner, some, lost); err != nil {
			return err
		}
	}

	return nil
}

// byOwner sorts links by the login as whom their documents are looked at: of the person who pushed
// one, as long as it is out for review, or of the owner of the binding or sync of its folder; empty
// if there is none any more.
func (s *Service) byOwner(ctx context.Context, links []link.Link) (map[string][]link.Link, error) {
	var documents, folders []string
	for _, l := range links {
		documents = append(documents, l.DocumentUID)
		if !slices.Contains(folders, l.FolderUID) {
			folders = append(folders, l.FolderUID)
		}
	}

	// While a document is out for review, the person who pushed it answers for it.
	pushedBy, err := s.pairs(ctx, documents, `SELECT document_uid, pushed_by FROM pushes WHERE state = 'open'
		AND document_uid IN `)
	if err != nil {
		return nil, err
	}

	// Otherwise the owner of what its folder is bound to or follows.
	syncOwners, err := s.pairs(ctx, folders, `SELECT folder_uid, owner FROM syncs WHERE state = 'active'
		AND folder_uid IN `)
	if err != nil {
		return nil, err
	}

	bindingOwners, err := s.pairs(ctx, folders, `SELECT folder_uid, owner FROM bindings WHERE state IN ('bound', 'ending')
		AND folder_uid IN `)
	if err != nil {
		return nil, err
	}

	// The nearest of them is asked.
	out := map[string][]link.Link{}
	for _, l := range links {
		owner := cmp.Or(pushedBy[l.DocumentUID], bindingOwners[l.FolderUID], syncOwners[l.FolderUID])
		out[owner] = append(out[owner], l)
	}

	return out, nil
}

// pairs are the two columns of what a query finds for some ids.
func (s *Service) pairs(ctx context.Context, ids []string, query string) (map[string]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return store.Map(ctx, s.DB.Reader, store.Pair[string, string], query+"("+store.Marks(1, len(ids))+")",
		store.Anys(ids)...)
}

// lost are those of the links whose documents are there and do not tell of their assets.
func (s *Service) lost(ctx context.Context, owner string, links []link.Link) (lost []*nuxeo.Document, err error) {
	if owner == "" {
		return nil, nil
	}

	nx, err := s.People.Nuxeo(ctx, owner)
	if err != nil {
		return nil, err
	}

	var ids []string
	for _, l := range links {
		ids = append(ids, l.DocumentUID)
	}

	// What is gone or in the trash has nothing to restore.
	docs, err := nx.ByIDs(ctx, ids, nuxeo.Fetch{Schemas: []string{"frameio"}})
	return slices.DeleteFunc(
		docs,
		func(doc *nuxeo.Document) bool { return doc.IsTrashed || ingest.DescribesAsset(doc) },
	), err
}

// record notes that the links were looked at and adds an item for each document that has
// lost something.
func (s *Service) record(
	ctx context.Context, r *maintenance.Report, owner string, links []link.Link, lost []*nuxeo.Document,
) error {
	parent := uuid.Must(uuid.NewV7()).String()
	var items []work.New
	for _, doc := range lost {
		at := slices.IndexFunc(links, func(l link.Link) bool { return l.DocumentUID == doc.UID })
		if at < 0 {
			continue
		}
		items = append(items, work.New{
			Kind: Kind, Parent: parent, Subject: doc.UID, Title: doc.Title, Owner: owner, Actor: owner,
			Data: state{Link: links[at].ID},
		})
	}

	// Mark and items go together, so that nothing is looked at without effect.
	var woken []string
	err := s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		if err := link.MarkChecked(ctx, tx, s.Now(), s.Engine.LatestPlausible(), links); err != nil {
			return err
		}
		woken, err = s.Engine.Add(ctx, tx, items...)
		return err
	})
	if err != nil {
		return err
	}

	s.Engine.Wake(woken...)
	for _, it := range items {
		r.Add("%q does not tell of its asset any more", it.Title)
	}

	return nil
}

// master is what a push calls the content itself.
const master = "master"

// state is what an item keeps.
type state struct {
	Link string `json:"link"`
}

// Worker does the items.
type Worker struct {
	work.NoUndo
	*Service
}

// Steps describes the only step.
func (w Worker) Steps() []work.StepInfo {
	return work.OneStep("read the document, restore what is missing", "reads; the same values again")
}

// What an item comes out as.
const (
	repaired = "repaired"
	inOrder  = "in order"
	gone     = "gone"
)

// Step repairs one document.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	var st state
	if err := t.Load(&st); err != nil {
		return work.Next{}, err
	}

	// The link may have gone to another document since.
	l, err := link.Get(ctx, w.DB, st.Link)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (l.DocumentUID != t.Subject || l.FileID == "") {
		return work.Next{Done: true, Outcome: gone}, nil
	}

	if err != nil {
		return work.Next{}, err
	}

	// Nothing else works on the document meanwhile.
	if err := t.Commit(ctx, &st, func(tx *sql.Tx) error {
		_, _, err := link.AcquireByDocument(ctx, tx, l.DocumentUID, t.ID)
		return err
	}); err != nil {
		return work.Next{}, err
	}

	outcome, err := w.repair(ctx, t, l)
	return work.Next{Done: err == nil, Outcome: outcome}, err
}

func (w Worker) repair(ctx context.Context, t *work.Task, l link.Link) (outcome string, err error) {
	nx, err := w.People.Nuxeo(ctx, t.Actor)
	if err != nil {
		return "", err
	}

	// See whether there still is something to repair, and whether it may be.
	doc, err := nx.Get(ctx, l.DocumentUID, nuxeo.Fetch{Schemas: []string{"*"}, Lock: true})
	switch {
	case nuxeo.NotFound(err), err == nil && doc.IsTrashed:
		return gone, nil
	case err != nil:
		return "", err
	case ingest.DescribesAsset(doc):
		return inOrder, nil
	case doc.LockOwner != "" && doc.LockOwner != t.Actor:
		return "left alone: locked by " + doc.LockOwner, nil
	}

	// Restore what the document said, from Frame.io and from our own rows.
	fio, err := w.People.Frameio(ctx, t.Actor)
	if err != nil {
		return "", err
	}

	others, err := w.pushed(ctx, l)
	if err != nil {
		return "", err
	}

	r := &ingest.Run{Task: t, Job: &ingest.Job{}, Frameio: fio, Nuxeo: nx, Actor: t.Actor}
	if err := w.Ingest.Restore(ctx, r, doc, l, others); err != nil {
		return "", err
	}

	return repaired, w.DB.Tx(ctx, func(tx *sql.Tx) error {
		return errors.Join(link.CheckAgain(ctx, tx, t.Now(), l.ID), w.Repaired(ctx, tx, l.DocumentUID))
	})
}

// pushed is what a document tells in addition that was sent from Nuxeo.
func (w Worker) pushed(ctx context.Context, l link.Link) (map[string]any, error) {
	var what, by string
	var at int64
	err := w.DB.Reader.QueryRowContext(ctx, `SELECT what, pushed_by, created FROM pushes WHERE document_uid = $1
		AND file_id = $2
		AND state IN ('open', 'returned') ORDER BY created DESC LIMIT 1`, l.DocumentUID, l.FileID).Scan(&what, &by, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}

	if err != nil {
		return nil, fmt.Errorf("reading the push of %s: %w", l.DocumentUID, err)
	}

	// Only a rendition is named; the master goes without saying.
	others := map[string]any{
		schema.LastPushed: store.Time(at).UTC().Format(time.RFC3339),
		schema.PushedBy:   by,
		schema.Rendition:  nil,
	}
	if what != master {
		others[schema.Rendition] = what
	}

	return others, nil
}

// Ended lets go of the link.
func (w Worker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	return nil, link.Release(ctx, tx, it.ID)
}
