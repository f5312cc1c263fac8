package nuxeosim

import "slices"

// enrich makes the context parameters of a document. Enrichers that the
// simulator does not know add nothing.
func (c *call) enrich(n *node, names []string) map[string]any {
	m := map[string]any{}
	for _, name := range names {
		if f := enrichers[name]; f != nil {
			m[name] = f(c, n)
		}
	}
	return m
}

var enrichers map[string]func(*call, *node) any

func init() { // not a literal: the enrichers make documents, which are enriched
	enrichers = map[string]func(*call, *node) any{
		"permissions": func(c *call, n *node) any { return c.permissions(n) },
		"acls":        func(_ *call, n *node) any { return acesJSON(n) },
		"subtypes":    func(c *call, n *node) any { return c.subtypes(n) },
		"breadcrumb":  breadcrumb,
		"children":    shownChildren,
		"hasContent":  func(c *call, n *node) any { return c.s.hasContent(n) },
		"thumbnail": func(c *call, n *node) any {
			return map[string]any{
				"url": c.s.url + "/api/v1/repo/default/id/" + n.id + "/@rendition/thumbnail?changeToken=" +
					n.changeToken() + "&sync=true",
			}
		},
		"renditions":             renditions,
		"userVisiblePermissions": func(*call, *node) any { return []string{"Read", "ReadWrite", "Everything"} },
		"hasFolderishChild": func(c *call, n *node) any {
			return slices.ContainsFunc(n.children, func(m *node) bool {
				return !m.trashed && c.s.repo.hasFacet(m, "Folderish") && !c.s.repo.hidden(m)
			})
		},
		"publications": func(*call, *node) any { return map[string]any{"resultsCount": 0} },
		"favorites": func(c *call, n *node) any {
			return map[string]any{"isFavorite": c.s.marks.has(favorite, c.user.login, n.id)}
		},
		"subscribedNotifications": func(c *call, n *node) any { return c.subscriptions(n) },
		// What the simulator has nothing of.
		"pendingTasks": nothing, "runnableWorkflows": nothing, "runningWorkflows": nothing,
		"collections": nothing, "audit": nothing, "tags": nothing,
		"firstAccessibleAncestor": func(c *call, n *node) any {
			for m := holder(n).parent; m != nil; m = m.parent {
				if allowed(c.user, m, "Read") {
					return c.docWith(m, wishes{})
				}
			}
			return nil
		},
	}
}

func nothing(*call, *node) any { return []any{} }

func (c *call) subscriptions(n *node) any {
	list := []any{}
	if c.s.marks.has(subscribed, c.user.login, n.id) {
		list = append(list, "Modification")
	}
	if c.s.marks.has(commenting, c.user.login, n.id) {
		list = append(list, "CommentUpdated", "CommentAdded")
	}
	return list
}

func (c *call) subtypes(n *node) any {
	out := []any{}
	t := c.s.types.types[n.typ]
	if t == nil {
		return out
	}

	for _, name := range t.allows {
		if sub := c.s.types.types[name]; sub != nil {
			out = append(out, map[string]any{"type": name, "facets": sub.facets})
		}
	}

	return out
}

// breadcrumb lists the documents from the first below the root.
func breadcrumb(c *call, n *node) any {
	entries := []any{}
	for m := holder(n); m != nil && m.parent != nil; m = m.parent {
		if allowed(c.user, m, "Read") {
			entries = append(entries, c.docWith(m, wishes{}))
		}
	}
	slices.Reverse(entries)
	return map[string]any{"entity-type": "documents", "entries": entries}
}

const childrenShown = 10

func shownChildren(c *call, n *node) any {
	entries := []any{}
	for _, child := range n.children {
		if !child.trashed && !c.s.repo.hidden(child) && allowed(c.user, child, "Browse") &&
			len(entries) < childrenShown {
			entries = append(entries, c.docWith(child, wishes{}))
		}
	}
	return map[string]any{"entity-type": "documents", "entries": entries}
}

// hasContent reports whether a folder shows anything.
func (s *Server) hasContent(n *node) bool {
	return slices.ContainsFunc(n.children, func(c *node) bool { return !c.trashed && !s.repo.hidden(c) })
}
