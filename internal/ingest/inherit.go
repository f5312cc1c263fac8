package ingest

import (
	"context"
	"net/http"
	"slices"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
)

// inheritedLink returns the link that an asset takes over from a stack that its files were on and
// that does not exist any more, if any. A stack that exists keeps its document, whatever was taken
// off it. If the asset has become a version of such a stack since it was resolved, it is outdated.
func (s *Service) inheritedLink(ctx context.Context, r *Run, a link.Asset) (from string, outdated bool, err error) {
	formers, err := link.FormerLinks(ctx, s.DB, r.Job.scope(), a)
	if err != nil || len(formers) == 0 {
		return "", false, err
	}

	if other, err := s.headChanged(ctx, r); other || err != nil {
		return "", other, err
	}

	for _, l := range formers {
		yes, err := s.inherits(ctx, r, l, a)
		if err != nil {
			return "", false, err
		}

		if yes {
			return l.ID, false, nil
		}

		if err := r.Task.Note(ctx, "apart",
			"it was a version of the asset of document %s, and is an asset by itself now", l.DocumentUID); err != nil {
			return "", false, err
		}
	}

	return "", false, nil
}

// inherits reports whether an asset takes over the link of one that its files belonged to: that one
// is gone, and the file whose content the document has is among them, or gone as well. What may not
// be seen counts as present.
func (s *Service) inherits(ctx context.Context, r *Run, l link.Link, a link.Asset) (bool, error) {
	_, err := r.Frameio.Stack(ctx, a.Account, l.AssetKey)
	switch v4.StatusOf(err) {
	case http.StatusNotFound, http.StatusUnprocessableEntity: // gone, or not a stack any more
	case http.StatusForbidden:
		return false, nil
	default:
		return false, err
	}

	if l.FileID == "" || slices.Contains(a.Files, l.FileID) {
		return true, nil
	}

	_, err = r.Frameio.File(ctx, a.Account, l.FileID)
	switch v4.StatusOf(err) {
	case http.StatusNotFound:
		return true, nil
	case http.StatusForbidden:
		return false, nil
	}

	return false, err
}
