package ingest

import (
	"context"
	"net/http"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// keepContent sees to it that a version holds what the document holds, makes doc what it
// is then, and returns the newest version; nil when there is none, since there is no
// content. The version is read and compared: an answer of success does not mean that
// there is one.
func (s *Service) keepContent(ctx context.Context, r *Run, doc **nuxeo.Document) (*nuxeo.Document, error) {
	b := (*doc).Blob("file:content")
	if b == nil {
		return nil, nil
	}

	last, err := r.Nuxeo.LastVersion(ctx, (*doc).UID, all)
	if err != nil || heldBy(last, b) {
		return last, err
	}

	if last != nil { // an older one may, where somebody went back to it
		if held, err := s.heldByVersion(ctx, r, (*doc).UID, b); err != nil || held {
			return last, err
		}
	}

	if err := r.Task.Note(ctx, "version", "made, because no version held the present content"); err != nil {
		return nil, err
	}

	now, err := checkIn(ctx, r.Nuxeo, *doc)
	if err != nil {
		return nil, err
	}

	if nb := now.Blob("file:content"); nb == nil || !sameBlob(nb, b) { // which no version may hold
		return nil, fault.New(fault.Unavailable, "Somebody else changed the document at the same moment.")
	}

	made, err := r.Nuxeo.LastVersion(ctx, now.UID, all)
	if err != nil {
		return nil, err
	}

	if !heldBy(made, b) && !newlyHeldBy(made, last, b) {
		return nil, errNoVersion(now)
	}

	*doc = now
	return made, nil
}

// checkIn makes a version of the document as it is. One that calls itself checked in
// would get none: it is checked out first, since no version holds its content or a
// version is wanted all the same.
func checkIn(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document) (*nuxeo.Document, error) {
	if !doc.IsCheckedOut {
		if _, err := nx.CheckOut(ctx, doc.UID); err != nil {
			return nil, noRight(err, doc)
		}
	}
	now, err := nx.CheckIn(ctx, doc.UID)
	return now, noRight(err, doc)
}

// noRight tells of a version that may not be made.
func noRight(err error, doc *nuxeo.Document) error {
	if nuxeo.StatusOf(err) != http.StatusForbidden {
		return err
	}
	return fault.New(fault.Forbidden, "You may not make a version of %q, so that nothing in it was replaced.",
		doc.Title).
		With("Ask for the permission to make versions in the folder, then retry.").Because(err)
}

func errNoVersion(doc *nuxeo.Document) error {
	return fault.New(fault.Refused, "Nuxeo made no version of %q, so nothing in it was replaced.", doc.Title).
		With("Have an administrator look why documents of the type " + doc.Type + " get no version, then retry.")
}

// heldBy reports whether the version holds the blob. Without a digest nobody can tell.
func heldBy(version *nuxeo.Document, b *nuxeo.Blob) bool {
	if version == nil || b.Digest == "" {
		return false
	}
	vb := version.Blob("file:content")
	return vb != nil && sameBlob(vb, b)
}

// newlyHeldBy reports whether a version that was made after last holds a blob that has
// no digest.
func newlyHeldBy(made, last *nuxeo.Document, b *nuxeo.Blob) bool {
	if made == nil || b.Digest != "" || last != nil && last.UID == made.UID {
		return false
	}
	vb := made.Blob("file:content")
	return vb != nil && sameBlob(vb, b)
}

// sameBlob reports whether two blobs of one Nuxeo are the same by all that it tells.
func sameBlob(a, b *nuxeo.Blob) bool { return a.Length == b.Length && a.Digest == b.Digest }

// heldByVersion reports whether any version holds the blob.
func (s *Service) heldByVersion(ctx context.Context, r *Run, uid string, b *nuxeo.Blob) (bool, error) {
	versions, err := r.Nuxeo.Versions(ctx, uid, all)
	return slices.ContainsFunc(versions, func(v *nuxeo.Document) bool { return heldBy(v, b) }), err
}
