package main

import (
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// teams are those that the person belongs to, and why there are none.
func (c *client) teams(t *terminal) (all []api.Workspace, whyEmpty string, err error) {
	got, err := c.ListWorkspaces(t.ctx)
	if err != nil {
		return nil, "", err
	}
	return got.Workspaces, str(got.WhyEmpty), nil
}

// team finds a team by id or name, as a flag gives it; empty is the only one.
func (c *client) team(t *terminal, flag, wanted string) (api.Workspace, error) {
	all, _, err := c.teams(t)
	if err != nil {
		return api.Workspace{}, err
	}

	var found []api.Workspace
	for _, w := range all {
		if wanted == "" || w.Id == wanted || strings.EqualFold(w.Name, wanted) {
			found = append(found, w)
		}
	}

	// Guessing between several could publish to the wrong one.
	if len(found) != 1 {
		return api.Workspace{}, fault.Field(flag,
			"See `nuxeo-frameio bind --list`, and give the id if two have the same name.",
			"%d teams of yours are meant.", len(found))
	}

	return found[0], nil
}

func (c *client) projects(t *terminal, team api.Workspace) ([]api.FrameioProject, error) {
	got, err := c.ListProjects(t.ctx, team.Account, team.Id)
	if err != nil {
		return nil, err
	}
	return got.Projects, nil
}

// project finds a project of a team by id or name.
func (c *client) project(t *terminal, team api.Workspace, wanted string) (api.FrameioProject, error) {
	all, err := c.projects(t, team)
	if err != nil {
		return api.FrameioProject{}, err
	}

	var found []api.FrameioProject
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
		if p.Id == wanted || strings.EqualFold(p.Name, wanted) {
			found = append(found, p)
		}
	}

	if len(found) != 1 {
		return api.FrameioProject{}, fault.Field("project", "Give one of: "+strings.Join(names, ", ")+".",
			"%d projects of the team %q are called %q.", len(found), team.Name, wanted)
	}

	return found[0], nil
}

func (c *client) frameioFolders(t *terminal, team api.Workspace, at string) ([]api.FrameioFolder, error) {
	got, err := c.ListFrameioFolders(t.ctx, team.Account, at)
	if err != nil {
		return nil, err
	}
	return got.Folders, nil
}

// frameioFolder follows names with slashes between them from the outermost folder of
// a project; what does not lead anywhere is an id.
func (c *client) frameioFolder(
	t *terminal, team api.Workspace, project api.FrameioProject, path string,
) (string, error) {
	at := project.RootFolder
	for name := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		folders, err := c.frameioFolders(t, team, at)
		if err != nil {
			return "", err
		}

		next := ""
		for _, f := range folders {
			if strings.EqualFold(f.Name, name) {
				next = f.Id
			}
		}

		if next == "" {
			return path, nil // the connector says when it is none
		}

		at = next
	}

	return at, nil
}
