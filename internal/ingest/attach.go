package ingest

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// attach puts the batch into the document: a new one, or the link's.
func (s *Service) attach(ctx context.Context, r *Run) (work.Next, error) {
	switch {
	case r.Job.Document == "":
		return s.create(ctx, r)
	case r.Job.plain(): // made and noted, and the step was not
		return work.Next{Step: StepDescribe}, nil
	case r.Job.Intent != nil && r.Job.Intent.Create: // made, and perhaps more
		return s.fill(ctx, r, nil)
	}
	return s.update(ctx, r)
}

// create makes the document without content, records it, and fills it.
func (s *Service) create(ctx context.Context, r *Run) (work.Next, error) {
	l, err := s.linkOf(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	var doc *nuxeo.Document
	if r.Job.Intent != nil { // we may have done it already
		if doc, err = s.findMade(ctx, r, &l, r.Job.File.ID); err != nil {
			return work.Next{}, err
		}
	}

	if doc == nil {
		if err := s.intendCreation(ctx, r); err != nil {
			return work.Next{}, err
		}
		if doc, err = s.post(ctx, r); err != nil {
			return work.Next{}, err
		}
	}

	r.Job.Document = doc.UID
	if r.Job.plain() {
		return s.created(ctx, r, &l)
	}

	err = r.Commit(ctx, func(tx *sql.Tx) error { return link.SetDocument(ctx, tx, r.Task.Now(), &l, doc.UID) })
	if err != nil {
		return work.Next{}, err
	}

	return s.fill(ctx, r, doc)
}

// keyDies is for how long Nuxeo may say of a key that its request is still running before
// it is taken for dead: a server that was killed meanwhile says so for a day.
const keyDies = 2 * time.Minute

// intendCreation records that a document is about to be made, under another key where the
// one before is dead: nothing was found that it has made.
func (s *Service) intendCreation(ctx context.Context, r *Run) error {
	i := r.Job.Intent
	if i == nil {
		i = &Intent{Create: true}
	}

	if !i.BusySince.IsZero() && r.Task.Now().Sub(i.BusySince) > keyDies {
		if err := r.Task.Note(ctx, "another key",
			"Nuxeo has not ended the request before within %s, and nothing came of it", keyDies); err != nil {
			return err
		}
		i.Round, i.BusySince = i.Round+1, time.Time{}
	}

	r.Job.Intent = i
	return r.Save(ctx)
}

func (s *Service) post(ctx context.Context, r *Run) (*nuxeo.Document, error) {
	t := r.Job.Target
	if err := Present(ctx, r.Nuxeo, t.Folder); err != nil {
		return nil, err
	}

	doc, err := r.Nuxeo.Create(ctx, t.Folder, newDocument(r.Job), nuxeo.WriteOptions{
		// The same batch is never used for two documents.
		IdempotencyKey: r.Task.Key("create", r.Job.LinkID, r.Job.Batch, strconv.Itoa(r.Job.Intent.Round)),
		Source:         SourceMetadata,
	})
	if nuxeo.StatusOf(err) == http.StatusConflict {
		if r.Job.Intent.BusySince.IsZero() {
			r.Job.Intent.BusySince = r.Task.Now()
			if err := r.Save(ctx); err != nil {
				return nil, err
			}
		}
		return nil, fault.New(fault.NotReady, "Nuxeo is still making the document.").Because(err)
	}

	if err != nil {
		return nil, err
	}

	return doc, Wanted{Parent: t.Folder, Type: t.DocumentType, Maker: r.Actor}.Check(doc)
}

// fill gives a new document its facet, its metadata and last its content, each once. In
// this order the version that the content makes tells of it, and the work that Nuxeo
// does on a content in the background finds the facet: it writes back the facets that it
// has read with the content, and would take away one that came after it.
// While Nuxeo joins the parts of a large one, anybody may see the document and give it
// another, which ours would replace: a lock keeps them out. A small one is there at once.
func (s *Service) fill(ctx context.Context, r *Run, doc *nuxeo.Document) (work.Next, error) {
	if doc == nil {
		var err error
		if doc, err = r.Nuxeo.Get(ctx, r.Job.Document, all); nuxeo.NotFound(err) {
			return work.Next{Step: StepLink}, nil // link finds out what to do
		} else if err != nil {
			return work.Next{}, err
		}
	}

	if doc.Blob("file:content") != nil { // done, but not noted as done
		return work.Next{Step: StepVerify}, nil
	}

	doc, err := s.withoutLeftLock(ctx, r, doc)
	if err == nil {
		err = free(doc, r.Actor)
	}

	if err != nil {
		return work.Next{}, err
	}

	if r.Job.File.length() >= s.Set.LockFrom {
		if doc, err = s.lockDocument(ctx, r, doc); err != nil {
			return work.Next{}, err
		}
		if doc.Blob("file:content") != nil { // somebody else's
			return work.Next{Step: StepVerify}, nil
		}
	}

	l, err := s.linkOf(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	if err := s.dress(ctx, r, doc, s.propertiesWith(r.Job, l, s.expectedDigest(r.Job))); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: StepVerify}, s.put(ctx, r, nil)
}

// Present refuses to put anything into a folder that was deleted or trashed:
// Nuxeo itself would put it into the trash.
func Present(ctx context.Context, nx *nuxeo.Client, folder string) error {
	doc, err := nx.Get(ctx, folder, nuxeo.Fetch{})
	if nuxeo.NotFound(err) || err == nil && doc.IsTrashed {
		return fault.New(fault.Gone, "The bound folder is gone in Nuxeo, or you may not see it.").
			With("Restore the folder or bind another, then retry.").Because(err)
	}
	return err
}

// busy is the answer while our own earlier attempt is still running: joining the
// chunks of a large file takes minutes.
func busy(err error) error {
	return fault.New(fault.NotReady, "Nuxeo is still attaching the file.").Because(err)
}

// update replaces the content, after making sure that a version holds what is replaced.
// Nuxeo's change token does not notice what people write; a lock keeps them out, but for
// the one who holds it and administrators: of those, what comes between our look and our
// write is told of afterwards.
func (s *Service) update(ctx context.Context, r *Run) (work.Next, error) {
	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, all)
	if nuxeo.NotFound(err) {
		return work.Next{Step: StepLink}, nil // link finds out what to do
	}

	if err == nil {
		doc, err = s.withoutLeftLock(ctx, r, doc)
	}

	if err != nil {
		return work.Next{}, err
	}

	if done, next, err := s.replaced(ctx, r, doc); done || err != nil {
		return next, err
	}

	if doc, err = s.lockDocument(ctx, r, doc); err != nil {
		return work.Next{}, err
	}

	if done, next, err := s.replaced(ctx, r, doc); done || err != nil {
		return next, err
	}

	last, err := s.keepContent(ctx, r, &doc)
	if err != nil {
		return work.Next{}, err
	}

	r.Job.Intent = replacing(doc, last)
	if err := r.Save(ctx); err != nil {
		return work.Next{}, err
	}

	l, err := s.linkOf(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	if !doc.Has(Facet) {
		if err := r.Nuxeo.AddFacet(ctx, doc.UID, Facet, SourceMetadata); err != nil {
			return work.Next{}, err
		}
	}

	if err := s.mapStatus(ctx, r); err != nil {
		return work.Next{}, err
	}

	properties := s.propertiesWith(r.Job, l, s.expectedDigest(r.Job))
	published(properties, r.Job, r.Task.Now())
	return work.Next{Step: StepVerify}, s.put(ctx, r, properties)
}

// replaced reports whether there is nothing to be written: an earlier try of this item,
// or another item, has brought the content, or something else that verify sees to.
func (s *Service) replaced(ctx context.Context, r *Run, doc *nuxeo.Document) (bool, work.Next, error) {
	next := work.Next{Step: StepVerify}
	if r.Job.Intent != nil && attached(doc, r.Job) {
		return true, next, nil
	}

	if identical(doc, r.Job) {
		r.Job.Outcome, r.Job.Intent = Unchanged, nil
		return true, next, r.Save(ctx)
	}

	if written(doc, r.Job) { // and it is not what we sent
		return true, next, nil
	}

	return false, next, free(doc, r.Actor)
}

// replacing is the intent to replace the content of doc, whose newest version is last.
func replacing(doc, last *nuxeo.Document) *Intent {
	i := &Intent{
		ChangeToken:  doc.ChangeToken,
		BeforeSource: doc.Text("dc:source"),
		Before:       map[string]json.RawMessage{},
	}

	if b := doc.Blob("file:content"); b != nil {
		i.BeforeDigest, i.BeforeLength = b.Digest, b.Length
	}

	for name, value := range doc.Properties {
		if strings.HasPrefix(name, "frameio:") {
			i.Before[name] = value
		}
	}

	if last != nil {
		i.Newest = last.VersionLabel
	}

	return i
}

// written reports whether the write of our intent has happened, whatever became of
// the bytes: dc:source, which goes with the content, is ours and was not before.
func written(doc *nuxeo.Document, j *Job) bool {
	key := sourceKey(j.Asset.Account, j.File.ID)
	return j.Intent != nil && !j.Intent.Create && j.Intent.BeforeSource != key && doc.Text("dc:source") == key
}

// put writes the content, with what is to be written beside it. The batch is kept: a
// write that is refused would use it up.
func (s *Service) put(ctx context.Context, r *Run, beside map[string]any) error {
	properties := maps.Clone(beside)
	if properties == nil {
		properties = map[string]any{}
	}

	properties["file:content"] = nuxeo.Uploading(r.Job.Batch)
	properties["dc:source"] = sourceKey(r.Job.Asset.Account, r.Job.File.ID)
	err := r.Nuxeo.Update(ctx, r.Job.Document, r.Job.Intent.ChangeToken, properties,
		nuxeo.WriteOptions{Source: SourceContent, KeepBatch: true, Timeout: s.Set.AttachTimeout})
	if nuxeo.StatusOf(err) == http.StatusConflict {
		// Somebody wrote in between, or our own attempt is still running: look again.
		return busy(err)
	}

	return err
}

// attached reports whether the write of our intent has happened: the content is
// what we sent, and it is not what was there before.
func attached(doc *nuxeo.Document, j *Job) bool {
	b := doc.Blob("file:content")
	if b == nil || b.Length != j.File.length() || j.Intent.Create {
		return false
	}
	if j.Digest != "" && b.DigestAlgorithm == digestAlgorithm {
		return b.Digest == j.Digest
	}
	return b.Digest != j.Intent.BeforeDigest
}

// identical reports whether the document holds, byte by byte, what was fetched.
func identical(doc *nuxeo.Document, j *Job) bool {
	b := doc.Blob("file:content")
	return b != nil && b.Length == j.File.length() && j.Digest != "" && b.DigestAlgorithm == digestAlgorithm &&
		b.Digest == j.Digest
}
