package ingest

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
)

// HasOwnFacet reports whether a document's facet is its own: a copy carries that of the original.
func HasOwnFacet(doc *nuxeo.Document) bool {
	own := doc.UID
	if doc.IsVersion {
		own = doc.VersionableID
	}
	return doc.Has(Facet) && doc.Text(schema.DocumentUID) == own
}

// MetadataSource returns, for a document and its versions, the one among them whose metadata
// describe the content of each; nil where none does. Metadata is written with the content or before
// it, so that a version has its own; in documents of older releases that of a version is in the
// next one. The documents must have been read with the schemas file and frameio.
func MetadataSource(docs []*nuxeo.Document) map[string]*nuxeo.Document {
	byDigest := map[string]*nuxeo.Document{}
	for _, d := range docs {
		if digest := d.Text(schema.Digest); HasOwnFacet(d) && digest != "" {
			byDigest[digest] = d
		}
	}

	out := map[string]*nuxeo.Document{}
	for _, d := range docs {
		switch b := d.Blob("file:content"); {
		case !HasOwnFacet(d):
		case b == nil || b.Digest == "" || b.Digest == d.Text(schema.Digest):
			out[d.UID] = d
		default:
			out[d.UID] = byDigest[b.Digest]
		}
	}

	return out
}
