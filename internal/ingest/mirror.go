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

// A Mirror says how a document follows an asset in a sync.
type Mirror struct {
	Overwrite  bool `json:"overwrite,omitempty"`   // replaces content from Nuxeo; a version keeps it
	Both       bool `json:"both,omitempty"`        // keeps such content, and creates a second document
	NoComments bool `json:"no_comments,omitempty"` // not even those of the outgoing file

	NoContent bool `json:"plain,omitempty"` // no content: metadata, a poster and the link
	Proxy     bool `json:"proxy,omitempty"` // the proxy in place of the original
	// OnlyFile is the file of a stack to import in place of its head, if any.
	OnlyFile string `json:"only,omitempty"`
	// Refetch says that something else is fetched of the asset than when the document got its
	// content. If it got none then, what it has now is somebody's own.
	Refetch bool `json:"refetch,omitempty"`
	// Folder is where the asset was listed: a file in it is not on a stack.
	Folder string `json:"folder,omitempty"`

	// FormerName is the name of the file that the document had before, and OtherFile says
	// that it is another file now.
	FormerName string `json:"was,omitempty"`
	OtherFile  bool   `json:"another,omitempty"`
}

// policy returns whose content stays; m is nil where a person publishes.
func (m *Mirror) policy() Policy {
	switch {
	case m == nil:
		return PersonAsks
	case m.Overwrite:
		return FrameioWins
	case m.Both:
		return KeepBoth
	}
	return NuxeoWins
}

// isForeign reports whether the content of a document that got none from us is somebody's own.
func (m *Mirror) isForeign(b *nuxeo.Blob, l link.Link) bool {
	return m != nil && m.Refetch && l.Digest == "" && l.Size == 0 && b != nil && b.Length > 0
}

// keptSuffix marks the title of a document that was detached from its asset by a conflict.
const keptSuffix = " (changed in Nuxeo)"

// splitDocument detaches the document from its asset, with what people made of it, and lets the
// asset have a new one. What identifies the asset is removed from the document, so that it is not
// taken for the asset's again. Repeating it finds what is done already.
func (s *Service) splitDocument(ctx context.Context, r *Run, doc *nuxeo.Document, l *link.Link) (work.Next, error) {
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
	return work.Next{Step: r.Job.contentStep()}, r.Commit(ctx, func(tx *sql.Tx) error {
		if err := review.Forget(ctx, tx, l.ID); err != nil {
			return err
		}
		return link.SetDocument(ctx, tx, r.Task.Now(), l, "")
	})
}

// contentStep returns the step in which a new document gets its content.
func (j *Job) contentStep() string {
	if j.noContent() {
		return StepAttach
	}
	return StepTransfer
}

// noContent reports whether the document has no content of its own.
func (j *Job) noContent() bool { return j.Mirror != nil && j.Mirror.NoContent }

// onlyFile returns the file to import in place of the asset's head, if any.
func (j *Job) onlyFile() string {
	if j.Mirror == nil {
		return ""
	}
	return j.Mirror.OnlyFile
}
