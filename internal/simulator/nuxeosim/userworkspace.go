package nuxeosim

import (
	"strings"
)

// userWorkspaces is where everybody has a workspace that nobody else sees, once they ask
// for it.
const userWorkspaces = "/default-domain/UserWorkspaces"

// opUserWorkspace finds the workspace of who asks, or makes it.
func opUserWorkspace(oc *opCall) (*answer, error) {
	n, err := oc.s.userWorkspace(oc.user)
	if err != nil {
		return nil, err
	}
	return oc.output([]*node{n}), nil
}

// opFavorites finds the collection of favorites of who asks, or makes it.
func opFavorites(oc *opCall) (*answer, error) {
	home, err := oc.s.userWorkspace(oc.user)
	if err != nil {
		return nil, err
	}

	n := home.byName["Favorites"]
	if n == nil {
		n, err = oc.s.seedChild(home, "Favorites", "Favorites", map[string]any{
			"dc:title":   "My Favorites",
			"dc:creator": oc.user.login,
		})
	}

	if err != nil {
		return nil, err
	}

	return oc.output([]*node{n}), nil
}

func (s *Server) userWorkspace(p *principal) (*node, error) {
	root := s.repo.resolve(userWorkspaces)
	if root == nil {
		var err error
		if root, err = s.mkDoc(userWorkspaces, "UserWorkspacesRoot", nil); err != nil {
			return nil, err
		}
		root.acl = []ace{{user: "Everyone", permission: "Everything"}}
	}

	if n := root.byName[p.login]; n != nil {
		return n, nil
	}

	title := strings.TrimSpace(p.user.FirstName + " " + p.user.LastName)
	if title == "" {
		title = p.login
	}

	n, err := s.seedChild(root, p.login, "Workspace", map[string]any{"dc:title": title, "dc:creator": p.login})
	if err != nil {
		return nil, err
	}

	n.acl = []ace{{user: p.login, permission: "Everything", granted: true}}
	s.repo.generation++
	return n, nil
}
