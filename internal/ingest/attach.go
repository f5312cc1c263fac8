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

// attach gives the asset's document its content, and creates the document if there is none. An
// earlier attempt may have stopped at any point.
func (s *Service) attach(ctx context.Context, r *Run) (work.Next, error) {
	switch {
	case r.Job.Document == "":
		return s.createDocument(ctx, r)
	case r.Job.noContent(): // an earlier attempt created it, which is all
		return work.Next{Step: StepDescribe}, nil
	case r.Job.Intent != nil && r.Job.Intent.Create: // an earlier attempt created it, and may have filled it
		return s.fillDocument(ctx, r, nil)
	}
	return s.updateContent(ctx, r)
}

// createDocument creates the document without content, records it, and fills it.
func (s *Service) createDocument(ctx context.Context, r *Run) (work.Next, error) {
	l, err := s.getLink(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	// Look for one that an earlier attempt has created, else create it.
	var doc *nuxeo.Document
	if r.Job.Intent != nil { // we may have done it already
		if doc, err = s.findCreated(ctx, r, &l, r.Job.File.ID); err != nil {
			return work.Next{}, err
		}
	}

	if doc == nil {
		if err := s.recordCreateIntent(ctx, r, l); err != nil {
			return work.Next{}, err
		}
		if doc, err = s.post(ctx, r); err != nil {
			return work.Next{}, err
		}
	}

	// Record it, then fill it.
	r.Job.Document = doc.UID
	if r.Job.noContent() {
		return s.recordWithoutContent(ctx, r, &l)
	}

	err = r.Commit(ctx, func(tx *sql.Tx) error { return link.SetDocument(ctx, tx, r.Task.Now(), &l, doc.UID) })
	if err != nil {
		return work.Next{}, err
	}

	return s.fillDocument(ctx, r, doc)
}

// keyTimeout is how long Nuxeo may report a request with a key as still running before the key is
// given up: a server that was killed meanwhile reports that for a day.
const keyTimeout = 2 * time.Minute

// recordCreateIntent records that a document is about to be created. If Nuxeo has reported the
// request with the previous key as running for too long, and no document was found, a new key is
// used.
func (s *Service) recordCreateIntent(ctx context.Context, r *Run, l link.Link) error {
	i := r.Job.Intent
	if i == nil {
		i = &Intent{Create: true, Linked: linked(l)}
	}

	if !i.BusySince.IsZero() && r.Task.Now().Sub(i.BusySince) > keyTimeout {
		if err := r.Task.Note(ctx, "another key",
			"Nuxeo has not ended the request before within %s, and nothing came of it", keyTimeout); err != nil {
			return err
		}
		i.Round, i.BusySince = i.Round+1, time.Time{}
	}

	r.Job.Intent = i
	return r.Save(ctx)
}

// post creates the document, which is empty.
func (s *Service) post(ctx context.Context, r *Run) (*nuxeo.Document, error) {
	t := r.Job.Target
	if err := RequireFolder(ctx, r.Nuxeo, t.Folder); err != nil {
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

	return doc, Expected{Parent: t.Folder, Type: t.DocumentType, Creator: r.Actor}.Check(doc)
}

// fillDocument gives a new document its facet, its metadata and last its content, each once. In
// this order the version that comes with the content has the metadata, and Nuxeo's background work
// on the content finds the facet: it writes back the facets it has read with the content, and would
// remove one that was added later.
//
// While Nuxeo joins the parts of a large file, other people may see the document and give it
// another content, which ours would replace: a lock keeps them out. A small file is attached at
// once.
func (s *Service) fillDocument(ctx context.Context, r *Run, doc *nuxeo.Document) (work.Next, error) {
	if doc == nil {
		var err error
		if doc, err = r.Nuxeo.Get(ctx, r.Job.Document, fullFetch); nuxeo.NotFound(err) {
			return work.Next{Step: StepLink}, nil // link finds out what to do
		} else if err != nil {
			return work.Next{}, err
		}
	}

	// An earlier attempt may have filled it.
	if doc.Blob("file:content") != nil {
		return work.Next{Step: StepVerify}, nil
	}

	// It has to be writable. Lock it if its file is large.
	doc, err := s.releaseLeftover(ctx, r, doc)
	if err == nil {
		err = checkUnlocked(doc, r.Actor)
	}

	if err != nil {
		return work.Next{}, err
	}

	if r.Job.File.length() >= s.Set.LockFrom {
		if doc, err = s.lockDocument(ctx, r, doc); err != nil {
			return work.Next{}, err
		}
		if doc.Blob("file:content") != nil { // from another person
			return work.Next{Step: StepVerify}, nil
		}
	}

	// Write metadata, then content.
	l, err := s.getLink(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	if err := s.writeMetadata(ctx, r, doc, s.propertiesWith(r.Job, l, s.expectedDigest(r.Job))); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: StepVerify}, s.writeContent(ctx, r, nil)
}

// RequireFolder returns an error if a folder was deleted or trashed. Nuxeo would create the
// document in the trash.
func RequireFolder(ctx context.Context, nx *nuxeo.Client, folder string) error {
	doc, err := nx.Get(ctx, folder, nuxeo.Fetch{})
	if nuxeo.NotFound(err) || err == nil && doc.IsTrashed {
		return fault.New(fault.Gone, "The bound folder is gone in Nuxeo, or you may not see it.").
			With("Restore the folder or bind another, then retry.").Because(err)
	}
	return err
}

// stillAttaching is the error while our own earlier attempt is running: joining the chunks of a
// large file takes minutes.
func stillAttaching(err error) error {
	return fault.New(fault.NotReady, "Nuxeo is still attaching the file.").Because(err)
}

// updateContent replaces the content after making sure that a version holds what is replaced.
// Nuxeo's change token does not notice what people write; a lock keeps them out, except for its
// owner and administrators. What those write between our read and our write is reported afterwards.
func (s *Service) updateContent(ctx context.Context, r *Run) (work.Next, error) {
	// Read it, without a lock that an earlier item has left.
	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, fullFetch)
	if nuxeo.NotFound(err) {
		return work.Next{Step: StepLink}, nil // link finds out what to do
	}

	if err == nil {
		doc, err = s.releaseLeftover(ctx, r, doc)
	}

	if err != nil {
		return work.Next{}, err
	}

	// There may be nothing to write.
	if done, next, err := s.alreadyReplaced(ctx, r, doc); done || err != nil {
		return next, err
	}

	// Lock it, and check again.
	if doc, err = s.lockDocument(ctx, r, doc); err != nil {
		return work.Next{}, err
	}

	if done, next, err := s.alreadyReplaced(ctx, r, doc); done || err != nil {
		return next, err
	}

	// Make sure that a version holds the content, and save the intent.
	last, err := s.ensureVersion(ctx, r, &doc)
	if err != nil {
		return work.Next{}, err
	}

	l, err := s.getLink(ctx, r)
	if err != nil {
		return work.Next{}, err
	}

	r.Job.Intent = replaceIntent(doc, last, s.earlierWrite(r, doc))
	r.Job.Intent.Linked = linked(l)
	if err := r.Save(ctx); err != nil {
		return work.Next{}, err
	}

	// Write facet, what is mapped, content and metadata.
	if !doc.Has(Facet) {
		if err := r.Nuxeo.AddFacet(ctx, doc.UID, Facet, SourceMetadata); err != nil {
			return work.Next{}, err
		}
	}

	if err := s.applyMap(ctx, r); err != nil {
		return work.Next{}, err
	}

	properties := s.propertiesWith(r.Job, l, s.expectedDigest(r.Job))
	addPublished(properties, r.Job, r.Task.Now())
	return work.Next{Step: StepVerify}, s.writeContent(ctx, r, properties)
}

// alreadyReplaced reports whether there is nothing to write: an earlier attempt or another item has
// written the content, or something else that verify deals with.
func (s *Service) alreadyReplaced(ctx context.Context, r *Run, doc *nuxeo.Document) (bool, work.Next, error) {
	next := work.Next{Step: StepVerify}
	b := doc.Blob("file:content")
	if attached(b, r.Job) {
		return true, next, nil
	}

	if compare(b, r.Job) == equal {
		r.Job.Outcome, r.Job.Intent = Unchanged, nil
		return true, next, r.Save(ctx)
	}

	if intentWritten(doc, r.Job) { // and it is not what we sent
		return true, next, nil
	}

	return false, next, checkUnlocked(doc, r.Actor)
}

// earlierWrite returns the intent of an earlier attempt whose write seems to have happened, though not
// with what was sent; nil if there is none.
func (s *Service) earlierWrite(r *Run, doc *nuxeo.Document) *Intent {
	i := r.Job.Intent
	if i == nil || i.Create || holdsBefore(doc.Blob("file:content"), i) || !s.isOurWrite(doc, r.Actor) {
		return nil
	}
	return i
}

// replaceIntent returns the intent to replace the content of doc, whose newest version is last. What
// would be put back is what was there before the earlier write, if there was one.
func replaceIntent(doc, last *nuxeo.Document, earlier *Intent) *Intent {
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

	if earlier != nil {
		i.BeforeDigest, i.BeforeLength, i.Before = earlier.BeforeDigest, earlier.BeforeLength, earlier.Before
	}

	return i
}

// writeContent writes the content together with other properties. The batch is kept, since a
// refused write would consume it.
func (s *Service) writeContent(ctx context.Context, r *Run, beside map[string]any) error {
	properties := maps.Clone(beside)
	if properties == nil {
		properties = map[string]any{}
	}

	properties["file:content"] = nuxeo.Uploading(r.Job.Batch)
	properties["dc:source"] = sourceKey(r.Job.Asset.Account, r.Job.File.ID)
	err := r.Nuxeo.Update(ctx, r.Job.Document, r.Job.Intent.ChangeToken, properties,
		nuxeo.WriteOptions{Source: SourceContent, KeepBatch: true, Timeout: s.Set.AttachTimeout})
	if nuxeo.StatusOf(err) == http.StatusConflict {
		// Another write came in between, or our own attempt is still running: try again.
		return stillAttaching(err)
	}

	return err
}
