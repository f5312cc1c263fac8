package frameiosim

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

func workspaceRoutes() []route {
	return []route{
		{"POST", base + "/workspaces", "workspaces.create", ten, 201, (*Server).createWorkspace},
		{"PATCH", base + "/workspaces/{workspace_id}", "workspaces.update", ten, 200, (*Server).updateWorkspace},
		{"DELETE", base + "/workspaces/{workspace_id}", "workspaces.delete", sixty, 204, (*Server).deleteWorkspace},
		{"POST", base + "/files/{file_id}/copy", "files.copy", hundred, 200, (*Server).copyFile},
		{
			"DELETE", base + "/metadata/field_definitions/{field_definition_id}", "metadata.field_definitions.delete",
			sixty, 204, (*Server).deleteField,
		},
	}
}

func (s *Server) createWorkspace(c *call) (any, error) {
	in, err := s.workspaceName(c)
	if err != nil {
		return nil, err
	}
	return s.workspaceView(c, s.newWorkspace(c.account, in, c.person.id)), nil
}

func (s *Server) workspaceName(c *call) (string, error) {
	if !c.account.leads(c.person.id) {
		return "", forbidden("You do not have permission to manage workspaces")
	}
	in, err := decode[named](c)
	if err == nil {
		err = text("name", in.Name, 255)
	}
	return in.Name, err
}

func (s *Server) updateWorkspace(c *call) (any, error) {
	w, err := s.findWorkspace(c)
	if err != nil {
		return nil, err
	}

	name, err := s.workspaceName(c)
	if err != nil {
		return nil, err
	}

	w.name, w.updated = name, s.tick()
	return s.workspaceView(c, w), nil
}

func (s *Server) deleteWorkspace(c *call) (any, error) {
	w, err := s.findWorkspace(c)
	if err == nil && !w.managed(c.person.id) {
		err = forbidden("You do not have permission to manage workspaces")
	}

	if err != nil {
		return nil, err
	}

	w.deleted = true
	return nil, nil
}

// copyFile copies the bytes, and metadata if asked; comments stay behind
// unless copy_comments is other than none.
func (s *Server) copyFile(c *call) (any, error) {
	n, err := s.edit(c, "file_id", kindFile)
	if err != nil {
		return nil, err
	}

	in, err := decode[moveTo](c)
	if err != nil {
		return nil, err
	}

	target := s.reach(c, in.ParentID)
	if err := movable(c, n, target, in.ParentID, []kind{kindFolder}); err != nil {
		return nil, err
	}

	if !s.present(n.file) {
		return nil, &apiError{status: http.StatusConflict, detail: "The file is not uploaded yet"}
	}

	return s.view(s.duplicate(c, n, target)), nil
}

func (s *Server) duplicate(c *call, n, target *node) *node {
	twin := s.newFile(target, n.name, n.file.size, c.person.id)
	f := *n.file
	f.values, f.comments, f.upload = nil, nil, nil
	if c.flag("copy_metadata") {
		f.values = maps.Clone(n.file.values)
	}

	twin.file = &f
	s.emit("file.copied", twin.id, c.person.id)
	if mode := c.q("copy_comments"); mode != "" && mode != "none" {
		for _, k := range n.file.comments {
			if k.parent == nil && !k.deleted {
				again := *k
				again.file, again.replies, again.created = twin, nil, time.Time{}
				s.insertComment(&again)
			}
		}
	}

	return twin
}

func (s *Server) deleteField(c *call) (any, error) {
	id := c.r.PathValue("field_definition_id")
	i := slices.IndexFunc(c.account.fields, func(f *field) bool { return f.id == id })
	switch {
	case i < 0:
		return nil, notFound("field definition", id)
	case !c.account.leads(c.person.id) || i == 0 || c.account.fields[i].fact != nil:
		return nil, forbidden("This field cannot be deleted")
	}

	c.account.fields = slices.Delete(c.account.fields, i, i+1)
	return nil, nil
}
