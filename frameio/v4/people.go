package v4

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

// Me tells whose credential this is (GET /v4/me).
func (c *Client) Me(ctx context.Context) (frameio.User, error) {
	w, err := one[wireUser](ctx, c, http.MethodGet, "/me", nil, nil)
	return w.user(), err
}

// Accounts lists the accounts of the person, those that invited them included
// (GET /v4/accounts).
func (c *Client) Accounts(ctx context.Context) iter.Seq2[frameio.Account, error] {
	type wire struct {
		ID    string   `json:"id"`
		Name  string   `json:"display_name"`
		Roles []string `json:"roles"`
	}
	return convert(list(ctx, c, "/accounts", nil, 100), func(raw json.RawMessage) (frameio.Account, bool) {
		var w wire
		ok := fields(raw, &w) && w.ID != ""
		return frameio.Account{ID: w.ID, Name: w.Name, Roles: w.Roles}, ok
	})
}

// Workspaces lists the workspaces of an account that the person belongs to
// (GET …/workspaces).
func (c *Client) Workspaces(ctx context.Context, account string) iter.Seq2[frameio.Workspace, error] {
	return convert(list(ctx, c, seg("accounts", account, "workspaces"), nil, 100),
		func(raw json.RawMessage) (frameio.Workspace, bool) {
			var w wireID
			ok := fields(raw, &w) && w.ID != ""
			return frameio.Workspace{ID: w.ID, Name: w.Name}, ok
		})
}

// Workspace reads one workspace (GET …/workspaces/{id}).
func (c *Client) Workspace(ctx context.Context, account, id string) (frameio.Workspace, error) {
	w, err := one[wireID](ctx, c, http.MethodGet, seg("accounts", account, "workspaces", id), nil, nil)
	return frameio.Workspace{ID: w.ID, Name: w.Name}, err
}

// InvitedProjects lists projects of workspaces that the person does not belong
// to (GET …/invited_projects).
func (c *Client) InvitedProjects(ctx context.Context, account string) iter.Seq2[frameio.Project, error] {
	return convert(list(ctx, c, seg("accounts", account, "invited_projects"), nil, 100), projectOf)
}

type wireAction struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	URL         string `json:"url"`
	Event       string `json:"event"`
	Active      bool   `json:"active"`
	Secret      string `json:"secret"`
}

func (w wireAction) action() frameio.Action {
	return frameio.Action{
		ID:          w.ID,
		Name:        w.Name,
		Description: w.Description,
		URL:         w.URL,
		Event:       w.Event,
		Active:      w.Active,
		Secret:      w.Secret,
	}
}

// Actions lists the custom actions of a workspace (GET …/workspaces/{ws}/actions). It fails
// after the last if there are some that cannot be told from one that is looked for.
func (c *Client) Actions(ctx context.Context, account, workspace string) iter.Seq2[frameio.Action, error] {
	return every(list(ctx, c, seg("accounts", account, "workspaces", workspace, "actions"), nil, 100),
		func(raw json.RawMessage) (frameio.Action, bool) {
			var w wireAction
			ok := fields(raw, &w) && w.ID != ""
			return w.action(), ok
		})
}

// CreateAction makes a custom action for one or many assets
// (POST …/workspaces/{ws}/actions). It needs the role of a content admin or
// the account's owner; its secret comes only in this answer.
func (c *Client) CreateAction(
	ctx context.Context, account, workspace string, a frameio.Action,
) (frameio.Action, error) {
	body := map[string]any{
		"name": a.Name, "description": a.Description, "event": a.Event, "url": a.URL,
		"multi_asset": true, "timeout": 5,
	}
	w, err := one[wireAction](ctx, c, http.MethodPost, seg("accounts", account, "workspaces", workspace, "actions"),
		nil, body)
	return w.action(), err
}

// RenameAction gives a custom action another name (PATCH …/actions/{id}); 404 when it is gone.
// It needs the role that CreateAction needs.
func (c *Client) RenameAction(ctx context.Context, account, id, name string) error {
	return c.do(ctx, http.MethodPatch, seg("accounts", account, "actions", id), url.Values{},
		map[string]any{"name": name}, nil)
}

// DeleteAction removes a custom action (DELETE …/actions/{id}); 404 when it is
// gone already.
func (c *Client) DeleteAction(ctx context.Context, account, id string) error {
	return c.do(ctx, http.MethodDelete, seg("accounts", account, "actions", id), url.Values{}, nil, nil)
}
