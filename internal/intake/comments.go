package intake

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
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
	return next, s.importComments(ctx, r, f.ID, f.Metadata)
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
	writer, as := r.Nuxeo, r.Actor
	if s.Set.ServiceAccount != nil {
		writer, as = r.Nuxeo.As(s.Set.ServiceAccount), s.Set.ServiceLogin
	}
	n, left := 0, 0
	importer := review.Importer{
		DB: s.DB, Nuxeo: writer, Now: r.Task.Now, Writer: as, FrameBase: s.Set.FrameBase, Key: r.Task.Key,
		Changed: func() { n++ }, Left: func() { left++ },
		As: func(ctx context.Context, login string) (review.Nuxeo, error) { return r.Colleague(ctx, login) },
	}
	err := importer.Import(ctx, review.Target{
		LinkID: r.Job.LinkID, DocumentUID: r.Job.Document, FileID: file,
		FrameRate: frameio.FrameRate(field(metadata, s.Set.FieldNames.FrameRate)),
	}, list)
	r.Job.Comments += n
	if err != nil || left == 0 {
		return err
	}
	return r.Task.Note(ctx, "left as they are", "%d comments that only who brought them to Nuxeo may change", left)
}
