package nuxeosim

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// searchRoute serves /api/v1/search/execute and, up to LTS 2023,
// /search/lang/NXQL/execute, page providers by their name, and searches that people keep.
func searchRoute(c *call, seg []string) (*answer, error) {
	if len(seg) == 0 {
		return nil, notFound("no such search")
	}

	switch path := strings.Join(seg, "/"); {
	case path == "execute":
	case strings.HasPrefix(path, "lang/") && c.s.opt.LTS != "2025":
		if !slices.Equal(seg, []string{"lang", "NXQL", "execute"}) {
			return nil, badRequest("Unknown query language: %s", path)
		}
	case seg[0] == "saved":
		return c.savedRoute(seg[1:])
	case len(seg) == 3 && seg[0] == "pp" && seg[2] == "execute":
		return c.executeProvider(seg[1])
	default:
		return nil, notFound("no such search: %s", path)
	}

	if c.r.Method != http.MethodGet {
		return nil, methodNotAllowed()
	}

	c.s.mu.Lock() // may build an index
	defer c.s.mu.Unlock()
	text := c.r.URL.Query().Get("query")
	if text == "" {
		return nil, badRequest("Query is missing")
	}

	list, err := c.search(fillIn(text, c.r.URL.Query()["queryParams"]))
	if err != nil {
		return nil, err
	}

	return ok(c.page(list)), nil
}

// search runs NXQL on the index, if there is one.
func (c *call) search(text string) ([]*node, error) {
	if c.s.opt.IndexLag == 0 {
		return c.query(text)
	}

	q, err := parseNXQL(text)
	if err != nil {
		return nil, badRequest("Invalid query: %s: %v", text, err)
	}

	params := c.r.URL.Query()
	if by := params.Get("sortBy"); by != "" {
		q.order = sortsOf(by, params.Get("sortOrder"))
	}

	return c.s.searched(q, c.user), nil
}

// query runs NXQL for the caller; a list is kept while nothing changes.
func (c *call) query(text string) ([]*node, error) {
	q, err := parseNXQL(text)
	if err != nil {
		return nil, badRequest("Invalid query: %s: %v", text, err)
	}

	params := c.r.URL.Query()
	if by := params.Get("sortBy"); by != "" {
		q.order = sortsOf(by, params.Get("sortOrder"))
	}

	if err := c.s.known(q); err != nil {
		return nil, badRequest("Invalid query: %s: %v", text, err)
	}

	key := strings.Join([]string{"nxql", text, params.Get("sortBy"), params.Get("sortOrder"), c.user.login}, "\x00")
	return c.s.repo.kept(key, func() []*node {
		list, _ := c.s.run(q, c.user) // what can fail was checked above
		return list
	}), nil
}

// fillIn replaces each ? by the next parameter.
func fillIn(text string, params []string) string {
	for _, p := range params {
		if !strings.Contains(text, "?") {
			break
		}
		text = strings.Replace(text, "?", "'"+strings.ReplaceAll(strings.ReplaceAll(p, `\`, `\\`), "'", `\'`)+"'", 1)
	}
	return text
}

func sortsOf(by, order string) []sortBy {
	orders := strings.Split(order, ",")
	var out []sortBy
	for i, key := range strings.Split(by, ",") {
		o := orders[min(i, len(orders)-1)]
		if key = strings.TrimSpace(key); key != "" {
			out = append(out, sortBy{key: key, desc: strings.EqualFold(strings.TrimSpace(o), "desc")})
		}
	}

	return out
}

// searchBelow serves @search: full text is left out, NXQL is cut to what lies
// below the document.
func (c *call) searchBelow(n *node) (*answer, error) {
	text := cmp.Or(c.r.URL.Query().Get("query"), "SELECT * FROM Document")
	list, err := c.query(text)
	if err != nil {
		return nil, err
	}

	prefix := n.path()
	return ok(c.page(slices.DeleteFunc(slices.Clone(list), func(m *node) bool {
		return !startsWith(m.path(), prefix)
	}))), nil
}
