package ingest

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Choice is what is done about the content of an asset's document.
type Choice string

// What may be done. Metadata and comments are written in any case but Conflict and Refuse.
const (
	CreateDocument Choice = "create"   // there is none
	KeepContent    Choice = "keep"     // it is right, or not ours to replace
	ReplaceContent Choice = "replace"  // a version keeps what it replaces
	SplitDocument  Choice = "split"    // the document is detached from the asset, which gets another
	Conflict       Choice = "conflict" // a person decides whose content stays
	Refuse         Choice = "refuse"   // the content is in cold storage
)

// A Policy says whose content stays when both sides have changed it.
type Policy string

const (
	// PersonAsks is that of publishing and of a return: a person wants the asset's content now.
	PersonAsks  Policy = ""
	NuxeoWins   Policy = "nuxeo"
	FrameioWins Policy = "frameio"
	KeepBoth    Policy = "both"
)

// A Content is all that counts when it is decided about the content of an asset's document, however
// it came to be looked at: published, mirrored or returning from a push.
type Content struct {
	Exists bool // there is a document
	Holds  bool // its content is that of the asset's file
	// NewFile says that the asset shows another file than the document's content came from.
	NewFile bool
	Edited  bool // people have changed or removed the content in Nuxeo
	// Own says that the document's content is not the asset's at all: only metadata is mirrored, or
	// the asset is a rendition that was pushed.
	Own         bool
	ColdStorage bool
	Policy      Policy
}

// Decide returns what is done. It is the one place that does, for every flow and for every preview
// of one.
func (c Content) Decide() Choice {
	// Nothing to decide.
	switch {
	case !c.Exists:
		return CreateDocument
	case c.ColdStorage && c.NewFile:
		return Refuse
	case c.ColdStorage, c.Own, c.Holds:
		return KeepContent
	case !c.Edited || c.Policy == PersonAsks:
		return ReplaceContent
	case !c.NewFile: // only Nuxeo has changed it
		return KeepContent
	}

	// Both sides have changed it.
	switch c.Policy {
	case FrameioWins:
		return ReplaceContent
	case KeepBoth:
		return SplitDocument
	}

	return Conflict
}

// content returns what counts for the document of the item, which may be nil.
func (s *Service) content(r *Run, doc *nuxeo.Document, l link.Link) Content {
	if doc == nil {
		return Content{}
	}
	b := doc.Blob("file:content")
	return Content{
		Exists: true, Holds: holds(b, l, r.Job.File), NewFile: l.FileID != r.Job.File.ID,
		Edited:      s.IsEdited(doc, l, r.Actor) || r.Job.Mirror.isForeign(b, l),
		Own:         r.Job.noContent() || r.Job.keepsOwnContent(doc),
		ColdStorage: CheckColdStorage(doc) != nil, Policy: r.Job.Mirror.policy(),
	}
}

// IsEdited reports whether people have changed or removed the content that a document got from us,
// which l says; the actor is who else writes for us. The document is needed with the schemas
// dublincore, file and frameio.
//
// Nuxeo may compute a digest later, or with another algorithm: digests that cannot be compared say
// nothing, and then it counts how long the content is and who wrote last.
func (s *Service) IsEdited(doc *nuxeo.Document, l link.Link, actor string) bool {
	if l.Digest == "" || CheckColdStorage(doc) != nil {
		return false
	}

	b := doc.Blob("file:content")
	if b == nil || b.Length != l.Size {
		return true
	}

	same, known := nuxeo.SameDigest(b.Digest, l.Digest)
	if known {
		return !same
	}

	return !s.isOurWrite(doc, actor)
}

// isOurWrite reports whether the last contributor to the document is one that the connector acts
// as.
func (s *Service) isOurWrite(doc *nuxeo.Document, actor string) bool {
	last := doc.Text("dc:lastContributor")
	return last == actor || last == doc.Text(schema.PublishedBy) || last != "" && last == s.Set.ServiceLogin
}
