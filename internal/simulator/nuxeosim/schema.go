package nuxeosim

import (
	"regexp"
	"slices"
	"strings"
)

// kind is the kind of value a field takes.
type kind int

const (
	kindString kind = iota
	kindLong
	kindDouble
	kindBoolean
	kindDate
	kindBlob
	kindComplex
	kindList
)

var kindNames = map[string]kind{
	"string": kindString, "long": kindLong, "double": kindDouble, "boolean": kindBoolean,
	"date": kindDate, "blob": kindBlob,
}

func (k kind) String() string {
	for name, other := range kindNames {
		if other == k {
			return name
		}
	}
	return "complex"
}

// fieldType is the type of a field: a scalar, a blob, a structure or a list.
type fieldType struct {
	kind   kind
	fields []*field   // of a structure
	item   *fieldType // of a list
	limits *limits    // of a string; nil mostly
}

// field is a named member of a schema or structure.
type field struct {
	name string
	typ  *fieldType
}

// limits are what an XSD restricts a string to; zero values do not.
type limits struct {
	maxLength int
	pattern   *regexp.Regexp
	oneOf     []string
}

func (t *fieldType) field(name string) *field {
	for _, f := range t.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// schema is a set of fields that a type or a facet brings.
type schema struct {
	name, prefix string
	root         fieldType
}

// key is the name of a field in JSON: with the prefix, or with the schema's
// name where there is none.
func (s *schema) key(f *field) string {
	if s.prefix == "" {
		return s.name + ":" + f.name
	}
	return s.prefix + ":" + f.name
}

// docType is a document type with everything it inherited.
type docType struct {
	name, parent            string
	schemas, facets, allows []string
}

// typeRegistry knows schemas, facets and types. It is guarded by Server.mu.
type typeRegistry struct {
	schemas  map[string]*schema
	byPrefix map[string]*schema
	facets   map[string][]string // facet → schemas
	types    map[string]*docType
}

func newTypeRegistry() *typeRegistry {
	return &typeRegistry{
		schemas: map[string]*schema{}, byPrefix: map[string]*schema{},
		facets: map[string][]string{}, types: map[string]*docType{},
	}
}

func (t *typeRegistry) addSchema(s *schema) {
	t.schemas[s.name] = s
	t.byPrefix[s.name] = s
	if s.prefix != "" {
		t.byPrefix[s.prefix] = s
	}
}

// addType registers a type; what its parent has comes first.
func (t *typeRegistry) addType(d docType) {
	if parent := t.types[d.parent]; parent != nil {
		d.schemas = union(parent.schemas, d.schemas)
		d.facets = union(parent.facets, d.facets)
		d.allows = union(parent.allows, d.allows)
	}

	for _, f := range d.facets {
		d.schemas = union(d.schemas, t.facets[f])
	}

	t.types[d.name] = &d
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}

// is reports whether a type is another or inherits from it.
func (t *typeRegistry) is(name, ancestor string) bool {
	for name != "" {
		if name == ancestor {
			return true
		}
		d := t.types[name]
		if d == nil {
			return false
		}
		name = d.parent
	}
	return false
}

// lookup finds a property by its key, whichever schema holds it.
func (t *typeRegistry) lookup(key string) (*schema, *field) {
	prefix, name, found := strings.Cut(key, ":")
	if !found {
		return nil, nil
	}

	s := t.byPrefix[prefix]
	if s == nil {
		return nil, nil
	}

	return s, s.root.field(name)
}

// parseFields reads the short form in which the base schemas are written:
// "title, created:date, subjects:string[], info{width:long}, streams[]{codec}".
func parseFields(text string) []*field {
	p := &fieldParser{rest: text}
	return p.fields()
}

type fieldParser struct{ rest string }

func (p *fieldParser) fields() []*field {
	var out []*field
	for {
		p.rest = strings.TrimLeft(p.rest, " \n\t,")
		if p.rest == "" {
			return out
		}
		if p.rest[0] == '}' {
			p.rest = p.rest[1:]
			return out
		}
		out = append(out, p.field())
	}
}

func (p *fieldParser) field() *field {
	end := strings.IndexAny(p.rest, ",{}[:")
	if end < 0 {
		end = len(p.rest)
	}

	f := &field{name: strings.TrimSpace(p.rest[:end]), typ: &fieldType{}}
	p.rest = p.rest[end:]
	if p.eat(":") {
		f.typ.kind = p.kind()
	}

	list := p.eat("[]")
	if p.eat("{") {
		f.typ.kind, f.typ.fields = kindComplex, p.fields()
	}

	if list {
		f.typ = &fieldType{kind: kindList, item: f.typ}
	}

	return f
}

func (p *fieldParser) eat(token string) bool {
	rest, found := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return found
}

func (p *fieldParser) kind() kind {
	for name, k := range kindNames {
		if p.eat(name) {
			return k
		}
	}
	return kindString
}
