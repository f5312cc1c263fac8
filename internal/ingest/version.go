package ingest

import (
	"context"
	"net/http"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// ensureVersion makes sure that a version has the content of the document, updates doc, and returns
// the newest version. It returns nil if there is no content. The version is read and compared,
// because a successful answer does not mean that there is one.
func (s *Service) ensureVersion(ctx context.Context, r *Run, doc **nuxeo.Document) (*nuxeo.Document, error) {
	b := (*doc).Blob("file:content")
	if b == nil {
		return nil, nil
	}

	// Does one hold it already? After a restored version, an older one may.
	last, err := r.Nuxeo.LastVersion(ctx, (*doc).UID, fullFetch)
	if err != nil || versionHolds(last, b) {
		return last, err
	}

	if last != nil {
		if held, err := s.anyVersionHolds(ctx, r, (*doc).UID, b); err != nil || held {
			return last, err
		}
	}

	// Create one.
	if err := r.Task.Note(ctx, "version", "made, because no version held the present content"); err != nil {
		return nil, err
	}

	now, err := checkIn(ctx, r.Nuxeo, *doc)
	if err != nil {
		return nil, err
	}

	if nb := now.Blob("file:content"); nb == nil || !sameBlob(nb, b) { // so that no version may hold it
		return nil, fault.New(fault.Unavailable, "Somebody else changed the document at the same moment.")
	}

	// Check that it is there.
	made, err := r.Nuxeo.LastVersion(ctx, now.UID, fullFetch)
	if err != nil {
		return nil, err
	}

	if !versionHolds(made, b) && !newVersionHolds(made, last, b) {
		return nil, errNoVersion(now)
	}

	*doc = now
	return made, nil
}

// checkIn creates a version of the document as it is. A document that is marked as checked in would
// get none, so that it is checked out first.
func checkIn(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document) (*nuxeo.Document, error) {
	if !doc.IsCheckedOut {
		if _, err := nx.CheckOut(ctx, doc.UID); err != nil {
			return nil, explainVersionRefusal(err, doc)
		}
	}
	now, err := nx.CheckIn(ctx, doc.UID)
	return now, explainVersionRefusal(err, doc)
}

// explainVersionRefusal explains the refusal to create a version.
func explainVersionRefusal(err error, doc *nuxeo.Document) error {
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

// versionHolds reports whether the version has the blob as content. Without a digest that is
// unknown.
func versionHolds(version *nuxeo.Document, b *nuxeo.Blob) bool {
	if version == nil || b.Digest == "" {
		return false
	}
	vb := version.Blob("file:content")
	return vb != nil && sameBlob(vb, b)
}

// newVersionHolds reports whether a version created after last has a blob without a digest as
// content.
func newVersionHolds(made, last *nuxeo.Document, b *nuxeo.Blob) bool {
	if made == nil || b.Digest != "" || last != nil && last.UID == made.UID {
		return false
	}
	vb := made.Blob("file:content")
	return vb != nil && sameBlob(vb, b)
}

// sameBlob reports whether two blobs of one Nuxeo are the same, by length and digest.
func sameBlob(a, b *nuxeo.Blob) bool { return a.Length == b.Length && a.Digest == b.Digest }

// anyVersionHolds reports whether any version has the blob as content.
func (s *Service) anyVersionHolds(ctx context.Context, r *Run, uid string, b *nuxeo.Blob) (bool, error) {
	versions, err := r.Nuxeo.Versions(ctx, uid, fullFetch)
	return slices.ContainsFunc(versions, func(v *nuxeo.Document) bool { return versionHolds(v, b) }), err
}
