package nuxeosim

import (
	"net/http"
	"slices"
)

// configRoute serves /api/v1/config/{types|schemas|facets}[/{name}].
func configRoute(c *call, seg []string) (*answer, error) {
	if c.r.Method != http.MethodGet {
		return nil, methodNotAllowed()
	}

	if len(seg) == 0 || len(seg) > 2 {
		return nil, notFound("no such configuration")
	}

	c.s.mu.RLock()
	defer c.s.mu.RUnlock()
	a, err := c.configuration(seg)
	if a == nil && err == nil && c.s.opt.Untrue.UnknownConfigurationIs404 {
		return nil, notFound("%s", seg[1])
	}

	return a, err
}

// configuration answers nothing for what is not there.
func (c *call) configuration(seg []string) (*answer, error) {
	t := c.s.types
	switch seg[0] {
	case "types":
		return t.typesAnswer(seg[1:])
	case "schemas":
		return namedOrAll(seg[1:], sortedKeys(t.schemas), t.schemaJSON)
	case "facets":
		return namedOrAll(seg[1:], sortedKeys(t.facets), t.facetJSON)
	}

	return nil, notFound("no such configuration: %s", seg[0])
}

func namedOrAll(seg, names []string, json func(string) map[string]any) (*answer, error) {
	if len(seg) == 1 {
		if !slices.Contains(names, seg[0]) {
			return nil, nil // 204
		}
		return ok(json(seg[0])), nil
	}

	list := []any{}
	for _, name := range names {
		list = append(list, json(name))
	}

	return ok(list), nil
}

// typesAnswer has one form for all types and another for one.
func (t *typeRegistry) typesAnswer(seg []string) (*answer, error) {
	if len(seg) == 0 {
		return ok(t.allTypesJSON()), nil
	}

	d := t.types[seg[0]]
	if d == nil {
		return nil, nil // 204
	}

	schemas := []any{}
	for _, name := range d.schemas {
		schemas = append(schemas, t.schemaJSON(name))
	}

	return ok(map[string]any{
		"entity-type": "docType",
		"name":        d.name,
		"parent":      d.parent,
		"facets":      listOf(d.facets),
		"schemas":     schemas,
	}), nil
}

func (t *typeRegistry) allTypesJSON() map[string]any {
	types, schemas := map[string]any{}, map[string]any{}
	for name, d := range t.types {
		types[name] = map[string]any{"parent": d.parent, "facets": listOf(d.facets), "schemas": listOf(d.schemas)}
	}

	for name := range t.schemas {
		m := t.schemaJSON(name)["fields"].(map[string]any)
		m["@prefix"] = t.schemas[name].prefix
		schemas[name] = m
	}

	return map[string]any{"entity-type": "docTypes", "doctypes": types, "schemas": schemas}
}

// listOf is a list that is never null.
func listOf(names []string) []string { return append([]string{}, names...) }

func (t *typeRegistry) schemaJSON(name string) map[string]any {
	s := t.schemas[name]
	return map[string]any{
		"entity-type": "schema",
		"name":        s.name,
		"@prefix":     s.prefix,
		"fields":      fieldsJSON(s.root.fields),
	}
}

func fieldsJSON(fields []*field) map[string]any {
	m := map[string]any{}
	for _, f := range fields {
		m[f.name] = typeJSON(f.typ)
	}
	return m
}

// typeJSON is "string", "string[]", or an object for what has members.
func typeJSON(t *fieldType) any {
	suffix := ""
	for t.kind == kindList {
		suffix, t = suffix+"[]", t.item
	}
	if t.kind == kindComplex {
		return map[string]any{"type": "complex" + suffix, "fields": fieldsJSON(t.fields)}
	}
	return t.kind.String() + suffix
}

func (t *typeRegistry) facetJSON(name string) map[string]any {
	schemas := []any{}
	for _, s := range t.facets[name] {
		schemas = append(schemas, t.schemaJSON(s))
	}
	return map[string]any{"entity-type": "facet", "name": name, "schemas": schemas}
}
