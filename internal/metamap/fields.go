package metamap

import (
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

// findField returns the field of a file's metadata that a row means, by its name or id; ok is false if there is none.
func findField(names frameio.Names, all []frameio.Field) (f frameio.Field, ok bool) {
	if f = names.In(all); f.Name != "" {
		return f, true
	}

	for _, id := range names.All() {
		if i := slices.IndexFunc(all, func(f frameio.Field) bool { return f.ID == id }); i >= 0 {
			return all[i], true
		}
	}

	return f, false
}

// findDefinition returns the field of an account that a row means: by the first of its names that there is.
func findDefinition(names frameio.Names, all []frameio.Definition) (d frameio.Definition, ok bool) {
	for _, name := range names.All() {
		i := slices.IndexFunc(all, func(d frameio.Definition) bool {
			return d.ID == name || frameio.Names(name).Has(d.Name)
		})
		if i >= 0 {
			return all[i], true
		}
	}
	return d, false
}

// toField returns a value as a field takes it, and as people read it. unknown are the texts for which a selection has
// no option. An empty value clears the field.
func toField(v any, d frameio.Definition) (wire any, shown string, unknown []string, err error) {
	if v == nil {
		return []string{}, "", nil, nil
	}

	switch d.Type {
	case "text", "long_text":
		return format(v), format(v), nil, nil
	case "number":
		if n, ok := v.(float64); ok {
			return n, format(n), nil, nil
		}
	case "rating":
		if n, ok := v.(float64); ok && n == float64(int(n)) && n >= 0 && n <= 5 {
			return int(n), format(n), nil, nil
		}
		return nil, "", nil, mismatched("the field takes whole numbers from 0 to 5, and %s is none", short(format(v)))
	case "toggle":
		if b, ok := v.(bool); ok {
			return b, format(b), nil, nil
		}
	case "date":
		if t, ok := v.(time.Time); ok {
			return format(t), format(t), nil, nil
		}
	case "select", "select_multi":
		return chosen(v, d)
	case "user_single", "user_multi":
		return nil, "", nil, mismatched("the field takes people, who cannot be mapped")
	}

	return nil, "", nil, mismatched("the field on Frame.io is of the type %s, and not what the row says", d.Type)
}

// chosen returns the options that a value names.
func chosen(v any, d frameio.Definition) (wire any, shown string, unknown []string, err error) {
	texts, list := v.([]string)
	if !list {
		texts = []string{format(v)}
	}

	ids, names := []string{}, []string{}
	for _, text := range texts {
		i := slices.IndexFunc(d.Options, func(o frameio.Option) bool { return o.ID == text || o.Name == text })
		if i < 0 {
			i = slices.IndexFunc(d.Options, func(o frameio.Option) bool {
				return strings.EqualFold(strings.TrimSpace(o.Name), strings.TrimSpace(text))
			})
		}

		if i < 0 {
			unknown = append(unknown, text)
		} else if !slices.Contains(ids, d.Options[i].ID) {
			ids, names = append(ids, d.Options[i].ID), append(names, d.Options[i].Name)
		}
	}

	if len(ids) > 1 && d.Type == "select" {
		return nil, "", unknown, mismatched("the field takes one value, and there are %d", len(ids))
	}

	return ids, strings.Join(names, ", "), unknown, nil
}

// sameField reports whether a field has the value that it would get.
func sameField(f frameio.Field, wire any, shown string, d frameio.Definition) bool {
	switch wire := wire.(type) {
	case []string:
		a, b := slices.Sorted(slices.Values(f.Options)), slices.Sorted(slices.Values(wire))
		if len(wire) == 0 {
			return f.Value == "" || f.Value == "[]"
		}
		return slices.Equal(a, b)
	case string:
		if d.Type != "date" {
			return f.Value == wire
		}
		a, errA := parseDate(f.Value)
		b, errB := parseDate(wire)
		return errA == nil && errB == nil && same(a, b)
	case float64, int:
		a, err := parseNumber(f.Value)
		return err == nil && format(a) == shown
	}
	return f.Value == shown
}
