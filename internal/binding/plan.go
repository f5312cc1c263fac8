package binding

import (
	"fmt"
	"slices"
)

// A Plan is what changing a binding means: what is previewed is what is done.
type Plan struct {
	Version int64    `json:"version"` // of the binding that it changes
	Before  settings `json:"before"`
	After   settings `json:"after"`
	Keep    []team   `json:"keep,omitempty"`
	Add     []team   `json:"add,omitempty"`
	Drop    []team   `json:"drop,omitempty"`
	Owner   string   `json:"owner"`
}

// settings are what a binding is besides its teams.
type settings struct {
	ActionName   string `json:"action_name"`
	DocumentType string `json:"document_type"`
	Publishers   string `json:"publishers"`
	Copies       Copies `json:"copies,omitzero"`
}

func (b Binding) settings() settings {
	return settings{b.ActionName, b.DocumentType, b.Publishers, b.Copies.filled()}
}

// A team is a workspace with the id of the binding's action there.
type team struct {
	Action      string `json:"action"`
	Account     string `json:"account"`
	AccountName string `json:"account_name"`
	Workspace   string `json:"workspace"`
	Name        string `json:"name"`
}

func teamOf(a Action) team {
	return team{
		Action: a.ID, Account: a.AccountID, AccountName: a.AccountName, Workspace: a.WorkspaceID, Name: a.WorkspaceName,
	}
}

// plan compares a binding with what it shall be.
func plan(b Binding, after settings, teams []team) Plan {
	p := Plan{
		Version: b.Version, Before: b.settings(), After: after, Owner: b.Owner,
	}

	in := func(workspace string) func(team) bool {
		return func(t team) bool { return t.Workspace == workspace }
	}

	for _, a := range b.Actions {
		if slices.ContainsFunc(teams, in(a.WorkspaceID)) {
			p.Keep = append(p.Keep, teamOf(a))
		} else {
			p.Drop = append(p.Drop, teamOf(a))
		}
	}

	for _, t := range teams {
		if !slices.ContainsFunc(p.Keep, in(t.Workspace)) {
			p.Add = append(p.Add, t)
		}
	}

	return p
}

func (p Plan) renames() bool { return p.Before.ActionName != p.After.ActionName }

// A Side is where something changes.
type Side string

// The sides.
const (
	OnFrameio Side = "frameio"
	OnNuxeo   Side = "nuxeo"
)

// What an edit changes.
const (
	CreateAction     = "create_action"
	RenameAction     = "rename_action"
	DeleteAction     = "delete_action"
	ChangeType       = "document_type"
	ChangePublishers = "publishers"
	ShowOnFolder     = "folder"
	ChangeCopies     = "copies"
)

// An Effect is one thing that an edit changes on one side.
type Effect struct {
	Side     Side
	What     string
	Team     string // of an action
	From, To string // names of an action; types; who may publish; what becomes of copies
	Owner    string // who answers for what everyone publishes
	Copies   Copies // of ChangeCopies
}

// Effects lists what a plan changes, Frame.io first. It is empty if nothing changes.
func (p Plan) Effects() []Effect {
	var all []Effect
	for _, t := range p.Add {
		all = append(all, Effect{Side: OnFrameio, What: CreateAction, Team: t.Name, To: p.After.ActionName})
	}

	if p.renames() {
		for _, t := range p.Keep {
			all = append(all, Effect{
				Side: OnFrameio, What: RenameAction, Team: t.Name, From: p.Before.ActionName, To: p.After.ActionName,
			})
		}
	}

	for _, t := range p.Drop {
		all = append(all, Effect{Side: OnFrameio, What: DeleteAction, Team: t.Name, From: p.Before.ActionName})
	}

	shown := len(all) > 0
	if p.Before.Copies.filled() != p.After.Copies.filled() {
		all = append(all, Effect{
			Side: OnFrameio, What: ChangeCopies, From: p.Before.Copies.filled().String(),
			To: p.After.Copies.filled().String(), Copies: p.After.Copies,
		})
	}

	return append(all, p.effectsOnNuxeo(shown)...)
}

// effectsOnNuxeo lists what changes there. The facet of the folder has the name, the teams and the type.
func (p Plan) effectsOnNuxeo(shown bool) (all []Effect) {
	if p.Before.DocumentType != p.After.DocumentType {
		all, shown = append(all, Effect{
			Side: OnNuxeo, What: ChangeType, From: p.Before.DocumentType, To: p.After.DocumentType,
		}), true
	}

	if p.Before.Publishers != p.After.Publishers {
		all = append(all, Effect{
			Side: OnNuxeo, What: ChangePublishers, From: p.Before.Publishers, To: p.After.Publishers, Owner: p.Owner,
		})
	}

	if shown {
		all = append(all, Effect{Side: OnNuxeo, What: ShowOnFolder})
	}

	return all
}

// String says what changes, in a sentence.
func (e Effect) String() string {
	switch e.What {
	case CreateAction:
		return fmt.Sprintf("The custom action %q is created in the team %q.", e.To, e.Team)
	case RenameAction:
		return fmt.Sprintf("The custom action %q of the team %q is renamed to %q.", e.From, e.Team, e.To)
	case DeleteAction:
		return fmt.Sprintf("The custom action %q is deleted from the team %q; what is on its way from there and has "+
			"no document yet does not arrive.", e.From, e.Team)
	case ChangeType:
		return fmt.Sprintf("New documents are of type %s instead of %s; existing ones keep their type.", e.To, e.From)
	case ChangeCopies:
		return fmt.Sprintf("The copy of what comes back from review is %s; until now it was %s.", e.To, e.From)
	case ChangePublishers:
		if e.To == Connected {
			return "Only people who have connected Nuxeo may publish."
		}
		return fmt.Sprintf("Everyone in the teams may publish; %s answers for those who are not connected.", e.Owner)
	}
	return "The folder shows the change in its tab and its properties."
}
