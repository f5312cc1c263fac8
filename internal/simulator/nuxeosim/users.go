package nuxeosim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

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

// me serves /api/v1/me, and lets people change their password.
func me(c *call, seg []string) (*answer, error) {
	if len(seg) == 1 && seg[0] == "changepassword" && c.r.Method == http.MethodPut {
		return c.changePassword()
	}
	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	return ok(c.s.userJSON(c.user)), nil
}

// userJSON is the entity "user". What was never said is null.
func (s *Server) userJSON(p *principal) map[string]any {
	groups, extended := []any{}, []any{}
	for _, name := range slices.Sorted(slices.Values(p.groups)) {
		groups = append(groups, name)
		label := name
		if g := s.groups[name]; g != nil && g.label != "" {
			label = g.label
		}
		extended = append(extended, map[string]any{"name": name, "label": label, "url": "group/" + name})
	}

	return map[string]any{
		"entity-type": "user", "id": p.login, "isAdministrator": p.admin, "isAnonymous": false,
		"extendedGroups": extended,
		"properties": map[string]any{
			"username": p.login, "firstName": orNull(p.user.FirstName), "lastName": orNull(p.user.LastName),
			"email": orNull(p.user.Email), "company": orNull(p.user.Company), "tenantId": nil, "groups": groups,
		},
	}
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// userRoute serves /api/v1/user: one by login, to read or for who manages people to
// change, or a search.
func userRoute(c *call, seg []string) (*answer, error) {
	switch {
	case len(seg) == 0 && c.r.Method == http.MethodPost:
		return c.inviteUser()
	case len(seg) == 1 && c.r.Method == http.MethodPut:
		return c.changeUser(seg[0])
	case len(seg) == 1 && c.r.Method == http.MethodDelete:
		return c.removeUser(seg[0])
	case len(seg) == 3 && seg[1] == "group":
		return c.membership(seg[2], seg[0])
	}

	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	if len(seg) == 1 && seg[0] == "search" {
		return ok(c.usersPage(c.s.usersLike(c.r.URL.Query().Get("q")))), nil
	}

	if len(seg) != 1 || c.r.Method != http.MethodGet {
		return nil, methodNotAllowed()
	}

	u := c.s.users[seg[0]]
	if u == nil {
		return nil, notFound("user does not exist")
	}

	return ok(c.s.userJSON(u.principal())), nil
}

// manages reports whether the caller may change people of some groups: administrators
// all, power users those that are no administrators.
func (c *call) manages(groups ...string) bool {
	return c.user.admin || slices.Contains(c.user.groups, "powerusers") && !slices.Contains(groups, "administrators")
}

// userBody is the entity "user" that a client sends; what it leaves out is nil.
type userBody struct {
	EntityType string `json:"entity-type"`
	ID         string `json:"id"`
	Properties struct {
		Username                                      string
		FirstName, LastName, Email, Company, Password *string
		Groups                                        *[]string
	}
}

// into writes what was sent.
func (b *userBody) into(u *User) {
	p := b.Properties
	for to, sent := range map[*string]*string{
		&u.FirstName: p.FirstName, &u.LastName: p.LastName, &u.Email: p.Email, &u.Company: p.Company,
		&u.Password: p.Password,
	} {
		if sent != nil {
			*to = *sent
		}
	}

	if p.Groups != nil {
		u.Groups = *p.Groups
	}
}

func (c *call) readUser() (b userBody, err error) {
	if err := c.readJSON(&b); err != nil {
		return b, err
	}
	if b.EntityType != "user" {
		return b, c.s.refused(400, 500, "Json object with an unexpected entity-type: %s", b.EntityType)
	}
	return b, nil
}

// inviteUser makes a user.
func (c *call) inviteUser() (*answer, error) {
	body, err := c.readUser()
	if err != nil {
		return nil, err
	}

	if body.ID == "" {
		body.ID = body.Properties.Username
	}

	u := User{Login: body.ID}
	body.into(&u)
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	switch {
	case !c.manages(u.Groups...):
		return nil, forbidden("Cannot create artifact")
	case body.ID == "":
		return nil, badRequest("User MUST have a name")
	case c.s.users[body.ID] != nil:
		return nil, conflict("User already exists")
	}

	c.s.users[body.ID] = &u
	return created(c.s.userJSON(u.principal())), nil
}

// changeUser writes what is sent of a user, and leaves the rest.
func (c *call) changeUser(login string) (*answer, error) {
	body, err := c.readUser()
	if err != nil {
		return nil, err
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	old, err := c.changeable(login)
	if err != nil {
		return nil, err
	}

	u := *old
	body.into(&u)
	if !c.manages(u.Groups...) {
		return nil, forbidden("User is not allowed to edit users")
	}

	c.s.users[login] = &u
	return ok(c.s.userJSON(u.principal())), nil
}

// changeable finds a user whom the caller may change.
func (c *call) changeable(login string) (*User, error) {
	u := c.s.users[login]
	switch {
	case u == nil:
		return nil, notFound("user does not exist")
	case !c.manages(u.principal().groups...):
		return nil, forbidden("User is not allowed to edit users")
	}
	return u, nil
}

func (c *call) removeUser(login string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if _, err := c.changeable(login); err != nil {
		return nil, err
	}
	delete(c.s.users, login)
	return nil, nil
}

// changePassword is for the caller's own; a wrong old one is an empty 401.
func (c *call) changePassword() (*answer, error) {
	var body struct{ OldPassword, NewPassword string }
	if err := c.readJSON(&body); err != nil {
		return nil, err
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	u := c.s.users[c.user.login]
	if u == nil || u.Password != body.OldPassword {
		return nil, &restError{status: http.StatusUnauthorized, msg: "wrong password", empty: true}
	}

	changed := *u
	changed.Password = body.NewPassword
	c.s.users[u.Login] = &changed
	return ok(c.s.userJSON(changed.principal())), nil
}

// usersLike finds people by the beginning of login or name, never by address.
func (s *Server) usersLike(q string) (found []*User) {
	q = strings.ToLower(q)
	for _, login := range slices.Sorted(maps.Keys(s.users)) {
		u := s.users[login]
		begins := func(text string) bool { return strings.HasPrefix(strings.ToLower(text), q) }
		if q == "*" || q != "" && slices.ContainsFunc([]string{login, u.FirstName, u.LastName}, begins) {
			found = append(found, u)
		}
	}

	return found
}

func (c *call) usersPage(list []*User) map[string]any {
	entries := []any{}
	for _, u := range list {
		entries = append(entries, c.s.userJSON(u.principal()))
	}
	return c.entityPage("users", entries, false)
}

// entityPage is a list of other things than documents, over one page: it has all that a
// page has but totalSize.
func (c *call) entityPage(entity string, all []any, sortable bool) map[string]any {
	size, offset := c.paging(50)
	entries := append([]any{}, window(all, offset, size)...) // empty, never null
	m := pageOf{
		size:   size,
		offset: offset,
		index:  offset / size,
		total:  len(all),
		nodes:  make([]*node, len(entries)),
	}.json(false)

	m["entity-type"], m["entries"], m["isSortable"], m["maxPageSize"] = entity, entries, sortable, c.s.opt.MaxPageSize
	delete(m, "totalSize")
	return m
}
