package binding

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/google/uuid"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Change is what a person wants a binding to be. What is nil stays as it is.
type Change struct {
	Version      int64 // of the binding that they have seen
	ActionName   *string
	Workspaces   []string // all that it shall cover
	DocumentType *string
	Publishers   *string
	Copies       *Copies
}

// PreviewEdit returns what Edit would do, and changes nothing.
func (s *Service) PreviewEdit(ctx context.Context, who work.Viewer, id string, c Change) (Plan, error) {
	_, p, err := s.planEdit(ctx, who, id, c)
	return p, err
}

// Edit changes a binding in force. It returns the item that does so, or the empty string if there is
// nothing to change. Until that item has prepared everything on Frame.io, the binding stays what it was.
func (s *Service) Edit(ctx context.Context, who work.Viewer, id string, c Change) (string, error) {
	b, p, err := s.planEdit(ctx, who, id, c)
	if err != nil || len(p.Effects()) == 0 {
		return "", err
	}

	var ids []string
	edited := audit.Entry{Who: who.Login, What: audit.Edited, About: b.FolderPath, Detail: p.String()}
	err = s.Engine.Audited(ctx, edited, func(tx *sql.Tx) (err error) {
		if ids, err = s.Engine.Add(ctx, tx, work.New{
			Kind: KindEdit, Parent: b.ID, Subject: "edit " + uuid.NewString(),
			Title: "Change the binding of " + b.FolderPath,
			Owner: b.Owner, Actor: b.Owner, Requester: who.Login, Interactive: true, Data: p,
		}); err != nil {
			return err
		}
		return takeTurn(ctx, tx, b.ID, ids[0], p.Version)
	})
	if err != nil {
		return "", err
	}

	s.Engine.Wake(ids...)
	return ids[0], nil
}

// takeTurn records that an item changes a binding, unless another does or has done so meanwhile.
func takeTurn(ctx context.Context, tx *sql.Tx, id, item string, version int64) error {
	res, err := tx.ExecContext(ctx, `UPDATE bindings SET editing = $1
		WHERE id = $2 AND version = $3 AND state = 'bound' AND editing IN ('', $1)`, item, id, version)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); n > 0 || err != nil {
		return err
	}
	return errChangedMeanwhile()
}

func errChangedMeanwhile() error {
	return fault.New(fault.Conflict, "The binding was changed meanwhile.").
		With("Look at it again, and change it then if that is still needed.")
}

// planEdit checks a change as the person, on both sides, and plans it.
func (s *Service) planEdit(ctx context.Context, who work.Viewer, id string, c Change) (Binding, Plan, error) {
	b, err := s.Get(ctx, who, id)
	if err != nil {
		return b, Plan{}, err
	}

	if err := s.checkMayEnd(ctx, who, b); err != nil {
		return b, Plan{}, err
	}

	if err := b.editable(c.Version); err != nil {
		return b, Plan{}, err
	}

	// What it shall be: first by itself,
	q := c.request(b)
	if err := q.validate(); err != nil {
		return b, Plan{}, err
	}

	copies := b.Copies
	if c.Copies != nil {
		copies = c.Copies.filled()
		if err := cmp.Or(c.Copies.validate(), copies.validate()); err != nil {
			return b, Plan{}, err
		}
	}

	teams, err := s.chooseTeams(ctx, who.Login, b, q.Workspaces)
	if err != nil {
		return b, Plan{}, err
	}

	// and then with what is on both sides.
	p := plan(b, settings{q.ActionName, q.DocumentType, q.Publishers, copies}, teams)
	return b, p, s.checkPlan(ctx, who, b, p)
}

// MayEdit returns a binding in force, or that is ending, if the viewer may change it.
func (s *Service) MayEdit(ctx context.Context, who work.Viewer, id string) (Binding, error) {
	b, err := s.Get(ctx, who, id)
	if err != nil {
		return b, err
	}

	if b.State != Bound && b.State != Ending {
		return b, errNotBound
	}

	return b, s.checkMayEnd(ctx, who, b)
}

// editable returns why a binding cannot be changed now by who has seen a version of it.
func (b Binding) editable(version int64) error {
	switch {
	case b.State == Making:
		return fault.New(fault.NotReady, "This folder is just being bound.").With("Try again in a moment.")
	case b.State == Ending:
		return fault.New(fault.Conflict, "This folder is being unbound, so its binding cannot be changed.").
			With("Cancel the unbinding on the page Activity first, or bind the folder again when it has ended.")
	case b.State != Bound:
		return errNotBound
	case b.Editing != "":
		return fault.New(fault.Conflict, "The binding is being changed at this moment.").
			With("Wait until that has ended, or cancel it on the page Activity.").At("/activity")
	case version <= 0:
		return fault.Field("version", "Give the version that the binding had when you looked at it.",
			"The version is missing.")
	case version != b.Version:
		return errChangedMeanwhile()
	}
	return nil
}

// request returns what a person would fill in to bind a folder as it shall be.
func (c Change) request(b Binding) Request {
	q := Request{
		Folder: b.FolderUID, ActionName: b.ActionName, DocumentType: b.DocumentType, Publishers: b.Publishers,
		Workspaces: c.Workspaces,
	}

	if c.Workspaces == nil {
		for _, a := range b.Actions {
			q.Workspaces = append(q.Workspaces, a.WorkspaceID)
		}
	}

	// Empty means the default when a folder is bound, which nobody expects here: it stays.
	for _, given := range []struct {
		from *string
		to   *string
	}{{c.DocumentType, &q.DocumentType}, {c.Publishers, &q.Publishers}} {
		if given.from != nil && *given.from != "" {
			*given.to = *given.from
		}
	}

	if c.ActionName != nil {
		q.ActionName = *c.ActionName
	}

	return q
}

// chooseTeams returns the teams that a binding shall cover. A new one is one of the person who adds
// it and of the owner, as whom the connector acts there.
func (s *Service) chooseTeams(ctx context.Context, login string, b Binding, ids []string) ([]team, error) {
	rows, err := s.allActions(ctx, b.ID)
	if err != nil {
		return nil, err
	}

	var out []team
	for _, id := range ids {
		if slices.ContainsFunc(out, func(t team) bool { return t.Workspace == id }) {
			continue
		}

		// A row that was left behind is used again: there is one for each team.
		i := slices.IndexFunc(rows, func(a Action) bool { return a.WorkspaceID == id })
		if i >= 0 && rows[i].Current() {
			out = append(out, teamOf(rows[i]))
			continue
		}

		added, err := s.newTeam(ctx, login, b.Owner, id)
		if err != nil {
			return nil, err
		}
		if i >= 0 {
			added.Action = rows[i].ID
		}
		out = append(out, added)
	}

	return out, nil
}

// newTeam finds a team that a binding does not cover yet.
func (s *Service) newTeam(ctx context.Context, login, owner, id string) (team, error) {
	mine, why, err := s.Workspaces(ctx, login)
	if err != nil {
		return team{}, err
	}

	i := slices.IndexFunc(mine, func(w Workspace) bool { return w.ID == id })
	if i < 0 {
		return team{}, noTeam(id, why)
	}

	// The owner has to be in it as well.
	if owner != login {
		theirs, _, err := s.Workspaces(ctx, owner)
		if err != nil {
			return team{}, err
		}
		if !slices.ContainsFunc(theirs, func(w Workspace) bool { return w.ID == id }) {
			return team{}, fault.Field("workspaces", "Invite them to it, or become the owner of the binding.",
				"%s, who answers for this binding, does not belong to the team %q.", owner, mine[i].Name)
		}
	}

	return team{
		Action: uuid.NewString(), Account: mine[i].Account, AccountName: mine[i].AccountName, Workspace: id,
		Name: mine[i].Name,
	}, nil
}

// checkPlan checks with both sides that a plan can be done, and that nobody loses what they wait for.
func (s *Service) checkPlan(ctx context.Context, who work.Viewer, b Binding, p Plan) error {
	if err := s.checkMayWiden(who, b, p); err != nil {
		return err
	}

	if err := s.checkNewName(ctx, b, p); err != nil {
		return err
	}

	if err := s.checkNewType(ctx, b, p); err != nil {
		return err
	}

	return s.checkNoneStranded(ctx, s.Reviews, b.ID, p)
}

// checkMayWiden returns an error if a change lets more people publish as somebody else, who has not
// agreed to it.
func (s *Service) checkMayWiden(who work.Viewer, b Binding, p Plan) error {
	wider := p.After.Publishers == Everyone && (p.Before.Publishers != Everyone || len(p.Add) > 0)
	if !wider || who.Admin || who.Login == b.Owner {
		return nil
	}
	return fault.New(fault.Forbidden, "More people could publish as %s, who answers for this binding.", b.Owner).
		With("Ask them to change it, or let only people publish who have connected Nuxeo.")
}

// checkNewName checks that the name is free on both sides where it comes to.
func (s *Service) checkNewName(ctx context.Context, b Binding, p Plan) error {
	places := p.Add
	if p.renames() {
		places = slices.Concat(p.Keep, p.Add)

		var n int
		err := s.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM bindings WHERE folder_uid = $1 AND action_name = $2
			AND id <> $3 AND state IN ('binding', 'bound')`, b.FolderUID, p.After.ActionName, b.ID).Scan(&n)
		if err != nil {
			return err
		}
		if n > 0 {
			return boundUnder(p.After.ActionName)
		}
	}

	if len(places) == 0 {
		return nil
	}

	return s.asOwnerOrService(ctx, b.Owner, func(fio *v4.Client) error {
		for _, t := range places {
			w := Workspace{Account: t.Account, ID: t.Workspace, Name: t.Name}
			if err := s.checkNameFree(ctx, fio, w, p.After.ActionName, t.Action); err != nil {
				return err
			}
		}
		return nil
	})
}

// checkNewType checks that the folder takes documents of another type from the owner, as whom they are made.
func (s *Service) checkNewType(ctx context.Context, b Binding, p Plan) error {
	if p.Before.DocumentType == p.After.DocumentType {
		return nil
	}

	nx, err := s.People.Nuxeo(ctx, b.Owner)
	if err != nil {
		return err
	}

	folder, err := nx.Get(ctx, b.FolderUID, nuxeo.Fetch{Enrichers: []string{"subtypes"}})
	if err != nil {
		return err
	}

	return checkType(ctx, nx, folder, p.After.DocumentType)
}

// checkNoneStranded returns an error while documents are under review in a team that goes, or on
// their way there: they would stay locked.
func (s *Service) checkNoneStranded(ctx context.Context, in Reviews, id string, p Plan) error {
	for _, t := range p.Drop {
		n, err := in.StrandedIn(ctx, id, t.Workspace)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.New(fault.Conflict, "%s under review in the team %q, which cannot be removed until then.",
				documents(n, " of this folder"), t.Name).
				With("Publish them back or release them first, or leave the team in the binding.")
		}
	}
	return nil
}

// Current reports whether an action is one that people can see and run, and not one that an edit
// adds or has removed.
func (a Action) Current() bool {
	return a.State != actionAdding && a.State != actionLeaving && a.State != actionLeft
}

// allActions reads the actions of a binding with those that an edit adds or has removed.
func (s *Service) allActions(ctx context.Context, binding string) ([]Action, error) {
	return store.All(ctx, s.DB.Reader, func(row store.Row) (a Action, err error) {
		err = row.Scan(&a.ID, &a.BindingID, &a.AccountID, &a.AccountName, &a.WorkspaceID, &a.WorkspaceName,
			&a.RemoteID, &a.State)
		return a, err
	}, `SELECT id, binding_id, account_id, account_name, workspace_id,
		workspace_name, remote_id, state
		FROM actions WHERE binding_id = $1 ORDER BY workspace_name, id`, binding)
}

func boundUnder(name string) error {
	return fault.Field("action_name", "Choose another name.", "This folder is bound under the name %q already.", name)
}

func noTeam(id, why string) error {
	return fault.Field("workspaces",
		orElse(why, "The dialog Bind to Frame.io shows the teams you can choose, and so does `nuxeo-frameio "+
			"bind --list`."), "No team of yours is called %q.", id)
}

// String says in a line what a plan does.
func (p Plan) String() string {
	var all []string
	for _, e := range p.Effects() {
		all = append(all, strings.TrimSuffix(e.String(), "."))
	}
	return strings.Join(all, "; ")
}
