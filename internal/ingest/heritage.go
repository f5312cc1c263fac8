package ingest

import (
	"context"
	"net/http"
	"slices"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
)

// heritage is the link that an asset takes over from a stack that its files were on and
// that is not there any more; empty: none. A stack that is there keeps its document,
// whatever was taken out of it. The asset may have become a version of it since it was
// looked up: then that is outdated.
func (s *Service) heritage(ctx context.Context, r *Run, a link.Asset) (from string, outdated bool, err error) {
	formers, err := link.FormerLinks(ctx, s.DB, r.Job.scope(), a)
	if err != nil || len(formers) == 0 {
		return "", false, err
	}

	if other, err := s.another(ctx, r); other || err != nil {
		return "", other, err
	}

	for _, l := range formers {
		heir, err := s.heir(ctx, r, l, a)
		if err != nil {
			return "", false, err
		}

		if heir {
			return l.ID, false, nil
		}

		if err := r.Task.Note(ctx, "apart",
			"it was a version of the asset of document %s, and is an asset by itself now", l.DocumentUID); err != nil {
			return "", false, err
		}
	}

	return "", false, nil
}

// heir reports whether an asset takes over the link of one that its files belonged to:
// that is gone, and the file whose content the document has is among them, or gone as well.
// What may not be looked at is there.
func (s *Service) heir(ctx context.Context, r *Run, l link.Link, a link.Asset) (bool, error) {
	_, err := r.Frameio.Stack(ctx, a.Account, l.AssetKey)
	switch v4.StatusOf(err) {
	case http.StatusNotFound, http.StatusUnprocessableEntity: // or no stack any more
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
