package nuxeosim

import (
	"net/http"
	"slices"
	"strings"
)

// savedSearch is a search that somebody keeps: a query or a page provider with what is
// asked of it.
type savedSearch struct {
	id, owner string
	sent      map[string]any
}

// savedFields are what the entity "savedSearch" tells, null where nothing was said.
var savedFields = []string{
	"queryParams", "query", "queryLanguage", "pageProviderName", "pageSize", "currentPageIndex", "maxResults",
	"sortBy", "sortOrder",
	"contentViewData",
}

// searchParams are the parameters of the page provider default_search, which are told
// whether they were sent or not; those that end in [] are lists.
var searchParams = strings.Fields(
	`ecm_fulltext dc_created_min dc_created_max dc_modified_min dc_modified_max dc_creator[] dc_nature[]
	dc_subjects[] dc_coverage[] ecm_path[] ecm_tags[] ecm_collections[] dc_created_agg[] dc_modified_agg[] dc_creator_agg[] dc_nature_agg[]
	dc_subjects_agg[] dc_coverage_agg[] common_size_agg[]`)

func (q *savedSearch) json() map[string]any {
	m := map[string]any{"entity-type": "savedSearch", "id": q.id, "title": q.sent["title"]}
	for _, name := range savedFields {
		m[name] = q.sent[name]
	}

	params := map[string]any{}
	if q.sent["pageProviderName"] == "default_search" {
		for _, p := range searchParams {
			name, list := strings.CutSuffix(p, "[]")
			params[name] = nil
			if list {
				params[name] = []any{}
			}
		}
	}

	if sent, is := q.sent["params"].(map[string]any); is {
		for name, v := range sent {
			params[name] = v
		}
	}

	m["params"] = params
	return m
}

// savedRoute serves /search/saved: everybody sees their own.
func (c *call) savedRoute(seg []string) (*answer, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	if len(seg) == 0 {
		return c.savedCollection()
	}

	i := slices.IndexFunc(c.s.saved, func(q *savedSearch) bool { return q.id == seg[0] })
	if i < 0 {
		return nil, notFound("%s", seg[0])
	}

	q := c.s.saved[i]
	if q.owner != c.user.login && !c.user.admin {
		return nil, forbidden("Privilege 'Read' is not granted to '%s'", c.user.login)
	}

	switch {
	case len(seg) == 2 && seg[1] == "execute" && c.r.Method == http.MethodGet:
		return c.runSaved(q)
	case len(seg) != 1:
		return nil, notFound("no such resource")
	case c.r.Method == http.MethodDelete:
		c.s.saved = slices.Delete(c.s.saved, i, i+1)
		return nil, nil
	case c.r.Method == http.MethodPut:
		sent, err := c.readSaved()
		if err != nil {
			return nil, err
		}
		q.sent = sent
	}

	return ok(q.json()), nil
}

func (c *call) savedCollection() (*answer, error) {
	if c.r.Method == http.MethodPost {
		sent, err := c.readSaved()
		if err != nil {
			return nil, err
		}
		q := &savedSearch{id: c.s.opt.NewID(), owner: c.user.login, sent: sent}
		c.s.saved = append(c.s.saved, q)
		return ok(q.json()), nil // 200, though it is new
	}

	list := []any{}
	provider := c.r.URL.Query().Get("pageProvider")
	for _, q := range c.s.saved {
		if (q.owner == c.user.login || c.user.admin) && (provider == "" || q.sent["pageProviderName"] == provider) {
			list = append(list, q.json())
		}
	}

	return ok(map[string]any{"entity-type": "savedSearches", "entries": list}), nil
}

func (c *call) readSaved() (map[string]any, error) {
	var sent map[string]any
	if err := c.readJSON(&sent); err != nil {
		return nil, err
	}

	title, _ := sent["title"].(string)
	switch {
	case title == "":
		return nil, badRequest("title cannot be empty")
	case sent["pageProviderName"] == nil && (sent["query"] == nil || sent["queryLanguage"] == nil):
		return nil, badRequest("query or page provider parameters are missing (query, queryLanguage, pageProviderName)")
	}

	return sent, nil
}

// runSaved executes a search as it was kept.
func (c *call) runSaved(q *savedSearch) (*answer, error) {
	if text, is := q.sent["query"].(string); is {
		list, err := c.search(text)
		if err != nil {
			return nil, err
		}
		return ok(c.page(list)), nil
	}

	asked := map[string][]string{}
	if params, is := q.sent["params"].(map[string]any); is {
		for name, v := range params {
			asked[name] = printedList(v)
		}
	}

	return c.runProvider(printed(q.sent["pageProviderName"]), asked)
}

func printedList(v any) (out []string) {
	if list, is := v.([]any); is {
		for _, e := range list {
			out = append(out, printed(e))
		}
		return out
	}

	if v == nil {
		return nil
	}

	return []string{printed(v)}
}
