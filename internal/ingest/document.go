package ingest

import (
	"context"
	"database/sql"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// SourceContent marks writes of content, for the customer's versioning policies.
const SourceContent = "frameio"

// SourceMetadata marks writes that must never make a version.
const SourceMetadata = "frameio-metadata"

var all = nuxeo.Fetch{Schemas: []string{"*"}, Lock: true}

// link claims the asset's link, looks at its document and decides what to do.
func (s *Service) link(ctx context.Context, r *Run) (work.Next, error) {
	from, old, err := s.heritage(ctx, r, r.Job.asset())
	if old || err != nil {
		return work.Next{Step: StepResolve}, err
	}

	l, err := s.claim(ctx, r, from)
	if err != nil {
		return work.Next{}, err
	}

	if old, err := s.outdated(ctx, r, l); old || err != nil {
		return work.Next{Step: StepResolve}, err
	}

	doc, err := s.documentOf(ctx, r, &l)
	if err == nil {
		doc, err = s.withoutLeftLock(ctx, r, doc)
	}

	if err == nil {
		err = s.asHolder(ctx, r, doc)
	}

	if err != nil {
		return work.Next{}, err
	}

	if m := r.Job.Mirror; m != nil {
		m.Another = m.Another || doc == nil || l.FileID != r.Job.File.ID
	}

	if doc == nil {
		r.Job.Document, r.Job.Outcome, r.Job.Intent = "", Created, nil
		return work.Next{Step: r.Job.bytesStep()}, r.Save(ctx)
	}

	if err := free(doc, r.Actor); err != nil {
		return work.Next{}, err
	}

	r.Job.Document = doc.UID
	if m := r.Job.Mirror; m != nil && m.Was == "" {
		m.Was = doc.Text("frameio:fileName")
	}

	if err := s.redigested(ctx, r, doc, &l); err != nil {
		return work.Next{}, err
	}

	stored := InColdStorage(doc)
	if stored != nil && l.FileID != r.Job.File.ID {
		return work.Next{}, stored
	}

	if stored != nil || r.Job.plain() || holds(doc, &l, r.Job.File) || r.Job.conforms(doc) {
		if r.Job.Outcome == "" {
			r.Job.Outcome = Unchanged
		}
		return work.Next{Step: StepDescribe}, r.Save(ctx)
	}

	if r.Job.leaves(doc, &l) {
		return s.leave(ctx, r, doc, &l)
	}

	r.Job.Outcome, r.Job.Intent = Updated, nil
	return work.Next{Step: StepRefresh}, r.Save(ctx)
}

// outdated reports whether the asset has another head by now. Another item may have
// brought that one while this one waited for the link, and must not be undone.
func (s *Service) outdated(ctx context.Context, r *Run, l link.Link) (bool, error) {
	if l.FileID == "" || l.FileID == r.Job.File.ID || r.Job.only() != "" {
		return false, nil
	}
	return s.another(ctx, r)
}

// another reports whether the asset stands for another file by now, or is on another stack.
func (s *Service) another(ctx context.Context, r *Run) (bool, error) {
	head, stack, err := s.lookUp(ctx, r)
	if v4.NotFound(err) {
		return true, nil // resolve tells what that means
	}
	return head.ID != r.Job.File.ID || stack != r.Job.File.Stack, err
}

// asset is what the job's asset is to links.
func (j *Job) asset() link.Asset {
	return link.Asset{Account: j.Asset.Account, Key: j.File.Key(), Files: j.File.Members, Complete: true}
}

func (s *Service) claim(ctx context.Context, r *Run, from string) (l link.Link, err error) {
	a := r.Job.asset()
	a.From = from
	if err := s.returning(ctx, r); err != nil {
		return l, err
	}

	if back := r.Job.Return; r.Job.Target.Returning && (back == nil || back.Over) {
		return l, fault.New(fault.Refused, "This folder is being unbound: it only takes back what is under review.").
			With("Bind it again to publish something else into it.")
	}

	if l, err = s.claimed(ctx, r, a); err == nil {
		r.Job.LinkID = l.ID
	}

	return l, err
}

// documentOf reads the link's document; nil when there is none yet, or when it
// was deleted or trashed: then the link is free for a new one.
func (s *Service) documentOf(ctx context.Context, r *Run, l *link.Link) (*nuxeo.Document, error) {
	if l.DocumentUID == "" {
		return s.adopt(ctx, r, l)
	}

	doc, err := r.Nuxeo.Get(ctx, l.DocumentUID, all)
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

// adopt looks for a document that was made for this asset although nobody
// recorded it: the answer to its creation was lost.
func (s *Service) adopt(ctx context.Context, r *Run, l *link.Link) (*nuxeo.Document, error) {
	doc, err := s.findAny(ctx, r, l)
	if doc == nil || err != nil {
		return nil, err
	}

	return doc, r.Commit(ctx, func(tx *sql.Tx) error {
		if err := link.SetDocument(ctx, tx, r.Task.Now(), l, doc.UID); err != nil {
			return err
		}
		// dc:source is written together with the content it names.
		b := doc.Blob("file:content")
		if doc.Text("dc:source") != sourceKey(r.Job.Asset.Account, r.Job.File.ID) || b == nil || !same(b, r.Job) ||
			s.Set.Verify == "digest" && r.Job.Digest == "" {
			return nil // it is fetched once more and compared
		}
		return link.SetContent(ctx, tx, r.Task.Now(), l, r.Job.File.ID, b.Length, b.Digest)
	})
}

// sourceKey is what a document carries in dc:source from its first moment, so
// that it can be found before the facet is on.
func sourceKey(account, file string) string { return "frameio:" + account + "/" + file }

// findAny looks for what was made for any file of the asset: its head may have
// changed since.
func (s *Service) findAny(ctx context.Context, r *Run, l *link.Link) (*nuxeo.Document, error) {
	doc, err := s.findMade(ctx, r, l, r.Job.File.ID)
	for _, file := range r.Job.File.Members {
		if doc != nil || err != nil {
			break
		}
		if file != r.Job.File.ID {
			doc, err = s.findMade(ctx, r, l, file)
		}
	}

	return doc, err
}

func (s *Service) findMade(ctx context.Context, r *Run, l *link.Link, file string) (*nuxeo.Document, error) {
	where := "dc:source = " + nuxeo.Quote(sourceKey(r.Job.Asset.Account, file)) +
		" AND ecm:ancestorId = " + nuxeo.Quote(r.Job.Target.Scope) +
		" AND ecm:isVersion = 0 AND ecm:isProxy = 0 AND ecm:isTrashed = 0"
	for doc, err := range r.Nuxeo.Query(ctx, where, "", all) {
		if err != nil {
			return nil, err
		}
		mine, err := s.isOriginal(ctx, doc, l)
		if mine || err != nil {
			return doc, err
		}
	}

	return nil, nil
}

// isOriginal tells a document of ours from a copy that somebody made of it, and
// from another link's.
func (s *Service) isOriginal(ctx context.Context, doc *nuxeo.Document, l *link.Link) (bool, error) {
	if uid := doc.Text("frameio:documentUid"); doc.Has(Facet) && uid != "" && uid != doc.UID {
		return false, nil
	}
	owner, err := link.IDOfDocument(ctx, s.DB, doc.UID)
	return owner == "" || owner == l.ID, err
}

// free refuses a document that somebody else has locked.
func free(doc *nuxeo.Document, actor string) error {
	if doc.LockOwner == "" || doc.LockOwner == actor {
		return nil
	}
	return fault.New(fault.Locked, "The document %q is locked by %s.", doc.Title, doc.LockOwner).
		With("Ask " + doc.LockOwner + " to unlock it, then retry.")
}

// InColdStorage says that the content of a document is not what it shows: the add-on of
// that name has moved the master away and left a thumbnail in its place. It is neither
// sent nor replaced.
func InColdStorage(doc *nuxeo.Document) error {
	if !doc.Has("ColdStorage") {
		return nil
	}
	return fault.New(fault.Refused, "%q is in cold storage; what it shows is a thumbnail of its file.", doc.Title).
		With("Restore it from cold storage in Nuxeo, then try again.")
}

// redigested records another digest of the content that the document got from us. Nuxeo
// may make one later, or by another algorithm; that is told from another content by its
// length and by who wrote last.
func (s *Service) redigested(ctx context.Context, r *Run, doc *nuxeo.Document, l *link.Link) error {
	b := doc.Blob("file:content")
	if b == nil || b.Digest == "" || l.FileID == "" || b.Length != l.Size || b.Digest == l.Digest {
		return nil
	}

	if _, known := nuxeo.SameDigest(b.Digest, l.Digest); known || !s.ours(r, doc) {
		return nil
	}

	return r.Commit(ctx, func(tx *sql.Tx) error {
		return link.SetContent(ctx, tx, r.Task.Now(), l, l.FileID, b.Length, b.Digest)
	})
}

// ours reports whether nobody but those who act for the connector has written to the
// document last.
func (s *Service) ours(r *Run, doc *nuxeo.Document) bool {
	last := doc.Text("dc:lastContributor")
	return last == r.Actor || last == doc.Text("frameio:publishedBy") || last != "" && last == s.Set.ServiceLogin
}

// holds reports whether the document's content is the file's already.
func holds(doc *nuxeo.Document, l *link.Link, f *File) bool {
	b := doc.Blob("file:content")
	return b != nil && l.FileID == f.ID && l.Size == f.length() && b.Length == f.length() && b.Digest == l.Digest
}
