package ingest

import (
	"context"
	"database/sql"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Mirror says what following an asset leaves alone.
type Mirror struct {
	Overwrite  bool `json:"overwrite,omitempty"`   // content that Nuxeo got otherwise; a version keeps it
	Both       bool `json:"both,omitempty"`        // such content stays, and the file becomes a second document
	NoComments bool `json:"no_comments,omitempty"` // not even those of the file that goes

	Plain bool `json:"plain,omitempty"` // no content: metadata, a poster and the link
	Proxy bool `json:"proxy,omitempty"` // the proxy in place of the original
	// Only is the file of a stack to bring, in place of its head; empty: the head.
	Only string `json:"only,omitempty"`
	// Folder is where the asset was listed: a file that is in it is in no stack.
	Folder string `json:"folder,omitempty"`

	// Was is the name of the file that the document told of before, and Another says
	// that it is another file now.
	Was     string `json:"was,omitempty"`
	Another bool   `json:"another,omitempty"`
}

// leaves reports whether the document's content stays although it is not the file's:
// somebody changed it in Nuxeo since it came from Frame.io.
func (j *Job) leaves(doc *nuxeo.Document, l *link.Link) bool {
	if j.Mirror == nil || l.Digest == "" {
		return false
	}
	b := doc.Blob("file:content")
	changed := b != nil && (b.Digest != l.Digest || b.Length != l.Size)
	return changed && (l.FileID == j.File.ID || !j.Mirror.Overwrite)
}

// leave ends an item whose document keeps another content. Of a file that Frame.io
// had before, the metadata are still news; a new one is a conflict.
func (s *Service) leave(ctx context.Context, r *Run, doc *nuxeo.Document, l *link.Link) (work.Next, error) {
	if l.FileID == r.Job.File.ID {
		r.Job.Outcome = Unchanged
		return work.Next{Step: StepDescribe}, r.Save(ctx)
	}

	if r.Job.Mirror.Both {
		return s.part(ctx, r, doc, l)
	}

	r.Job.Outcome = Conflicting
	return work.Next{Done: true, Outcome: Conflicting}, r.Save(ctx)
}

// keptSuffix marks the title of a document that a conflict made one by itself.
const keptSuffix = " (changed in Nuxeo)"

// part makes the document one by itself, with what people made of it, and lets the
// asset have a new one. What told of the asset goes, so that nobody takes it for the
// asset's again; a repetition finds what is done already.
func (s *Service) part(ctx context.Context, r *Run, doc *nuxeo.Document, l *link.Link) (work.Next, error) {
	if err := r.Task.Note(ctx, "both kept",
		"the document stays as people changed it; what Frame.io has becomes another"); err != nil {
		return work.Next{}, err
	}

	title := strings.TrimSuffix(doc.Title, keptSuffix) + keptSuffix
	if err := r.Nuxeo.Update(ctx, doc.UID, "", map[string]any{"dc:title": title, "dc:source": nil},
		nuxeo.WriteOptions{Source: SourceMetadata}); err != nil {
		return work.Next{}, err
	}

	if doc.Has(Facet) {
		if err := r.Nuxeo.RemoveFacet(ctx, doc.UID, Facet, SourceMetadata); err != nil {
			return work.Next{}, err
		}
	}

	r.Job.Document, r.Job.Outcome, r.Job.Intent = "", Created, nil
	return work.Next{Step: r.Job.bytesStep()}, r.Commit(ctx, func(tx *sql.Tx) error {
		if err := review.Forget(ctx, tx, l.ID); err != nil {
			return err
		}
		return link.SetDocument(ctx, tx, r.Task.Now(), l, "")
	})
}

// bytesStep is the step in which a new document begins to get its content.
func (j *Job) bytesStep() string {
	if j.plain() {
		return StepAttach
	}
	return StepTransfer
}

// plain reports whether the document has no content of its own.
func (j *Job) plain() bool { return j.Mirror != nil && j.Mirror.Plain }

// only is the file to bring in place of the asset's head; empty: the head.
func (j *Job) only() string {
	if j.Mirror == nil {
		return ""
	}
	return j.Mirror.Only
}
