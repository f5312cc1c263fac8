package push

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Request is what a person wants to send, and where to. The documents are given one by one, or
// are all those of a listing except some. Without a folder they go to the root folder of the
// project; without a status they get the configured one.
type Request struct {
	Documents                  []string
	Listing                    *nuxeo.Listing
	Except                     []string
	Workspace, Project, Folder string
	What                       string
	Separate                   bool
	Status                     string
}

// A Skipped is a document that is not sent, with the reason.
type Skipped struct {
	Document, Title string
	Why             error
}

// A Preview is what a request would send. Next counts the documents whose assets are on Frame.io
// already: unless they are sent separately, each becomes the next version of its asset, wherever
// that is. Linked are the first of them.
type Preview struct {
	Count   int
	Bytes   int64
	Skipped []Skipped
	Next    int
	Linked  []Linked
}

// A Linked is a document that has an asset, and where to see that.
type Linked struct{ Document, Title, Name, ViewURL string }

// An Accepted is what a request has started.
type Accepted struct {
	Batch   string
	Pushes  []Push
	Skipped []Skipped
}

// validate sets defaults and checks a request.
func (s *Service) validate(r *Request) error {
	if r.What = strings.TrimSpace(r.What); r.What == "" {
		r.What = Master
	}

	r.Documents = distinct(r.Documents)
	if r.Listing != nil {
		return r.validateListing()
	}

	if n := len(r.Documents); n == 0 || n > s.Set.Most {
		return s.tooMany(strconv.Itoa(n))
	}

	for _, uid := range r.Documents {
		if uid == "" || len(uid) > 4096 {
			return fault.Field("documents", "Give uids or paths of documents.", "A document has no id.")
		}
	}

	return nil
}

func (r *Request) validateListing() error {
	switch {
	case len(r.Documents) > 0:
		return fault.Field("listing", "Give either documents or a listing.", "There are both documents and a listing.")
	case r.Listing.Provider == "":
		return fault.Field("listing", "Give the name of the page provider.", "The listing has no page provider.")
	}
	return nil
}

func (s *Service) tooMany(n string) error {
	return fault.Field("documents", "Select fewer at a time.", "%s documents cannot be pushed at once, but 1 to %d.", n,
		s.Set.Most)
}

// listDocuments returns the ids of the documents of a listing, as the person sees it.
func (s *Service) listDocuments(ctx context.Context, nx *nuxeo.Client, r Request) ([]string, error) {
	seen := map[string]bool{}
	for _, uid := range r.Except {
		seen[uid] = true
	}

	var out []string
	for uid, err := range nx.Listed(ctx, *r.Listing) {
		switch {
		case err != nil:
			return nil, err
		case seen[uid]:
			continue
		case len(out) == s.Set.Most:
			return nil, s.tooMany("More than " + strconv.Itoa(s.Set.Most))
		}
		seen[uid], out = true, append(out, uid)
	}

	if len(out) == 0 {
		return nil, nothingListed()
	}

	return out, nil
}

func nothingListed() error {
	return fault.Field("listing", "Look at the list again.", "There is no document in the listing any more.")
}

func distinct(list []string) (out []string) {
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			out = append(out, s)
		}
		seen[s] = true
	}
	return out
}

// A selection divides the documents of a request into those that can be sent and those that cannot.
// For documents that have an asset already it holds that, by document.
type selection struct {
	ready   []Push
	skipped []Skipped
	assets  map[string]Linked
}

// selectDocuments checks the documents as the person, a page per call. Without a workspace, any
// that the folder is bound to will do.
func (s *Service) selectDocuments(ctx context.Context, login string, r Request) (selection, error) {
	out := selection{assets: map[string]Linked{}}
	nx, err := s.People.Nuxeo(ctx, login)
	if err != nil {
		return out, err
	}

	if r.Listing != nil {
		r.Documents, err = s.listDocuments(ctx, nx, r)
	} else {
		r.Documents, err = resolvePaths(ctx, nx, r.Documents)
	}

	if err != nil {
		return out, err
	}

	for some := range slices.Chunk(r.Documents, pageSize) {
		if err := s.selectPage(ctx, nx, login, r, some, &out); err != nil {
			return out, err
		}
	}

	return out, nil
}

// selectPage checks a page of documents. The documents themselves are not kept: there may be ten
// thousand.
func (s *Service) selectPage(
	ctx context.Context, nx *nuxeo.Client, login string, r Request, uids []string, out *selection,
) error {
	// Read what decides.
	docs, err := readDocuments(ctx, nx, uids)
	if err != nil {
		return err
	}

	bound, err := s.bindingsAround(ctx, docs)
	if err != nil {
		return err
	}

	busy, err := s.unfinished(ctx, uids)
	if err != nil {
		return err
	}

	// Decide for each.
	for _, uid := range uids {
		p, err := assess(docs[uid], login, r, bound, busy)
		if err != nil {
			out.skipped = append(out.skipped, Skipped{Document: uid, Title: p.Title, Why: err})
			continue
		}
		out.ready = append(out.ready, p)
		if docs[uid].Text(schema.FileName) != "" {
			out.assets[uid] = linked(docs[uid])
		}
	}

	return nil
}

// assess returns the push for a document, or why it cannot be pushed.
func assess(doc *nuxeo.Document, login string, r Request, all []Bound, busy map[string]Push) (Push, error) {
	if doc == nil {
		return Push{}, fault.New(fault.NotFound, "There is no such document, or you may not see it.").
			With("Look at the folder it was in.")
	}

	// Can it be pushed at all, and to this workspace?
	p := Push{Document: doc.UID, Title: doc.Title, What: r.What, Separate: r.Separate, By: login}
	if err := checkPushable(doc); err != nil {
		return p, err
	}

	targets := bindingsFor(doc, all)
	i := slices.IndexFunc(targets, func(b Bound) bool { return r.Workspace == "" || b.Workspace == r.Workspace })
	if i < 0 {
		return p, notBound()
	}

	// Is it free?
	if q, ok := busy[doc.UID]; ok {
		return p, alreadyPushed(q)
	}

	if err := checkLockable(doc, login); err != nil {
		return p, err
	}

	// Is there a file that Frame.io takes?
	piece, err := choosePiece(doc, r.What)
	if err == nil && piece.Length > v4.MaxFile {
		err = fault.New(fault.Refused, "The file of %q is larger than Frame.io takes.", doc.Title).
			With("Push a rendition of it.")
	}

	b := targets[i]
	p.Scope, p.Binding, p.Account, p.Workspace, p.WorkspaceName = b.Folder, b.Binding, b.Account,
		b.Workspace, b.WorkspaceName
	p.Size, p.Digest = piece.Length, piece.Digest
	return p, err
}

func alreadyPushed(p Push) error {
	text := "is being pushed to Frame.io already."
	if p.State == Open {
		text = "is on Frame.io for review already, pushed by " + p.By + "."
	}
	return fault.New(fault.Conflict, "%q "+text, p.Title).With("Wait until it is back, or have its lock released.")
}

// unfinished returns the pushes that are under way or open, by document.
func (s *Service) unfinished(ctx context.Context, documents []string) (map[string]Push, error) {
	out := map[string]Push{}
	for some := range slices.Chunk(documents, 500) {
		found, err := listPushes(ctx, s.DB.Reader, `WHERE state IN ('sending', 'open')
			AND document_uid IN (`+store.Marks(1, len(some))+`)`, store.Anys(some)...)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			out[p.Document] = p
		}
	}

	return out, nil
}

// Preview returns what a request would send, and what not.
func (s *Service) Preview(ctx context.Context, login string, r Request) (Preview, error) {
	if err := s.validate(&r); err != nil {
		return Preview{}, err
	}

	docs, err := s.selectDocuments(ctx, login, r)
	if err != nil {
		return Preview{}, err
	}

	out := Preview{Count: len(docs.ready), Skipped: docs.skipped}
	for _, p := range docs.ready {
		out.Bytes += p.Size
	}

	err = s.addNextVersions(ctx, docs, &out)
	return out, err
}

// linkedShown is how many documents with assets a preview names.
const linkedShown = 100

// addNextVersions adds the documents that would become the next versions of their assets.
func (s *Service) addNextVersions(ctx context.Context, docs selection, out *Preview) error {
	accounts, titles := map[string]string{}, map[string]string{} // by document
	for _, p := range docs.ready {
		accounts[p.Document], titles[p.Document] = p.Account, p.Title
	}

	for some := range slices.Chunk(slices.Sorted(maps.Keys(accounts)), 500) {
		links, err := link.OfDocuments(ctx, s.DB, some)
		if err != nil {
			return err
		}

		for _, l := range links {
			if l.FileID != "" && l.Account == accounts[l.DocumentUID] {
				out.Next++
				out.Linked = append(out.Linked,
					cmp.Or(docs.assets[l.DocumentUID], Linked{Document: l.DocumentUID, Title: titles[l.DocumentUID]}))
			}
		}
	}

	slices.SortFunc(out.Linked, func(a, b Linked) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Document, b.Document))
	})

	out.Linked = out.Linked[:min(len(out.Linked), linkedShown)]
	return nil
}

func linked(doc *nuxeo.Document) Linked {
	return Linked{
		Document: doc.UID,
		Title:    doc.Title,
		Name:     doc.Text(schema.FileName),
		ViewURL:  doc.Text(schema.ViewURL),
	}
}

// Accept records what is sent and starts it. Documents that cannot be sent are left out and named;
// if none can, the first reason is the error.
func (s *Service) Accept(ctx context.Context, login string, r Request) (Accepted, error) {
	if err := s.validate(&r); err != nil {
		return Accepted{}, err
	}

	docs, err := s.selectDocuments(ctx, login, r)
	if err != nil {
		return Accepted{}, err
	}

	if len(docs.ready) == 0 {
		return Accepted{}, docs.skipped[0].Why
	}

	if err := s.resolveTarget(ctx, login, r, docs.ready); err != nil {
		return Accepted{}, err
	}

	out := Accepted{Batch: uuid.Must(uuid.NewV7()).String(), Skipped: docs.skipped}
	err = s.recordAll(ctx, login, r, docs.ready, &out)
	return out, err
}

// maxInteractive is up to how many documents a request takes priority. Larger ones go in the
// background.
const maxInteractive = 10

// resolveTarget fills in project, folder and status, checking as the person that the folder is in
// the workspace.
func (s *Service) resolveTarget(ctx context.Context, login string, r Request, list []Push) error {
	if r.Workspace == "" {
		return fault.Field("workspace", "Choose one that the folder is bound to.", "The team (workspace) is missing.")
	}

	if r.Project == "" {
		return fault.Field("project", "Choose one of the team.", "The project is missing.")
	}

	fio, err := s.People.Frameio(ctx, login)
	if err != nil {
		return err
	}

	project, folder, err := s.loadTarget(ctx, fio, list[0].Account, r)
	if err != nil {
		return err
	}

	status := r.Status
	if status == "" {
		status = s.Set.Status
	}

	for i := range list {
		p := &list[i]
		p.Project, p.ProjectName, p.Folder, p.FolderName, p.Status = project.ID, project.Name, folder.ID,
			folder.Name, status
	}

	return nil
}

// recordAll records all pushes in one transaction. A document that another person has just begun to
// push fails the request.
func (s *Service) recordAll(ctx context.Context, login string, r Request, good []Push, out *Accepted) error {
	interactive := len(good) <= maxInteractive
	var woken []string
	uncanceled := context.WithoutCancel(ctx) // a statement under a context that can end costs a goroutine
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		woken, out.Pushes = nil, nil
		for _, p := range good {
			p.ID, p.Batch, p.State = uuid.Must(uuid.NewV7()).String(), out.Batch, Sending
			ids, err := s.addPush(uncanceled, tx, &p, interactive)
			if err != nil {
				return err
			}
			woken, out.Pushes = append(woken, ids...), append(out.Pushes, p)
		}
		return s.saveChoice(uncanceled, tx, login, r, out.Pushes[0])
	})
	if err == nil {
		s.Engine.Wake(woken...)
	}

	return err
}

// addPush records a push and its item.
func (s *Service) addPush(ctx context.Context, tx *sql.Tx, p *Push, interactive bool) ([]string, error) {
	if err := s.insert(ctx, tx, *p); err != nil {
		return nil, err
	}

	ids, err := s.Engine.Add(ctx, tx, work.New{
		Kind: KindPush, Parent: p.Batch, Subject: p.ID, Title: p.Title, Owner: p.By, Actor: p.By, Requester: p.By,
		Interactive: interactive, Size: p.Size, Data: state{Push: p.ID, Document: p.Document, Binding: p.Binding},
	})
	if err == nil && len(ids) == 1 {
		p.Item = ids[0]
	}

	return ids, err
}

// A Choice is where a person last sent documents of a folder to.
type Choice struct{ Workspace, Project, Folder, What string }

func (s *Service) saveChoice(ctx context.Context, tx *sql.Tx, login string, r Request, p Push) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO push_choices (login, folder_uid, workspace_id, project_id, folder_id,
		what, updated)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (login, folder_uid) DO UPDATE
		SET workspace_id = excluded.workspace_id,
			project_id = excluded.project_id, folder_id = excluded.folder_id, what = excluded.what,
			updated = excluded.updated`,
		login, p.Scope, p.Workspace, p.Project, p.Folder, r.What, store.Millis(s.Now()))
	return err
}
