package nuxeosim

import (
	"net/http"
	"slices"
	"strings"
)

// group is an entry of the group directory. Who is in it is noted with the users. Groups
// within groups are told, but give nobody more rights here.
type group struct {
	name, label, description string
	members                  []string // groups
}

func defaultGroups() map[string]*group {
	return map[string]*group{
		"administrators": {name: "administrators", label: "Administrators group", description: "who may do everything"},
		"members":        {name: "members", label: "Members group", description: "who may read"},
		"powerusers":     {name: "powerusers", label: "Power users group", description: "who may manage people"},
	}
}

// groupRoute serves /api/v1/group.
func groupRoute(c *call, seg []string) (*answer, error) {
	switch {
	case len(seg) == 0 && c.r.Method == http.MethodPost:
		return c.makeGroup()
	case len(seg) == 1 && c.r.Method == http.MethodPut:
		return c.changeGroup(seg[0])
	case len(seg) == 3 && seg[1] == "user":
		return c.membership(seg[0], seg[2])
	case len(seg) == 0:
		return nil, methodNotAllowed()
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if seg[0] == "search" {
		return ok(c.groupsPage(c.s.groupsLike(c.r.URL.Query().Get("q")))), nil
	}

	g := c.s.groups[seg[0]]
	if g == nil {
		return nil, notFound("group does not exist")
	}

	return c.oneGroup(g, strings.Join(seg[1:], "/"))
}

func (c *call) oneGroup(g *group, part string) (*answer, error) {
	switch {
	case part == "@users":
		return ok(c.usersPage(c.s.membersOf(g.name))), nil
	case part == "@groups":
		return ok(c.groupsPage(g.members)), nil
	case part == "" && c.r.Method == http.MethodGet:
		return ok(c.groupJSON(g)), nil
	case part == "" && c.r.Method == http.MethodDelete:
		if !c.manages(g.name) {
			return nil, forbidden("User is not allowed to edit users")
		}
		delete(c.s.groups, g.name)
		for _, u := range c.s.membersOf(g.name) {
			c.s.setMember(u, g.name, false)
		}
		return nil, nil
	}
	return nil, methodNotAllowed()
}

// groupJSON is the entity "group"; who is in it comes only when it is fetched.
func (c *call) groupJSON(g *group) map[string]any {
	label := g.label
	if label == "" {
		label = g.name
	}

	m := map[string]any{
		"entity-type": "group", "id": g.name, "groupname": g.name, "grouplabel": label,
		"properties": map[string]any{
			"groupname":   g.name,
			"grouplabel":  orNull(g.label),
			"description": orNull(g.description),
			"tenantId":    nil,
		},
	}

	fetched := wanted(c.r, "fetch.group", "fetch-group", "X-NXfetch.group")
	if slices.Contains(fetched, "memberUsers") {
		logins := []string{}
		for _, u := range c.s.membersOf(g.name) {
			logins = append(logins, u.Login)
		}
		m["memberUsers"] = logins
	}

	if slices.Contains(fetched, "memberGroups") {
		m["memberGroups"] = listOf(g.members)
	}

	if slices.Contains(fetched, "parentGroups") {
		parents := []string{}
		for _, name := range sortedKeys(c.s.groups) {
			if slices.Contains(c.s.groups[name].members, g.name) {
				parents = append(parents, name)
			}
		}
		m["parentGroups"] = parents
	}

	return m
}

func (c *call) groupsPage(names []string) map[string]any {
	entries := []any{}
	for _, name := range names {
		if g := c.s.groups[name]; g != nil {
			entries = append(entries, c.groupJSON(g))
		}
	}
	return c.entityPage("groups", entries, false)
}

func (s *Server) groupsLike(q string) (names []string) {
	q = strings.ToLower(q)
	for _, name := range sortedKeys(s.groups) {
		if q == "*" || q != "" && (strings.HasPrefix(strings.ToLower(name), q) ||
			strings.HasPrefix(strings.ToLower(s.groups[name].label), q)) {
			names = append(names, name)
		}
	}
	return names
}

func (s *Server) membersOf(name string) (list []*User) {
	for _, login := range sortedKeys(s.users) {
		if u := s.users[login]; slices.Contains(u.principal().groups, name) {
			list = append(list, u)
		}
	}
	return list
}

// setMember puts a user into a group, or takes them out.
func (s *Server) setMember(u *User, group string, in bool) *User {
	changed := *u
	changed.Groups = slices.DeleteFunc(slices.Clone(u.Groups), func(g string) bool { return g == group })
	if in {
		changed.Groups = append(changed.Groups, group)
	}
	s.users[u.Login] = &changed
	return &changed
}

// groupBody is the entity "group" that a client sends.
type groupBody struct {
	Groupname, Grouplabel     string
	MemberUsers, MemberGroups *[]string
	Properties                struct{ Groupname, Grouplabel, Description string }
}

func (b groupBody) into(s *Server, g *group) {
	for _, label := range []string{b.Properties.Grouplabel, b.Grouplabel} {
		if label != "" {
			g.label = label
		}
	}

	if b.Properties.Description != "" {
		g.description = b.Properties.Description
	}

	if b.MemberGroups != nil {
		g.members = *b.MemberGroups
	}

	if b.MemberUsers == nil {
		return
	}

	for _, login := range sortedKeys(s.users) {
		s.setMember(s.users[login], g.name, slices.Contains(*b.MemberUsers, login))
	}
}

func (c *call) makeGroup() (*answer, error) {
	var body groupBody
	if err := c.readJSON(&body); err != nil {
		return nil, err
	}

	name := body.Groupname
	if name == "" {
		name = body.Properties.Groupname
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	switch {
	case !c.manages(name):
		return nil, forbidden("Cannot create artifact")
	case name == "":
		return nil, badRequest("Group MUST have a name")
	case c.s.groups[name] != nil:
		return nil, conflict("Group already exists")
	}

	g := &group{name: name}
	body.into(c.s, g)
	c.s.groups[name] = g
	return created(c.groupJSON(g)), nil
}

func (c *call) changeGroup(name string) (*answer, error) {
	var body groupBody
	if err := c.readJSON(&body); err != nil {
		return nil, err
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	g := c.s.groups[name]
	switch {
	case g == nil:
		return nil, notFound("group does not exist")
	case !c.manages(name):
		return nil, forbidden("User is not allowed to edit users")
	}

	body.into(c.s, g)
	return ok(c.groupJSON(g)), nil
}

// membership serves /group/{group}/user/{login} and /user/{login}/group/{group}: 201 with
// the user who came in, 200 with the bare login of who went out.
func (c *call) membership(name, login string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	u := c.s.users[login]
	switch {
	case c.s.groups[name] == nil:
		return nil, notFound("Group not found")
	case u == nil:
		return nil, notFound("User not found")
	case !c.manages(append(u.principal().groups, name)...):
		return nil, forbidden("Cannot edit user")
	}

	switch c.r.Method {
	case http.MethodPost:
		return created(c.s.userJSON(c.s.setMember(u, name, true).principal())), nil
	case http.MethodDelete:
		c.s.setMember(u, name, false)
		return &answer{status: http.StatusOK, text: login, header: map[string]string{"Content-Type": "text/plain"}}, nil
	}

	return nil, methodNotAllowed()
}
