package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// tellAsBefore gives a document that got its content back from a version what stood beside
// the content: a version brings back all that was there when it was made. What people have
// written since stays, as now shows it, and the document tells of its asset what it told
// before our write.
func (s *Service) tellAsBefore(ctx context.Context, r *Run, now *nuxeo.Document) error {
	doc, err := r.Nuxeo.Get(ctx, r.Job.Document, all)
	if err != nil {
		return err
	}

	if !doc.Has(Facet) && r.Job.Intent != nil { // the version is older than the facet
		if err := r.Nuxeo.AddFacet(ctx, doc.UID, Facet, SourceMetadata); err != nil {
			return err
		}
	}

	wanted, lost := maps.Clone(now.Properties), map[string]any{}
	if i := r.Job.Intent; i != nil {
		maps.Copy(wanted, i.Before)
		lost["dc:source"] = text(i.BeforeSource)
		delete(wanted, "dc:source")
	}

	for name, value := range wanted {
		if writable(name, value) && !bytes.Equal(value, doc.Properties[name]) {
			lost[name] = value
		}
	}

	if len(lost) == 0 {
		return nil
	}

	return r.Nuxeo.Update(ctx, doc.UID, "", lost, nuxeo.WriteOptions{Source: SourceMetadata})
}

// kept are properties that Nuxeo writes itself.
var kept = map[string]bool{
	"dc:created": true, "dc:creator": true, "dc:modified": true, "dc:lastContributor": true, "dc:contributors": true,
}

// writable reports whether a property can be written as it was read: no content, nothing
// that Nuxeo keeps, and no structure or list of such, which may have content in it.
func writable(name string, value json.RawMessage) bool {
	schema, _, _ := strings.Cut(name, ":")
	structured := bytes.HasPrefix(value, []byte("{")) || bytes.HasPrefix(value, []byte("[{"))
	return !kept[name] && schema != "uid" && schema != "file" && schema != "files" && !structured
}
