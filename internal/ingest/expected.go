package ingest

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// An Expected is a document that a request was meant to create.
type Expected struct {
	Parent  string // the uid of the folder
	Type    string
	Creator string // the login that asked
}

// Check returns an error if a document is not the one that was meant, before anything goes into it:
// the answer to a creation may be a different document. It must have been read with the schema
// dublincore.
func (w Expected) Check(doc *nuxeo.Document) error {
	creator := doc.Text("dc:creator")
	if doc.ParentRef == w.Parent && doc.Type == w.Type && creator == w.Creator && !doc.IsVersion && !doc.IsProxy {
		return nil
	}
	return fault.New(fault.Refused,
		"Nuxeo answered with another document than the one it was asked to make: %s by %s in %s, not %s by %s in %s.",
		doc.Type, orNone(creator), orNone(doc.ParentRef), w.Type, w.Creator, w.Parent).
		With("Have an administrator look at what changes new documents in Nuxeo, then retry.")
}
