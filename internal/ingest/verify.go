package ingest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// maxRestarts is how often a transfer begins anew because what it stood on went
// away: an expired batch, a file that changed.
const maxRestarts = 3

// verify reads the document again and compares it with what was sent: Nuxeo
// leaves the content as it was, without a word, when a batch has expired.
func (s *Service) verify(ctx context.Context, r *Run) (work.Next, error) {
	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, all)
	if nuxeo.NotFound(err) { // by somebody, or by us, as removing what was wrong goes on after a crash
		return s.restart(ctx, r, StepLink, "The document was deleted in Nuxeo meanwhile.")
	}

	if err != nil {
		return work.Next{}, err
	}

	b := doc.Blob("file:content")
	if s.untouched(b, r.Job) {
		return s.restart(ctx, r, StepTransfer, "Nuxeo did not take the upload: it had expired.")
	}

	if !same(b, r.Job) {
		wrong := s.putBack(ctx, r, doc, b)
		if fault.Then(wrong) == fault.Fail {
			return work.Next{}, errors.Join(wrong, s.unlockDocument(ctx, r))
		}
		return work.Next{}, wrong
	}

	if !dressed(doc, r.Job) && r.Job.Intent != nil {
		l, err := s.linkOf(ctx, r)
		if err == nil {
			err = s.dress(ctx, r, doc, s.propertiesWith(r.Job, l, b.Digest))
		}
		if err != nil {
			return work.Next{}, err
		}
		return s.dressAgain(ctx, r, StepVerify)
	}

	if err := s.between(ctx, r); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: StepDescribe}, s.accepted(ctx, r, doc, b)
}

// between tells of what somebody wrote between our look and our write, as the holder of
// the lock and administrators can: then there are other versions than ours behind the one
// that was the newest.
func (s *Service) between(ctx context.Context, r *Run) error {
	i := r.Job.Intent
	if i == nil || i.Create {
		return nil
	}

	last, err := r.Nuxeo.LastVersion(ctx, r.Job.Document, all)
	if err != nil || last == nil || follows(last, i.Newest) {
		return err
	}

	versions, err := r.Nuxeo.Versions(ctx, r.Job.Document, all)
	if err != nil {
		return err
	}

	for _, v := range slices.Backward(versions) {
		b := v.Blob("file:content")
		if v.VersionLabel == i.Newest || b == nil {
			return nil
		}
		if !same(b, r.Job) {
			return r.Task.Note(ctx, "changed meanwhile",
				"%s changed the document while it was replaced; version %s holds that",
				v.Text("dc:lastContributor"), v.VersionLabel)
		}
	}

	return nil
}

// follows reports whether a version is the one with a label, or the next after it.
func follows(version *nuxeo.Document, label string) bool {
	var major, minor int64
	_, _ = fmt.Sscanf(label, "%d.%d", &major, &minor) // no version is 0.0
	switch version.VersionLabel {
	case label, fmt.Sprintf("%d.%d", major, minor+1), fmt.Sprintf("%d.0", major+1):
		return true
	}
	return false
}

// untouched reports whether the write has left no trace.
func (s *Service) untouched(b *nuxeo.Blob, j *Job) bool {
	if b == nil {
		return true
	}
	before := j.Intent
	return before != nil && !before.Create && before.BeforeDigest != "" &&
		b.Digest == before.BeforeDigest && !same(b, j)
}

func same(b *nuxeo.Blob, j *Job) bool {
	if b.Length != j.File.length() {
		return false
	}
	return j.Digest == "" || b.DigestAlgorithm != digestAlgorithm || b.Digest == j.Digest
}

// accepted lets go of the lock and the batch and records the content, and what the
// document tells of it if that was written with it.
func (s *Service) accepted(ctx context.Context, r *Run, doc *nuxeo.Document, b *nuxeo.Blob) error {
	l, err := s.linkOf(ctx, r)
	if err != nil {
		return err
	}

	s.algorithm.Store(&b.DigestAlgorithm)
	described := ""
	if r.Job.Intent != nil && dressed(doc, r.Job) && doc.Text("frameio:digest") == b.Digest {
		described = s.hash(s.propertiesWith(r.Job, l, b.Digest))
	}

	if err := s.unlockDocument(ctx, r); err != nil {
		return err
	}

	// Dropped before it is forgotten: afterwards nobody would know its name.
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

// dropTries is how often a batch is tried to be removed before it is left to
// Nuxeo.
const dropTries = 3

// dropBatch lets go of the batch, if there is one. One that cannot be removed
// is no reason to fail.
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

// restart goes back to an earlier step without what was reached, a few times.
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

// putBack undoes a write whose content is not what was sent: the document gets
// its previous content back, a new document is removed. The item fails.
func (s *Service) putBack(ctx context.Context, r *Run, doc *nuxeo.Document, got *nuxeo.Blob) error {
	wrong := fault.New(fault.Refused, "What Nuxeo holds is not what Frame.io sent: %d bytes of %d, digest %s for %s.",
		got.Length, r.Job.File.length(), orNone(got.Digest), orNone(r.Job.Digest)).
		With("Retry; if it stays, have the storage of Nuxeo looked at.")
	before := r.Job.Intent
	if before == nil {
		return wrong // somebody changed the document after us: theirs stays
	}

	if before.Create {
		doc, err := s.lockDocument(ctx, r, doc) // and look once more
		if err != nil {
			return err
		}
		if !slices.Equal(doc.Texts("dc:contributors"), []string{r.Actor}) {
			return wrong // somebody else has worked on it since: theirs stays
		}
		return s.removeWrong(ctx, r, wrong)
	}

	if err := s.turnBack(ctx, r, before.BeforeDigest); err != nil {
		return err
	}

	r.Job.Intent = nil
	if err := r.Save(ctx); err != nil {
		return err
	}

	return wrong
}

// turnBack gives the document the content it had before, if any, but keeps what
// is there now in a version first: it might be somebody else's work and not our
// damage.
func (s *Service) turnBack(ctx context.Context, r *Run, digest string) error {
	versions, err := r.Nuxeo.Versions(ctx, r.Job.Document, all)
	if err != nil {
		return err
	}

	at := slices.IndexFunc(versions, func(v *nuxeo.Document) bool {
		b := v.Blob("file:content")
		return b != nil && b.Digest == digest
	})
	if at < 0 && digest != "" {
		return nil
	}

	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, all)
	if err != nil {
		return err
	}

	if _, err = s.keepContent(ctx, r, &doc); err != nil {
		return err
	}

	if digest == "" { // it was made for an upload that had expired
		return r.Nuxeo.Update(ctx, doc.UID, doc.ChangeToken, map[string]any{"file:content": nil},
			nuxeo.WriteOptions{Source: SourceMetadata})
	}

	if err := r.Nuxeo.RestoreVersion(ctx, versions[at].UID); err != nil {
		return err
	}

	return s.tellAsBefore(ctx, r, doc)
}

func (s *Service) removeWrong(ctx context.Context, r *Run, wrong error) error {
	if err := r.Nuxeo.Delete(ctx, r.Job.Document); err != nil && !nuxeo.NotFound(err) {
		return err
	}

	l, err := s.linkOf(ctx, r)
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

// undoWrite puts back what was written if it is not what was sent. What is right
// stays, although the item came to nothing.
func (s *Service) undoWrite(ctx context.Context, r *Run) error {
	doc, err := s.intended(ctx, r)
	if doc == nil || err != nil {
		return err
	}

	b := doc.Blob("file:content")
	if b == nil || same(b, r.Job) || s.untouched(b, r.Job) {
		return nil
	}

	r.Job.Document = doc.UID
	if err := s.putBack(ctx, r, doc, b); !fault.Is(err, fault.Refused) {
		return err
	}

	return nil
}

// intended is the document that the intent was about; nil when there is none.
func (s *Service) intended(ctx context.Context, r *Run) (*nuxeo.Document, error) {
	if r.Job.Document != "" {
		doc, err := r.Nuxeo.Get(ctx, r.Job.Document, all)
		if nuxeo.NotFound(err) {
			return nil, nil
		}
		return doc, err
	}

	l, err := s.linkOf(ctx, r)
	if err != nil {
		return nil, err
	}

	return s.findMade(ctx, r, &l, r.Job.File.ID)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
