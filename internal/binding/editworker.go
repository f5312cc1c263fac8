package binding

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

const (
	stepRename = "rename"
	stepForce  = "force"
)

// An EditWorker changes a binding: it prepares what is new on Frame.io, puts the change into force in one
// transaction, and removes what is left. What fails before is undone; after it, everything is finished.
type EditWorker struct{ *Service }

// An editItem is an item as its worker sees it.
type editItem struct {
	EditWorker
	t *work.Task
	p Plan
}

// editFlow is what happens when a binding is changed.
var editFlow = work.Flow[editItem]{
	{
		Does:   "create a custom action in each workspace that is added",
		Repeat: "it is looked for by our address; without its secret it is made anew",
		Run:    editItem.begin,
	},
	{
		Name:   stepRename,
		Does:   "rename the custom actions of the others",
		Repeat: "gives them the same name again",
		Run:    editItem.rename,
	},
	{
		Name:   stepForce,
		Does:   "put the change into force",
		Repeat: "changes rows of our database, once for each version",
		Run:    editItem.enforce,
	},
	{
		Name:   stepActions,
		Does:   "delete the custom actions of workspaces that are removed",
		Repeat: "deleting again finds nothing",
		Run:    editItem.deleteLeaving,
	},
	{
		Name:   stepFacet,
		Does:   "write what the folder shows",
		Repeat: "written from our rows, under the change token",
		Run:    editItem.show,
	},
}

// Steps describes the steps.
func (w EditWorker) Steps() []work.StepInfo { return editFlow.Info() }

// Step runs the next step of an item.
func (w EditWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	i := editItem{EditWorker: w, t: t}
	if err := t.Load(&i.p); err != nil {
		return work.Next{}, err
	}
	return editFlow.Run(ctx, t.Step, i)
}

// begin also begins a retry, which may change the binding if nobody else has.
func (i editItem) begin(ctx context.Context) (work.Next, error) {
	if err := i.recordAdded(ctx); err != nil {
		return work.Next{}, err
	}

	b, err := i.get(ctx, i.t.Parent)
	if err != nil {
		return work.Next{}, err
	}

	rows, err := i.allActions(ctx, b.ID)
	if err != nil {
		return work.Next{}, err
	}

	// One that has an id on Frame.io was created by an earlier attempt.
	b.ActionName = i.p.After.ActionName
	for _, a := range rows {
		if a.State != actionAdding || a.RemoteID != "" {
			continue
		}
		if err := i.asOwnerOrService(ctx, b.Owner, func(fio *v4.Client) error {
			return i.createAction(ctx, i.t, fio, b, a, i.p)
		}); err != nil {
			return work.Next{}, err
		}
	}

	return work.Next{Step: stepRename}, nil
}

// recordAdded records the actions that are about to be created.
func (i editItem) recordAdded(ctx context.Context) error {
	return i.t.Commit(ctx, i.p, func(tx *sql.Tx) error {
		if err := takeTurn(ctx, tx, i.t.Parent, i.t.ID, i.p.Version); err != nil {
			return err
		}

		for _, t := range i.p.Add {
			if _, err := tx.ExecContext(ctx, `INSERT INTO actions (id, binding_id, account_id, account_name,
				workspace_id, workspace_name, state) VALUES ($1, $2, $3, $4, $5, $6, $7)
				ON CONFLICT (binding_id, workspace_id) DO UPDATE SET state = $7, account_id = $3, account_name = $4,
					workspace_name = $6, remote_id = '', secret = NULL WHERE actions.state = $8`, t.Action, i.t.Parent,
				t.Account, t.AccountName, t.Workspace, t.Name, actionAdding, actionLeft); err != nil {
				return err
			}
		}

		return nil
	})
}

func (i editItem) rename(ctx context.Context) (work.Next, error) {
	b, err := i.get(ctx, i.t.Parent)
	if err != nil || !i.p.renames() {
		return work.Next{Step: stepForce}, err
	}

	for _, a := range b.Actions {
		if !i.p.keeps(a) {
			continue
		}
		if err := i.asOwnerOrService(ctx, b.Owner, func(fio *v4.Client) error {
			return i.renameAction(ctx, fio, a)
		}); err != nil {
			return work.Next{}, err
		}
	}

	return work.Next{Step: stepForce}, nil
}

func (p Plan) keeps(a Action) bool {
	return slices.ContainsFunc(p.Keep, func(t team) bool { return t.Action == a.ID })
}

// renameAction renames an action. One that is gone has no name: somebody has deleted it on Frame.io, or
// unbound the folder meanwhile.
func (i editItem) renameAction(ctx context.Context, fio *v4.Client, a Action) error {
	err := fio.RenameAction(ctx, a.AccountID, a.RemoteID, i.p.After.ActionName)
	switch {
	case v4.NotFound(err):
		return nil
	case v4.StatusOf(err) == 403:
		return fault.New(fault.Forbidden, "You may not rename custom actions in the team %q.", a.WorkspaceName).
			With("It needs the role Content Admin or account owner on Frame.io: ask for it, or let somebody who has " +
				"it become the owner of the binding.").Because(err)
	}
	return err
}

// enforce is where the binding becomes what it shall be. What came under review meanwhile keeps it from
// that, and so does who ended it.
func (i editItem) enforce(ctx context.Context) (work.Next, error) {
	next := work.Next{Step: stepActions}
	done, err := i.inForce(ctx)
	if err != nil || done {
		return next, err
	}

	if err := i.checkNoneStranded(ctx, i.Reviews, i.t.Parent, i.p); err != nil {
		return work.Next{}, err
	}

	copies := i.p.After.Copies.filled()
	err = i.t.Commit(ctx, i.p, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE bindings SET action_name = $1, document_type = $2, publishers = $3,
			copy_action = $8, copy_days = $9, copy_folder = $10,
			version = version + 1, updated = $4 WHERE id = $5 AND version = $6 AND editing = $7 AND state = 'bound'`,
			i.p.After.ActionName, i.p.After.DocumentType, i.p.After.Publishers, store.Millis(i.t.Now()), i.t.Parent,
			i.p.Version, i.t.ID, copies.Action, copies.Days, copies.Folder)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return errors.Join(errChangedMeanwhile(), err)
		}

		// Copies that wait follow.
		if i.CopiesChanged != nil && copies != i.p.Before.Copies.filled() {
			if err := i.CopiesChanged(ctx, tx, i.t.Parent, copies); err != nil {
				return err
			}
		}
		return i.switchActions(ctx, tx)
	})
	if store.Duplicate(err) {
		err = boundUnder(i.p.After.ActionName)
	}

	return next, err
}

// switchActions puts the new actions into force and takes it from those that go.
func (i editItem) switchActions(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, `UPDATE actions SET state = $1 WHERE binding_id = $2 AND state = $3`,
		actionActive, i.t.Parent, actionAdding); err != nil {
		return err
	}

	for _, t := range i.p.Drop {
		if _, err := tx.ExecContext(ctx, `UPDATE actions SET state = $1 WHERE id = $2`, actionLeaving,
			t.Action); err != nil {
			return err
		}
	}

	return nil
}

// inForce reports whether the item has put its change into force.
func (i editItem) inForce(ctx context.Context) (bool, error) {
	b, err := i.get(ctx, i.t.Parent)
	return b.Version > i.p.Version && b.Editing == i.t.ID, err
}

func (i editItem) deleteLeaving(ctx context.Context) (work.Next, error) {
	return work.Next{Step: stepFacet}, waitIfUnavailable(i.t, i.removeInState(ctx, actionLeaving))
}

// removeInState deletes the actions in a state that an edit gives them.
func (i editItem) removeInState(ctx context.Context, state string) error {
	b, err := i.get(ctx, i.t.Parent)
	if err != nil {
		return err
	}

	rows, err := i.allActions(ctx, b.ID)
	if err != nil {
		return err
	}

	for _, a := range rows {
		if a.State != state {
			continue
		}
		if err := i.asOwnerOrService(ctx, b.Owner, func(fio *v4.Client) error {
			return i.removeAction(ctx, i.t, fio, a, actionLeft, i.p)
		}); err != nil {
			return err
		}
	}

	return nil
}

func (i editItem) show(ctx context.Context) (work.Next, error) {
	return work.Next{Done: true, Outcome: "edited"}, waitIfUnavailable(i.t, i.showOnFolder(ctx, i.t))
}

// Undo takes back what was prepared on Frame.io. Once the change is in force it is finished instead.
func (w EditWorker) Undo(ctx context.Context, t *work.Task) error {
	i := editItem{EditWorker: w, t: t}
	if err := t.Load(&i.p); err != nil {
		return err
	}

	b, err := i.get(ctx, t.Parent)
	switch {
	case err != nil:
		return err
	case b.Editing == t.ID && b.Version > i.p.Version:
		return errors.Join(i.removeInState(ctx, actionLeaving), i.showOnFolder(ctx, t))
	case b.Editing != "" && b.Editing != t.ID || b.Version > i.p.Version:
		return nil // another has changed it since, or does: what is there is theirs
	}

	return errors.Join(i.removeInState(ctx, actionAdding), i.renameBack(ctx, b))
}

// renameBack gives the actions the name that the binding still has.
func (i editItem) renameBack(ctx context.Context, b Binding) error {
	if !i.p.renames() {
		return nil
	}

	for _, a := range b.Actions {
		if !i.p.keeps(a) {
			continue
		}
		if err := i.asOwnerOrService(ctx, b.Owner, func(fio *v4.Client) error {
			return fio.RenameAction(ctx, a.AccountID, a.RemoteID, b.ActionName)
		}); err != nil && !v4.NotFound(err) {
			return err
		}
	}

	return nil
}

// Ended lets others change the binding. What could not be undone is left to the chore that deletes actions
// of no binding.
func (w EditWorker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	res, err := tx.ExecContext(ctx, `UPDATE bindings SET editing = '' WHERE id = $1 AND editing = $2`, it.Parent, it.ID)
	if err != nil {
		return nil, err
	}

	if n, err := res.RowsAffected(); n == 0 || err != nil {
		return nil, err
	}

	_, err = tx.ExecContext(ctx, `UPDATE actions SET state = $1 WHERE binding_id = $2 AND state = $3`, actionLeft,
		it.Parent, actionAdding)
	return nil, err
}
