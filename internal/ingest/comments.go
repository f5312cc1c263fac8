package ingest

import (
	"context"
	"fmt"
	"iter"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// comments makes the document's comments equal to those of the file. The documents of a sync get
// theirs from a separate item.
func (s *Service) comments(ctx context.Context, r *Run) (work.Next, error) {
	if r.Job.Mirror != nil {
		return s.finish(ctx, r)
	}
	if err := s.importComments(ctx, r, r.Job.File.ID, r.Job.File.Metadata); err != nil {
		return work.Next{}, err
	}
	return s.finish(ctx, r)
}

// refresh imports the last comments on the outgoing file, so that the version that holds it gets
// them too. A file that is gone has none.
func (s *Service) refresh(ctx context.Context, r *Run) (work.Next, error) {
	// Is there an outgoing file?
	l, err := s.getLink(ctx, r)
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

	// Import its comments.
	if err := s.importComments(ctx, r, f.ID, f.Metadata); err != nil {
		return work.Next{}, err
	}

	return next, s.completeVersion(ctx, r, l, f)
}

// completeVersion adds the last comments on the outgoing file to the version that holds it, which
// was created before them.
func (s *Service) completeVersion(ctx context.Context, r *Run, l link.Link, f frameio.File) error {
	imported, err := review.HasImported(ctx, s.DB, l.ID, f.ID)
	if err != nil || !imported || l.Digest == "" {
		return err
	}

	version, err := r.Nuxeo.LastVersion(ctx, r.Job.Document, fullFetch)
	if err != nil || !versionHolds(version, &nuxeo.Blob{Digest: l.Digest, Length: l.Size}) {
		return err
	}

	importer := s.importer(r, func() {}, func() {})
	return importer.CompleteVersion(ctx, s.commentsTarget(r, version.UID, f.ID, f.Metadata), commentsOf(ctx, r, f.ID))
}

// SyncComments makes the document's comments equal to those of a file, and nothing else. That takes
// one call (GET …/files/{file}/comments) if there are none, and another for the frame rate if there
// are. A file that is gone has none.
func (s *Service) SyncComments(ctx context.Context, r *Run, file string) error {
	rate := func(ctx context.Context) (float64, error) {
		f, err := r.Frameio.File(ctx, r.Job.Asset.Account, file)
		return s.frameRate(f.Metadata), err
	}

	err := s.runImport(ctx, r, review.Target{LinkID: r.Job.LinkID, DocumentUID: r.Job.Document, FileID: file}, rate)
	if v4.NotFound(err) {
		return nil
	}

	return err
}

func commentsOf(ctx context.Context, r *Run, file string) iter.Seq2[frameio.Comment, error] {
	return r.Frameio.Comments(ctx, r.Job.Asset.Account, file)
}

func (s *Service) importComments(ctx context.Context, r *Run, file string, metadata []frameio.Field) error {
	return s.runImport(ctx, r, s.commentsTarget(r, r.Job.Document, file, metadata), nil)
}

// runImport imports the comments of the target's file, and notes what was left out and what was
// left unchanged.
func (s *Service) runImport(
	ctx context.Context, r *Run, t review.Target, rate func(context.Context) (float64, error),
) error {
	// Count what becomes of them.
	n, left, odd, first := 0, 0, 0, ""
	importer := s.importer(r, func() { n++ }, func() { left++ })
	importer.Rate = rate
	importer.Unreadable = func(raw []byte) {
		if odd++; odd == 1 {
			first = fmt.Sprintf("%.500s", raw)
		}
	}

	err := importer.Import(ctx, t, commentsOf(ctx, r, t.FileID))
	r.Job.Comments += n
	if err != nil {
		return err
	}

	// Note what could not be read or changed.
	if r.Job.Unread = odd; odd > 0 {
		if err := r.Task.Note(ctx, "left out", "%d of the comments, which cannot be read; the first is %s", odd,
			first); err != nil {
			return err
		}
	}

	if left == 0 {
		return nil
	}

	return r.Task.Note(ctx, "left as they are", "%d comments that only who brought them to Nuxeo may change", left)
}

// importer returns an importer that writes comments as the service account if there is one, else as
// the actor. It calls changed for each comment written, and left for each that none of the writers
// may change.
func (s *Service) importer(r *Run, changed, left func()) review.Importer {
	writer, as := r.Nuxeo, r.Actor
	if s.Set.ServiceAccount != nil {
		writer, as = r.Nuxeo.As(s.Set.ServiceAccount), s.Set.ServiceLogin
	}

	return review.Importer{
		DB: s.DB, Nuxeo: writer, Now: r.Task.Now, Writer: as, FrameBase: s.Set.FrameBase, Key: r.Task.Key,
		Changed: changed, Skipped: left, Told: s.tellComments(r),
		ClientFor: func(ctx context.Context, login string) (review.Nuxeo, error) { return r.ClientFor(ctx, login) },
	}
}

func (s *Service) commentsTarget(r *Run, document, file string, metadata []frameio.Field) review.Target {
	return review.Target{
		LinkID: r.Job.LinkID, DocumentUID: document, FileID: file,
		FrameRate: s.frameRate(metadata),
	}
}

func (s *Service) frameRate(metadata []frameio.Field) float64 {
	return frameio.FrameRate(s.Set.FieldNames.FrameRate.In(metadata).Value)
}
