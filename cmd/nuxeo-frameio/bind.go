package main

import (
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type bindCmd struct {
	clientFlags
	Folder string   `arg:"" optional:"" help:"Path or id of the Nuxeo folder."`
	Name   string   `env:"-" help:"Action name on Frame.io side." default:"Publish to Nuxeo"`
	Team   []string `short:"w" aliases:"workspace" env:"-" help:"Team on Frame.io, by id or name; several may be given. --workspace is the same." placeholder:"ID|NAME"`
	Type   string   `env:"-" help:"Document type of what is published." default:"File"`
	Who    string   `env:"-" help:"Who may publish: everyone in the team (you answer for it), or only people who connected Nuxeo. One of ${enum}." enum:"everyone,connected" default:"everyone"`
	List   bool     `env:"-" help:"List the teams you can choose instead."`
}

// Run binds a folder, or lists the teams.
func (c *bindCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		all, whyEmpty, err := k.teams(t)
		if err != nil {
			return err
		}

		if c.List {
			return c.listTeams(t, all, whyEmpty)
		}

		if c.Folder == "" {
			return fault.Field("folder", "Give the path or id of a Nuxeo folder.", "Which folder?")
		}

		// People name teams, the interface wants ids.
		ids, err := choose(all, c.Team)
		if err != nil {
			return err
		}

		return c.bind(t, k, ids)
	})
}

func (c *clientFlags) listTeams(t *terminal, all []api.Workspace, why string) error {
	if c.JSON {
		return printJSON(t, all)
	}

	var rows [][]string
	for _, w := range all {
		roles := ""
		if w.Roles != nil {
			roles = strings.Join(*w.Roles, ",")
		}
		rows = append(rows, []string{w.AccountName, w.Name, w.Id, roles})
	}

	return table(t, orElse(why, "There are no teams."), "ACCOUNT\tTEAM\tID\tYOUR ROLES", rows)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// choose finds teams by id or by a name that is not ambiguous. Where there is only one, it
// need not be named.
func choose(all []api.Workspace, wanted []string) (ids []string, err error) {
	if len(wanted) == 0 && len(all) == 1 {
		return []string{all[0].Id}, nil
	}

	if len(wanted) == 0 {
		return nil, fault.Field("team", "Give --team; `nuxeo-frameio bind --list` shows them.", "Which teams?")
	}

	for _, text := range wanted {
		id, err := teamCalled(all, text)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}

	return ids, nil
}

// teamCalled is the only team with an id or a name.
func teamCalled(all []api.Workspace, text string) (id string, err error) {
	n := 0
	for _, w := range all {
		if w.Id == text || strings.EqualFold(w.Name, text) {
			id, n = w.Id, n+1
		}
	}

	switch n {
	case 0:
		return "", fault.Field("team", "See `nuxeo-frameio bind --list` for those you can choose.",
			"No team is called %q.", text)
	case 1:
		return id, nil
	}

	return "", fault.Field("team", "Use an id from `nuxeo-frameio bind --list`.", "%d teams are called %q.", n, text)
}

func (c *bindCmd) bind(t *terminal, k *client, chosen []string) error {
	who := api.Publishers(c.Who)
	form := api.BindJSONRequestBody{
		Folder:       c.Folder,
		ActionName:   c.Name,
		Workspaces:   chosen,
		DocumentType: &c.Type,
		Publishers:   &who,
	}

	b, err := k.Bind(t.ctx, form)
	if err != nil {
		return err
	}

	switch {
	case c.JSON:
		return printJSON(t, b)
	case b.State == api.BindingStateBinding: // its item goes on
		t.printf("Binding %s takes a while; see `nuxeo-frameio items show %s`.\n", b.FolderPath, str(b.Item))
		return nil
	}

	t.printf("%s is bound to %s.\nOn Frame.io, select files and run %q.\nbinding %s\n", b.FolderPath, teams(*b),
		b.ActionName, b.Id)
	return nil
}

func teams(b api.Binding) string {
	var names []string
	for _, w := range b.Workspaces {
		names = append(names, w.AccountName+" / "+w.Name)
	}
	return strings.Join(names, ", ")
}

type unbindCmd struct {
	clientFlags
	sureFlag
	Binding string `arg:"" help:"The binding: its id, or the name of its action, as in \"bindings\"."`
	Reviews string `env:"-" help:"What becomes of documents under review: release unlocks them, return lets them come back for 30 days." enum:"release,return," default:"" placeholder:"release|return"`
}

// Run ends a binding.
func (c *unbindCmd) Run(t *terminal) error {
	if err := c.sure(t, "End the binding "+c.Binding+"? What was published stays."); err != nil {
		return err
	}
	return c.session(t, func(k *client) error { return c.unbind(t, k) })
}

func (c *unbindCmd) unbind(t *terminal, k *client) error {
	q := &api.UnbindParams{}
	if c.Reviews != "" {
		q.Reviews = (*api.UnbindParamsReviews)(&c.Reviews)
	}

	id, err := k.binding(t, c.Binding)
	if err != nil {
		return err
	}

	got, err := k.Unbind(t.ctx, id, q)
	if err != nil {
		return err
	}

	// What happens now depends on what becomes of reviews.
	switch {
	case c.JSON:
		return printJSON(t, got)
	case c.Reviews == "return":
		t.printf("Nothing new is taken from now on. What is under review may come back for 30 days; what was " +
			"published stays.\n")
	default:
		t.printf("The folder is no longer bound. What was published stays.\n")
	}

	return nil
}

type bindingsCmd struct {
	List     bindingsList `cmd:"" help:"List bindings." default:"withargs"`
	TakeOver takeOverCmd  `cmd:"" help:"Become the owner of a binding that needs one."`
}

type takeOverCmd struct {
	clientFlags
	Binding string `arg:"" help:"The binding: its id, or the name of its action, as in \"bindings\"."`
}

// Run takes a binding over.
func (c *takeOverCmd) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		id, err := k.binding(t, c.Binding)
		if err != nil {
			return err
		}

		got, err := k.TakeOver(t.ctx, id)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		t.printf("You now own the binding of %s. Waiting items will resume.\n", got.FolderPath)
		return nil
	})
}

type bindingsList struct {
	clientFlags
	Folder string `env:"-" help:"Only those of this folder (its id)." placeholder:"UID"`
}

// Run lists bindings.
func (c *bindingsList) Run(t *terminal) error {
	return c.session(t, func(k *client) error {
		all, err := c.all(t, k)
		if err != nil {
			return err
		}
		return c.printBindings(t, all)
	})
}

// all reads page after page.
func (c *bindingsList) all(t *terminal, k *client) (all []api.Binding, err error) {
	q := &api.ListBindingsParams{}
	if c.Folder != "" {
		q.Folder = &c.Folder
	}

	for {
		got, err := k.ListBindings(t.ctx, q)
		if err != nil {
			return nil, err
		}

		all = append(all, got.Bindings...)
		if q.Cursor = got.Next; q.Cursor == nil {
			return all, nil
		}
	}
}

// binding is the id of what a person named: the one binding whose action has that name,
// else what they gave.
func (k *client) binding(t *terminal, named string) (string, error) {
	all, err := new(bindingsList).all(t, k)
	if err != nil {
		return "", err
	}

	// An id is certain; a name may be that of several.
	var ids []string
	for _, b := range all {
		if b.Id == named {
			return named, nil
		}
		if b.ActionName == named {
			ids = append(ids, b.Id)
		}
	}

	switch len(ids) {
	case 0:
		return named, nil // the connector says what is wrong with it
	case 1:
		return ids[0], nil
	}

	return "", fault.Field("binding", "See `nuxeo-frameio bindings`, and give the id.",
		"%d bindings have an action called %q.", len(ids), named)
}

func (c *bindingsList) printBindings(t *terminal, all []api.Binding) error {
	if c.JSON {
		return printJSON(t, all)
	}

	var rows [][]string
	for _, b := range all {
		rows = append(rows, []string{
			b.Id, b.FolderPath, b.ActionName, teams(b), b.DocumentType, b.Owner,
			bindingState(b),
		})
	}

	return table(t, "No folder is bound.", "BINDING\tFOLDER\tACTION\tTEAMS\tTYPE\tOWNER\tSTATE", rows)
}

func bindingState(b api.Binding) string {
	if b.NeedsOwner != nil {
		return "needs an owner: " + *b.NeedsOwner
	}
	return string(b.State)
}
