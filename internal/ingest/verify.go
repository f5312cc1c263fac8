package ingest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// maxRestarts is how often a transfer starts over because what it depended on went away: an expired
// batch, a file that changed.
const maxRestarts = 3

// verify reads the document again and compares it with what was sent: if a batch has expired, Nuxeo
// leaves the content as it was without reporting an error.
func (s *Service) verify(ctx context.Context, r *Run) (work.Next, error) {
	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, fullFetch)
	if nuxeo.NotFound(err) { // deleted by a person, or by revert before a crash
		return s.restart(ctx, r, StepLink, "The document was deleted in Nuxeo meanwhile.")
	}

	if err != nil {
		return work.Next{}, err
	}

	// Is it the content that was sent? If nothing was written, send it again; if it is wrong, undo it.
	b := doc.Blob("file:content")
	if !r.Job.restoring() && untouched(b, r.Job) {
		return s.restart(ctx, r, StepTransfer, "Nuxeo did not take the upload: it had expired.")
	}

	if r.Job.restoring() || compare(b, r.Job) == differs {
		wrong := s.revert(ctx, r, doc, b)
		if fault.Then(wrong) == fault.Fail {
			return work.Next{}, errors.Join(wrong, s.unlockDocument(ctx, r))
		}
		return work.Next{}, wrong
	}

	// Are facet and metadata there? If not, write them and look again.
	if !hasMetadata(doc, r.Job) && r.Job.Intent != nil {
		l, err := s.getLink(ctx, r)
		if err == nil {
			err = s.writeMetadata(ctx, r, doc, s.propertiesWith(r.Job, l, b.Digest))
		}
		if err != nil {
			return work.Next{}, err
		}
		return s.retryMetadata(ctx, r, StepVerify)
	}

	// Report what was written meanwhile, and accept.
	if err := s.noteConcurrentWrites(ctx, r); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: StepDescribe}, s.acceptContent(ctx, r, doc, b)
}

// noteConcurrentWrites reports what others wrote between our read and our write, as the owner of
// the lock and administrators can. In that case there are versions other than ours after the one
// that was the newest.
func (s *Service) noteConcurrentWrites(ctx context.Context, r *Run) error {
	i := r.Job.Intent
	if i == nil || i.Create {
		return nil
	}

	// The newest version shows whether there are any.
	last, err := r.Nuxeo.LastVersion(ctx, r.Job.Document, fullFetch)
	if err != nil || last == nil || follows(last, i.Newest) {
		return err
	}

	// Find the first that is not ours.
	versions, err := r.Nuxeo.Versions(ctx, r.Job.Document, fullFetch)
	if err != nil {
		return err
	}

	for _, v := range slices.Backward(versions) {
		b := v.Blob("file:content")
		if v.VersionLabel == i.Newest || b == nil {
			return nil
		}
		if compare(b, r.Job) == differs {
			return r.Task.Note(ctx, "changed meanwhile",
				"%s changed the document while it was replaced; version %s holds that",
				v.Text("dc:lastContributor"), v.VersionLabel)
		}
	}

	return nil
}

// follows reports whether a version is the one with a label, or the next.
func follows(version *nuxeo.Document, label string) bool {
	var major, minor int64
	_, _ = fmt.Sscanf(label, "%d.%d", &major, &minor) // no version is 0.0
	switch version.VersionLabel {
	case label, fmt.Sprintf("%d.%d", major, minor+1), fmt.Sprintf("%d.0", major+1):
		return true
	}
	return false
}

// acceptContent releases the lock and the batch and records the content, and the metadata if that
// was written with it.
func (s *Service) acceptContent(ctx context.Context, r *Run, doc *nuxeo.Document, b *nuxeo.Blob) error {
	l, err := s.getLink(ctx, r)
	if err != nil {
		return err
	}

	s.algorithm.Store(&b.DigestAlgorithm)
	described := ""
	if r.Job.Intent != nil && hasMetadata(doc, r.Job) && doc.Text(schema.Digest) == b.Digest {
		if described, err = s.describedHash(ctx, r.Job, l, b.Digest); err != nil {
			return err
		}
	}

	if err := s.unlockDocument(ctx, r); err != nil {
		return err
	}

	// Drop the batch before forgetting its name.
	if err := s.dropBatch(ctx, r); err != nil {
		return err
	}

	r.Job.Intent = nil
	return r.Commit(ctx, func(tx *sql.Tx) error {
		err := errors.Join(link.SetContent(ctx, tx, r.Task.Now(), &l, r.Job.File.ID, b.Length, b.Digest),
			link.SetModified(ctx, tx, l.ID, doc.Time("dc:modified")))
		if err != nil || described == "" {
			return err
		}
		return link.SetDescribed(ctx, tx, r.Task.Now(), &l, described)
	})
}

// dropTries is how often deleting a batch, or releasing a lock, is tried before it is left to Nuxeo
// or to ReleaseLeftLocks.
const dropTries = 3

// dropBatch deletes the batch, if there is one. A failure does not fail the item.
func (s *Service) dropBatch(ctx context.Context, r *Run) error {
	batch := r.Job.Batch
	if batch == "" {
		return nil
	}

	err := r.Nuxeo.DropBatch(ctx, batch)
	if fault.Passing(err) && r.Task.Attempt < dropTries {
		return err
	}

	r.Job.Batch = ""
	if err != nil && !nuxeo.NotFound(err) {
		return r.Task.Note(ctx, "left behind", "an upload batch that Nuxeo removes by itself")
	}

	return nil
}

// restart goes back to an earlier step and discards what was reached, maxRestarts times at most.
func (s *Service) restart(ctx context.Context, r *Run, step, why string) (work.Next, error) {
	r.Job.Restarts++
	if r.Job.Restarts > maxRestarts {
		return work.Next{}, fault.New(fault.Refused, "%s", why).
			With("Retry; if it stays, ask the administrator how long Nuxeo keeps uploads.")
	}

	if err := r.Task.Note(ctx, "begun again", "%s", why); err != nil {
		return work.Next{}, err
	}

	if err := s.unlockDocument(ctx, r); err != nil {
		return work.Next{}, err
	}

	if err := s.dropBatch(ctx, r); err != nil {
		return work.Next{}, err
	}

	r.Job.Digest, r.Job.Intent = "", nil
	if err := r.Save(ctx); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: step}, r.Task.Progress(ctx, work.Transfer{Name: r.Job.File.Name, Size: r.Job.File.length()})
}

// revert undoes a write whose content is not what was sent: the document gets its previous content
// back, and a new document is deleted. The item fails.
func (s *Service) revert(ctx context.Context, r *Run, doc *nuxeo.Document, got *nuxeo.Blob) error {
	var why string
	if r.Job.restoring() { // an earlier attempt began it, and the content may be gone by now
		why = r.Job.Intent.Restore.Why
	} else {
		why = fmt.Sprintf("What Nuxeo holds is not what Frame.io sent: %d bytes of %d, digest %s for %s.",
			got.Length, r.Job.File.length(), orNone(got.Digest), orNone(r.Job.Digest))
	}

	wrong := fault.New(fault.Refused, "%s", why).With("Retry; if it stays, have the storage of Nuxeo looked at.")
	// Without an intent, the content is not from this item.
	before := r.Job.Intent
	if before == nil {
		return wrong // changed after our write, so that it stays
	}

	// Delete a new document, if no one else has worked on it.
	if before.Create {
		doc, err := s.lockDocument(ctx, r, doc)
		if err != nil {
			return err
		}
		if !slices.Equal(doc.Texts("dc:contributors"), []string{r.Actor}) {
			return wrong // another person has worked on it, so that it stays
		}
		return s.deleteDocument(ctx, r, wrong)
	}

	// Restore the content of an existing one, or what an earlier attempt has not restored with it.
	var err error
	if r.Job.restoring() && holdsBefore(got, before) {
		err = s.restoreProperties(ctx, r)
	} else {
		err = s.restoreContent(ctx, r, why)
	}

	if err != nil {
		return err
	}

	r.Job.Intent = nil
	if err := r.Save(ctx); err != nil {
		return err
	}

	return wrong
}

// restoring reports whether what was there before the write is being put back.
func (j *Job) restoring() bool { return j.Intent != nil && j.Intent.Restore != nil }

// restoreContent restores the previous content, if any. What is there now is kept in a version
// first: it might be another person's work and not our damage.
func (s *Service) restoreContent(ctx context.Context, r *Run, why string) error {
	digest := r.Job.Intent.BeforeDigest
	versions, err := r.Nuxeo.Versions(ctx, r.Job.Document, fullFetch)
	if err != nil {
		return err
	}

	// Find a version with that content.
	at := slices.IndexFunc(versions, func(v *nuxeo.Document) bool {
		b := v.Blob("file:content")
		return b != nil && b.Digest == digest
	})
	if at < 0 && digest != "" {
		return nil
	}

	// Keep what is there now.
	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, fullFetch)
	if err != nil {
		return err
	}

	if _, err = s.ensureVersion(ctx, r, &doc); err != nil {
		return err
	}

	// Record what is about to happen, and which properties have to survive it.
	r.Job.Intent.Restore = &Restore{Why: why, Properties: writableProperties(doc)}
	if err := r.Save(ctx); err != nil {
		return err
	}

	// Restore it, or the absence of content.
	if digest == "" {
		return r.Nuxeo.Update(ctx, doc.UID, doc.ChangeToken, map[string]any{"file:content": nil},
			nuxeo.WriteOptions{Source: SourceMetadata})
	}

	if err := r.Nuxeo.RestoreVersion(ctx, versions[at].UID); err != nil {
		return err
	}

	return s.restoreProperties(ctx, r)
}

// deleteDocument deletes a new document and its record, and returns wrong.
func (s *Service) deleteDocument(ctx context.Context, r *Run, wrong error) error {
	if err := r.Nuxeo.Delete(ctx, r.Job.Document); err != nil && !nuxeo.NotFound(err) {
		return err
	}

	l, err := s.getLink(ctx, r)
	if err != nil {
		return err
	}

	r.Job.Document, r.Job.Intent, r.Job.Lock = "", nil, nil
	err = r.Commit(ctx, func(tx *sql.Tx) error {
		return errors.Join(link.SetLock(ctx, tx, l.ID, "", ""), link.SetDocument(ctx, tx, r.Task.Now(), &l, ""))
	})
	if err != nil {
		return err
	}

	return wrong
}

// undoWrite reverts what was written if it is not what was sent. What is right stays, although the
// item failed.
func (s *Service) undoWrite(ctx context.Context, r *Run) error {
	doc, err := s.intendedDocument(ctx, r)
	if doc == nil || err != nil {
		return err
	}

	// Another item may have given it a content since, or a person may have, after that.
	l, err := s.getLink(ctx, r)
	if err != nil {
		return err
	}

	b := doc.Blob("file:content")
	if r.Job.Intent.superseded(l, b) {
		return r.Task.Note(ctx, "left as it is", "the content was replaced since")
	}

	if !r.Job.restoring() && (compare(b, r.Job) != differs || untouched(b, r.Job)) {
		return nil
	}

	r.Job.Document = doc.UID
	if err := s.revert(ctx, r, doc, b); !fault.Is(err, fault.Refused) {
		return err
	}

	return nil
}

// intendedDocument returns the document of the intent, or nil.
func (s *Service) intendedDocument(ctx context.Context, r *Run) (*nuxeo.Document, error) {
	if r.Job.Document != "" {
		doc, err := r.Nuxeo.Get(ctx, r.Job.Document, fullFetch)
		if nuxeo.NotFound(err) {
			return nil, nil
		}
		return doc, err
	}

	l, err := s.getLink(ctx, r)
	if err != nil {
		return nil, err
	}

	return s.findCreated(ctx, r, &l, r.Job.File.ID)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
