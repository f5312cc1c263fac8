package ingest

import (
	"context"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A StatusMap says how the approval status on Frame.io sets a property of the customer's own in
// Nuxeo, besides frameio:status. Options on Frame.io are renamed and translated, so that each is
// identified by its id, or by its name if only that is known.
type StatusMap struct {
	Property string            // xpath in Nuxeo, such as my:reviewState; empty for none
	Values   map[string]string // from an option's id or name to the property's value
}

// Value returns the value for a status; ok is false if the table has none.
func (m StatusMap) Value(status frameio.Field) (value string, ok bool) {
	for _, id := range status.Options {
		if value, ok = m.Values[id]; ok {
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

// Set writes the property of a document; left says why it was not changed. Such writes never create
// a version.
func (m StatusMap) Set(
	ctx context.Context, nx *nuxeo.Client, document string, status frameio.Field,
) (left string, err error) {
	if m.Property == "" || status.Value == "" {
		return "", nil
	}

	value, ok := m.Value(status)
	if !ok {
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
