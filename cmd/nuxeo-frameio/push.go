package main

import (
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type pushCmd struct {
	clientFlags
	Documents []string `arg:"" help:"Uids or paths of documents of Nuxeo."`
	Workspace string   `env:"-" help:"Name or id of a team (workspace) that the folder is bound to; needed when you belong to several." placeholder:"TEAM"`
	Project   string   `env:"-" help:"Name or id of a project of the team." required:"" placeholder:"PROJECT"`
	Folder    string   `env:"-" help:"Folder of the project, as names with slashes between them, or an id; without it the outermost." placeholder:"FOLDER"`
	Rendition string   `env:"-" help:"Send a rendition in place of the master, like \"MP4 480p\"." placeholder:"NAME"`
	Separate  bool     `env:"-" help:"Send linked documents as assets of their own, not as the next version of theirs."`
	Status    string   `env:"-" help:"Status to give them on Frame.io; \"-\" is none." placeholder:"NAME"`
	NoWatch   bool     `env:"-" help:"Do not wait until everything has arrived."`
}

// Run pushes documents and watches them arrive.
func (c *pushCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		form, err := c.form(t, k)
		if err != nil {
			return err
		}
		resp, err := k.PushWithResponse(t.ctx, form)
		if err != nil {
			return k.unreachable(err)
		}
		if resp.JSON202 == nil {
			return problem(resp.ApplicationproblemJSONDefault, resp.HTTPResponse)
		}
		if c.JSON {
			err = printJSON(t, resp.JSON202)
		} else {
			c.tell(t, resp.JSON202.Message, resp.JSON202.Skipped)
		}
		if err != nil || c.NoWatch {
			return err
		}
		w := itemsWatch{clientFlags: c.clientFlags, Parent: resp.JSON202.Batch}
		return w.watch(t, k)
	})
}

func (c *pushCmd) tell(t *terminal, message string, skipped []api.PushSkipped) {
	t.printf("%s\n", message)
	for _, s := range skipped {
		name := str(s.Title)
		if name == "" {
			name = s.Document
		}
		t.printf("– %s is left out: %s\n", name, s.Message)
	}
}

func (c *pushCmd) form(t *terminal, k *client) (api.PushForm, error) {
	form := api.PushForm{Documents: c.Documents, Separate: &c.Separate}
	team, err := c.team(t, k)
	if err != nil {
		return form, err
	}
	project, err := c.project(t, k, team)
	if err != nil {
		return form, err
	}
	form.Team, form.Project = team.Id, project.Id
	if c.Rendition != "" {
		form.What = &c.Rendition
	}
	if c.Status != "" {
		form.Status = &c.Status
	}
	if c.Folder != "" {
		folder, err := c.folder(t, k, team, project)
		if err != nil {
			return form, err
		}
		form.FrameioFolder = &folder
	}
	return form, nil
}

func (c *pushCmd) team(t *terminal, k *client) (api.Workspace, error) {
	resp, err := k.ListWorkspacesWithResponse(t.ctx)
	if err != nil {
		return api.Workspace{}, k.unreachable(err)
	}
	if resp.JSON200 == nil {
		return api.Workspace{}, problem(resp.ApplicationproblemJSONDefault, resp.HTTPResponse)
	}
	var found []api.Workspace
	for _, w := range resp.JSON200.Workspaces {
		if c.Workspace == "" || w.Id == c.Workspace || strings.EqualFold(w.Name, c.Workspace) {
			found = append(found, w)
		}
	}
	if len(found) != 1 {
		return api.Workspace{}, fault.Field("workspace", "See `nuxeo-frameio bind --list`, and give the id if two have the same name.", "%d teams of yours are meant.", len(found))
	}
	return found[0], nil
}

func (c *pushCmd) project(t *terminal, k *client, team api.Workspace) (api.FrameioProject, error) {
	resp, err := k.ListProjectsWithResponse(t.ctx, team.Account, team.Id)
	if err != nil {
		return api.FrameioProject{}, k.unreachable(err)
	}
	if resp.JSON200 == nil {
		return api.FrameioProject{}, problem(resp.ApplicationproblemJSONDefault, resp.HTTPResponse)
	}
	var found []api.FrameioProject
	var names []string
	for _, p := range resp.JSON200.Projects {
		names = append(names, p.Name)
		if p.Id == c.Project || strings.EqualFold(p.Name, c.Project) {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		return api.FrameioProject{}, fault.Field("project", "Give one of: "+strings.Join(names, ", ")+".", "%d projects of the team %q are called %q.", len(found), team.Name, c.Project)
	}
	return found[0], nil
}

// folder follows the names from the outermost folder; what does not lead anywhere
// is an id.
func (c *pushCmd) folder(t *terminal, k *client, team api.Workspace, project api.FrameioProject) (string, error) {
	at := project.RootFolder
	for name := range strings.SplitSeq(strings.Trim(c.Folder, "/"), "/") {
		resp, err := k.ListFrameioFoldersWithResponse(t.ctx, team.Account, at)
		if err != nil {
			return "", k.unreachable(err)
		}
		if resp.JSON200 == nil {
			return "", problem(resp.ApplicationproblemJSONDefault, resp.HTTPResponse)
		}
		next := ""
		for _, f := range resp.JSON200.Folders {
			if strings.EqualFold(f.Name, name) {
				next = f.Id
			}
		}
		if next == "" {
			return c.Folder, nil // the connector says when it is none
		}
		at = next
	}
	return at, nil
}
