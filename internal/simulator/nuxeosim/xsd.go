package nuxeosim

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// xsdScalars are the types an XSD can name without defining them.
var xsdScalars = map[string]kind{
	"string": kindString, "anyURI": kindString, "token": kindString, "normalizedString": kindString,
	"long": kindLong, "int": kindLong, "integer": kindLong, "short": kindLong,
	"double": kindDouble, "float": kindDouble, "decimal": kindDouble, "boolean": kindBoolean,
	"date": kindDate, "dateTime": kindDate, "time": kindDate, "content": kindBlob,
}

// xsdReader turns an XSD into a schema.
type xsdReader struct {
	types map[string]*element
	depth int
}

func parseXSD(data []byte, name, prefix string) (*schema, error) {
	root, err := parseXML(data)
	if err != nil {
		return nil, err
	}

	if root.name != "schema" {
		return nil, fmt.Errorf("the root is <%s>", root.name)
	}

	r := xsdReader{types: map[string]*element{}}
	for _, x := range root.children {
		if x.name == "complexType" || x.name == "simpleType" {
			r.types[x.attr("name")] = x
		}
	}

	fields, err := r.fields(root)
	return &schema{name: name, prefix: prefix, root: fieldType{kind: kindComplex, fields: fields}}, err
}

func (r *xsdReader) fields(x *element) ([]*field, error) {
	var out []*field
	for _, e := range x.all("element") {
		if e.attr("name") == "id" { // a column of every table of Nuxeo's SQL repository
			return nil, fmt.Errorf("a property cannot be named 'id'")
		}
		t, err := r.elementType(e)
		if err != nil {
			return nil, err
		}
		out = append(out, &field{name: e.attr("name"), typ: t})
	}

	return out, nil
}

func (r *xsdReader) elementType(e *element) (*fieldType, error) {
	if r.depth++; r.depth > maxDepth {
		return nil, fmt.Errorf("the types nest too deep")
	}
	defer func() { r.depth-- }()
	t, err := r.baseType(e)
	if err == nil && e.attr("maxOccurs") == "unbounded" {
		t = &fieldType{kind: kindList, item: t}
	}

	return t, err
}

func (r *xsdReader) baseType(e *element) (*fieldType, error) {
	for _, inline := range []string{"complexType", "simpleType"} {
		if x := e.first(inline); x != nil {
			return r.defined(x)
		}
	}
	return r.named(e.attr("type"))
}

func (r *xsdReader) named(name string) (*fieldType, error) {
	local := name[strings.Index(name, ":")+1:]
	if x := r.types[local]; x != nil {
		return r.defined(x)
	}

	if k, found := xsdScalars[local]; found {
		return &fieldType{kind: k}, nil
	}

	if item, found := strings.CutSuffix(local, "List"); found { // nxs:stringList and the like
		if k, found := xsdScalars[item]; found {
			return &fieldType{kind: kindList, item: &fieldType{kind: k}}, nil
		}
	}

	return nil, fmt.Errorf("unknown type %q", name)
}

// defined reads a type. A sequence of one element that may repeat is a list.
func (r *xsdReader) defined(x *element) (*fieldType, error) {
	if l := x.first("list"); l != nil {
		item, err := r.named(l.attr("itemType"))
		return &fieldType{kind: kindList, item: item}, err
	}

	if base := x.first("restriction"); base != nil {
		return r.restricted(base)
	}

	seq := x.first("sequence")
	if seq == nil {
		if seq = x.first("all"); seq == nil {
			return nil, fmt.Errorf("type %q has no sequence", x.attr("name"))
		}
	}

	if items := seq.all("element"); len(items) == 1 && items[0].attr("maxOccurs") == "unbounded" {
		return r.elementType(items[0])
	}

	if r.depth++; r.depth > maxDepth {
		return nil, fmt.Errorf("the types nest too deep")
	}
	defer func() { r.depth-- }()
	fields, err := r.fields(seq)
	return &fieldType{kind: kindComplex, fields: fields}, err
}

// restricted reads the limits of a string. Those of other types are not looked
// at.
func (r *xsdReader) restricted(x *element) (*fieldType, error) {
	t, err := r.named(x.attr("base"))
	if err != nil || t.kind != kindString {
		return t, err
	}

	l := &limits{}
	if m := x.first("maxLength"); m != nil {
		if l.maxLength, err = strconv.Atoi(m.attr("value")); err != nil {
			return nil, err
		}
	}

	if p := x.first("pattern"); p != nil {
		if l.pattern, err = regexp.Compile("^(?:" + p.attr("value") + ")$"); err != nil {
			return nil, err
		}
	}

	for _, e := range x.all("enumeration") {
		l.oneOf = append(l.oneOf, e.attr("value"))
	}

	return &fieldType{kind: kindString, limits: l}, nil
}
