package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// restoreProperties gives a document whose content was restored from a version back its other
// properties: restoring a version restores all of them. What people have written since the version
// stays, as it was recorded, and our properties get their values from before our write.
func (s *Service) restoreProperties(ctx context.Context, r *Run) error {
	i := r.Job.Intent
	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, fullFetch)
	if err != nil {
		return err
	}

	if !doc.Has(Facet) { // the version is older than the facet
		if err := r.Nuxeo.AddFacet(ctx, doc.UID, Facet, SourceMetadata); err != nil {
			return err
		}
	}

	// Which values should it have?
	want := maps.Clone(i.Restore.Properties)
	if want == nil {
		want = map[string]json.RawMessage{}
	}
	maps.Copy(want, i.Before)
	delete(want, "dc:source")

	// Write those that differ.
	lost := map[string]any{"dc:source": nullIfEmpty(i.BeforeSource)}
	for name, value := range want {
		if writable(name, value) && !bytes.Equal(value, doc.Properties[name]) {
			lost[name] = value
		}
	}

	return r.Nuxeo.Update(ctx, doc.UID, "", lost, nuxeo.WriteOptions{Source: SourceMetadata})
}

// writableProperties returns the properties of a document that can be written as they were read.
func writableProperties(doc *nuxeo.Document) map[string]json.RawMessage {
	all := maps.Clone(doc.Properties)
	maps.DeleteFunc(all, func(name string, value json.RawMessage) bool { return !writable(name, value) })
	return all
}

// systemProperties are properties that Nuxeo writes itself.
var systemProperties = map[string]bool{
	"dc:created": true, "dc:creator": true, "dc:modified": true, "dc:lastContributor": true, "dc:contributors": true,
}

// writable reports whether a property can be written as it was read. That excludes content,
// properties of Nuxeo itself, and structures, which may contain content.
func writable(name string, value json.RawMessage) bool {
	schema, _, _ := strings.Cut(name, ":")
	structured := bytes.HasPrefix(value, []byte("{")) || bytes.HasPrefix(value, []byte("[{"))
	return !systemProperties[name] && schema != "uid" && schema != "file" && schema != "files" && !structured
}
