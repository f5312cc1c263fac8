package nuxeosim

import (
	"net/http"
	"slices"
	"unicode/utf8"
)

// violation is a value that a schema does not allow.
type violation struct {
	path       string
	value      string
	constraint string
}

// validate checks values against the limits of their fields. A violation is
// answered with 422 and a report.
func (s *Server) validate(values map[string]any) error {
	var found []violation
	for _, key := range sortedKeys(values) {
		if err := s.checkTied(key, values[key]); err != nil {
			return err
		}
		if _, f := s.types.lookup(key); f != nil {
			found = append(found, check(f.typ, values[key], key)...)
		}
	}

	if len(found) == 0 {
		return nil
	}

	return &restError{
		status: http.StatusUnprocessableEntity,
		msg:    "Constraint violation on " + found[0].path,
		body:   report(found),
	}
}

func check(t *fieldType, v any, path string) []violation {
	var out []violation
	switch v := v.(type) {
	case string:
		if name := t.limits.broken(v); name != "" {
			out = append(out, violation{path, v, name})
		}
	case []any:
		for _, e := range v {
			out = append(out, check(t.item, e, path)...)
		}
	case map[string]any:
		for _, f := range t.fields {
			out = append(out, check(f.typ, v[f.name], path+"/"+f.name)...)
		}
	}

	return out
}

// broken names the constraint that a string breaks.
func (l *limits) broken(v string) string {
	switch {
	case l == nil:
		return ""
	case l.maxLength > 0 && utf8.RuneCountInString(v) > l.maxLength:
		return "LengthConstraint"
	case l.pattern != nil && !l.pattern.MatchString(v):
		return "PatternConstraint"
	case len(l.oneOf) > 0 && !slices.Contains(l.oneOf, v):
		return "EnumConstraint"
	}
	return ""
}

func report(found []violation) map[string]any {
	list := []any{}
	for _, v := range found {
		list = append(list, map[string]any{
			"message": v.constraint + " on " + v.path, "invalid_value": v.value,
			"constraint": map[string]any{
				"entity-type": "validation_constraint",
				"name":        v.constraint,
				"parameters":  map[string]any{},
			},
			"path": []any{map[string]any{"field_name": v.path, "is_list_item": false}},
		})
	}

	return map[string]any{
		"entity-type": "validation_report",
		"has_error":   true,
		"number":      len(found),
		"violations":  list,
	}
}
