package app

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// metadataMap is the metadata map, with the status as the configuration has it.
func (a *App) metadataMap() *metamap.Service {
	rows, _ := a.Config.Frameio.statusRows() // it was checked
	return &metamap.Service{
		DB: a.DB, Audit: a.Audit, Now: a.world.Now, Configured: rows, Source: ingest.SourceMetadata, People: a.Identity,
		Place: a.placeOf, Status: a.Config.Frameio.StatusField,
	}
}

// placeOf tells the metadata map what a document is to the connector: its file, and the tables that hold for it.
func (a *App) placeOf(ctx context.Context, doc *nuxeo.Document) (p metamap.Place, err error) {
	l, err := link.OfDocument(ctx, a.DB, doc.UID)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return p, err
	}

	// A mirrored document goes by the table of its synchronization.
	p.Account, p.File = l.Account, l.FileID
	var folders []string
	for _, above := range doc.Breadcrumb() { // the outermost first
		folders = append(folders, above.UID)
	}

	if l.FolderUID != "" {
		if p.Arriving.Sync, err = a.Sync.IDOfFolder(ctx, l.FolderUID); err != nil {
			return p, err
		}
		folders = append(folders, l.FolderUID)
	}

	// Others go by that of a binding of their folder, or of the nearest above them.

	bound, err := a.Binding.WorkspacesOf(ctx, folders)
	if err != nil {
		return p, err
	}

	nearest := -1
	for _, b := range bound {
		rank := 0
		for i, folder := range folders {
			if folder == b.Folder {
				rank = 2 * i
			}
		}

		if b.Workspace == doc.Text(schema.WorkspaceID) {
			rank++
		}

		if rank > nearest {
			nearest, p.Leaving.Binding = rank, b.Binding
			if p.File == "" {
				p.Account = b.Account
			}
		}
	}

	if p.Arriving.Sync == "" {
		p.Arriving = p.Leaving
	}

	return p, nil
}
