package binding

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A BoundWorkspace is a workspace that a folder is bound to.
type BoundWorkspace struct {
	Binding, Folder, FolderTitle      string
	Account, Workspace, WorkspaceName string
}

// WorkspacesOf lists the workspaces that folders are bound to now, oldest binding first.
func (s *Service) WorkspacesOf(ctx context.Context, folders []string) ([]BoundWorkspace, error) {
	if len(folders) == 0 {
		return nil, nil
	}

	return store.All(ctx, s.DB.Reader, func(row store.Row) (p BoundWorkspace, err error) {
		err = row.Scan(&p.Binding, &p.Folder, &p.FolderTitle, &p.Account, &p.Workspace,
			&p.WorkspaceName)
		return p, err
	}, `SELECT bindings.id, folder_uid, folder_title, account_id, workspace_id,
		workspace_name
		FROM bindings JOIN actions ON actions.binding_id = bindings.id
		WHERE bindings.state = 'bound' AND actions.state NOT IN ('adding', 'leaving', 'left')
		AND folder_uid IN (`+store.Marks(1, len(folders))+`)
			ORDER BY bindings.id, workspace_name`, store.Anys(folders)...)
}

// ActionOf returns the name of a custom action that a folder is bound by, or the empty string.
func (s *Service) ActionOf(ctx context.Context, folder string) (name string, err error) {
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(action_name), '') FROM bindings WHERE folder_uid = $1
		AND state IN ('binding', 'bound', 'ending')`, folder).Scan(&name)
	return name, err
}
