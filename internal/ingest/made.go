package ingest

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Wanted is a document that was asked for.
type Wanted struct {
	Parent string // the uid of the folder
	Type   string
	Maker  string // the login that asks
}

// Check refuses a document that is not the one that was asked for, before anything
// goes into it: the answer to a creation may be somebody else's. It must have been read
// with the schema dublincore.
func (w Wanted) Check(doc *nuxeo.Document) error {
	maker := doc.Text("dc:creator")
	if doc.ParentRef == w.Parent && doc.Type == w.Type && maker == w.Maker && !doc.IsVersion && !doc.IsProxy {
		return nil
	}
	return fault.New(fault.Refused,
		"Nuxeo answered with another document than the one it was asked to make: %s by %s in %s, not %s by %s in %s.",
		doc.Type, orNone(maker), orNone(doc.ParentRef), w.Type, w.Maker, w.Parent).
		With("Have an administrator look at what changes new documents in Nuxeo, then retry.")
}
