package frameiosim

import "slices"

// Roles of a person in an account.
const (
	RoleOwner        = "owner"
	RoleAdmin        = "admin"
	RoleContentAdmin = "content_admin" // may manage custom actions, as owner and admin may
	RoleMember       = "member"
)

// Roles of a person in a workspace that matter here; the others of the
// contract (workspace_admin, full_access, editor, edit_only) may all write.
const (
	WorkspaceFullAccess = "full_access"
	WorkspaceCommenter  = "commenter" // may comment, not upload, rename, move or delete
	WorkspaceViewer     = "viewer"    // may only look
)

var headRoles = []string{RoleOwner, RoleAdmin, RoleContentAdmin}

func (a *account) leads(personID string) bool { return slices.Contains(headRoles, a.members[personID]) }

// knows reports whether a person sees the account: as a member or by invitation.
func (a *account) knows(personID string) bool {
	if a.members[personID] != "" {
		return true
	}

	for _, w := range a.workspaces {
		for _, p := range w.projects {
			if p.invited[personID] {
				return true
			}
		}
	}

	return false
}

func (w *workspace) visible(personID string) bool {
	if w.deleted || w.account.members[personID] == "" {
		return false
	}
	return !w.private || w.account.leads(personID) || w.roles[personID] != ""
}

func (p *project) visible(personID string) bool {
	return !p.deleted && !p.workspace.deleted && (p.workspace.visible(personID) || p.invited[personID])
}

func (p *project) editable(personID string) bool {
	role := p.workspace.roles[personID]
	return p.workspace.account.leads(personID) || role != WorkspaceViewer && role != WorkspaceCommenter
}

func (p *project) commentable(personID string) bool {
	return p.workspace.account.leads(personID) || p.workspace.roles[personID] != WorkspaceViewer
}

func (s *Server) findWorkspace(c *call) (*workspace, error) {
	id := c.r.PathValue("workspace_id")
	if w := s.workspaces[id]; w != nil && w.account == c.account && w.visible(c.person.id) {
		return w, nil
	}
	return nil, notFound("workspace", id)
}

func (s *Server) findProject(c *call) (*project, error) {
	id := c.r.PathValue("project_id")
	if p := s.projects[id]; p != nil && p.workspace.account == c.account && p.visible(c.person.id) {
		return p, nil
	}
	return nil, notFound("project", id)
}

// reach finds an asset of any kind that the caller may see.
func (s *Server) reach(c *call, id string) *node {
	n := s.nodes[id]
	if n == nil || n.deleted || n.project.workspace.account != c.account || !n.project.visible(c.person.id) {
		return nil
	}
	return n
}

// find is reach for typed endpoints: another kind is 422.
func (s *Server) find(c *call, param string, want kind) (*node, error) {
	id := c.r.PathValue(param)
	n := s.reach(c, id)
	if n == nil {
		return nil, notFound(string(want), id)
	}

	if n.kind != want {
		return nil, invalid("/"+param, "Entity %s is not a %s", id, want)
	}

	return n, nil
}

// edit is find for writers.
func (s *Server) edit(c *call, param string, want kind) (*node, error) {
	n, err := s.find(c, param, want)
	if err == nil && !n.project.editable(c.person.id) {
		err = forbidden("You do not have permission to change this " + string(want))
	}
	return n, err
}

func (s *Server) findComment(c *call) (*comment, error) {
	id := c.r.PathValue("comment_id")
	k := s.comments[id]
	if k == nil || k.deleted || s.reach(c, k.file.id) == nil {
		return nil, notFound("comment", id)
	}
	return k, nil
}

func (s *Server) findAction(c *call) (*action, error) {
	id := c.r.PathValue("action_id")
	a := s.actions[id]
	if a == nil || a.deleted || a.workspace.account != c.account || !a.workspace.visible(c.person.id) {
		return nil, notFound("action", id)
	}
	return a, nil
}
