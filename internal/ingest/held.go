package ingest

import "github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"

// Linked reports whether a document's facet is its own: a copy carries that of what
// it was copied from.
func Linked(doc *nuxeo.Document) bool {
	own := doc.UID
	if doc.IsVersion {
		own = doc.VersionableID
	}
	return doc.Has(Facet) && doc.Text("frameio:documentUid") == own
}

// Held finds, for a document and its versions, the one among them whose metadata
// tell of the content that each holds; nil where none does. Metadata come with the
// content or before it, so that a version has its own; in documents of older releases
// those of a version are in the next one. They must have been read with the schemas
// file and frameio.
func Held(docs []*nuxeo.Document) map[string]*nuxeo.Document {
	told := map[string]*nuxeo.Document{}
	for _, d := range docs {
		if digest := d.Text("frameio:digest"); Linked(d) && digest != "" {
			told[digest] = d
		}
	}

	out := map[string]*nuxeo.Document{}
	for _, d := range docs {
		switch b := d.Blob("file:content"); {
		case !Linked(d):
		case b == nil || b.Digest == "" || b.Digest == d.Text("frameio:digest"):
			out[d.UID] = d
		default:
			out[d.UID] = told[b.Digest]
		}
	}

	return out
}
