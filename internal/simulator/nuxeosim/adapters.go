package nuxeosim

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// adapter serves what hangs below a document with an @.
func (c *call) adapter(ref string, rest []string) (*answer, error) {
	switch rest[0] {
	case "@op":
		if len(rest) < 2 {
			return nil, notFound("no operation")
		}
		return c.runOperation(rest[1], &ref, nil)
	case "@blob":
		return c.blobAdapter(ref, strings.Join(rest[1:], "/"))
	case "@rendition":
		if len(rest) != 2 {
			return nil, methodNotAllowed()
		}
		return c.renditionAdapter(ref, rest[1])
	case "@comment", "@annotation":
		return c.commentAdapter(ref, strings.TrimPrefix(rest[0], "@"), rest[1:])
	}

	if c.r.Method != http.MethodGet {
		return nil, methodNotAllowed()
	}

	return c.readingAdapter(ref, rest)
}

func (c *call) readingAdapter(ref string, rest []string) (*answer, error) {
	c.s.mu.Lock() // a query may build an index
	defer c.s.mu.Unlock()
	n, err := c.document(ref)
	if err != nil {
		return nil, err
	}

	switch rest[0] {
	case "@children":
		return c.childrenAdapter(n)
	case "@search":
		return c.searchBelow(n)
	case "@acl":
		return ok(map[string]any{"entity-type": "acls", "acl": aclJSON(n)}), nil
	case "@pp":
		if len(rest) == 2 {
			return c.providerAdapter(n, rest[1])
		}
	case "@task":
		return ok(noEntries("tasks")), nil
	case "@workflow":
		return ok(noEntries("workflows")), nil
	case "@audit":
		m, err := c.auditJSON(n)
		return ok(m), err
	}

	return nil, notFound("No adapter: %s", rest[0])
}

// childrenAdapter lists what a folder shows: no hidden ones, no trash.
func (c *call) childrenAdapter(n *node) (*answer, error) {
	q := c.r.URL.Query()
	key := strings.Join([]string{"children", n.id, q.Get("sortBy"), q.Get("sortOrder"), c.user.login}, "\x00")
	list := c.s.repo.kept(key, func() []*node {
		var out []*node
		for _, child := range n.children {
			if !child.trashed && !c.s.repo.hidden(child) && allowed(c.user, child, "Browse") {
				out = append(out, child)
			}
		}
		sortNodes(c.s, out, sortsOf(cmp.Or(q.Get("sortBy"), "dc:title"), q.Get("sortOrder")))
		return out
	})

	m := c.page(list)
	if size, _ := c.paging(50); len(list) > size && !c.s.opt.Untrue.CountedChildren { // it counts up to a page
		m["resultsCount"], m["totalSize"], m["resultsCountLimit"] = -2, -2, size
		m["isNextPageAvailable"] = m["currentPageSize"] == size
	}

	return ok(m), nil
}

// page cuts the page that the request asks for out of a list.
func (c *call) page(list []*node) map[string]any {
	size, offset := c.paging(50)
	return c.listJSON(pageOf{
		size:   size,
		offset: offset,
		index:  offset / size,
		total:  len(list),
		nodes:  window(list, offset, size),
	})
}

// listing is a list that is kept while nothing changes, so that turning pages
// does not cost a sort each.
type listing struct {
	key        string
	generation int
	nodes      []*node
}

const listingsKept = 8

func (r *repository) kept(key string, list func() []*node) []*node {
	for _, l := range r.listed {
		if l.key == key && l.generation == r.generation {
			return l.nodes
		}
	}

	nodes := list()
	if len(r.listed) >= listingsKept {
		r.listed = slices.Delete(r.listed, 0, 1)
	}

	r.listed = append(r.listed, listing{key: key, generation: r.generation, nodes: nodes})
	return nodes
}

// commentAdapter serves @comment and @annotation, which differ by the type of
// document only.
func (c *call) commentAdapter(ref, entity string, rest []string) (*answer, error) {
	var sent json.RawMessage
	if c.r.Method == http.MethodPost || c.r.Method == http.MethodPut {
		if err := c.readJSON(&sent); err != nil {
			return nil, err
		}
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	on, err := c.document(ref)
	if err != nil {
		return nil, err
	}

	typ := "Comment"
	if entity == "annotation" {
		typ = "Annotation"
	}

	switch {
	case len(rest) == 0:
		return c.commentCollection(on, typ, sent)
	case len(rest) == 1 && rest[0] == "comments" && typ == "Annotation":
		return c.commentsOfAnnotations(sent)
	case len(rest) == 2 && rest[0] == "external":
		n := c.s.externalComment(on, typ, rest[1])
		if n == nil && typ == "Annotation" && !c.s.opt.Untrue.CommentsStrangers &&
			c.s.externalComment(on, "Comment", rest[1]) != nil {
			return nil, failure(http.StatusInternalServerError, "The comment is no annotation")
		}
		return c.oneComment(n, sent)
	case len(rest) == 1:
		n := c.s.repo.byID[rest[0]]
		if n != nil && n.typ != typ && n.typ != "Comment" {
			n = nil
		}
		return c.oneComment(n, sent)
	}

	return nil, notFound("no such comment")
}

// externalComment finds a comment by the id it has elsewhere. That id is not
// unique; the first one written is found.
func (s *Server) externalComment(on *node, typ, entityID string) *node {
	var found *node
	for _, n := range thread(on) {
		if s.isOf(n, typ) && n.text("externalEntity:entityId") == entityID && (found == nil || n.seq < found.seq) {
			found = n
		}
	}
	return found
}

// isOf reports whether a comment is of a type: annotations are comments too.
func (s *Server) isOf(n *node, typ string) bool {
	return n.typ == typ || typ == "Comment" && n.typ == "Annotation" && !s.opt.Untrue.CommentPages
}

func (c *call) commentCollection(on *node, typ string, sent json.RawMessage) (*answer, error) {
	switch c.r.Method {
	case http.MethodPost:
		body, err := commentBody(sent)
		if err != nil {
			return nil, err
		}
		n, err := c.s.addComment(c.user, on, typ, body)
		if err != nil {
			return nil, err
		}
		return created(c.commentJSON(n)), nil
	case http.MethodGet:
		return ok(c.commentPage(c.visibleComments(on, typ), strings.ToLower(typ)+"s")), nil
	}
	return nil, methodNotAllowed()
}

func commentBody(sent json.RawMessage) (map[string]any, error) {
	var body map[string]any
	if err := json.Unmarshal(sent, &body); err != nil {
		return nil, badRequest("Cannot parse the body: %v", err)
	}
	return body, nil
}

func (c *call) visibleComments(on *node, typ string) []*node {
	xpath := c.r.URL.Query().Get("xpath")
	return slices.DeleteFunc(commentsOf(on), func(n *node) bool {
		return !c.s.isOf(n, typ) || xpath != "" && typ == "Annotation" && n.text("annotation:xpath") != xpath
	})
}

func (c *call) commentPage(list []*node, entity string) map[string]any {
	size, offset := c.paging(c.s.opt.MaxPageSize)
	if bare := !c.s.opt.Untrue.CommentPages; bare && entity == "annotations" {
		slices.Reverse(list)
		entries := c.commentsJSON(list)
		for _, e := range entries {
			delete(e.(map[string]any), "numberOfReplies")
		}
		return map[string]any{"entity-type": entity, "entries": entries}
	} else if bare {
		return map[string]any{
			"entity-type": entity,
			"entries":     c.commentsJSON(window(list, offset, size)),
			"totalSize":   len(list),
		}
	}

	p := pageOf{size: size, offset: offset, index: offset / size, total: len(list), nodes: window(list, offset, size)}
	m := p.json(false)
	m["entity-type"], m["entries"] = entity, c.commentsJSON(p.nodes)
	return m
}

func (c *call) commentsJSON(list []*node) []any {
	entries := []any{}
	for _, n := range list {
		entries = append(entries, c.commentJSON(n))
	}
	return entries
}

func (c *call) commentsOfAnnotations(sent json.RawMessage) (*answer, error) {
	var ids []string
	if err := json.Unmarshal(sent, &ids); err != nil {
		return nil, badRequest("Cannot parse the body: %v", err)
	}

	var list []*node
	for _, id := range ids {
		if n := c.s.repo.byID[id]; n != nil && n.typ == "Annotation" {
			list = append(list, thread(n)...)
		}
	}

	return ok(c.commentPage(list, "comments")), nil
}

func (c *call) oneComment(n *node, sent json.RawMessage) (*answer, error) {
	if n == nil || !n.isComment() {
		return nil, notFound("The comment does not exist")
	}

	if err := c.demand(commented(n), "Read"); err != nil {
		return nil, err
	}

	if c.r.Method != http.MethodGet && !mayChange(c.user, n) {
		return nil, forbidden("The user %s can not change the comment %s", c.user.login, n.id)
	}

	switch c.r.Method {
	case http.MethodGet:
		return ok(c.commentJSON(n)), nil
	case http.MethodDelete:
		c.s.removeComment(c.user, n)
		return nil, nil
	case http.MethodPut:
		body, err := commentBody(sent)
		if err != nil {
			return nil, err
		}
		if err := c.s.updateComment(c.user, n, body); err != nil {
			return nil, err
		}
		return ok(c.commentJSON(n)), nil
	}

	return nil, methodNotAllowed()
}
