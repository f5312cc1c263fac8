package intake

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Mirror says what following an asset leaves alone.
type Mirror struct {
	Overwrite  bool `json:"overwrite,omitempty"` // content that Nuxeo got otherwise; a version keeps it
	NoComments bool `json:"no_comments,omitempty"`

	// Was is the name of the file that the document told of before.
	Was string `json:"was,omitempty"`
}

// leaves says whether the document's content stays although it is not the file's:
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
func (r *Run) leave(ctx context.Context, l *link.Link) (work.Next, error) {
	if l.FileID == r.Job.File.ID {
		r.Job.Outcome = Unchanged
		return work.Next{Step: StepDescribe}, r.Save(ctx)
	}
	r.Job.Outcome = Conflicting
	return work.Next{Done: true, Outcome: Conflicting}, r.Save(ctx)
}
