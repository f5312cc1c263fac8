package nuxeosim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// loginToken is an entry of the directory authTokens. It never expires.
type loginToken struct {
	id, login, application, device, description, permission string
	created                                                 time.Time
}

// DisableUser refuses every way of signing in to a user from now on.
func (s *Server) DisableUser(login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := s.users[login]; u != nil {
		u.Disabled = true
	}
}

// AddUser adds a user or replaces one.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.Login] = &u
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

func me(c *call, _ []string) (*answer, error) { return ok(c.user.json()), nil }

// json is the entity "user".
func (p *principal) json() map[string]any {
	groups, extended := []any{}, []any{}
	for _, g := range p.groups {
		groups = append(groups, g)
		extended = append(extended, map[string]any{"name": g, "label": g, "url": "group/" + g})
	}
	return map[string]any{
		"entity-type": "user", "id": p.login, "isAdministrator": p.admin, "isAnonymous": false, "isPartial": false,
		"extendedGroups": extended,
		"properties": map[string]any{
			"username": p.login, "firstName": p.user.FirstName, "lastName": p.user.LastName,
			"email": p.user.Email, "company": "", "groups": groups,
		},
	}
}

// userRoute serves /api/v1/user: one by login, to read or for an administrator to
// change, or a search.
func userRoute(c *call, seg []string) (*answer, error) {
	switch {
	case len(seg) == 1 && c.r.Method == http.MethodPut:
		return c.changeUser(seg[0])
	case len(seg) == 0 && c.r.Method == http.MethodPost:
		return c.inviteUser()
	case len(seg) == 1 && c.r.Method == http.MethodDelete:
		return c.removeUser(seg[0])
	}
	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	if len(seg) == 1 && seg[0] == "search" {
		return ok(c.s.searchUsers(c.r.URL.Query().Get("q"))), nil
	}
	if len(seg) != 1 || c.r.Method != http.MethodGet {
		return nil, methodNotAllowed()
	}
	u := c.s.users[seg[0]]
	if u == nil {
		return nil, notFound("user does not exist")
	}
	return ok(u.principal().json()), nil
}

// changeUser writes a user's name and address.
func (c *call) changeUser(login string) (*answer, error) {
	var body struct {
		Properties struct{ FirstName, LastName, Email string }
	}
	if err := c.readJSON(&body); err != nil {
		return nil, err
	}
	if !c.user.admin {
		return nil, forbidden("Only an administrator may change users")
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	old := c.s.users[login]
	if old == nil {
		return nil, notFound("user does not exist")
	}
	u := *old
	u.FirstName, u.LastName, u.Email = body.Properties.FirstName, body.Properties.LastName, body.Properties.Email
	c.s.users[login] = &u
	return ok(u.principal().json()), nil
}

// inviteUser makes a user.
func (c *call) inviteUser() (*answer, error) {
	var body struct {
		ID         string
		Properties struct {
			FirstName, LastName, Email, Password string
			Groups                               []string
		}
	}
	if err := c.readJSON(&body); err != nil {
		return nil, err
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	p := body.Properties
	switch {
	case !c.user.admin:
		return nil, forbidden("Only an administrator may make users")
	case body.ID == "":
		return nil, badRequest("User id is missing")
	case c.s.users[body.ID] != nil:
		return nil, conflict("User already exists: %s", body.ID)
	}
	u := User{Login: body.ID, Password: p.Password, FirstName: p.FirstName, LastName: p.LastName, Email: p.Email, Groups: p.Groups}
	c.s.users[body.ID] = &u
	return created(u.principal().json()), nil
}

func (c *call) removeUser(login string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	switch {
	case !c.user.admin:
		return nil, forbidden("Only an administrator may remove users")
	case c.s.users[login] == nil:
		return nil, notFound("user does not exist")
	}
	delete(c.s.users, login)
	return nil, nil
}

func (s *Server) searchUsers(q string) map[string]any {
	entries := []any{}
	for _, login := range slices.Sorted(maps.Keys(s.users)) {
		u := s.users[login]
		if q == "*" || strings.HasPrefix(strings.ToLower(login), strings.ToLower(q)) || strings.EqualFold(u.Email, q) {
			entries = append(entries, u.principal().json())
		}
	}
	return map[string]any{"entity-type": "users", "entries": entries, "totalSize": len(entries), "isNextPageAvailable": false}
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
		return nil, c.s.refused(400, 500, "The following request parameters are mandatory to acquire an authentication token: %s, deviceId, permission.", application)
	}
	if same := c.findToken(t.application, t.device); same != nil {
		t = *same
	} else {
		t.id = c.s.opt.NewID()
		c.s.logins.tokens[t.id] = &t
	}
	return &answer{status: http.StatusCreated, text: t.id, header: map[string]string{"Content-Type": "application/json"}}, nil
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
	return ok(map[string]any{"entity-type": "login", "username": c.user.login, "isAdministrator": c.user.admin, "groups": groups})
}
