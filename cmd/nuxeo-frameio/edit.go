package main

import (
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type editCmd struct {
	clientFlags
	sureFlag
	Binding string   `arg:"" help:"The binding: its id, or the name of its action, as in \"bindings\"."`
	Name    *string  `env:"-" help:"Another action name on Frame.io side." placeholder:"NAME"`
	Add     []string `name:"add-team" env:"-" help:"A team on Frame.io that it shall cover too, by id or name; several may be given." placeholder:"ID|NAME"`
	Remove  []string `name:"remove-team" env:"-" help:"A team that it shall not cover any more, by id or name; several may be given." placeholder:"ID|NAME"`
	Type    *string  `env:"-" help:"Another document type of what is published from now on." placeholder:"TYPE"`
	Who     string   `env:"-" help:"Who may publish: everyone in the team (the owner answers for it), or only people who connected Nuxeo." enum:"everyone,connected," default:"" placeholder:"everyone|connected"`
	Copies  string   `env:"-" help:"What becomes of the copy on Frame.io when a document has come back: leave it, move it to a folder of its project, or delete it." enum:"leave,move,delete," default:"" placeholder:"leave|move|delete"`
	Days    *int     `name:"copy-days" env:"-" help:"After how many days a copy is deleted; 0 is at once, 30 if it was not chosen yet." placeholder:"DAYS"`
	Into    *string  `name:"copy-folder" env:"-" help:"The folder directly in its project that a copy is moved to; it is made when it is missing. Returned if it was not chosen yet." placeholder:"NAME"`
	DryRun  bool     `env:"-" help:"Only say what would change on both sides."`
}

// Run changes a binding, after it has said what that changes.
func (c *editCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		id, err := k.binding(t, c.Binding)
		if err != nil {
			return err
		}

		b, err := k.GetBinding(t.ctx, id)
		if err != nil {
			return err
		}

		form, err := c.form(t, k, *b)
		if err != nil {
			return err
		}

		// What is shown is what was checked: a binding that is changed meanwhile is refused by its version.
		p, err := k.PreviewBinding(t.ctx, id, form)
		if err != nil {
			return err
		}

		if c.DryRun {
			return c.preview(t, p)
		}

		return c.edit(t, k, *b, form, p)
	})
}

// form is the change that the flags ask for.
func (c *editCmd) form(t *terminal, k *client, b api.Binding) (api.BindingChange, error) {
	form := api.BindingChange{Version: b.Version, ActionName: c.Name, DocumentType: c.Type}
	if c.Who != "" {
		who := api.BindingChangePublishers(c.Who)
		form.Publishers = &who
	}

	form.Copies = c.copies(b.Copies)
	if len(c.Add)+len(c.Remove) > 0 {
		teams, err := c.teams(t, k, b)
		form.Workspaces = &teams
		return form, err
	}

	return form, nil
}

// copies is what shall become of copies; nil: what it was.
func (c *editCmd) copies(now api.CopyChoice) *api.CopyChoice {
	if c.Copies == "" && c.Days == nil && c.Into == nil {
		return nil
	}

	// Days are of a deletion, a folder is of a move.
	switch {
	case c.Copies != "":
		now.Action = api.CopyChoiceAction(c.Copies)
	case c.Days != nil:
		now.Action = api.CopyChoiceActionDelete
	default:
		now.Action = api.CopyChoiceActionMove
	}

	if c.Days != nil {
		now.Days = c.Days
	}
	if c.Into != nil {
		now.Folder = c.Into
	}
	return &now
}

// teams are the ids of all that the binding shall cover.
func (c *editCmd) teams(t *terminal, k *client, b api.Binding) (ids []string, err error) {
	for _, w := range b.Workspaces {
		ids = append(ids, w.Id)
	}

	for _, text := range c.Remove {
		id, err := teamCalled(b.Workspaces, text)
		if err != nil {
			return nil, fault.Field("remove-team", "It covers "+teams(b)+".",
				"The binding covers no team, or several, called %q.", text)
		}
		ids = slices.DeleteFunc(ids, func(one string) bool { return one == id })
	}

	if len(c.Add) == 0 {
		return ids, nil
	}

	all, _, err := k.teams(t)
	if err != nil {
		return nil, err
	}

	for _, text := range c.Add {
		id, err := teamCalled(all, text)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}

	return ids, nil
}

// preview prints what would change.
func (c *editCmd) preview(t *terminal, p *api.PreviewBinding200JSONResponse) error {
	if c.JSON {
		return printJSON(t, p)
	}

	if len(p.Effects) == 0 {
		t.printf("There is nothing to change.\n")
		return nil
	}

	var rows [][]string
	for _, e := range p.Effects {
		side := "Nuxeo"
		if e.Side == api.BindingEffectSideFrameio {
			side = "Frame.io"
		}
		rows = append(rows, []string{side, e.Text})
	}

	return table(t, "", "ON\tWHAT CHANGES", rows)
}

// edit asks, and changes the binding.
func (c *editCmd) edit(
	t *terminal, k *client, b api.Binding, form api.BindingChange, p *api.PreviewBinding200JSONResponse,
) error {
	if len(p.Effects) > 0 {
		if err := c.agreed(t, b, p); err != nil {
			return err
		}
	}

	got, err := k.EditBinding(t.ctx, b.Id, form)
	if err != nil {
		return err
	}

	switch {
	case c.JSON:
		return printJSON(t, got)
	case len(p.Effects) == 0:
		t.printf("There is nothing to change.\n")
	case got.Editing != nil: // its item goes on
		t.printf("Changing the binding of %s takes a while; see `nuxeo-frameio items show %s`.\n", got.FolderPath,
			*got.Editing)
	default:
		t.printf("%s is bound to %s by %q.\n", got.FolderPath, teams(*got), got.ActionName)
	}

	return nil
}

// agreed shows what changes and asks whether it shall.
func (c *editCmd) agreed(t *terminal, b api.Binding, p *api.PreviewBinding200JSONResponse) error {
	if !c.JSON {
		if err := c.preview(t, p); err != nil {
			return err
		}
	}

	return c.sure(t, "Change the binding of "+b.FolderPath+"? What was published stays.")
}
