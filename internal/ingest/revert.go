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
// properties: restoring a version restores all of them. What people have written since, as now
// shows it, stays, and our properties get their values from before our write.
func (s *Service) restoreProperties(ctx context.Context, r *Run, now *nuxeo.Document) error {
	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, fullFetch)
	if err != nil {
		return err
	}

	if !doc.Has(Facet) && r.Job.Intent != nil { // the version is older than the facet
		if err := r.Nuxeo.AddFacet(ctx, doc.UID, Facet, SourceMetadata); err != nil {
			return err
		}
	}

	// Which values should it have?
	want, lost := maps.Clone(now.Properties), map[string]any{}
	if i := r.Job.Intent; i != nil {
		maps.Copy(want, i.Before)
		lost["dc:source"] = nullIfEmpty(i.BeforeSource)
		delete(want, "dc:source")
	}

	// Write those that differ.
	for name, value := range want {
		if writable(name, value) && !bytes.Equal(value, doc.Properties[name]) {
			lost[name] = value
		}
	}

	if len(lost) == 0 {
		return nil
	}

	return r.Nuxeo.Update(ctx, doc.UID, "", lost, nuxeo.WriteOptions{Source: SourceMetadata})
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
