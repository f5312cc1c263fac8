package main

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type pushCmd struct {
	clientFlags
	Documents []string `arg:"" help:"Uids or paths of documents of Nuxeo."`
	Team      string   `aliases:"workspace" env:"-" help:"Name or id of a team that the folder is bound to; needed when you belong to several. --workspace is the same." placeholder:"TEAM"`
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

		// Documents that are on Frame.io already go elsewhere than asked.
		if err := c.warn(t, k, form); err != nil {
			return err
		}

		got, err := k.Push(t.ctx, form)
		if err != nil {
			return err
		}

		if c.JSON {
			err = printJSON(t, got)
		} else {
			c.tell(t, got.Message, got.Skipped, got.SkippedCount)
		}

		if err != nil || c.NoWatch {
			return err
		}

		// The batch is done when all of its items are.
		w := itemsWatch{clientFlags: c.clientFlags, Parent: got.Batch}
		return w.watch(t, k)
	})
}

// warn says how many documents do not go where they were asked to, since they become the
// next versions of their assets.
func (c *pushCmd) warn(t *terminal, k *client, form api.PushForm) error {
	if c.Separate || c.JSON {
		return nil
	}

	got, err := k.PreviewPush(t.ctx, api.PreviewPushJSONRequestBody{
		Documents: form.Documents,
		Team:      &form.Team, What: form.What,
	})
	if fault.Is(err, fault.Unavailable) {
		return err
	}

	if err != nil || got.Next == nil { // what is wrong with the request, the push says
		return nil
	}

	t.printf("%s\n", plural(*got.Next,
		"1 document is on Frame.io already and becomes the next version there; --separate sends it as an asset of "+
			"its own.",
		"%d documents are on Frame.io already and become the next versions there; --separate sends them as assets of "+
			"their own."))
	return nil
}

func (c *pushCmd) tell(t *terminal, message string, skipped []api.PushSkipped, count int) {
	t.printf("%s\n", message)
	for _, s := range skipped {
		name := str(s.Title)
		if name == "" {
			name = s.Document
		}
		t.printf("– %s is left out: %s\n", name, s.Message)
	}

	if more := count - len(skipped); more > 0 {
		t.printf("– and %d more\n", more)
	}
}

func (c *pushCmd) form(t *terminal, k *client) (api.PushForm, error) {
	form := api.PushForm{Documents: c.Documents, Separate: &c.Separate}
	team, err := k.team(t, "team", c.Team)
	if err != nil {
		return form, err
	}

	project, err := k.project(t, team, c.Project)
	if err != nil {
		return form, err
	}

	// The rest is optional.
	form.Team, form.Project = team.Id, project.Id

	if c.Rendition != "" {
		form.What = &c.Rendition
	}

	if c.Status != "" {
		form.Status = &c.Status
	}

	if c.Folder != "" {
		folder, err := k.frameioFolder(t, team, project, c.Folder)
		if err != nil {
			return form, err
		}
		form.FrameioFolder = &folder
	}

	return form, nil
}
