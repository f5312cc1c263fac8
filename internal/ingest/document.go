package ingest

import (
	"context"
	"database/sql"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// SourceContent marks writes of content, for the customer's versioning policies.
const SourceContent = "frameio"

// SourceMetadata marks writes that must never create a version.
const SourceMetadata = "frameio-metadata"

var fullFetch = nuxeo.Fetch{Schemas: []string{"*"}, Lock: true}

// linkAsset acquires the asset's link, reads its document and chooses the step that follows.
func (s *Service) linkAsset(ctx context.Context, r *Run) (work.Next, error) {
	// Acquire the link. The asset may take it over from a stack that does not exist any more.
	from, old, err := s.inheritedLink(ctx, r, r.Job.asset())
	if old || err != nil {
		return work.Next{Step: StepResolve}, err
	}

	l, err := s.acquireLink(ctx, r, from)
	if err != nil {
		return work.Next{}, err
	}

	// Start over if the asset stands for another file by now.
	if old, err := s.isOutdated(ctx, r, l); old || err != nil {
		return work.Next{Step: StepResolve}, err
	}

	// Read the document, and find the writer.
	doc, err := s.linkedDocument(ctx, r, &l)
	if err == nil {
		doc, err = s.releaseLeftover(ctx, r, doc)
	}

	if err != nil {
		return work.Next{}, err
	}

	w, err := s.lockOwner(ctx, r, doc)
	if err != nil {
		return work.Next{}, err
	}
	r = r.as(w)

	if m := r.Job.Mirror; m != nil {
		m.OtherFile = m.OtherFile || doc == nil || l.FileID != r.Job.File.ID
	}

	// Without a document, create one.
	if doc == nil {
		r.Job.Document, r.Job.Outcome, r.Job.Intent = "", Created, nil
		return work.Next{Step: r.Job.contentStep()}, r.Save(ctx)
	}

	// An existing one has to be writable.
	if err := checkUnlocked(doc, r.Actor); err != nil {
		return work.Next{}, err
	}

	r.Job.Document = doc.UID
	if m := r.Job.Mirror; m != nil && m.FormerName == "" {
		m.FormerName = doc.Text(schema.FileName)
	}

	if err := s.updateDigest(ctx, r, doc, &l); err != nil {
		return work.Next{}, err
	}

	return s.decideContent(ctx, r, doc, &l)
}

// decideContent chooses the step that follows for an existing document.
func (s *Service) decideContent(ctx context.Context, r *Run, doc *nuxeo.Document, l *link.Link) (work.Next, error) {
	switch s.content(r, doc, *l).Decide() {
	case Refuse:
		return work.Next{}, CheckColdStorage(doc)
	case KeepContent: // only facet and metadata are written
		if r.Job.Outcome == "" {
			r.Job.Outcome = Unchanged
		}
		return work.Next{Step: StepDescribe}, r.Save(ctx)
	case Conflict:
		r.Job.Outcome = Conflicting
		return work.Next{Done: true, Outcome: Conflicting}, r.Save(ctx)
	case SplitDocument:
		return s.splitDocument(ctx, r, doc, l)
	}

	r.Job.Outcome, r.Job.Intent = Updated, nil
	return work.Next{Step: StepRefresh}, r.Save(ctx)
}

// isOutdated reports whether the asset has another head by now. Another item may have imported that
// one while this one waited for the link, and must not be undone.
func (s *Service) isOutdated(ctx context.Context, r *Run, l link.Link) (bool, error) {
	if l.FileID == "" || l.FileID == r.Job.File.ID || r.Job.onlyFile() != "" {
		return false, nil
	}
	return s.headChanged(ctx, r)
}

// headChanged reports whether the asset stands for another file by now, or is on another stack.
func (s *Service) headChanged(ctx context.Context, r *Run) (bool, error) {
	head, stack, err := s.lookUp(ctx, r)
	if v4.NotFound(err) {
		return true, nil // resolve reports what that means
	}
	return head.ID != r.Job.File.ID || stack != r.Job.File.Stack, err
}

// asset returns the asset as links identify it.
func (j *Job) asset() link.Asset {
	return link.Asset{Account: j.Asset.Account, Key: j.File.Key(), Files: j.File.Members, Complete: true}
}

// acquireLink acquires the asset's link, below the folder of the push it returns from, if any.
func (s *Service) acquireLink(ctx context.Context, r *Run, from string) (l link.Link, err error) {
	a := r.Job.asset()
	a.From = from
	if err := s.findReturn(ctx, r); err != nil {
		return l, err
	}

	if back := r.Job.Return; r.Job.Target.Returning && (back == nil || back.Ended) {
		return l, fault.New(fault.Refused, "This folder is being unbound: it only takes back what is under review.").
			With("Bind it again to publish something else into it.")
	}

	if l, err = s.tryAcquire(ctx, r, a); err == nil {
		r.Job.LinkID = l.ID
	}

	return l, err
}

// linkedDocument reads the link's document. It returns nil if there is none yet, or if it was
// deleted or trashed, which frees the link for a new one.
func (s *Service) linkedDocument(ctx context.Context, r *Run, l *link.Link) (*nuxeo.Document, error) {
	if l.DocumentUID == "" {
		return s.adoptUnrecorded(ctx, r, l)
	}

	doc, err := r.Nuxeo.Get(ctx, l.DocumentUID, fullFetch)
	if err != nil && !nuxeo.NotFound(err) {
		return nil, err
	}

	if err == nil && !doc.IsTrashed {
		return doc, nil
	}

	if err := r.Task.Note(ctx, "new document", "the document was deleted in Nuxeo"); err != nil {
		return nil, err
	}

	return nil, r.Commit(ctx, func(tx *sql.Tx) error {
		if err := review.Forget(ctx, tx, l.ID); err != nil {
			return err
		}
		return link.SetDocument(ctx, tx, r.Task.Now(), l, "")
	})
}

// adoptUnrecorded looks for a document that was created for this asset but not recorded, because
// the answer was lost.
func (s *Service) adoptUnrecorded(ctx context.Context, r *Run, l *link.Link) (*nuxeo.Document, error) {
	doc, err := s.findCreatedForAny(ctx, r, l)
	if doc == nil || err != nil {
		return nil, err
	}

	return doc, r.Commit(ctx, func(tx *sql.Tx) error {
		if err := link.SetDocument(ctx, tx, r.Task.Now(), l, doc.UID); err != nil {
			return err
		}
		// dc:source is written together with the content it names.
		b := doc.Blob("file:content")
		if doc.Text("dc:source") != sourceKey(r.Job.Asset.Account, r.Job.File.ID) || compare(b, r.Job) == differs ||
			s.Set.Verify == "digest" && r.Job.Digest == "" {
			return nil // fetched once more, and compared
		}
		return link.SetContent(ctx, tx, r.Task.Now(), l, r.Job.File.ID, b.Length, b.Digest)
	})
}

// sourceKey returns the dc:source that a document has from its creation, by which it is found
// before it has the facet.
func sourceKey(account, file string) string { return "frameio:" + account + "/" + file }

// findCreatedForAny looks for what was created for any file of the asset: its head may have changed
// since.
func (s *Service) findCreatedForAny(ctx context.Context, r *Run, l *link.Link) (*nuxeo.Document, error) {
	doc, err := s.findCreated(ctx, r, l, r.Job.File.ID)
	for _, file := range r.Job.File.Members {
		if doc != nil || err != nil {
			break
		}
		if file != r.Job.File.ID {
			doc, err = s.findCreated(ctx, r, l, file)
		}
	}

	return doc, err
}

// findCreated looks for a document that was created for a file.
func (s *Service) findCreated(ctx context.Context, r *Run, l *link.Link, file string) (*nuxeo.Document, error) {
	where := "dc:source = " + nuxeo.Quote(sourceKey(r.Job.Asset.Account, file)) +
		" AND ecm:ancestorId = " + nuxeo.Quote(r.Job.Target.Scope) +
		schema.AndLive
	for doc, err := range r.Nuxeo.Query(ctx, where, "", fullFetch) {
		if err != nil {
			return nil, err
		}
		ours, err := s.isOriginal(ctx, doc, l)
		if ours || err != nil {
			return doc, err
		}
	}

	return nil, nil
}

// isOriginal reports whether a document is ours, and neither a copy that a person made of it nor
// another link's.
func (s *Service) isOriginal(ctx context.Context, doc *nuxeo.Document, l *link.Link) (bool, error) {
	if uid := doc.Text(schema.DocumentUID); doc.Has(Facet) && uid != "" && uid != doc.UID {
		return false, nil
	}
	owner, err := link.IDOfDocument(ctx, s.DB, doc.UID)
	return owner == "" || owner == l.ID, err
}

// checkUnlocked returns an error if another person has locked a document.
func checkUnlocked(doc *nuxeo.Document, actor string) error {
	if doc.LockOwner == "" || doc.LockOwner == actor {
		return nil
	}
	return fault.New(fault.Locked, "The document %q is locked by %s.", doc.Title, doc.LockOwner).
		With("Ask " + doc.LockOwner + " to unlock it, then retry.")
}

// CheckColdStorage returns an error if the content of a document is in cold storage: the add-on of
// that name has moved the file away and left a thumbnail in its place, which must be neither sent
// nor replaced.
func CheckColdStorage(doc *nuxeo.Document) error {
	if !doc.Has("ColdStorage") {
		return nil
	}
	return fault.New(fault.Refused, "%q is in cold storage; what it shows is a thumbnail of its file.", doc.Title).
		With("Restore it from cold storage in Nuxeo, then try again.")
}

// updateDigest records a new digest of the content that the document got from us. Nuxeo may compute
// one later, or with another algorithm. That is distinguished from other content by the length and
// the last contributor.
func (s *Service) updateDigest(ctx context.Context, r *Run, doc *nuxeo.Document, l *link.Link) error {
	b := doc.Blob("file:content")
	if b == nil || b.Digest == "" || l.FileID == "" || b.Length != l.Size || b.Digest == l.Digest {
		return nil
	}

	if _, ok := nuxeo.SameDigest(b.Digest, l.Digest); ok || !s.isOurWrite(doc, r.Actor) {
		return nil
	}

	return r.Commit(ctx, func(tx *sql.Tx) error {
		return link.SetContent(ctx, tx, r.Task.Now(), l, l.FileID, b.Length, b.Digest)
	})
}
