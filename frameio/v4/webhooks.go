package v4

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

type wireWebhook struct {
	ID     string   `json:"id"`
	Name   string   `json:"name"`
	URL    string   `json:"url"`
	Events []string `json:"events"`
	Active bool     `json:"active"`
	Secret string   `json:"secret"`
}

func (w wireWebhook) webhook() frameio.Webhook {
	return frameio.Webhook{ID: w.ID, Name: w.Name, URL: w.URL, Events: w.Events, Active: w.Active, Secret: w.Secret}
}

// Webhooks lists the webhooks of a workspace (GET …/workspaces/{ws}/webhooks), and fails as Actions does.
func (c *Client) Webhooks(ctx context.Context, account, workspace string) iter.Seq2[frameio.Webhook, error] {
	return every(list(ctx, c, seg("accounts", account, "workspaces", workspace, "webhooks"), nil, 100),
		func(raw json.RawMessage) (frameio.Webhook, bool) {
			var w wireWebhook
			ok := fields(raw, &w) && w.ID != ""
			return w.webhook(), ok
		})
}

// CreateWebhook makes a webhook for all projects of a workspace
// (POST …/workspaces/{ws}/webhooks). Its secret comes only in this answer; 403
// without the right to manage webhooks.
func (c *Client) CreateWebhook(
	ctx context.Context, account, workspace string, h frameio.Webhook,
) (frameio.Webhook, error) {
	body := map[string]any{"name": h.Name, "url": h.URL, "events": h.Events}
	w, err := one[wireWebhook](ctx, c, http.MethodPost, seg("accounts", account, "workspaces", workspace, "webhooks"),
		nil, body)
	return w.webhook(), err
}

// UpdateWebhook sets events of a webhook and switches it on
// (PATCH …/webhooks/{id}).
func (c *Client) UpdateWebhook(ctx context.Context, account, id string, events []string) error {
	body := map[string]any{"events": events, "active": true}
	return c.do(ctx, http.MethodPatch, seg("accounts", account, "webhooks", id), url.Values{}, body, nil)
}

// DeleteWebhook removes a webhook (DELETE …/webhooks/{id}); 404 when it is gone
// already.
func (c *Client) DeleteWebhook(ctx context.Context, account, id string) error {
	return c.do(ctx, http.MethodDelete, seg("accounts", account, "webhooks", id), url.Values{}, nil, nil)
}

// Event is what a webhook tells: that something happened to a thing, never what
// it is now.
type Event struct {
	Type               string // such as comment.created
	Account, Workspace string
	Resource           string
	Kind               string // of the resource: file, folder, version_stack, comment …
}

// ErrEvent says that a body is no event of a webhook.
var ErrEvent = errors.New("this is not an event of a webhook")

// ParseEvent reads the body of a call of a webhook.
func ParseEvent(body []byte) (Event, error) {
	var w struct {
		Type      string `json:"type"`
		Account   idOnly `json:"account"`
		Workspace idOnly `json:"workspace"`
		Resource  struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"resource"`
	}

	if err := json.Unmarshal(body, &w); err != nil {
		return Event{}, ErrEvent
	}

	e := Event{
		Type:      w.Type,
		Account:   w.Account.ID,
		Workspace: w.Workspace.ID,
		Resource:  w.Resource.ID,
		Kind:      w.Resource.Type,
	}

	// All of it is needed, and ends up in rows.
	for _, part := range []string{e.Type, e.Account, e.Workspace, e.Resource, e.Kind} {
		if part == "" || len(part) > 200 {
			return Event{}, ErrEvent
		}
	}

	return e, nil
}
