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

// A Title is how a binding is called: by its action and its folder.
type Title struct{ ActionName, Folder, FolderTitle string }

// Titles returns the titles of bindings, by their ids. It does not ask who may know.
func (s *Service) Titles(ctx context.Context, ids []string) (map[string]Title, error) {
	if len(ids) == 0 {
		return nil, nil
	}

	return store.Map(ctx, s.DB.Reader, func(row store.Row) (id string, b Title, err error) {
		err = row.Scan(&id, &b.ActionName, &b.Folder, &b.FolderTitle)
		return id, b, err
	}, `SELECT id, action_name, folder_uid, folder_title FROM bindings WHERE id IN (`+store.Marks(1, len(ids))+`)`,
		store.Anys(ids)...)
}

// IDsOf returns the ids of all bindings that a folder has or had.
func (s *Service) IDsOf(ctx context.Context, folder string) ([]string, error) {
	return store.Strings(ctx, s.DB.Reader, `SELECT id FROM bindings WHERE folder_uid = $1 ORDER BY id`, folder)
}
