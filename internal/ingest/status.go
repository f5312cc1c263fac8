package ingest

import (
	"context"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// StatusMap says how the approval on Frame.io shows in a property of Nuxeo's own,
// beside frameio:status. Options of Frame.io are renamed and translated, so each
// is named by its id, or by its name where that is all one has.
type StatusMap struct {
	Property string            // xpath in Nuxeo, such as my:reviewState; empty: none
	Values   map[string]string // from an option's id or name to the property's value
}

// Value is what a status becomes; not known when the table does not have it.
func (m StatusMap) Value(status frameio.Field) (value string, known bool) {
	for _, id := range status.Options {
		if value, known = m.Values[id]; known {
			return value, true
		}
	}

	for name, value := range m.Values {
		if strings.EqualFold(name, status.Value) {
			return value, true
		}
	}

	return "", false
}

// Set writes the property of a document, and says why it was left alone. Such
// writes never make a version.
func (m StatusMap) Set(
	ctx context.Context, nx *nuxeo.Client, document string, status frameio.Field,
) (left string, err error) {
	if m.Property == "" || status.Value == "" {
		return "", nil
	}

	value, known := m.Value(status)
	if !known {
		return "the table of statuses has nothing for \"" + status.Value + "\"", nil
	}

	err = nx.Update(ctx, document, "", map[string]any{m.Property: value}, nuxeo.WriteOptions{Source: SourceMetadata})
	switch nuxeo.StatusOf(err) {
	case 400, 422: // the document has no such property, or another value is wanted
		return "the property " + m.Property + " does not take \"" + value + "\"", nil
	}

	return "", err
}

// mapStatus sets the property of the table, and notes what it could not set.
func (s *Service) mapStatus(ctx context.Context, r *Run) error {
	left, err := s.Set.StatusMap.Set(ctx, r.Nuxeo, r.Job.Document, s.Set.StatusField.In(r.Job.File.Metadata))
	if err != nil || left == "" {
		return err
	}
	return r.Task.Note(ctx, "left alone", "%s", left)
}
