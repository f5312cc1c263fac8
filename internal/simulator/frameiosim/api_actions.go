package frameiosim

import (
	"net/url"
	"slices"
)

func (s *Server) listActions(c *call) (any, error) {
	w, err := s.findWorkspace(c)
	if err != nil {
		return nil, err
	}
	live := slices.DeleteFunc(slices.Clone(w.actions), func(a *action) bool { return a.deleted })
	return list(s, c, live, pageMax, func(a *action) any { return s.actionWith(c, a) })
}

func (s *Server) showAction(c *call) (any, error) {
	a, err := s.findAction(c)
	if err != nil {
		return nil, err
	}
	return s.actionWith(c, a), nil
}

func (s *Server) actionWith(c *call, a *action) object {
	out := actionView(a)
	if c.includes()["creator"] {
		out["creator"] = s.user(a.creator)
	}
	return out
}

func actionView(a *action) object {
	out := object{
		"id": a.id, "name": a.name, "description": a.description, "event": a.event, "url": a.url,
		"workspace_id": a.workspace.id,
		"creator_id":   a.creator, "active": a.active, "multi_asset": a.multi, "created_at": stamp(a.created),
		"updated_at": stamp(a.updated), "deleted_at": nil,
	}
	if a.timeout > 0 {
		out["timeout"] = a.timeout
	}

	return out
}

type actionBody struct {
	Name        *string `json:"name"`
	Description *string `json:"description"`
	Event       *string `json:"event"`
	URL         *string `json:"url"`
	MultiAsset  *bool   `json:"multi_asset"`
	Timeout     *int    `json:"timeout"`
	Active      *bool   `json:"active"`
}

func (b actionBody) check(create bool) error {
	for _, f := range []struct {
		name  string
		value *string
		most  int
	}{{"name", b.Name, 255}, {"description", b.Description, 255}, {"event", b.Event, 255}, {"url", b.URL, 2000}} {
		if f.value == nil {
			if create {
				return invalid("/data/"+f.name, "Missing field: %s", f.name)
			}
			continue
		}
		if err := text(f.name, *f.value, f.most); err != nil {
			return err
		}
	}
	return b.checkRest(create)
}

func (b actionBody) checkRest(create bool) error {
	if b.Timeout != nil && (*b.Timeout < 5 || *b.Timeout > 10) {
		return invalid("/data/timeout", "timeout must be from 5 to 10")
	}

	if create && b.Active != nil {
		return invalid("/data/active", "Unexpected field: active")
	}

	if b.URL != nil {
		if u, err := url.Parse(*b.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return invalid("/data/url", "url is not a valid address")
		}
	}

	return nil
}

func (b actionBody) apply(a *action) {
	set(&a.name, b.Name)
	set(&a.description, b.Description)
	set(&a.event, b.Event)
	set(&a.url, b.URL)
	set(&a.multi, b.MultiAsset)
	set(&a.timeout, b.Timeout)
	set(&a.active, b.Active)
}

func set[T any](to, value *T) {
	if value != nil {
		*to = *value
	}
}

func (s *Server) createAction(c *call) (any, error) {
	w, err := s.findWorkspace(c)
	if err == nil && !w.managed(c.person.id) {
		err = forbidden("Only an account owner or a content admin can manage custom actions")
	}

	if err != nil {
		return nil, err
	}

	in, err := decode[actionBody](c)
	if err == nil {
		err = in.check(true)
	}

	if err != nil {
		return nil, err
	}

	a := s.newAction(w, c.person.id)
	in.apply(a)
	out := actionView(a)
	out["secret"] = a.secret // here and never again
	return out, nil
}

func (s *Server) newAction(w *workspace, creator string) *action {
	now := s.tick()
	a := &action{
		id:        s.ids.uuid(),
		workspace: w,
		multi:     true,
		active:    true,
		secret:    s.ids.secret(),
		creator:   creator,
		created:   now,
		updated:   now,
	}

	s.actions[a.id] = a
	w.actions = append(w.actions, a)
	return a
}

// managed reports whether a person may create, change and delete custom actions.
func (w *workspace) managed(personID string) bool { return w.account.leads(personID) }

func (s *Server) updateAction(c *call) (any, error) {
	a, err := s.findAction(c)
	if err == nil && !a.workspace.managed(c.person.id) {
		err = forbidden("Only an account owner or a content admin can manage custom actions")
	}

	if err != nil {
		return nil, err
	}

	in, err := decode[actionBody](c)
	if err == nil {
		err = in.check(false)
	}

	if err != nil {
		return nil, err
	}

	in.apply(a)
	a.updated = s.tick()
	return actionView(a), nil
}

func (s *Server) deleteAction(c *call) (any, error) {
	a, err := s.findAction(c)
	if err == nil && !a.workspace.managed(c.person.id) {
		err = forbidden("Only an account owner or a content admin can manage custom actions")
	}

	if err != nil {
		return nil, err
	}

	a.deleted = true
	return nil, nil
}

// ActionView is a custom action for inspection; unlike the API it tells the secret.
type ActionView struct {
	ID          string `json:"id"`
	WorkspaceID string `json:"workspace_id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Event       string `json:"event"`
	URL         string `json:"url"`
	MultiAsset  bool   `json:"multi_asset"`
	Timeout     int    `json:"timeout"` // seconds; 0: unset
	Active      bool   `json:"active"`
	Secret      string `json:"secret"`
	CreatorID   string `json:"creator_id"`
}

// Actions lists the custom actions of a workspace as they were made; an empty
// id means all workspaces.
func (s *Server) Actions(workspaceID string) []ActionView {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []ActionView{}
	for _, a := range s.accountSeq {
		for _, w := range a.workspaces {
			if workspaceID == "" || w.id == workspaceID {
				out = append(out, w.actionViews()...)
			}
		}
	}

	return out
}

func (w *workspace) actionViews() (out []ActionView) {
	for _, a := range w.actions {
		if !a.deleted {
			out = append(out, ActionView{
				ID: a.id, WorkspaceID: w.id, Name: a.name, Description: a.description, Event: a.event, URL: a.url,
				MultiAsset: a.multi, Timeout: a.timeout, Active: a.active, Secret: a.secret, CreatorID: a.creator,
			})
		}
	}
	return out
}

// SetActionActive disables an action, as an account's migration does, or enables it.
func (s *Server) SetActionActive(actionID string, active bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	must(s.actions, "action", actionID).active = active
}
