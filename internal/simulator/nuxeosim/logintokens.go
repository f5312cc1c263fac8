package nuxeosim

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// loginToken is an entry of the directory authTokens. It never expires.
type loginToken struct {
	id, login, application, device, description, permission string
	created                                                 time.Time
}

// DropTokens revokes every login token, session and OAuth 2 token of a user, as
// an administrator or the collector of expired tokens does.
func (s *Server) DropTokens(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.logins.tokens, func(_ string, t *loginToken) bool { return t.login == login })
	maps.DeleteFunc(s.logins.sessions, func(_, owner string) bool { return owner == login })
	maps.DeleteFunc(s.logins.access, func(_ string, t oauthToken) bool { return t.login == login })
	maps.DeleteFunc(s.oauth.refresh, func(_ string, t oauthToken) bool { return t.login == login })
}

// tokenRoute serves /api/v1/token. Parameters are in the query, also on POST.
func tokenRoute(c *call, seg []string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	switch {
	case c.r.Method == http.MethodPost && len(seg) == 0:
		return c.acquireToken("application")
	case c.r.Method == http.MethodGet && len(seg) == 0:
		return ok(c.ownTokens()), nil
	case c.r.Method == http.MethodDelete && len(seg) == 1:
		delete(c.s.logins.tokens, seg[0]) // nobody checks whose it is
		return nil, nil
	}

	return nil, methodNotAllowed()
}

// acquireToken gives the same token for the same user, application and device.
func (c *call) acquireToken(application string) (*answer, error) {
	q := c.r.URL.Query()
	t := loginToken{
		login: c.user.login, application: q.Get(application), device: q.Get("deviceId"),
		description: q.Get("deviceDescription"), permission: q.Get("permission"), created: c.s.opt.Now(),
	}
	if t.application == "" || t.device == "" || t.permission == "" {
		return nil, c.s.refused(400, 500,
			"The following request parameters are mandatory to acquire an authentication token: %s, deviceId, "+
				"permission.", application)
	}

	if same := c.findToken(t.application, t.device); same != nil {
		t = *same
	} else {
		t.id = c.s.opt.NewID()
		c.s.logins.tokens[t.id] = &t
	}

	return &answer{
		status: http.StatusCreated,
		text:   t.id,
		header: map[string]string{"Content-Type": "application/json"},
	}, nil
}

func (c *call) findToken(application, device string) *loginToken {
	for _, t := range c.s.logins.tokens {
		if t.login == c.user.login && t.application == application && t.device == device {
			return t
		}
	}
	return nil
}

func (c *call) ownTokens() map[string]any {
	entries := []any{}
	for _, id := range slices.Sorted(maps.Keys(c.s.logins.tokens)) {
		t := c.s.logins.tokens[id]
		app := c.r.URL.Query().Get("application")
		if t.login != c.user.login || app != "" && app != t.application {
			continue
		}
		entries = append(entries, map[string]any{
			"entity-type": "token", "id": t.id, "username": t.login, "application": t.application, "deviceId": t.device,
			"deviceDescription": t.description, "permission": t.permission, "creationDate": formatTime(t.created),
		})
	}

	return map[string]any{"entity-type": "tokens", "entries": entries}
}

// classicToken serves /authentication/token.
func classicToken(c *call) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	q := c.r.URL.Query()
	if q.Get("revoke") != "true" {
		return c.acquireToken("applicationName")
	}

	t := c.findToken(q.Get("applicationName"), q.Get("deviceId"))
	if t == nil {
		return nil, badRequest("No token found for this application and device")
	}

	delete(c.s.logins.tokens, t.id)
	return &answer{status: http.StatusAccepted, text: "Token revoked for userName " + c.user.login}, nil
}

// automationLogin serves POST /automation/login.
func automationLogin(c *call) *answer {
	groups := []any{}
	for _, g := range c.user.groups {
		groups = append(groups, g)
	}

	return ok(map[string]any{
		"entity-type":     "login",
		"username":        c.user.login,
		"isAdministrator": c.user.admin,
		"groups":          groups,
	})
}
