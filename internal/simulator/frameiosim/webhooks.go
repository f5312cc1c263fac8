package frameiosim

import (
	"context"
	"net/http"
	"slices"
	"time"
)

type webhook struct {
	id, name, url, secret, creator string
	workspace                      *workspace
	events                         []string
	active, deleted                bool
	created, updated               time.Time
}

// webhookEvents are the names of the contract.
var webhookEvents = []string{
	"file.created", "file.deleted", "file.ready", "file.updated", "file.upload.completed",
	"file.versioned", "file.copied",
	"folder.created", "folder.deleted", "folder.updated", "folder.copied", "comment.created", "comment.updated",
	"comment.deleted", "comment.completed",
	"comment.uncompleted", "customfield.created", "customfield.updated", "customfield.deleted",
	"metadata.value.updated", "project.created",
	"project.updated", "project.deleted", "collection.created", "collection.updated", "collection.deleted",
	"share.created", "share.updated",
	"share.deleted", "share.viewed",
}

func webhookRoutes() []route {
	return []route{
		{"GET", base + "/workspaces/{workspace_id}/webhooks", "webhooks.index", hundred, 200, (*Server).listWebhooks},
		{"POST", base + "/workspaces/{workspace_id}/webhooks", "webhooks.create", ten, 201, (*Server).createWebhook},
		{"GET", base + "/webhooks/{webhook_id}", "webhooks.show", hundred, 200, (*Server).showWebhook},
		{"PATCH", base + "/webhooks/{webhook_id}", "webhooks.update", ten, 200, (*Server).updateWebhook},
		{"DELETE", base + "/webhooks/{webhook_id}", "webhooks.delete", sixty, 204, (*Server).deleteWebhook},
	}
}

func (s *Server) listWebhooks(c *call) (any, error) {
	w, err := s.findWorkspace(c)
	if err != nil {
		return nil, err
	}
	live := slices.DeleteFunc(slices.Clone(w.webhooks), func(h *webhook) bool { return h.deleted })
	return list(s, c, live, pageMax, func(h *webhook) any { return s.webhookWith(c, h) })
}

func (s *Server) showWebhook(c *call) (any, error) {
	h, err := s.findWebhook(c)
	if err != nil {
		return nil, err
	}
	return s.webhookWith(c, h), nil
}

func (s *Server) webhookWith(c *call, h *webhook) object {
	out := webhookView(h)
	if c.includes()["creator"] {
		out["creator"] = s.user(h.creator)
	}
	return out
}

func webhookView(h *webhook) object {
	return object{
		"id": h.id, "name": h.name, "url": h.url, "events": h.events, "active": h.active,
		"workspace_id": h.workspace.id,
		"created_at":   stamp(h.created), "updated_at": stamp(h.updated),
	}
}

func (s *Server) findWebhook(c *call) (*webhook, error) {
	id := c.r.PathValue("webhook_id")
	h := s.webhooks[id]
	if h == nil || h.deleted || h.workspace.account != c.account || !h.workspace.visible(c.person.id) {
		return nil, notFound("webhook", id)
	}
	return h, nil
}

// ownWebhook is findWebhook for writers, who need the right to manage.
func (s *Server) ownWebhook(c *call) (*webhook, error) {
	h, err := s.findWebhook(c)
	if err == nil && !h.workspace.managed(c.person.id) {
		err = forbidden("You do not have permission to manage webhooks")
	}
	return h, err
}

type webhookBody struct {
	Name   *string   `json:"name"`
	URL    *string   `json:"url"`
	Events *[]string `json:"events"`
	Active *bool     `json:"active"`
}

func (b webhookBody) check(create bool) error {
	if create && (b.Name == nil || b.URL == nil || b.Events == nil) {
		return invalid("/data", "Missing field: name, url and events are required")
	}

	if b.Name != nil {
		if err := text("name", *b.Name, 255); err != nil {
			return err
		}
	}

	if b.URL != nil {
		if err := text("url", *b.URL, 2000); err != nil {
			return err
		}
	}

	return b.checkEvents()
}

func (b webhookBody) checkEvents() error {
	if b.Events == nil {
		return nil
	}

	if len(*b.Events) == 0 {
		return invalid("/data/events", "events must not be empty")
	}

	for _, e := range *b.Events {
		if !slices.Contains(webhookEvents, e) {
			return invalid("/data/events", "Unknown event %q", e)
		}
	}

	return nil
}

func (b webhookBody) apply(h *webhook) {
	set(&h.name, b.Name)
	set(&h.url, b.URL)
	set(&h.events, b.Events)
	set(&h.active, b.Active)
}

func (s *Server) createWebhook(c *call) (any, error) {
	w, err := s.findWorkspace(c)
	if err == nil && !w.managed(c.person.id) {
		err = forbidden("You do not have permission to manage webhooks")
	}

	if err != nil {
		return nil, err
	}

	in, err := decode[webhookBody](c)
	if err == nil {
		err = in.check(true)
	}

	if err != nil {
		return nil, err
	}

	now := s.tick()
	h := &webhook{
		id:        s.ids.uuid(),
		secret:    s.ids.secret(),
		creator:   c.person.id,
		workspace: w,
		active:    true,
		created:   now,
		updated:   now,
	}

	in.apply(h)
	s.webhooks[h.id] = h
	w.webhooks = append(w.webhooks, h)
	out := webhookView(h)
	out["secret"] = h.secret // here and never again
	return out, nil
}

func (s *Server) updateWebhook(c *call) (any, error) {
	h, err := s.ownWebhook(c)
	if err != nil {
		return nil, err
	}

	in, err := decode[webhookBody](c)
	if err == nil {
		err = in.check(false)
	}

	if err != nil {
		return nil, err
	}

	in.apply(h)
	h.updated = s.tick()
	return webhookView(h), nil
}

func (s *Server) deleteWebhook(c *call) (any, error) {
	h, err := s.ownWebhook(c)
	if err != nil {
		return nil, err
	}
	h.deleted = true
	return nil, nil
}

// Event is one notification to the webhooks of a workspace, as SendEvent sends it.
// With Options.Events they are sent by themselves as well.
type Event struct {
	Type, ResourceID, PersonID string         // such as file.ready; the resource is an asset or a comment
	Extra                      map[string]any // added to the body
	Secret                     string         // signs with another secret
	Skew                       time.Duration  // adds to the timestamp
}

// WebhookView is a webhook for inspection; unlike the API it tells the secret.
type WebhookView struct {
	ID, WorkspaceID, Name, URL, Secret string
	Events                             []string
	Active                             bool
}

// Webhooks lists the webhooks of a workspace as they were made.
func (s *Server) Webhooks(workspaceID string) []WebhookView {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []WebhookView
	for _, h := range must(s.workspaces, "workspace", workspaceID).webhooks {
		if !h.deleted {
			out = append(out, WebhookView{
				ID:          h.id,
				WorkspaceID: workspaceID,
				Name:        h.name,
				URL:         h.url,
				Secret:      h.secret,
				Events:      h.events,
				Active:      h.active,
			})
		}
	}

	return out
}

// adminEvent is SendEvent for other processes.
func (s *Server) adminEvent(r *http.Request) (any, error) {
	var in struct {
		Type       string         `json:"type"`
		ResourceID string         `json:"resource_id"`
		PersonID   string         `json:"person_id"`
		Extra      map[string]any `json:"extra"`
	}

	if err := readJSON(r, &in); err != nil {
		return nil, err
	}

	results, err := s.SendEvent(context.WithoutCancel(r.Context()), Event{
		Type:       in.Type,
		ResourceID: in.ResourceID,
		PersonID:   in.PersonID,
		Extra:      in.Extra,
	})

	return object{"deliveries": results}, err
}
