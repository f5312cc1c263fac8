package nuxeosim

import (
	"slices"
	"strings"
	"time"
)

// node is a document: live, a version, or a comment.
type node struct {
	id, name, typ string
	seq           int // order of creation
	parent        *node
	children      []*node
	byName        map[string]*node
	extra         []string // facets added to the document itself
	props         map[string]any
	acl           []ace
	blockRights   bool
	lock          *lock
	checkedOut    bool
	trashed       bool
	state         string // of the life cycle; empty: the initial one
	removed       bool
	sysToken      int
	userToken     int

	// Of a live document: its versions, oldest first.
	versions []*node
	// Of a version: the live document it was made from.
	source   *node
	sourceID string
}

type lock struct {
	owner string
	at    time.Time
}

func (n *node) isVersion() bool { return n.sourceID != "" }

// path is the path of the live document; versions have that of their source.
func (n *node) path() string {
	if n.source != nil {
		return n.source.path()
	}

	if n.parent == nil {
		return "/"
	}

	var names []string
	for m := n; m.parent != nil; m = m.parent {
		names = append(names, m.name)
	}

	slices.Reverse(names)
	return "/" + strings.Join(names, "/")
}

func (n *node) text(key string) string {
	v, _ := n.props[key].(string)
	return v
}

func (n *node) title() string {
	if t := n.text("dc:title"); t != "" {
		return t
	}
	return n.name
}

func (n *node) long(key string) int64 {
	v, _ := n.props[key].(int64)
	return v
}

// repository is the tree and its indexes. It is guarded by Server.mu.
type repository struct {
	types *typeRegistry
	root  *node
	byID  map[string]*node
	all   []*node // by creation; removed ones are swept now and then
	dead  int
	seq   int
	// generation moves with every change, so that answers to queries can be
	// kept while nothing moves.
	generation int
	// index is built for a property when it is first searched by equality.
	index  map[string]map[string]map[*node]struct{}
	listed []listing
}

func newRepository(types *typeRegistry) *repository {
	r := &repository{types: types, byID: map[string]*node{}, index: map[string]map[string]map[*node]struct{}{}}
	r.root = &node{typ: "Root", id: "00000000-0000-0000-0000-000000000000", props: map[string]any{}, checkedOut: true}
	r.add(r.root)
	return r
}

// add makes a node known.
func (r *repository) add(n *node) {
	r.seq++
	n.seq = r.seq
	r.byID[n.id] = n
	r.all = append(r.all, n)
	r.generation++
	for key, values := range r.index {
		r.enter(values, n, n.props[key])
	}
}

// attach puts a node below a parent under a name that is free.
func (r *repository) attach(n, parent *node, name string) {
	if parent.byName == nil {
		parent.byName = map[string]*node{}
	}
	n.parent, n.name = parent, name
	parent.byName[name] = n
	parent.children = append(parent.children, n)
	r.generation++
}

func (r *repository) detach(n *node) {
	p := n.parent
	if p == nil {
		return
	}

	delete(p.byName, n.name)
	if i := slices.Index(p.children, n); i >= 0 {
		p.children = slices.Delete(p.children, i, i+1)
	}

	r.generation++
}

// remove deletes a node for good, with everything below it, its comments and
// its versions.
func (r *repository) remove(n *node) {
	r.detach(n)
	r.forget(n)
	if len(r.all) > 1000 && r.dead > len(r.all)/2 {
		r.all = slices.DeleteFunc(r.all, func(n *node) bool { return n.removed })
		r.dead = 0
	}
}

func (r *repository) forget(n *node) {
	for _, c := range n.children {
		r.forget(c)
	}

	for _, v := range n.versions {
		r.forget(v)
	}

	n.removed = true
	r.dead++
	r.generation++
	delete(r.byID, n.id)
	for key, values := range r.index {
		r.leave(values, n, n.props[key])
	}
}

// set writes a property; nil clears it.
func (r *repository) set(n *node, key string, v any) {
	values := r.index[key]
	known := r.byID[n.id] == n
	if values != nil && known {
		r.leave(values, n, n.props[key])
	}

	if v == nil {
		delete(n.props, key)
	} else {
		n.props[key] = v
	}

	if values != nil && known {
		r.enter(values, n, v)
	}

	r.generation++
}

func (r *repository) enter(values map[string]map[*node]struct{}, n *node, v any) {
	for _, k := range indexKeys(v) {
		if values[k] == nil {
			values[k] = map[*node]struct{}{}
		}
		values[k][n] = struct{}{}
	}
}

func (r *repository) leave(values map[string]map[*node]struct{}, n *node, v any) {
	for _, k := range indexKeys(v) {
		delete(values[k], n)
		if len(values[k]) == 0 {
			delete(values, k)
		}
	}
}

// indexKeys are the words a value is found by: strings, alone or in a list.
func indexKeys(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, indexKeys(e)...)
		}
		return out
	}
	return nil
}

// find returns the nodes whose property, or one element of it, is the word,
// in order of creation.
func (r *repository) find(key, word string) []*node {
	values := r.index[key]
	if values == nil {
		values = map[string]map[*node]struct{}{}
		for _, n := range r.all {
			if !n.removed {
				r.enter(values, n, n.props[key])
			}
		}
		r.index[key] = values
	}

	out := make([]*node, 0, len(values[word]))
	for n := range values[word] {
		out = append(out, n)
	}

	slices.SortFunc(out, func(a, b *node) int { return a.seq - b.seq })
	return out
}

// resolve finds a document by path ("/…") or id.
func (r *repository) resolve(ref string) *node {
	if !strings.HasPrefix(ref, "/") {
		return r.byID[ref]
	}

	n := r.root
	for name := range strings.SplitSeq(strings.Trim(ref, "/"), "/") {
		if name == "" {
			continue
		}
		if n = n.byName[name]; n == nil {
			return nil
		}
	}

	return n
}

// facets are those of the type and those of the document.
func (r *repository) facets(n *node) []string {
	if t := r.types.types[n.typ]; t != nil {
		return union(t.facets, n.extra)
	}
	return n.extra
}

func (r *repository) hasFacet(n *node, facet string) bool {
	if slices.Contains(n.extra, facet) {
		return true
	}
	t := r.types.types[n.typ]
	return t != nil && slices.Contains(t.facets, facet)
}

// schemas are those of the type and those the facets bring.
func (r *repository) schemas(n *node) []string {
	var out []string
	if t := r.types.types[n.typ]; t != nil {
		out = t.schemas
	}
	for _, f := range n.extra {
		out = union(out, r.types.facets[f])
	}
	return out
}

func (r *repository) hasSchema(n *node, name string) bool {
	if t := r.types.types[n.typ]; t != nil && slices.Contains(t.schemas, name) {
		return true
	}

	for _, f := range n.extra {
		if slices.Contains(r.types.facets[f], name) {
			return true
		}
	}

	return false
}

// hidden reports whether listings leave a document out.
func (r *repository) hidden(n *node) bool { return r.hasFacet(n, "HiddenInNavigation") }
