// Package binding ties Nuxeo folders to Frame.io workspaces: bind, unbind, and
// the custom actions of a binding.
//
// It owns the tables bindings and actions and the kinds of items "bind" and
// "unbind". Invariants: a binding has one custom action per workspace, made
// after its intent was recorded and found again by its address, which names our
// own id; an action whose secret was lost is deleted and made anew; a bind that
// fails leaves nothing behind; an unbind counts from the moment it is recorded, and
// leaves no document under review behind.
// It leaves to publish what an action brings, and to Nuxeo and Frame.io who may
// do what.
package binding

import (
	"context"
	"database/sql"
	"errors"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Kinds of items.
const (
	KindBind   = "bind"
	KindUnbind = "unbind"
)

// State is where a binding stands.
type State string

// The states of a binding. Making and Bound occupy the action name.
const (
	Making  State = "binding" // being made
	Bound   State = "bound"
	Ending  State = "ending" // takes back what is under review, and nothing else
	Unbound State = "unbound"
	Failed  State = "failed" // was undone; Reason says why
)

// Everyone lets every member of the workspace publish: who is not connected, or
// may not write, acts as the binder.
const Everyone = "everyone"

// Connected lets only people publish who have connected Nuxeo and Frame.io, each
// as themself.
const Connected = "connected"

// People is what binding needs of identity.
type People interface {
	Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error)
	Frameio(ctx context.Context, login string) (*v4.Client, error)
	// Usable says why we cannot act as a person, as far as we know; nil: we can.
	Usable(ctx context.Context, login string) error
	// ServiceFrameio acts as the service credential; NotFound without one.
	ServiceFrameio(ctx context.Context) (*v4.Client, error)
}

// Vault seals the secrets of custom actions.
type Vault interface {
	Seal(place, secret string) []byte
	Open(place string, sealed []byte) (string, error)
}

var _ Vault = (*identity.Vault)(nil)

// Service makes, ends and finds bindings.
type Service struct {
	DB        *store.DB
	Engine    *work.Engine
	People    People
	Vault     Vault
	Now       func() time.Time
	PublicURL string // of the connector, without a trailing slash
	// Reviews are the documents that wait for Frame.io.
	Reviews Reviews
	// Synced names the folder of Frame.io that a folder mirrors; empty: none.
	Synced func(ctx context.Context, folder string) (string, error)

	called *sql.Stmt
}

// Binding is a Nuxeo folder tied to workspaces.
type Binding struct {
	ID, FolderUID, FolderPath, FolderTitle string
	ActionName, Description                string
	DocumentType                           string
	Creator, Owner                         string
	Publishers                             string
	NeedsOwner                             string // why nobody can act for it; empty while somebody can
	State                                  State
	Reason                                 string
	Created                                time.Time
	Ends                                   time.Time // of one that is Ending: when it does so at the latest
	Actions                                []Action
}

// Action is the custom action of a binding in one workspace.
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
)

const columns = `id, folder_uid, folder_path, folder_title, action_name, description, document_type, creator, owner, ` +
	`publishers, state, reason, needs_owner, created, ends`

func scan(row interface{ Scan(...any) error }) (Binding, error) {
	var b Binding
	var created, ends int64
	err := row.Scan(&b.ID, &b.FolderUID, &b.FolderPath, &b.FolderTitle, &b.ActionName, &b.Description,
		&b.DocumentType, &b.Creator,
		&b.Owner, &b.Publishers, &b.State, &b.Reason, &b.NeedsOwner, &created, &ends)
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

func (s *Service) actions(ctx context.Context, binding string) ([]Action, error) {
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT id, binding_id, account_id, account_name, workspace_id,
		workspace_name, remote_id, state
		FROM actions WHERE binding_id = $1 ORDER BY workspace_name, id`, binding)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Action
	for rows.Next() {
		var a Action
		if err := rows.Scan(&a.ID, &a.BindingID, &a.AccountID, &a.AccountName, &a.WorkspaceID, &a.WorkspaceName,
			&a.RemoteID, &a.State); err != nil {
			return nil, err
		}
		out = append(out, a)
	}

	return out, rows.Err()
}

// Get shows a binding to somebody who may read its folder in Nuxeo.
func (s *Service) Get(ctx context.Context, who work.Viewer, id string) (Binding, error) {
	b, err := s.get(ctx, id)
	if err != nil {
		return b, err
	}

	may, err := s.maySee(ctx, who, b)
	if err == nil && !may {
		err = notFound()
	}

	if err != nil {
		return Binding{}, err
	}

	return b, nil
}

func (s *Service) maySee(ctx context.Context, who work.Viewer, b Binding) (bool, error) {
	if who.Admin || who.Login == b.Creator || who.Login == b.Owner {
		return true, nil
	}

	nx, err := s.People.Nuxeo(ctx, who.Login)
	if err != nil {
		return false, err
	}

	_, err = nx.Get(ctx, b.FolderUID, nuxeo.Fetch{})
	switch nuxeo.StatusOf(err) {
	case 401, 403, 404:
		return false, nil
	}

	return err == nil, err
}

// List shows bindings that are being made or stand, newest first: those of a
// folder (its id), else one's own; administrators see all. before is a cursor,
// which the call for the page before returned as next; an empty one ends.
func (s *Service) List(
	ctx context.Context, who work.Viewer, folder, before string, limit int,
) (list []Binding, next string, err error) {
	if limit <= 0 || limit > 500 {
		limit = 50
	}

	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT `+columns+` FROM bindings
		WHERE state IN ('binding', 'bound', 'ending')
		AND ($1 = '' OR folder_uid = $1) AND ($2 = '' OR id < $2) AND ($3 OR $1 <> '' OR creator = $4 OR owner = $4)
		ORDER BY id DESC LIMIT $5`, folder, before, who.Admin, who.Login, limit+1)
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	for rows.Next() {
		b, err := scan(rows)
		if err != nil {
			return nil, "", err
		}
		list = append(list, b)
	}

	if err := rows.Err(); err != nil {
		return nil, "", err
	}

	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID
	}

	list, err = s.visible(ctx, who, list)
	return list, next, err
}

func (s *Service) visible(ctx context.Context, who work.Viewer, all []Binding) ([]Binding, error) {
	out := make([]Binding, 0, len(all))
	for _, b := range all {
		may, err := s.maySee(ctx, who, b)
		if err != nil {
			return nil, err
		}

		if !may {
			continue
		}

		if b.Actions, err = s.actions(ctx, b.ID); err != nil {
			return nil, err
		}

		out = append(out, b)
	}

	return out, nil
}

// Stands reports whether a binding stands, and whether it only takes back what is under
// review.
func (s *Service) Stands(ctx context.Context, id string) (stands, ending bool, err error) {
	var state State
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT state FROM bindings WHERE id = $1`, id).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return false, false, nil
	}
	return state == Bound || state == Ending, state == Ending, err
}

// Called is a custom action that was called, with what is needed to answer.
type Called struct {
	Action  Action
	Binding Binding
	Secret  string
}

const calledAction = `SELECT actions.id, binding_id, account_id, workspace_id, workspace_name, remote_id, secret,
	actions.state, ` +
	`bindings.id, folder_uid, folder_path, folder_title, action_name, description, document_type, creator, owner,
		publishers, bindings.state, reason, created
	FROM actions JOIN bindings ON bindings.id = actions.binding_id WHERE actions.id = $1`

// Prepare compiles the statement that every call of a custom action runs. It is
// called once, before the service is used.
func (s *Service) Prepare(ctx context.Context) (err error) {
	s.called, err = s.DB.Reader.PrepareContext(ctx, calledAction)
	return err
}

// Call finds the custom action that an address of ours names.
func (s *Service) Call(ctx context.Context, actionID string) (Called, error) {
	var c Called
	var sealed []byte
	var created int64
	a, b := &c.Action, &c.Binding
	// A statement under a context that can end costs the driver a goroutine.
	err := s.called.QueryRowContext(context.WithoutCancel(ctx), actionID).
		Scan(&a.ID, &a.BindingID, &a.AccountID, &a.WorkspaceID, &a.WorkspaceName, &a.RemoteID, &sealed, &a.State,
			&b.ID, &b.FolderUID, &b.FolderPath, &b.FolderTitle, &b.ActionName, &b.Description,
			&b.DocumentType, &b.Creator,
			&b.Owner, &b.Publishers, &b.State, &b.Reason, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return Called{}, fault.New(fault.NotFound, "There is no such custom action.")
	}

	if err != nil {
		return c, err
	}

	b.Created = store.Time(created)
	c.Secret, err = s.Vault.Open(secretPlace(a.ID), sealed)
	return c, err
}

// Sealed is the column of this package that the vault seals.
var Sealed = identity.Sealed{
	Table:  "actions",
	Column: "secret",
	Key:    []string{"id"},
	Place:  func(k []string) string { return secretPlace(k[0]) },
}

func secretPlace(action string) string { return "actions/" + action }
