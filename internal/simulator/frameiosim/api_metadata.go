package frameiosim

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

func (s *Server) showMetadata(c *call) (any, error) {
	n, err := s.find(c, "file_id", kindFile)
	if err != nil {
		return nil, err
	}
	return object{"file_id": n.id, "metadata": s.metadata(n, c.flag("show_null"))}, nil
}

func (s *Server) listFields(c *call) (any, error) {
	fields := slices.Clone(c.account.fields)
	if c.q("filters[exclude_immutable]") == "true" {
		fields = slices.DeleteFunc(fields, func(f *field) bool { return !f.mutable })
	}

	fields, err := sorted(c, fields, map[string]func(a, b *field) int{
		"name":       func(a, b *field) int { return cmp.Compare(a.name, b.name) },
		"created_at": func(a, b *field) int { return a.created.Compare(b.created) },
	})
	if err != nil {
		return nil, err
	}

	return list(s, c, fields, pageMax, func(f *field) any {
		out := s.fieldView(f)
		if creator := s.user(f.creator); creator != nil && c.includes()["creator"] {
			out["creator"] = creator
		}
		return out
	})
}

func (s *Server) fieldView(f *field) object {
	return object{
		"id": f.id, "name": f.name, "field_type": f.kind, "mutable": f.mutable, "creator_id": f.creator,
		"created_at": stamp(f.created), "updated_at": stamp(f.updated), "field_configuration": f.configuration(),
	}
}

func (f *field) configuration() object {
	switch f.kind {
	case "select", "select_multi":
		return object{"enable_add_new": true, "options": f.optionViews(true)}
	case "number":
		out := object{"scale": 3}
		if f.format != "" {
			out["number_format"] = f.format
		}
		return out
	case "toggle":
		return object{"color": nil}
	case "date":
		return object{"display_format": "iso"}
	}
	return object{}
}

var fieldKinds = []string{"text", "long_text", "number", "toggle", "date", "select", "select_multi"}

type fieldBody struct {
	Name   string `json:"name"`
	Kind   string `json:"field_type"`
	Config struct {
		Options []struct {
			Name  string `json:"display_name"`
			Color string `json:"color"`
		} `json:"options"`
		AddNew  *bool           `json:"enable_add_new"`
		Scale   json.RawMessage `json:"scale"`
		Format  string          `json:"number_format"`
		Color   json.RawMessage `json:"color"`
		Display string          `json:"display_format"`
	} `json:"field_configuration"`
}

func (b fieldBody) check() error {
	if !slices.Contains(fieldKinds, b.Kind) {
		return invalid("/data/field_type", "Fields of type %q cannot be made here", b.Kind)
	}
	if n := len(b.Config.Options); strings.HasPrefix(b.Kind, "select") && (n < 1 || n > 50) {
		return invalid("/data/field_configuration/options", "A select field has from 1 to 50 options")
	}
	return text("name", b.Name, 250)
}

func (s *Server) createField(c *call) (any, error) {
	if !c.account.leads(c.person.id) {
		return nil, forbidden("You do not have permission to create fields")
	}

	in, err := decode[fieldBody](c)
	if err == nil {
		err = in.check()
	}

	if err != nil {
		return nil, err
	}

	var options []string
	for _, o := range in.Config.Options {
		options = append(options, o.Name)
	}

	return s.fieldView(s.newField(c.account, in.Name, in.Kind, c.person.id, options)), nil
}

type bulkUpdate struct {
	FileIDs []string `json:"file_ids"`
	Values  []struct {
		FieldID string `json:"field_definition_id"`
		Value   any    `json:"value"`
	} `json:"values"`
}

func (s *Server) updateMetadata(c *call) (any, error) {
	p, err := s.findProject(c)
	if err == nil && !p.editable(c.person.id) {
		err = forbidden("You do not have permission to change metadata")
	}

	if err != nil {
		return nil, err
	}

	in, err := decode[bulkUpdate](c)
	if err != nil {
		return nil, err
	}

	files, err := s.filesOf(c, p, in.FileIDs)
	if err != nil {
		return nil, err
	}

	values, err := c.account.checkValues(in)
	if err != nil {
		return nil, err
	}

	s.setValues(files, values)
	return nil, nil
}

func (s *Server) setValues(files []*node, values map[*field]any) {
	for _, n := range files {
		for f, v := range values {
			s.auditValue(n, f)
			n.setValue(f, v)
		}
		n.updated = s.tick()
		s.tell("metadata.value.updated", n.id, n.creator)
	}
}

func (s *Server) filesOf(c *call, p *project, ids []string) ([]*node, error) {
	if len(ids) < 1 || len(ids) > 100 {
		return nil, invalid("/data/file_ids", "file_ids must have from 1 to 100 items")
	}

	var files []*node
	for _, id := range ids {
		n := s.reach(c, id)
		if n == nil || n.kind != kindFile || n.project != p {
			return nil, notFound("file", id)
		}
		files = append(files, n)
	}

	return files, nil
}

func (a *account) checkValues(in bulkUpdate) (map[*field]any, error) {
	if len(in.Values) < 1 || len(in.Values) > 100 {
		return nil, invalid("/data/values", "values must have from 1 to 100 items")
	}

	out := map[*field]any{}
	for _, v := range in.Values {
		i := slices.IndexFunc(a.fields, func(f *field) bool { return f.id == v.FieldID })
		if i < 0 {
			return nil, notFound("field definition", v.FieldID)
		}

		if a.fields[i].fact != nil {
			return nil, &apiError{
				status: http.StatusUnprocessableEntity,
				detail: "Field " + a.fields[i].name + " is read-only",
			}
		}

		checked, err := a.fields[i].check(v.Value)
		if err != nil {
			return nil, err
		}

		out[a.fields[i]] = checked
	}

	return out, nil
}

// check brings a value into the form in which it is kept; nil and an empty
// list clear.
func (f *field) check(v any) (any, error) {
	switch f.kind {
	case "select", "select_multi":
		return f.checkSelect(v)
	case "number":
		return checkType[float64](v, "A number")
	case "toggle":
		return checkType[bool](v, "A boolean")
	}
	return checkType[string](v, "A string")
}

func checkType[T any](v any, what string) (any, error) {
	if items, ok := v.([]any); v == nil || ok && len(items) == 0 {
		return nil, nil
	}
	if _, ok := v.(T); !ok {
		return nil, invalid("/data/values", "%s is expected for this field type", what)
	}
	return v, nil
}

func (f *field) checkSelect(v any) (any, error) {
	ids, ok := stringsIn(v)
	if !ok || f.kind == "select" && len(ids) > 1 {
		return nil, invalid("/data/values", "A List of UUID is expected for select field type")
	}

	for _, id := range ids {
		if !slices.ContainsFunc(f.options, func(o option) bool { return o.id == id }) {
			return nil, invalid("/data/values", "A List of UUID is expected for select field type")
		}
	}

	return ids, nil
}

func stringsIn(v any) ([]string, bool) {
	if already, ok := v.([]string); ok || v == nil {
		return already, true
	}

	items, ok := v.([]any)
	var out []string
	for _, item := range items {
		id, isString := item.(string)
		ok = ok && isString
		out = append(out, id)
	}

	return out, ok
}
