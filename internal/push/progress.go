package push

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A Destination is where the documents of a request go.
type Destination struct{ Workspace, Project, Folder string } // names

// Destinations returns where requests go, by their batches. It does not ask who may know.
func (s *Service) Destinations(ctx context.Context, batches []string) (map[string]Destination, error) {
	if len(batches) == 0 {
		return nil, nil
	}

	return store.Map(ctx, s.DB.Reader, func(row store.Row) (batch string, d Destination, err error) {
		err = row.Scan(&batch, &d.Workspace, &d.Project, &d.Folder)
		return batch, d, err
	}, `SELECT batch, MIN(workspace_name), MIN(project_name), MIN(folder_name) FROM pushes
		WHERE batch IN (`+store.Marks(1, len(batches))+`) GROUP BY batch`, store.Anys(batches)...)
}
