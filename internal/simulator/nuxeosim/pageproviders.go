package nuxeosim

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// pageProvider is a query that the server knows by name.
type pageProvider struct {
	name string
	// where is what always holds, with ? for parameters in their order.
	where string
	// named are the conditions for parameters that are sent: property, operator and
	// names. FULLTEXT asks for words.
	named []namedCondition
	// sort is the order unless another is asked for, - before what descends.
	sort     string
	pageSize int
	// counted is up to how many documents are counted: 0 all, -1 a page.
	counted int
	quick   []quickFilter
}

type namedCondition struct {
	property, operator string
	params             []string
}

// quickFilter is one that a client switches on by its name.
type quickFilter struct{ name, where, sort string }

const (
	shownOnly = "ecm:mixinType != 'HiddenInNavigation' AND ecm:isVersion = 0"
	notTrash  = shownOnly + " AND ecm:isTrashed = 0"
	inFolder  = "ecm:parentId = ? AND " + notTrash
	noParents = "ecm:primaryType NOT IN ('Domain', 'WorkspaceRoot', 'Favorites') AND ecm:mixinType != " +
		"'HiddenInNavigation'"
)

var folderFilters = []namedCondition{
	{"ecm:fulltext", "FULLTEXT", []string{"fulltext_all"}},
	{"dc:title", "FULLTEXT", []string{"title"}},
	{"dc:modified", "BETWEEN", []string{"modified_min", "modified_max"}},
}

// pageProviders are those that Web UI uses. Aggregates are those of an index, which the
// repository does not have.
var pageProviders = []pageProvider{
	{
		name: "default_search", where: noParents + " AND ecm:isVersion = 0 AND ecm:isTrashed = 0", pageSize: 20,
		named: []namedCondition{
			{"ecm:fulltext", "FULLTEXT", []string{"ecm_fulltext"}},
			{"dc:creator", "IN", []string{"dc_creator"}},
			{"dc:created", "BETWEEN", []string{"dc_created_min", "dc_created_max"}},
			{"dc:modified", "BETWEEN", []string{"dc_modified_min", "dc_modified_max"}},
			{"dc:nature", "IN", []string{"dc_nature"}},
			{"dc:subjects", "IN", []string{"dc_subjects"}},
			{"dc:coverage", "IN", []string{"dc_coverage"}},
			{"ecm:path", "STARTSWITH", []string{"ecm_path"}},
		},
		quick: []quickFilter{
			{"noFolder", "ecm:mixinType != 'Folderish'", ""},
			{"mostRecent", "", "-dc:modified"},
			{"onlyValidated", "ecm:currentLifeCycleState = 'approved'", "-dc:modified"},
		},
	},
	{
		name: "simple_search", where: notTrash, pageSize: 20,
		named: []namedCondition{{"ecm:fulltext", "FULLTEXT", []string{"ecm_fulltext"}}},
	},
	{
		name: "default_trash_search", where: noParents + " AND ecm:isVersion = 0 AND ecm:isTrashed = 1", pageSize: 20,
		named: []namedCondition{
			{"ecm:fulltext", "FULLTEXT", []string{"ecm_fulltext"}},
			{"ecm:path", "STARTSWITH", []string{"ecm_path"}},
		},
	},
	{
		name: "expired_search", where: notTrash, sort: "dc:expired", pageSize: 20, counted: 200,
		named: []namedCondition{
			{"dc:title", "FULLTEXT", []string{"title"}},
			{"dc:expired", "<", []string{"expired_max"}},
			{"dc:expired", ">", []string{"expired_min"}},
		},
		quick: []quickFilter{{"approved", "ecm:currentLifeCycleState = 'approved'", ""}},
	},
	{
		name: "advanced_document_content", where: shownOnly, sort: "-dc:modified", pageSize: 20, counted: 200,
		named: []namedCondition{
			{"dc:title", "FULLTEXT", []string{"title"}},
			{"ecm:parentId", "=", []string{"ecm_parentId"}},
			{"ecm:isTrashed", "=", []string{"ecm_trashed"}},
		},
	},
	{name: "document_content", where: inFolder, sort: "dc:title", pageSize: 20, named: folderFilters},
	{name: "section_content", where: inFolder, sort: "dc:title", pageSize: 20, named: folderFilters},
	{name: "orderable_document_content", where: inFolder, pageSize: 20, named: folderFilters},
	{
		name:     "document_trash_content",
		where:    "ecm:parentId = ? AND " + shownOnly + " AND ecm:isTrashed = 1",
		sort:     "dc:title",
		pageSize: 20,
	},
	{name: "CURRENT_DOC_CHILDREN", where: inFolder, sort: "dc:title", pageSize: 50, counted: -1},
	{
		name:     "tree_children",
		where:    inFolder + " AND ecm:mixinType = 'Folderish'",
		sort:     "dc:title",
		pageSize: 50,
		counted:  -1,
	},
	{
		name: "domain_documents", where: "ecm:path STARTSWITH ? AND ecm:mixinType != 'Folderish' AND " + notTrash,
		sort: "-dc:modified", pageSize: 5, counted: 200,
	},
	{
		name:  "default_content_collection",
		where: "ecm:mixinType != 'HiddenInNavigation' AND ecm:isTrashed = 0 AND collectionMember:collectionIds/* = ?",
		sort:  "dc:title", pageSize: 50,
	},
	{name: "nxql_search", pageSize: 20}, // what it asks is its parameter
	{
		name: "user_collections", where: "ecm:mixinType = 'Collection' AND ecm:primaryType != 'Favorites' AND " +
			notTrash,
		sort: "-dc:modified", pageSize: 50,
		named: []namedCondition{{"dc:title", "BEGINS", []string{"searchTerm"}}},
	},
	{
		name:  "publish_space_suggestion",
		where: "ecm:mixinType = 'PublishSpace' AND ecm:isVersion = 0 AND ecm:isTrashed = 0",
		sort:  "dc:title", pageSize: 50,
		named: []namedCondition{{"dc:title", "BEGINS", []string{"queryParams"}}},
	},
	{name: "all_collections", where: "ecm:mixinType = 'Collection' AND " + notTrash, pageSize: 1000, counted: -1},
}

// executeProvider serves /search/pp/{name}/execute.
func (c *call) executeProvider(name string) (*answer, error) {
	if c.r.Method != http.MethodGet {
		return nil, methodNotAllowed()
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.runProvider(name, c.r.URL.Query())
}

// providerAdapter serves @pp/{name}: the document is the first parameter.
func (c *call) providerAdapter(n *node, name string) (*answer, error) {
	asked := url.Values{}
	for key, values := range c.r.URL.Query() {
		asked[key] = values
	}
	asked["queryParams"] = append([]string{n.id}, asked["queryParams"]...)
	return c.runProvider(name, asked)
}

func (c *call) runProvider(name string, asked map[string][]string) (*answer, error) {
	i := slices.IndexFunc(pageProviders, func(p pageProvider) bool { return p.name == name })
	if i < 0 {
		return nil, c.s.refused(404, 500, "No page provider with name: %s", name)
	}

	p := pageProviders[i]
	var params []string
	for _, v := range asked["queryParams"] {
		params = append(params, strings.Split(v, ",")...)
	}

	quick := strings.Split(strings.Join(asked["quickFilters"], ","), ",")
	q, err := p.query(params, quick)
	if err != nil {
		return nil, badRequest("Failed to execute query: %v", err)
	}

	if by := strings.Join(asked["sortBy"], ","); by != "" {
		q.order = sortsOf(by, strings.Join(asked["sortOrder"], ","))
	}

	list, err := c.found(q)
	if err != nil {
		return nil, err
	}

	list = slices.DeleteFunc(slices.Clone(list), func(n *node) bool { return !p.accepts(c.s, n, asked) })
	return ok(c.providerPage(p, list, quick)), nil
}

// found runs a query on the index, if there is one.
func (c *call) found(q *query) ([]*node, error) {
	if c.s.opt.IndexLag != 0 {
		return c.s.searched(q, c.user), nil
	}
	list, err := c.s.run(q, c.user)
	if err != nil {
		return nil, badRequest("Failed to execute query: %v", err)
	}
	return list, nil
}

func (p pageProvider) query(params, quick []string) (*query, error) {
	text, sort := "SELECT * FROM Document WHERE "+fillIn(p.where, params), p.sort
	if p.where == "" {
		text = strings.Join(params, ",")
	}

	for _, f := range p.quick {
		if !slices.Contains(quick, f.name) {
			continue
		}
		if f.where != "" {
			text += " AND " + f.where
		}
		sort = cmp.Or(f.sort, sort)
	}

	q, err := parseNXQL(text)
	if err != nil {
		return nil, err
	}

	if key, desc := strings.CutPrefix(sort, "-"); key != "" {
		q.order = []sortBy{{key: key, desc: desc}}
	}

	return q, nil
}

// accepts applies the named parameters that were sent.
func (p pageProvider) accepts(s *Server, n *node, asked map[string][]string) bool {
	return !slices.ContainsFunc(p.named, func(c namedCondition) bool { return !c.holds(s, n, asked) })
}

func (c namedCondition) holds(s *Server, n *node, asked map[string][]string) bool {
	var sent []string
	for _, name := range c.params {
		sent = append(sent, first(asked[name]))
	}

	if strings.Join(sent, "") == "" {
		return true
	}

	vals := s.valuesOf(n, c.property)
	is := func(test func(v any) bool) bool { return slices.ContainsFunc(vals, test) }
	switch c.operator {
	case "FULLTEXT":
		return s.hasWords(n, c.property, sent[0])
	case "BEGINS":
		beginning := strings.ToLower(strings.TrimSuffix(sent[0], "%"))
		return is(func(v any) bool { return strings.HasPrefix(strings.ToLower(printed(v)), beginning) })
	case "STARTSWITH":
		return slices.ContainsFunc(listed(asked[c.params[0]]), func(p string) bool { return startsWith(n.path(), p) })
	case "IN":
		return is(func(v any) bool { return slices.Contains(listed(asked[c.params[0]]), printed(v)) })
	case "BETWEEN":
		from, to := moment(sent[0], time.Time{}), moment(sent[1], time.Unix(1<<40, 0))
		return is(func(v any) bool { return within(compareTo(v, from), 0, 1) && within(compareTo(v, to), -1, 0) })
	case "<":
		return is(func(v any) bool { return compareTo(v, moment(sent[0], time.Time{})) == -1 })
	case ">":
		return is(func(v any) bool { return compareTo(v, moment(sent[0], time.Time{})) == 1 })
	}

	if c.property == "ecm:isTrashed" {
		return n.trashed == truth(sent[0])
	}

	return is(func(v any) bool { return printed(v) == sent[0] })
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// listed reads a list as Web UI sends it: ["a","b"], or a,b.
func listed(sent []string) []string {
	return strings.FieldsFunc(strings.Join(sent, ","), func(r rune) bool { return strings.ContainsRune(`[]",`, r) })
}

func moment(text string, otherwise time.Time) time.Time {
	if t, err := parseTime(text); err == nil {
		return t
	}
	return otherwise
}

// hasWords reports whether a document holds all words, each at the beginning of one of
// its own when it ends in *.
func (s *Server) hasWords(n *node, property, asked string) bool {
	text := n.title()
	if property == "ecm:fulltext" {
		text += " " + n.name + " " + n.text("dc:description") + " " + n.text("note:note")
		if b := s.blobAt(n, "file:content"); b != nil {
			text += " " + b.name
		}
	}

	own := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return strings.ContainsRune(" \t\n.,;:-_/()", r)
	})

	for word := range strings.FieldsSeq(strings.ToLower(asked)) {
		begin, open := strings.CutSuffix(word, "*")
		if !slices.ContainsFunc(own, func(w string) bool { return w == begin || open && strings.HasPrefix(w, begin) }) {
			return false
		}
	}

	return true
}

// providerPage is a page of a provider, which counts as far as it is said to and tells of
// its quick filters.
func (c *call) providerPage(p pageProvider, list []*node, quick []string) map[string]any {
	size, offset := c.paging(p.pageSize)
	m := c.listJSON(pageOf{
		size:   size,
		offset: offset,
		index:  offset / size,
		total:  len(list),
		nodes:  window(list, offset, size),
	})

	limit := p.counted
	if limit < 0 {
		limit = size
	}

	m["resultsCountLimit"] = limit
	if limit > 0 && len(list) > limit {
		m["resultsCount"], m["totalSize"], m["numberOfPages"], m["pageCount"], m["isLastPageAvailable"] = -2, -2, 0, 0,
			false
		m["isNextPageAvailable"] = m["currentPageSize"] == size
	}

	if len(p.quick) > 0 {
		filters := []any{}
		for _, f := range p.quick {
			filters = append(filters, map[string]any{"name": f.name, "active": slices.Contains(quick, f.name)})
		}
		m["quickFilters"] = filters
	}

	if p.name == "orderable_document_content" {
		m["isSortable"] = false
	}

	return m
}
