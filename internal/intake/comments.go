package intake

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// comments makes the document's comments equal to those of the file. A mirror looks at
// the comments of all its assets by itself.
func (s *Service) comments(ctx context.Context, r *Run) (work.Next, error) {
	if r.Job.Mirror != nil {
		return s.finish(ctx, r)
	}
	if err := s.importComments(ctx, r, r.Job.File.ID, r.Job.File.Metadata); err != nil {
		return work.Next{}, err
	}
	return s.finish(ctx, r)
}

// refresh brings the last comments on the outgoing file, so that the version
// that will hold it holds them too. A file that is gone has nothing to say.
func (s *Service) refresh(ctx context.Context, r *Run) (work.Next, error) {
	l, err := s.linkOf(ctx, r)
	if err != nil {
		return work.Next{}, err
	}
	next := work.Next{Step: StepTransfer}
	if m := r.Job.Mirror; l.FileID == "" || l.FileID == r.Job.File.ID || m != nil && m.NoComments {
		return next, nil
	}
	f, err := r.Frameio.File(ctx, r.Job.Asset.Account, l.FileID)
	if v4.NotFound(err) {
		return next, nil
	}
	if err != nil {
		return work.Next{}, err
	}
	list, err := s.commentsOf(ctx, r, f.ID)
	if err != nil {
		return work.Next{}, err
	}
	if err := s.importList(ctx, r, f.ID, f.Metadata, list); err != nil {
		return work.Next{}, err
	}
	return next, s.completeVersion(ctx, r, l, f, list)
}

// completeVersion brings the last comments on the outgoing file to the version that
// holds it, which was made before they were.
func (s *Service) completeVersion(ctx context.Context, r *Run, l link.Link, f frameio.File, list []frameio.Comment) error {
	if len(list) == 0 || l.Digest == "" {
		return nil
	}
	version, err := r.Nuxeo.LastVersion(ctx, r.Job.Document, all)
	if err != nil || !heldBy(version, &nuxeo.Blob{Digest: l.Digest, Length: l.Size}) {
		return err
	}
	importer := s.importer(r, func() {}, func() {})
	return importer.Complete(ctx, s.commentsTarget(r, version.UID, f.ID, f.Metadata), list)
}

// Hear makes the document's comments equal to those of a file, and nothing else: one
// call (GET …/files/{file}/comments) when there are none, one more for the frame rate
// when there are. A file that is gone has nothing to say.
func (s *Service) Hear(ctx context.Context, r *Run, file string) error {
	list, err := s.commentsOf(ctx, r, file)
	if err == nil && len(list) == 0 {
		known, err := review.Known(ctx, s.DB, r.Job.LinkID)
		if err != nil || !known {
			return err
		}
	}
	if err != nil {
		return orGone(err)
	}
	f, err := r.Frameio.File(ctx, r.Job.Asset.Account, file)
	if err != nil {
		return orGone(err)
	}
	return s.importList(ctx, r, file, f.Metadata, list)
}

func orGone(err error) error {
	if v4.NotFound(err) {
		return nil
	}
	return err
}

func (s *Service) commentsOf(ctx context.Context, r *Run, file string) (list []frameio.Comment, err error) {
	for c, err := range r.Frameio.Comments(ctx, r.Job.Asset.Account, file) {
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

func (s *Service) importComments(ctx context.Context, r *Run, file string, metadata []frameio.Field) error {
	list, err := s.commentsOf(ctx, r, file)
	if err != nil {
		return err
	}
	return s.importList(ctx, r, file, metadata, list)
}

func (s *Service) importList(ctx context.Context, r *Run, file string, metadata []frameio.Field, list []frameio.Comment) error {
	n, left := 0, 0
	importer := s.importer(r, func() { n++ }, func() { left++ })
	err := importer.Import(ctx, s.commentsTarget(r, r.Job.Document, file, metadata), list)
	r.Job.Comments += n
	if err != nil {
		return err
	}
	odd := review.Unread(list)
	if r.Job.Unread = len(odd); len(odd) > 0 {
		if err := r.Task.Note(ctx, "left out", "%d of the comments, which cannot be read; the first is %.500s", len(odd), odd[0]); err != nil {
			return err
		}
	}
	if left == 0 {
		return nil
	}
	return r.Task.Note(ctx, "left as they are", "%d comments that only who brought them to Nuxeo may change", left)
}

// importer writes comments as the service account where there is one, else as the actor.
// changed hears of each that was written, left of each that nobody at hand may change.
func (s *Service) importer(r *Run, changed, left func()) review.Importer {
	writer, as := r.Nuxeo, r.Actor
	if s.Set.ServiceAccount != nil {
		writer, as = r.Nuxeo.As(s.Set.ServiceAccount), s.Set.ServiceLogin
	}
	return review.Importer{
		DB: s.DB, Nuxeo: writer, Now: r.Task.Now, Writer: as, FrameBase: s.Set.FrameBase, Key: r.Task.Key,
		Changed: changed, Left: left,
		As: func(ctx context.Context, login string) (review.Nuxeo, error) { return r.Colleague(ctx, login) },
	}
}

func (s *Service) commentsTarget(r *Run, document, file string, metadata []frameio.Field) review.Target {
	return review.Target{
		LinkID: r.Job.LinkID, DocumentUID: document, FileID: file,
		FrameRate: frameio.FrameRate(s.Set.FieldNames.FrameRate.In(metadata).Value),
	}
}
