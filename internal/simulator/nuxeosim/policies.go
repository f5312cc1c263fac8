package nuxeosim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// defaultPolicies are what Nuxeo contributes (versioning-default-policies.xml): nothing
// for system documents, a minor version after a change of a note, and one before somebody
// else changes a document with a file.
const defaultPolicies = `<component name="org.nuxeo.ecm.core.versioning.default-policies">
<extension target="org.nuxeo.ecm.core.api.versioning.VersioningService" point="policies">
 <policy id="no-versioning-for-system-before-update" increment="NONE" beforeUpdate="true" order="1"><filter-id>system-document</filter-id></policy>
 <policy id="no-versioning-for-system-after-update" increment="NONE" beforeUpdate="false" order="1"><filter-id>system-document</filter-id></policy>
 <policy id="note-as-wiki" increment="MINOR" beforeUpdate="false" order="50"><filter-id>note-filter</filter-id></policy>
 <policy id="collaborative-save" increment="MINOR" beforeUpdate="true" order="100"><filter-id>collaborative-save</filter-id></policy>
</extension>
<extension target="org.nuxeo.ecm.core.api.versioning.VersioningService" point="filters">
 <filter id="system-document"><facet>SystemDocument</facet></filter>
 <filter id="note-filter"><type>Note</type></filter>
 <filter id="collaborative-save"><schema>file</schema>
  <condition>previousDocument.dc.lastContributor != currentDocument.dc.lastContributor</condition></filter>
</extension></component>`

// reservedOrders are those that a server does not start with in a component of somebody
// else's.
const reservedOrders = 10

// policySet are the contributed policies and filters by id. A later one replaces
// an earlier one of the same id as a whole, as Nuxeo's registry does: an
// override that leaves out the filter matches everything.
type policySet struct {
	policies map[string]*policy
	filters  map[string]*policyFilter
}

type policy struct {
	id, increment string
	before        bool
	order         int
	filters       []string
}

type policyFilter struct {
	types, facets, schemas []string
	condition              *expr
}

// matching is what filters see of an update.
type matching struct {
	server            *Server
	user              *principal
	previous, current *node
	change            change
}

// match finds the policy of the lowest order, or none.
func (ps policySet) match(m matching, before bool) *policy {
	var list []*policy
	for _, p := range ps.policies {
		if p.before == before && p.increment != "" {
			list = append(list, p)
		}
	}

	slices.SortFunc(list, func(a, b *policy) int { return cmp.Or(a.order-b.order, strings.Compare(a.id, b.id)) })
	for _, p := range list {
		if ps.holds(p, m) {
			return p
		}
	}

	return nil
}

// holds reports whether all filters of a policy hold; one that is not there makes
// it fail.
func (ps policySet) holds(p *policy, m matching) bool {
	for _, id := range p.filters {
		if f := ps.filters[id]; f == nil || !f.holds(m) {
			return false
		}
	}
	return true
}

func (f *policyFilter) holds(m matching) bool {
	r := m.server.repo
	switch {
	case len(f.types) > 0 && !slices.Contains(f.types, m.current.typ):
		return false
	case len(f.facets) > 0 && !slices.ContainsFunc(f.facets, func(x string) bool { return r.hasFacet(m.current, x) }):
		return false
	case len(f.schemas) > 0 && !slices.ContainsFunc(f.schemas, func(x string) bool {
		return r.hasSchema(m.current, x)
	}):
		return false
	case f.condition == nil:
		return true
	}

	v, err := scope{dialect: dialectEL, vars: m.vars()}.eval(f.condition)
	if err != nil {
		m.server.opt.Logger.Error("a versioning filter does not evaluate", "error", err)
	}

	return err == nil && truth(v)
}

func (m matching) vars() map[string]any {
	context := map[string]any{}
	if m.change.source != "" && m.change.option == "" {
		context["source"] = m.change.source
	}

	return map[string]any{
		"previousDocument": docObject{m.server, m.previous, context},
		"currentDocument":  docObject{m.server, m.current, context},
		"currentUser":      principalObject{m.user},
	}
}

// parseCondition reads EL with or without #{…}.
func parseCondition(text string) (*expr, error) {
	text = strings.TrimSpace(text)
	if inner, found := strings.CutPrefix(text, "#{"); found {
		text = strings.TrimSuffix(strings.TrimSpace(inner), "}")
	}
	return parseExpr(dialectEL, text)
}

// addPolicy takes a contribution; one that says nothing but its id disables it.
func (ps *policySet) addPolicy(x *element, component string) error {
	if ps.policies == nil {
		ps.policies = map[string]*policy{}
	}

	id := x.attr("id")
	if x.attr("remove") == "true" {
		delete(ps.policies, id)
		return nil
	}

	p := &policy{id: id}
	if err := p.read(x); err != nil {
		return err
	}

	if p.order <= reservedOrders && p.increment != "" && !strings.HasPrefix(component, "org.nuxeo") {
		return fmt.Errorf("versioning policy %s: the orders up to %d are Nuxeo's own", id, reservedOrders)
	}

	ps.policies[id] = p
	return nil
}

func (p *policy) read(x *element) error {
	if v := x.attr("increment"); v != "" {
		p.increment = strings.ToUpper(v)
		if !slices.Contains([]string{"MAJOR", "MINOR", "NONE"}, p.increment) {
			return fmt.Errorf("versioning policy %s: unknown increment %q", p.id, v)
		}
	}

	if v := x.attr("beforeUpdate"); v != "" {
		p.before = v == "true"
	}

	if v := x.attr("order"); v != "" {
		if _, err := fmt.Sscan(v, &p.order); err != nil {
			return fmt.Errorf("versioning policy %s: order %q: %w", p.id, v, err)
		}
	}

	if ids := x.texts("filter-id"); len(ids) > 0 {
		p.filters = ids
	}

	return nil
}

func (ps *policySet) addFilter(x *element) error {
	if ps.filters == nil {
		ps.filters = map[string]*policyFilter{}
	}

	id := x.attr("id")
	f := &policyFilter{
		types:   x.listed("types", "type"),
		facets:  x.listed("facets", "facet"),
		schemas: x.listed("schemas", "schema"),
	}

	if text := x.text("condition"); text != "" {
		var err error
		if f.condition, err = parseCondition(text); err != nil {
			return fmt.Errorf("versioning filter %s: %w", id, err)
		}
	}

	ps.filters[id] = f
	return nil
}
