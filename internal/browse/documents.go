package browse

import (
	"context"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Document is one that came from Frame.io, as a list shows it.
type Document struct {
	UID, Title, Type, Version string
	Modified                  time.Time
	FileName, MediaType       string
	Size                      int64
	Status                    string
}

// Documents lists what came from Frame.io directly into a folder, newest first.
// cursor is what the call for the page before returned as next; an empty one
// ends. A page costs one call, and an empty list one more, which tells it from a
// folder that may not be seen.
func (s *Service) Documents(
	ctx context.Context, login, folder, cursor string, limit int,
) (list []Document, next string, err error) {
	page, size, err := parseCursor(cursor, limit)
	if err != nil {
		return nil, "", err
	}

	nx, err := s.Nuxeo(ctx, login)
	if err != nil {
		return nil, "", err
	}

	// What came from Frame.io has the facet.
	q := "SELECT * FROM Document WHERE ecm:parentId = " + nuxeo.Quote(folder) + " AND ecm:mixinType = '" +
		ingest.Facet + "'" +
		schema.AndLive + " ORDER BY dc:modified DESC, ecm:uuid"
	docs, more, err := nx.QueryPage(ctx, q, page, size,
		nuxeo.Fetch{Schemas: []string{"dublincore", "frameio"}, Lock: true})
	if err != nil {
		return nil, "", err
	}

	// Is it empty, or can it not be seen?
	if len(docs) == 0 {
		if _, err := nx.Get(ctx, folder, nuxeo.Fetch{}); err != nil {
			return nil, "", gone(err)
		}
	}

	if more {
		next = fmt.Sprintf("%d-%d", page+1, size)
	}

	return documents(docs), next, nil
}

// documents leaves out copies, which carry the facet of what they were copied
// from.
func documents(docs []*nuxeo.Document) []Document {
	out := []Document{}
	for _, d := range docs {
		if !ingest.HasOwnFacet(d) {
			continue
		}
		out = append(out, Document{
			UID: d.UID, Title: d.Title, Type: d.Type, Version: d.VersionLabel, Modified: d.Time("dc:modified"),
			FileName:  d.Text(schema.FileName),
			MediaType: d.Text(schema.MediaType), Size: d.Int(schema.FileSize), Status: d.Text(schema.Status),
		})
	}

	return out
}

// usualPage is how many documents a page has unless another number is asked for.
const usualPage = 50

// parseCursor parses a cursor: the page, counted from 0, and its size.
func parseCursor(cursor string, limit int) (page, size int, err error) {
	if limit <= 0 {
		limit = usualPage
	}

	if cursor == "" {
		return 0, limit, nil
	}

	n, err := fmt.Sscanf(cursor, "%d-%d", &page, &size)
	if err != nil || n != 2 || page < 0 || page > 1_000_000 || size < 1 || size > 500 {
		return 0, 0, fault.Field("cursor", "Give what \"next\" of the page before said.", "The cursor cannot be read.")
	}

	return page, size, nil
}
