package binding

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// event is the type that Frame.io sends with each call of our actions.
const event = "nuxeo.publish"

const (
	stepFacet   = "facet"
	stepBound   = "bound"
	stepActions = "actions"
)

// A BindWorker makes a binding.
type BindWorker struct{ *Service }

// A bindItem is an item as its worker sees it.
type bindItem struct {
	BindWorker
	t *work.Task
}

// bindFlow is what happens when a folder is bound.
var bindFlow = work.Flow[bindItem]{
	{
		Does:   "create a custom action in each workspace",
		Repeat: "it is looked for by our address; without its secret it is made anew",
		Run:    bindItem.begin,
	},
	{
		Name:   stepBound,
		Does:   "put the binding into force",
		Repeat: "changes one row of our database",
		Run:    bindItem.activate,
	},
	{
		Name:   stepFacet,
		Does:   "write what the folder shows",
		Repeat: "written from our rows, under the change token",
		Run:    bindItem.show,
	},
}

// Steps describes the steps.
func (w BindWorker) Steps() []work.StepInfo { return bindFlow.Info() }

// Step runs the next step of an item.
func (w BindWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	return bindFlow.Run(ctx, t.Step, bindItem{w, t})
}

// begin also begins a retry, which takes the name again if it is still free.
func (i bindItem) begin(ctx context.Context) (work.Next, error) {
	if err := i.setState(ctx, i.t, Making, Making, Failed); err != nil {
		return work.Next{}, err
	}
	return work.Next{Step: stepBound}, i.createActions(ctx, i.t)
}

func (i bindItem) activate(ctx context.Context) (work.Next, error) {
	return work.Next{Step: stepFacet}, i.setState(ctx, i.t, Bound, Making, Bound)
}

func (i bindItem) show(ctx context.Context) (work.Next, error) {
	return work.Next{Done: true, Outcome: "bound"}, i.showOnFolder(ctx, i.t)
}

func (s *Service) createActions(ctx context.Context, t *work.Task) error {
	b, err := s.get(ctx, t.Parent)
	if err != nil {
		return err
	}

	for _, a := range b.Actions {
		if a.State == actionActive {
			continue
		}
		if err := s.asOwnerOrService(ctx, b.Owner, func(fio *v4.Client) error {
			return s.createAction(ctx, t, fio, b, a, struct{}{})
		}); err != nil {
			return err
		}
	}

	return nil
}

// createAction creates the action whose intent is recorded. If one exists already, it was created
// by an attempt whose answer was lost, and with it the secret. One that an edit adds is not in force yet.
func (s *Service) createAction(
	ctx context.Context, t *work.Task, fio *v4.Client, b Binding, a Action, state any,
) error {
	if err := s.deleteOurs(ctx, fio, a, b.ActionName); err != nil {
		return err
	}

	created, err := fio.CreateAction(ctx, a.AccountID, a.WorkspaceID, frameio.Action{
		Name: b.ActionName, Description: b.Description, Event: event, URL: s.actionURL(a.ID),
	})
	if v4.StatusOf(err) == 403 {
		return fault.New(fault.Forbidden, "You may not create custom actions in the team %q.", a.WorkspaceName).
			With("It needs the role Content Admin or account owner on Frame.io: ask for it, or let somebody who has " +
				"it bind the folder.").Because(err)
	}

	if err != nil {
		return err
	}

	// It is told only once. Without it no call could be verified.
	if created.Secret == "" {
		return fault.New(fault.Unavailable, "Frame.io did not tell the secret of the custom action.")
	}

	to := actionActive
	if a.State == actionAdding {
		to = actionAdding
	}

	return t.Commit(ctx, state, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE actions SET remote_id = $1, secret = $2, state = $3 WHERE id = $4`,
			created.ID, s.Vault.Seal(secretContext(a.ID), created.Secret), to, a.ID)
		return err
	})
}

// deleteOurs deletes actions of the workspace that call the address of a, and unrecorded ones under
// the same name that call us.
func (s *Service) deleteOurs(ctx context.Context, fio *v4.Client, a Action, name string) error {
	for remote, err := range fio.Actions(ctx, a.AccountID, a.WorkspaceID) {
		if err != nil {
			return err
		}

		// One of the same name may be left over from another attempt to bind the folder.
		lost := false
		if remote.Name == name && strings.HasPrefix(remote.URL, s.actionURL("")) {
			if lost, err = s.isUnrecorded(ctx, remote); err != nil {
				return err
			}
		}

		if remote.URL != s.actionURL(a.ID) && !lost {
			continue
		}

		if err := fio.DeleteAction(ctx, a.AccountID, remote.ID); err != nil && !v4.NotFound(err) {
			return err
		}
	}
	return nil
}

// setState moves the binding on from one of two states. If a person has ended it meanwhile, that
// stays.
func (s *Service) setState(ctx context.Context, t *work.Task, to, from, orFrom State) error {
	var n int64
	err := t.Commit(ctx, struct{}{}, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE bindings SET state = $1, reason = '', updated = $2
			WHERE id = $3 AND state IN ($4, $5)`,
			string(to), store.Millis(t.Now()), t.Parent, string(from), string(orFrom))
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})

	// Say why it could not move on.
	switch {
	case store.Duplicate(err):
		return fault.New(fault.Conflict, "The folder is bound under this name already.").
			With("Bind it under another name.").Because(err)
	case err == nil && n == 0:
		return fault.New(fault.Conflict, "The binding was ended meanwhile.")
	}

	return err
}

// Undo removes what a failed bind has created.
func (w BindWorker) Undo(ctx context.Context, t *work.Task) error {
	if err := w.setState(ctx, t, Failed, Making, Bound); err != nil && !fault.Is(err, fault.Conflict) {
		return err
	}
	return errors.Join(w.removeActions(ctx, t), w.showOnFolder(ctx, t))
}

// Ended records why a binding failed.
func (w BindWorker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	if it.State == work.Done {
		return nil, nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE bindings SET state = $1, reason = $2 WHERE id = $3 AND state <> $4`,
		string(Failed), it.Message, it.Parent, string(Unbound))
	return nil, err
}

// An UnbindWorker removes what a binding left on both sides; the binding itself has ended before.
type UnbindWorker struct {
	work.NoUndo
	*Service
}

// An unbindItem is an item as its worker sees it.
type unbindItem struct {
	UnbindWorker
	t *work.Task
}

// unbindFlow is what happens when a binding has ended.
var unbindFlow = work.Flow[unbindItem]{
	{
		Does:   "wait for what is under review, or release it",
		Repeat: "reads; a push ends once",
		Run:    unbindItem.endReviews,
	},
	{
		Name:   stepActions,
		Does:   "delete the custom actions",
		Repeat: "deleting again finds nothing",
		Run:    unbindItem.deleteActions,
	},
	{
		Name:   stepFacet,
		Does:   "write what the folder shows",
		Repeat: "written from our rows, under the change token",
		Run:    unbindItem.show,
	},
}

// Steps describes the steps.
func (w UnbindWorker) Steps() []work.StepInfo { return unbindFlow.Info() }

// Step runs the next step of an item.
func (w UnbindWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	return unbindFlow.Run(ctx, t.Step, unbindItem{w, t})
}

func (i unbindItem) endReviews(ctx context.Context) (work.Next, error) {
	return work.Next{Step: stepActions}, i.awaitReviews(ctx, i.t)
}

func (i unbindItem) deleteActions(ctx context.Context) (work.Next, error) {
	return work.Next{Step: stepFacet}, waitIfUnavailable(i.t, i.removeActions(ctx, i.t))
}

func (i unbindItem) show(ctx context.Context) (work.Next, error) {
	return work.Next{Done: true, Outcome: "unbound"}, waitIfUnavailable(i.t, i.showOnFolder(ctx, i.t))
}

// waitIfUnavailable waits for a system that cannot be reached as long as it takes: the binding has
// ended, and only the clean-up is left.
func waitIfUnavailable(t *work.Task, err error) error {
	if !fault.Is(err, fault.Unavailable) {
		return err
	}

	f := fault.New(fault.NotReady, "%s It is removed there later.", fault.From(err).Message).Because(err)
	waited := time.Duration(0)
	if !t.WaitingSince.IsZero() {
		waited = t.Now().Sub(t.WaitingSince)
	}

	f.RetryAfter = min(time.Hour, max(2*time.Second, waited/2))
	return f
}

// Ended puts the binding back in force if its end was cancelled while it waited.
func (w UnbindWorker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	to := Unbound
	if it.State == work.Canceled {
		to = Bound
	}

	res, err := tx.ExecContext(ctx, `UPDATE bindings SET state = $1, ends = 0, updated = $2
		WHERE id = $3 AND state = 'ending'`, string(to), store.Millis(w.Now()), it.Parent)
	if err != nil {
		return nil, err
	}

	// Unless it is in force again, its actions go as well.
	if n, err := res.RowsAffected(); n == 0 || to == Bound || err != nil {
		return nil, err
	}

	_, err = tx.ExecContext(ctx, `UPDATE actions SET state = $1 WHERE binding_id = $2 AND state = $3`, actionRemoving,
		it.Parent, actionActive)
	return nil, err
}

func (s *Service) removeActions(ctx context.Context, t *work.Task) error {
	b, err := s.get(ctx, t.Parent)
	if err != nil {
		return err
	}

	// Those of an edit as well that is under way.
	all, err := s.allActions(ctx, b.ID)
	if err != nil {
		return err
	}

	for _, a := range all {
		if a.State == actionRemoved || a.State == actionLeft {
			continue
		}
		if err := s.asOwnerOrService(ctx, b.Owner, func(fio *v4.Client) error {
			return s.removeAction(ctx, t, fio, a, goneAs(a), struct{}{})
		}); err != nil {
			return err
		}
	}

	return nil
}

// asOwnerOrService acts on Frame.io as a person or, if that person cannot be acted for or may not,
// with the service credential.
func (s *Service) asOwnerOrService(ctx context.Context, login string, do func(*v4.Client) error) error {
	fio, err := s.People.Frameio(ctx, login)
	if err == nil {
		err = do(fio)
	}

	// The service credential stands in only where the person's access is what is missing.
	if !fault.Is(err, fault.NotConnected, fault.Forbidden) {
		return err
	}

	service, missing := s.People.ServiceFrameio(ctx)
	if missing != nil {
		return err
	}

	return do(service)
}

// goneAs returns what an action is when an unbind has deleted it: one of an edit never was, or is no longer,
// one that people see.
func goneAs(a Action) string {
	if a.Current() {
		return actionRemoved
	}
	return actionLeft
}

func (s *Service) removeAction(
	ctx context.Context, t *work.Task, fio *v4.Client, a Action, to string, state any,
) error {
	var err error
	if a.RemoteID != "" {
		err = fio.DeleteAction(ctx, a.AccountID, a.RemoteID)
	} else {
		err = s.deleteOurs(ctx, fio, a, "")
	}

	// The actions of a deleted workspace are deleted as well.
	if err != nil && !v4.NotFound(err) {
		return err
	}

	return t.Commit(ctx, state, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE actions SET state = $1 WHERE id = $2`, to, a.ID)
		return err
	})
}

// errNotBound reports that there is nothing to end.
var errNotBound = fault.New(fault.Conflict, "This folder is not bound (any more).")

// onlyID returns the id of the only item that was added.
func onlyID(ids []string) (string, error) {
	if len(ids) == 0 {
		return "", fault.New(fault.Conflict, "This is under way already.")
	}
	return ids[0], nil
}

// checkMayEnd returns an error unless the viewer created or owns the binding, is an administrator,
// or may write in the folder.
func (s *Service) checkMayEnd(ctx context.Context, who work.Viewer, b Binding) error {
	if who.Admin || who.Login == b.Creator || who.Login == b.Owner {
		return nil
	}

	nx, err := s.People.Nuxeo(ctx, who.Login)
	if err != nil {
		return err
	}

	doc, err := nx.Get(ctx, b.FolderUID, nuxeo.Fetch{Enrichers: []string{"permissions"}})
	if err != nil {
		return err
	}

	return Bindable(doc)
}
