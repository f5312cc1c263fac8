package frameiosim

import (
	"slices"
	"strconv"
)

// Default names of the system fields, beside Options.StatusField.
const (
	FieldFrameRate  = "Frame Rate"
	FieldDuration   = "Duration"
	FieldWidth      = "Resolution - Width"
	FieldHeight     = "Resolution - Height"
	FieldCodec      = "Video Codec"
	FieldBitDepth   = "Visual Bit Depth"
	FieldPageCount  = "Page Count"
	FieldFileType   = "File Type"
	FieldSourceName = "Source Filename"
)

// SystemFields are the default names of the fields that Frame.io fills.
var SystemFields = []string{
	FieldFrameRate, FieldDuration, FieldWidth, FieldHeight, FieldCodec, FieldBitDepth,
	FieldPageCount, FieldFileType, FieldSourceName,
}

func (s *Server) systemFields(creator string) []*field {
	status := &field{name: s.opt.StatusField, kind: "select", mutable: true}
	for _, name := range s.opt.StatusOptions {
		status.options = append(status.options, option{id: s.ids.uuid(), name: name})
	}

	fields := []*field{
		status,
		{
			name:   FieldFrameRate,
			kind:   "number",
			format: "framerate",
			fact:   func(n *node) any { return known(n.file.media.FPS) },
		},
		{
			name:   FieldDuration,
			kind:   "number",
			format: "duration",
			fact:   func(n *node) any { return known(n.file.media.Duration) },
		},
		{name: FieldWidth, kind: "number", fact: func(n *node) any { return known(n.file.media.Width) }},
		{name: FieldHeight, kind: "number", fact: func(n *node) any { return known(n.file.media.Height) }},
		{name: FieldCodec, kind: "text", fact: func(n *node) any { return known(n.file.media.Codec) }},
		{name: FieldBitDepth, kind: "number", fact: func(*node) any { return nil }}, // nobody knows it here
		{name: FieldPageCount, kind: "number", fact: func(n *node) any { return known(n.file.media.Pages) }},
		{name: FieldFileType, kind: "text", fact: func(n *node) any { return known(n.file.mediaType) }},
		{name: FieldSourceName, kind: "text", fact: func(n *node) any { return known(n.name) }},
	}

	for _, f := range fields {
		s.initField(f, creator)
	}

	return fields
}

func (s *Server) initField(f *field, creator string) {
	if other := s.opt.FieldNames[f.name]; other != "" {
		f.name = other
	}
	f.id, f.creator, f.created = s.ids.uuid(), creator, s.tick()
	f.updated = f.created
	if f.creator == "" {
		f.creator = f.id // the contract wants some id; nobody has it
	}
}

func known[T comparable](v T) any {
	var zero T
	if v == zero {
		return nil
	}
	return v
}

// AddField makes a custom field of an account: text, long_text, number,
// toggle, date, select or select_multi, the last two with options.
func (s *Server) AddField(accountID, name, kind string, options ...string) (id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newField(must(s.accounts, "account", accountID), name, kind, "", options).id
}

func (s *Server) newField(a *account, name, kind, creator string, options []string) *field {
	f := &field{name: name, kind: kind, mutable: true}
	if creator == "" && len(a.order) > 0 {
		creator = a.order[0]
	}

	for _, o := range options {
		f.options = append(f.options, option{id: s.ids.uuid(), name: o})
	}

	s.initField(f, creator)
	a.fields = append(a.fields, f)
	return f
}

// SetStatus sets a file's approval to the option of that name; empty clears it.
func (s *Server) SetStatus(fileID, option string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.mustFile(fileID)
	s.setStatus(n, option)
	n.updated = s.tick()
	s.auditValue(n, n.project.workspace.account.fields[0])
	s.tell("metadata.value.updated", n.id, n.creator)
}

// auditValue records that a field of a file was set: the status by a name of its
// own, the first value of a file by another. The caller holds mu.
func (s *Server) auditValue(n *node, f *field) {
	event := "metadata_value_updated"
	switch {
	case f == n.project.workspace.account.fields[0]:
		event = "asset_status_changed"
	case len(n.file.values) == 0:
		event = "asset_metadata_created"
	}
	s.audit(event, n.id, n.creator)
}

func (s *Server) setStatus(n *node, name string) {
	status := n.project.workspace.account.fields[0]
	if name == "" {
		n.setValue(status, []string{})
		return
	}

	i := slices.IndexFunc(status.options, func(o option) bool { return o.name == name })
	if i < 0 {
		panic(unknownID{"status option", name})
	}

	n.setValue(status, []string{status.options[i].id})
}

// Status is the name of the option that is a file's approval, empty if none.
func (s *Server) Status(fileID string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n := s.mustFile(fileID)
	status := n.project.workspace.account.fields[0]
	ids, _ := n.file.values[status].([]string)
	for _, o := range status.options {
		if slices.Contains(ids, o.id) {
			return o.name
		}
	}

	return ""
}

// SetMetadata sets a custom field, named as shown, to a value in the form in
// which the API takes it: select fields want option ids.
func (s *Server) SetMetadata(fileID, fieldName string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.mustFile(fileID)
	fields := n.project.workspace.account.fields
	i := slices.IndexFunc(fields, func(f *field) bool { return f.name == fieldName && f.fact == nil })
	if i < 0 {
		panic(unknownID{"custom field", fieldName})
	}

	checked, err := fields[i].check(value)
	if err != nil {
		panic(err)
	}

	s.auditValue(n, fields[i])
	n.setValue(fields[i], checked)
	n.updated = s.tick()
	s.tell("metadata.value.updated", n.id, n.creator)
}

func (n *node) setValue(f *field, v any) {
	if n.file.values == nil {
		n.file.values = map[*field]any{}
	}
	n.file.values[f] = v
}

// metadata lists what is known about a file; with all, unset fields too.
func (s *Server) metadata(n *node, all bool) []object {
	out := []object{}
	for _, f := range n.project.workspace.account.fields {
		v := n.file.values[f]
		if f.fact != nil {
			v = f.fact(n)
		}
		if ids, ok := v.([]string); v == nil || ok && len(ids) == 0 {
			if !all {
				continue
			}
		}
		out = append(out, s.value(f, v))
	}

	return out
}

func (s *Server) value(f *field, v any) object {
	out := object{
		"field_definition_id":   f.id,
		"field_definition_name": f.name,
		"field_type":            f.kind,
		"mutable":               f.mutable,
		"value":                 v,
	}
	if f.kind == "select" || f.kind == "select_multi" {
		ids, _ := v.([]string)
		out["value"], out["field_options"] = s.chosen(f, ids), f.optionViews(false)
	}

	if f.kind == "number" && s.opt.MetadataAsText && f.fact != nil {
		out["field_type"], out["value"] = "text", asText(v)
	}

	return out
}

func asText(v any) any {
	switch n := v.(type) {
	case float64:
		return strconv.FormatFloat(n, 'f', -1, 64)
	case int:
		return strconv.Itoa(n)
	}
	return nil
}

func (s *Server) chosen(f *field, ids []string) any {
	if s.opt.SelectAsBareIDs {
		return append([]string{}, ids...)
	}

	out := []object{}
	for _, o := range f.options {
		if slices.Contains(ids, o.id) {
			out = append(out, object{"id": o.id, "display_name": o.name})
		}
	}

	return out
}

func (f *field) optionViews(color bool) []object {
	out := []object{}
	for _, o := range f.options {
		view := object{"id": o.id, "display_name": o.name}
		if color {
			view["color"] = nil
		}
		out = append(out, view)
	}

	return out
}
