// Package binding binds Nuxeo folders to Frame.io workspaces, unbinds them, and keeps the custom actions
// of a binding.
//
// It owns the tables bindings and actions and the kinds of items "bind", "unbind" and "edit-binding".
//
// Invariants: a binding has one custom action per workspace, created after its intent was recorded and
// found again by its address, which contains our own id; an action whose secret was lost is deleted and
// created again; a bind that fails leaves nothing behind; an unbind takes effect when it is recorded,
// and leaves no document under review behind; an edit takes effect as a whole, in one transaction, and
// one at a time, by who has seen the version that it changes. Publish handles the calls of actions; Nuxeo and Frame.io
// say who may do what.
package binding

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/rights"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Kinds of items.
const (
	KindBind   = "bind"
	KindUnbind = "unbind"
	KindEdit   = "edit-binding"
)

// A State is the state of a binding.
type State string

// The states of a binding. Making and Bound occupy the action name.
const (
	Making  State = "binding" // being created
	Bound   State = "bound"
	Ending  State = "ending" // accepts only what returns from review
	Unbound State = "unbound"
	Failed  State = "failed" // undone; Reason says why
)

// Everyone lets every member of the workspace publish. For people who are not connected, or may not
// write, the binder acts.
const Everyone = "everyone"

// Connected lets only people publish who have connected Nuxeo and Frame.io, each as themself.
const Connected = "connected"

// People is what binding needs from identity.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
	// Usable returns why we cannot act as a person, as far as is known, or nil.
	Usable(ctx context.Context, login string) error
	// ServiceFrameio returns a client for the service credential, or a NotFound error.
	ServiceFrameio(ctx context.Context) (*v4.Client, error)
}

// A Vault seals the secrets of custom actions.
type Vault interface {
	Seal(sealContext, secret string) []byte
	Open(sealContext string, sealed []byte) (string, error)
}

var _ Vault = (*identity.Vault)(nil)

// A Service creates, ends and finds bindings.
type Service struct {
	DB        *store.DB
	Engine    *work.Engine
	People    People
	Vault     Vault
	Now       func() time.Time
	PublicURL string // of the connector, without a trailing slash
	// Reviews are the documents under review on Frame.io.
	Reviews Reviews
	// Synced returns the name of the Frame.io folder that a folder mirrors, if any.
	Synced func(ctx context.Context, folder string) (string, error)
	// CopiesChanged lets the copies that wait follow a binding, in the transaction that changes it.
	CopiesChanged func(ctx context.Context, tx *sql.Tx, binding string, c Copies) error

	findAction *sql.Stmt
}

// A Binding is a Nuxeo folder bound to workspaces.
type Binding struct {
	ID, FolderUID, FolderPath, FolderTitle string
	ActionName, Description                string
	DocumentType                           string
	Creator, Owner                         string
	Publishers                             string
	NeedsOwner                             string // why its owner cannot be acted for; empty if possible
	State                                  State
	Reason                                 string
	Created                                time.Time
	Ends                                   time.Time // when an Ending one ends at the latest
	Version                                int64     // how often it was changed, from 1
	Editing                                string    // the item that changes it at the moment
	Copies                                 Copies
	Actions                                []Action
}

// An Action is the custom action of a binding in one workspace.
type Action struct {
	ID, BindingID              string
	AccountID, AccountName     string
	WorkspaceID, WorkspaceName string
	RemoteID                   string
	State                      string
}

// The states of an action.
const (
	actionIntended = "intended"
	actionActive   = "active"
	actionRemoving = "removing"
	actionRemoved  = "removed"

	// An edit adds and removes actions of a binding that stays in force.
	actionAdding  = "adding"  // becomes active with the edit
	actionLeaving = "leaving" // takes nothing any more
	actionLeft    = "left"    // is deleted on Frame.io
)

const columns = `id, folder_uid, folder_path, folder_title, action_name, description, document_type, creator, owner, ` +
	`publishers, state, reason, needs_owner, created, ends, version, editing, ` +
	`copy_action, copy_days, copy_folder`

func scan(row store.Row) (Binding, error) {
	var b Binding
	var created, ends int64
	err := row.Scan(&b.ID, &b.FolderUID, &b.FolderPath, &b.FolderTitle, &b.ActionName, &b.Description,
		&b.DocumentType, &b.Creator,
		&b.Owner, &b.Publishers, &b.State, &b.Reason, &b.NeedsOwner, &created, &ends,
		&b.Version, &b.Editing, &b.Copies.Action, &b.Copies.Days, &b.Copies.Folder)
	b.Copies = b.Copies.filled()
	b.Created, b.Ends = store.Time(created), store.Time(ends)
	return b, err
}

func notFound() error {
	return fault.New(fault.NotFound, "There is no such binding.").
		With("The tab Frame IO of a folder shows its bindings, and `nuxeo-frameio bind --list` all of yours.")
}

// get reads a binding with its actions.
func (s *Service) get(ctx context.Context, id string) (Binding, error) {
	b, err := scan(s.DB.Reader.QueryRowContext(ctx, `SELECT `+columns+` FROM bindings WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return b, notFound()
	}

	if err != nil {
		return b, err
	}

	b.Actions, err = s.actions(ctx, id)
	return b, err
}

// actions reads the actions of a binding, without those that an edit adds or has removed.
func (s *Service) actions(ctx context.Context, binding string) ([]Action, error) {
	all, err := s.allActions(ctx, binding)
	return slices.DeleteFunc(all, func(a Action) bool { return !a.Current() }), err
}

// Get returns a binding if the viewer may read its folder in Nuxeo.
func (s *Service) Get(ctx context.Context, who work.Viewer, id string) (Binding, error) {
	b, err := s.get(ctx, id)
	if err != nil {
		return b, err
	}

	// A binding says something about its folder: only its readers may know.
	if !b.isOwn(who) {
		seen, err := rights.Readable(ctx, s.People, who.Login, b.FolderUID)
		if err != nil {
			return Binding{}, err
		}
		if !seen[b.FolderUID] {
			return Binding{}, notFound()
		}
	}

	return b, nil
}

// isOwn reports whether a viewer sees a binding whatever they may do in Nuxeo.
func (b Binding) isOwn(who work.Viewer) bool {
	return who.Admin || who.Login == b.Creator || who.Login == b.Owner
}

// List lists bindings that are being created or in force, newest first: those of a folder, or the
// viewer's own; administrators see all. before is the cursor that the call for the page before
// returned as next.
func (s *Service) List(
	ctx context.Context, who work.Viewer, folder, before string, limit int,
) (list []Binding, next string, err error) {
	if limit <= 0 || limit > 500 {
		limit = 50
	}

	list, err = store.All(ctx, s.DB.Reader, scan, `SELECT `+columns+` FROM bindings
		WHERE state IN ('binding', 'bound', 'ending')
		AND ($1 = '' OR folder_uid = $1) AND ($2 = '' OR id < $2) AND ($3 OR $1 <> '' OR creator = $4 OR owner = $4)
		ORDER BY id DESC LIMIT $5`, folder, before, who.Admin, who.Login, limit+1)
	if err != nil {
		return nil, "", err
	}

	// One more than asked shows that another page follows.
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID
	}

	list, err = s.filterVisible(ctx, who, list)
	return list, next, err
}

// filterVisible returns the bindings that the viewer may see, with their actions.
func (s *Service) filterVisible(ctx context.Context, who work.Viewer, all []Binding) ([]Binding, error) {
	// Ask Nuxeo about the folders of others' bindings.
	var uids []string
	for _, b := range all {
		if !b.isOwn(who) {
			uids = append(uids, b.FolderUID)
		}
	}

	seen, err := rights.Readable(ctx, s.People, who.Login, uids...)
	if err != nil {
		return nil, err
	}

	out := make([]Binding, 0, len(all))
	for _, b := range all {
		if !b.isOwn(who) && !seen[b.FolderUID] {
			continue
		}

		if b.Actions, err = s.actions(ctx, b.ID); err != nil {
			return nil, err
		}

		out = append(out, b)
	}

	return out, nil
}

// Stands reports whether the binding of an action is in force, and whether it only accepts what returns
// from review. If it is in force without the action's team, the error says so.
func (s *Service) Stands(ctx context.Context, action string) (stands, ending bool, err error) {
	var state State
	var a Action
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT bindings.state, actions.state, workspace_name
		FROM actions JOIN bindings ON bindings.id = actions.binding_id WHERE actions.id = $1`, action).
		Scan(&state, &a.State, &a.WorkspaceName)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}

	stands = state == Bound || state == Ending
	if err == nil && stands && !a.Current() {
		err = fault.New(fault.Gone, "This folder is no longer bound to the team %q.", a.WorkspaceName).
			With("Add the team to the binding and publish again.")
	}

	return stands, state == Ending, err
}

// An ActionCall is a custom action that was called, with what is needed to answer.
type ActionCall struct {
	Action  Action
	Binding Binding
	Secret  string
}

const findActionQuery = `SELECT actions.id, binding_id, account_id, workspace_id, workspace_name, remote_id, secret,
	actions.state, ` +
	`bindings.id, folder_uid, folder_path, folder_title, action_name, description, document_type, creator, owner,
		publishers, bindings.state, reason, created
	FROM actions JOIN bindings ON bindings.id = actions.binding_id WHERE actions.id = $1`

// Prepare prepares the statement that every call of a custom action runs. It is called once, before
// the service is used.
func (s *Service) Prepare(ctx context.Context) (err error) {
	s.findAction, err = s.DB.Reader.PrepareContext(ctx, findActionQuery)
	return err
}

// FindAction returns the custom action that an address of ours names.
func (s *Service) FindAction(ctx context.Context, actionID string) (ActionCall, error) {
	var c ActionCall
	var sealed []byte
	var created int64
	a, b := &c.Action, &c.Binding
	// A statement under a context that can end costs the driver a goroutine.
	err := s.findAction.QueryRowContext(context.WithoutCancel(ctx), actionID).
		Scan(&a.ID, &a.BindingID, &a.AccountID, &a.WorkspaceID, &a.WorkspaceName, &a.RemoteID, &sealed, &a.State,
			&b.ID, &b.FolderUID, &b.FolderPath, &b.FolderTitle, &b.ActionName, &b.Description,
			&b.DocumentType, &b.Creator,
			&b.Owner, &b.Publishers, &b.State, &b.Reason, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return ActionCall{}, fault.New(fault.NotFound, "There is no such custom action.")
	}

	if err != nil {
		return c, err
	}

	b.Created = store.Time(created)
	c.Secret, err = s.Vault.Open(secretContext(a.ID), sealed)
	return c, err
}

// Sealed is the column of this package that the vault seals.
var Sealed = identity.Sealed{
	Table:   "actions",
	Column:  "secret",
	Key:     []string{"id"},
	Context: func(k []string) string { return secretContext(k[0]) },
}

func secretContext(action string) string { return "actions/" + action }
