package frameiosim

import (
	"cmp"
	"time"
)

const timeFormat = "2006-01-02T15:04:05.000000Z"

func stamp(t time.Time) string { return t.UTC().Format(timeFormat) }

func stampOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

func (s *Server) showMe(c *call) (any, error) {
	return object{"id": c.person.id, "name": c.person.name, "email": c.person.email, "avatar_url": nil}, nil
}

func (s *Server) user(id string) any {
	p := s.people[id]
	if p == nil {
		return nil
	}
	return object{"id": p.id, "name": p.name, "email": p.email, "avatar_url": nil, "active": p.active}
}

func (s *Server) listAccounts(c *call) (any, error) {
	var mine []*account
	for _, a := range s.accountSeq {
		if a.knows(c.person.id) {
			mine = append(mine, a)
		}
	}

	mine, err := sorted(c, mine, map[string]func(a, b *account) int{
		"display_name": func(a, b *account) int { return cmp.Compare(a.name, b.name) },
		"created_at":   func(a, b *account) int { return a.created.Compare(b.created) },
	})
	if err != nil {
		return nil, err
	}

	return list(s, c, mine, pageMax, func(a *account) any { return accountView(a, c.person.id) })
}

func accountView(a *account, personID string) any {
	roles := []string{}
	if role := accountRole(a.members[personID]); role != "" {
		roles = append(roles, role)
	}
	return object{
		"id": a.id, "display_name": a.name, "roles": roles, "storage_usage": a.used, "storage_limit": nil,
		"image": nil, "created_at": stamp(a.created), "updated_at": stamp(a.created),
	}
}

// accountRole is the role as the API names it: it does not tell a content
// admin from an admin.
func accountRole(role string) string {
	if role == RoleContentAdmin {
		return RoleAdmin
	}
	return role
}

func (s *Server) listWorkspaces(c *call) (any, error) {
	var mine []*workspace
	for _, w := range c.account.workspaces {
		if w.visible(c.person.id) {
			mine = append(mine, w)
		}
	}

	mine, err := sorted(c, mine, map[string]func(a, b *workspace) int{
		"name":       func(a, b *workspace) int { return cmp.Compare(a.name, b.name) },
		"created_at": func(a, b *workspace) int { return a.created.Compare(b.created) },
	})
	if err != nil {
		return nil, err
	}

	return list(s, c, mine, pageMax, func(w *workspace) any { return s.workspaceView(c, w) })
}

func (s *Server) showWorkspace(c *call) (any, error) {
	w, err := s.findWorkspace(c)
	if err != nil {
		return nil, err
	}
	return s.workspaceView(c, w), nil
}

func (s *Server) workspaceView(c *call, w *workspace) any {
	out := object{
		"id":         w.id,
		"name":       w.name,
		"account_id": w.account.id,
		"created_at": stamp(w.created),
		"updated_at": stamp(w.updated),
	}

	if creator := s.user(w.creator); creator != nil && c.includes()["creator"] {
		out["creator"] = creator
	}

	return out
}

func (s *Server) listProjects(c *call) (any, error) {
	w, err := s.findWorkspace(c)
	if err != nil {
		return nil, err
	}
	return s.projectList(c, w.projects)
}

func (s *Server) listAccountProjects(c *call) (any, error) {
	var all []*project
	for _, w := range c.account.workspaces {
		all = append(all, w.projects...)
	}
	return s.projectList(c, all)
}

// listInvitedProjects lists those that the caller sees by invitation alone.
func (s *Server) listInvitedProjects(c *call) (any, error) {
	var all []*project
	for _, w := range c.account.workspaces {
		for _, p := range w.projects {
			if p.invited[c.person.id] && !w.visible(c.person.id) {
				all = append(all, p)
			}
		}
	}

	return s.projectList(c, all)
}

func (s *Server) projectList(c *call, all []*project) (any, error) {
	var mine []*project
	for _, p := range all {
		if p.visible(c.person.id) {
			mine = append(mine, p)
		}
	}

	mine, err := sorted(c, mine, map[string]func(a, b *project) int{
		"name":       func(a, b *project) int { return cmp.Compare(a.name, b.name) },
		"created_at": func(a, b *project) int { return a.created.Compare(b.created) },
	})
	if err != nil {
		return nil, err
	}

	return list(s, c, mine, pageMax, func(p *project) any { return s.projectView(p, c.includes()["owner"]) })
}

func (s *Server) showProject(c *call) (any, error) {
	p, err := s.findProject(c)
	if err != nil {
		return nil, err
	}
	return s.projectView(p, c.includes()["owner"]), nil
}

func (s *Server) projectView(p *project, owner bool) object {
	out := object{
		"id": p.id, "name": p.name, "workspace_id": p.workspace.id, "root_folder_id": p.root.id, "status": "active",
		"restricted": false, "storage": 0, "description": nil, "view_url": s.url + "/project/" + p.id,
		"created_at": stamp(p.created), "updated_at": stamp(p.updated),
	}

	if who := s.user(p.owner); who != nil && owner {
		out["owner"] = who
	}

	return out
}

type named struct {
	Name string `json:"name"`
}

func (s *Server) createProject(c *call) (any, error) {
	w, err := s.findWorkspace(c)
	if err != nil {
		return nil, err
	}

	in, err := decode[struct {
		named
		Restricted *bool `json:"restricted"`
	}](c)
	if err == nil {
		err = text("name", in.Name, 255)
	}

	if err != nil {
		return nil, err
	}

	return s.projectView(s.newProject(w, in.Name, c.person.id), false), nil
}

func (s *Server) updateProject(c *call) (any, error) {
	p, err := s.findProject(c)
	if err == nil && !p.editable(c.person.id) {
		err = forbidden("You do not have permission to change this project")
	}

	if err != nil {
		return nil, err
	}

	in, err := decode[struct {
		Name       *string `json:"name"`
		Restricted *bool   `json:"restricted"`
		Status     *string `json:"status"`
	}](c)
	if err == nil && in.Name != nil {
		err = text("name", *in.Name, 255)
	}

	if err != nil {
		return nil, err
	}

	if in.Name != nil {
		p.name = *in.Name
	}

	p.updated = s.tick()
	return s.projectView(p, false), nil
}

func (s *Server) deleteProject(c *call) (any, error) {
	p, err := s.findProject(c)
	if err == nil && !p.editable(c.person.id) {
		err = forbidden("You do not have permission to delete this project")
	}

	if err != nil {
		return nil, err
	}

	p.deleted = true
	return nil, nil
}
