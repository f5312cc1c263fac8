package nuxeosim

import (
	"slices"
	"strings"
)

// ace is an access rule on a document; the first that speaks decides, from the
// document up to the root.
type ace struct {
	user, permission string
	granted          bool
	creator          string
}

// compound are the permissions that are made of others.
var compound = map[string][]string{
	"Read":    {"Browse", "ReadProperties", "ReadChildren", "ReadLifeCycle", "ReadSecurity", "ReadVersion"},
	"Remove":  {"RemoveChildren", "WriteLifeCycle"},
	"Version": {"WriteVersion", "ReadVersion"},
	"WriteOnly": {
		"WriteProperties", "AddChildren", "RemoveChildren", "Remove", "ManageWorkflows", "WriteLifeCycle",
		"WriteVersion",
	},
	"Write": {
		"WriteProperties", "AddChildren", "RemoveChildren", "Remove", "ManageWorkflows",
		"WriteLifeCycle", "Version",
	},
	"ReadWrite":   {"Read", "Write"},
	"ReadRemove":  {"Read", "Remove"},
	"AddChildren": nil, "Unlock": nil, "WriteSecurity": nil, "ManageWorkflows": nil,
}

// lockable are the permissions that a foreign lock takes away.
var lockable = []string{
	"WriteProperties", "AddChildren", "RemoveChildren", "Remove", "WriteLifeCycle", "WriteVersion",
	"Version", "Write", "ReadWrite", "WriteOnly", "ManageWorkflows",
}

// shownPermissions are those the enricher "permissions" tells about.
var shownPermissions = []string{
	"Browse", "Read", "ReadProperties", "ReadChildren", "ReadLifeCycle", "ReadSecurity", "ReadVersion",
	"WriteProperties", "AddChildren",
	"RemoveChildren", "Remove", "WriteLifeCycle", "WriteVersion", "Version", "ManageWorkflows", "Write", "ReadWrite",
	"Unlock", "WriteSecurity", "Everything",
}

// covers reports whether a granted permission contains another.
func covers(granted, wanted string) bool {
	if granted == wanted || granted == "Everything" {
		return true
	}
	return slices.ContainsFunc(compound[granted], func(p string) bool { return covers(p, wanted) })
}

// holder is the document whose rules count: the live one for versions.
func holder(n *node) *node {
	if n.source != nil {
		return n.source
	}
	return n
}

// above is where rules are inherited from: the folder, or for a version the
// live document.
func (n *node) above() *node {
	if n.source != nil {
		return n.source
	}
	return n.parent
}

// granted says what the access rules say, locks aside.
func granted(p *principal, n *node, permission string) bool {
	if p.admin {
		return true
	}

	if n.isVersion() && n.source == nil {
		return false // the live document is gone and its rules with it
	}

	for m := holder(n); m != nil; m = m.above() {
		for _, a := range m.acl {
			if p.is(a.user) && covers(a.permission, permission) {
				return a.granted
			}
		}
		if m.blockRights {
			return false
		}
	}

	return false
}

// allowed says what rules and lock say together. Administrators pass locks.
func allowed(p *principal, n *node, permission string) bool {
	if !p.admin && n.lock != nil && n.lock.owner != p.login && slices.Contains(lockable, permission) {
		return false
	}
	return granted(p, n, permission)
}

// demand is allowed, as an error.
func (c *call) demand(n *node, permission string) error {
	if allowed(c.user, n, permission) {
		return nil
	}
	return forbidden("Privilege '%s' is not granted to '%s'", permission, c.user.login)
}

func (c *call) permissions(n *node) []string {
	out := []string{}
	for _, p := range shownPermissions {
		if allowed(c.user, n, p) {
			out = append(out, p)
		}
	}
	return out
}

// SetACL puts a rule for a user or group in front of the rules of a document.
func (s *Server) SetACL(path, user, permission string, grant bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.repo.resolve(path); n != nil {
		n.acl = append([]ace{{user: user, permission: permission, granted: grant, creator: "Administrator"}}, n.acl...)
		s.repo.generation++
	}
}

// aclJSON lists the rules as the adapter @acl does: local ones, if there are, then
// inherited ones, the nearest first.
func aclJSON(n *node) []any { return rulesJSON(n, "ace", aceJSON) }

// acesJSON is what the enricher "acls" tells of the same rules.
func acesJSON(n *node) []any {
	return rulesJSON(n, "aces", func(a ace) map[string]any {
		m := aceJSON(a)
		m["externalUser"] = false
		return m
	})
}

func rulesJSON(n *node, key string, json func(ace) map[string]any) []any {
	var inherited []ace
	for m := n.parent; m != nil && !n.blockRights; m = m.parent {
		inherited = append(inherited, m.acl...)
		if m.blockRights || slices.ContainsFunc(m.acl, ace.endsAll) {
			break
		}
	}

	out := []any{}
	for _, l := range []struct {
		name string
		acl  []ace
	}{{"local", n.acl}, {"inherited", inherited}} {
		rules := []any{}
		for _, a := range l.acl {
			rules = append(rules, json(a))
		}
		if len(rules) > 0 {
			out = append(out, map[string]any{"name": l.name, key: rules})
		}
	}

	return out
}

// endsAll reports whether a rule leaves nothing to inherit.
func (a ace) endsAll() bool {
	return a.user == "Everyone" && a.permission == "Everything" && !a.granted
}

func aceJSON(a ace) map[string]any {
	m := map[string]any{
		"id": a.id(), "username": a.user, "permission": a.permission, "granted": a.granted,
		"creator": nil, "begin": nil, "end": nil, "status": "effective",
	}
	if a.creator != "" {
		m["creator"] = a.creator
	}
	return m
}

func (a ace) id() string {
	grant := "false"
	if a.granted {
		grant = "true"
	}
	return strings.Join([]string{a.user, a.permission, grant, a.creator, "", ""}, ":")
}
