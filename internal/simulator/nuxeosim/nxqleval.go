package nuxeosim

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// run finds what a query selects, in its order, or else by creation.
func (s *Server) run(q *query, p *principal) ([]*node, error) {
	if err := s.known(q); err != nil {
		return nil, err
	}

	var out []*node
	for _, n := range s.candidates(q.where) {
		if !n.removed && n.parentOrVersion() && s.ofTypes(n, q.types) && s.holds(q.where, n) &&
			(p == nil || allowed(p, n, "Browse")) {
			out = append(out, n)
		}
	}

	if len(q.order) == 0 && !s.opt.Untrue.OrderOfCreation {
		slices.SortFunc(out, func(a, b *node) int { return cmp.Compare(shuffled(a.id), shuffled(b.id)) })
	}

	sortNodes(s, out, q.order)
	return out, nil
}

// shuffled is the place of an id in no order, the same each time.
func shuffled(id string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id)) // a hash never fails
	return h.Sum64()
}

// parentOrVersion leaves out the root of the repository, as queries do not
// find it.
func (n *node) parentOrVersion() bool { return n.parent != nil || n.isVersion() }

// known refuses types and properties that do not exist, as Nuxeo does.
func (s *Server) known(q *query) error {
	for _, t := range q.types {
		if t != "Relation" && s.types.types[t] == nil {
			return fmt.Errorf("unknown type: %s", t)
		}
	}

	var keys []string
	q.where.collect(&keys)
	for _, o := range q.order {
		keys = append(keys, o.key)
	}

	for _, key := range keys {
		if strings.HasPrefix(key, "ecm:") {
			if !slices.Contains(systemKeys, key) {
				return fmt.Errorf("no such property, or not simulated: %s", key)
			}
			continue
		}
		if _, f := s.types.lookup(strings.SplitN(key, "/", 2)[0]); f == nil {
			return fmt.Errorf("no such property: %s", key)
		}
	}

	return nil
}

// systemKeys are the ecm: names that queries may use.
var systemKeys = []string{
	"ecm:uuid", "ecm:name", "ecm:path", "ecm:primaryType", "ecm:mixinType", "ecm:isTrashed", "ecm:isVersion",
	"ecm:isCheckedInVersion",
	"ecm:isProxy", "ecm:isCheckedIn", "ecm:currentLifeCycleState", "ecm:versionLabel", "ecm:isLatestVersion",
	"ecm:lockOwner",
	"ecm:parentId", "ecm:versionVersionableId", "ecm:versionableId", "ecm:ancestorId",
}

func (c *cond) collect(keys *[]string) {
	if c == nil {
		return
	}

	if c.key != "" {
		*keys = append(*keys, c.key)
	}

	for _, a := range c.args {
		a.collect(keys)
	}
}

func (s *Server) ofTypes(n *node, types []string) bool {
	return slices.ContainsFunc(types, func(t string) bool { return s.types.is(n.typ, t) })
}

// candidates uses the first part of a conjunction that can be looked up.
func (s *Server) candidates(c *cond) []*node {
	if c == nil {
		return s.repo.all
	}

	for _, part := range append([]*cond{c}, conjuncts(c)...) {
		if list, found := s.lookedUp(part); found {
			return list
		}
	}

	return s.repo.all
}

func conjuncts(c *cond) []*cond {
	if c.op == "and" {
		return c.args
	}
	return nil
}

func (s *Server) lookedUp(c *cond) ([]*node, bool) {
	if c.negate || c.op != "=" && c.op != "in" || len(c.values) == 0 {
		return nil, false
	}

	var out []*node
	for _, v := range c.values {
		word, is := v.(string)
		if !is {
			return nil, false
		}
		list, found := s.byWord(c.key, word)
		if !found {
			return nil, false
		}
		out = append(out, list...)
	}

	if len(c.values) > 1 {
		slices.SortFunc(out, func(a, b *node) int { return a.seq - b.seq })
		out = slices.Compact(out)
	}

	return out, true
}

// byWord finds by equality. Values inside of structures have no index.
func (s *Server) byWord(key, word string) ([]*node, bool) {
	switch key {
	case "ecm:uuid":
		if n := s.repo.byID[word]; n != nil {
			return []*node{n}, true
		}
		return nil, true
	case "ecm:parentId":
		if n := s.repo.byID[word]; n != nil {
			return n.children, true
		}
		return nil, true
	case "ecm:versionVersionableId":
		if n := s.repo.byID[word]; n != nil {
			return n.versions, true
		}
		return nil, true
	}

	name, _ := strings.CutSuffix(key, "/*")
	sch, f := s.types.lookup(name)
	if f == nil || !f.typ.words() {
		return nil, false
	}

	return s.repo.find(sch.key(f), word), true
}

// words reports whether a field holds strings, alone or in a list.
func (t *fieldType) words() bool {
	return t.kind == kindString || t.kind == kindList && t.item.kind == kindString
}

func (s *Server) holds(c *cond, n *node) bool {
	if c == nil {
		return true
	}

	switch c.op {
	case "and":
		return !slices.ContainsFunc(c.args, func(a *cond) bool { return !s.holds(a, n) })
	case "or":
		return slices.ContainsFunc(c.args, func(a *cond) bool { return s.holds(a, n) })
	case "not":
		return !s.holds(c.args[0], n)
	case "startswith":
		return (startsWith(n.path(), printed(c.values[0])) && n.parent != nil) != c.negate
	}

	return s.compares(c, n)
}

// startsWith is by whole segments and leaves out the folder itself.
func startsWith(path, prefix string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(prefix, "/")+"/")
}

// compares applies an operator to a value; of a list, one element is enough.
func (s *Server) compares(c *cond, n *node) bool {
	vals := s.valuesOf(n, c.key)
	if c.op == "null" {
		return (len(vals) == 0) != c.negate
	}
	if c.op == "<>" {
		return len(vals) > 0 && !slices.ContainsFunc(vals, func(v any) bool { return compareTo(v, c.values[0]) == 0 })
	}
	return slices.ContainsFunc(vals, func(v any) bool { return c.matches(v) }) != c.negate
}

func (c *cond) matches(v any) bool {
	switch c.op {
	case "in":
		return slices.ContainsFunc(c.values, func(w any) bool { return compareTo(v, w) == 0 })
	case "like":
		return like(printed(v), printed(c.values[0]))
	case "ilike":
		return like(strings.ToLower(printed(v)), strings.ToLower(printed(c.values[0])))
	case "between":
		return within(compareTo(v, c.values[0]), 0, 1) && within(compareTo(v, c.values[1]), -1, 0)
	}

	d := compareTo(v, c.values[0])
	switch c.op {
	case "=":
		return d == 0
	case "<":
		return d == -1
	case "<=":
		return within(d, -1, 0)
	case ">":
		return d == 1
	}

	return within(d, 0, 1)
}

func within(d, low, high int) bool { return d >= low && d <= high }

// incomparable is the answer for values of different kinds.
const incomparable = 2

func compareTo(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, is := b.(string); is {
			return strings.Compare(x, y)
		}
	case time.Time:
		if y, is := b.(time.Time); is {
			return x.Compare(y)
		}
		if text, is := b.(string); is {
			if y, err := parseTime(text); err == nil {
				return x.Compare(y)
			}
		}
	case bool:
		return compareTo(map[bool]float64{true: 1}[x], b)
	}

	x, errA := number(a)
	y, errB := number(b)
	if errA != nil || errB != nil {
		return incomparable
	}

	return cmp.Compare(x, y)
}

// like knows % and _, and matches without backtracking over every split.
func like(text, pattern string) bool {
	t, p := []rune(text), []rune(pattern)
	star, mark, i, j := -1, 0, 0, 0
	for i < len(t) {
		switch {
		case j < len(p) && p[j] == '%':
			star, mark, j = j, i, j+1
		case j < len(p) && (p[j] == '_' || p[j] == t[i]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}

	for j < len(p) && p[j] == '%' {
		j++
	}

	return j == len(p)
}

// valuesOf are the values a name in a query stands for; none means NULL.
func (s *Server) valuesOf(n *node, key string) []any {
	if strings.HasPrefix(key, "ecm:") {
		return s.systemValues(n, key)
	}
	steps := strings.Split(key, "/")
	if sch, f := s.types.lookup(steps[0]); f != nil {
		steps[0] = sch.key(f)
	}
	return spread(n.props[steps[0]], steps[1:])
}

// spread follows steps into structures and lists; a list stands for all its
// elements, with or without a wildcard.
func spread(v any, steps []string) []any {
	switch at := v.(type) {
	case nil:
		return nil
	case []any:
		if len(steps) > 0 && strings.HasPrefix(steps[0], "*") {
			steps = steps[1:]
		}
		var out []any
		for _, e := range at {
			out = append(out, spread(e, steps)...)
		}
		return out
	case map[string]any:
		if len(steps) > 0 {
			return spread(at[steps[0]], steps[1:])
		}
		return nil
	case *blob:
		return blobValues(at, steps)
	}
	return []any{v}
}

func blobValues(b *blob, steps []string) []any {
	if len(steps) == 0 {
		return []any{b.digest}
	}

	switch steps[0] {
	case "name":
		return []any{b.name}
	case "length":
		return []any{b.length}
	case "digest", "data":
		return []any{b.digest}
	case "mime-type":
		return []any{b.mime}
	}

	return nil
}

func (s *Server) systemValues(n *node, key string) []any {
	switch key {
	case "ecm:uuid":
		return []any{n.id}
	case "ecm:name":
		return []any{n.name}
	case "ecm:path":
		return []any{n.path()}
	case "ecm:primaryType":
		return []any{n.typ}
	case "ecm:mixinType":
		list, _ := asList(s.repo.facets(n))
		return list
	case "ecm:isTrashed":
		return []any{n.trashed}
	case "ecm:isVersion", "ecm:isCheckedInVersion":
		return []any{n.isVersion()}
	case "ecm:isProxy":
		return []any{false}
	case "ecm:isCheckedIn":
		return []any{!n.checkedOut}
	case "ecm:currentLifeCycleState":
		return []any{n.lifeCycle()}
	case "ecm:versionLabel":
		return []any{n.versionLabel()}
	case "ecm:isLatestVersion":
		return []any{n.source != nil && n.source.lastVersion() == n}
	}
	return n.relatedValues(key)
}

// relatedValues are names of other documents and of the lock.
func (n *node) relatedValues(key string) []any {
	switch {
	case key == "ecm:lockOwner" && n.lock != nil:
		return []any{n.lock.owner}
	case key == "ecm:parentId" && n.parent != nil:
		return []any{n.parent.id}
	case (key == "ecm:versionVersionableId" || key == "ecm:versionableId") && n.isVersion():
		return []any{n.sourceID}
	case key == "ecm:ancestorId":
		var out []any
		for m := n.parent; m != nil; m = m.parent {
			out = append(out, m.id)
		}
		return out
	}
	return nil
}
