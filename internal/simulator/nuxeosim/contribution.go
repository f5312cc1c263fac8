package nuxeosim

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// element is a piece of XML with its children.
type element struct {
	name     string
	attrs    map[string]string
	children []*element
	chars    strings.Builder
}

func (x *element) attr(name string) string { return x.attrs[name] }

func (x *element) all(name string) []*element {
	var out []*element
	for _, c := range x.children {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

func (x *element) first(name string) *element {
	if list := x.all(name); len(list) > 0 {
		return list[0]
	}
	return nil
}

// text is the trimmed text of a child.
func (x *element) text(name string) string {
	if c := x.first(name); c != nil {
		return strings.TrimSpace(c.chars.String())
	}
	return ""
}

func (x *element) texts(name string) []string {
	var out []string
	for _, c := range x.all(name) {
		out = append(out, strings.TrimSpace(c.chars.String()))
	}
	return out
}

// listed reads <types><type>…</type></types> or bare <type>…</type>.
func (x *element) listed(outer, inner string) []string {
	out := x.texts(inner)
	for _, c := range x.all(outer) {
		out = append(out, c.texts(inner)...)
	}
	return out
}

func parseXML(data []byte) (*element, error) {
	d := xml.NewDecoder(strings.NewReader(string(data)))
	stack := []*element{{}}
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}

		if err != nil {
			return nil, err
		}

		top := stack[len(stack)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			x := newElement(tok)
			top.children = append(top.children, x)
			stack = append(stack, x)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.chars.Write(tok)
		}
	}

	if len(stack[0].children) != 1 {
		return nil, errors.New("no root element")
	}

	return stack[0].children[0], nil
}

func newElement(tok xml.StartElement) *element {
	x := &element{name: tok.Name.Local, attrs: map[string]string{}}
	for _, a := range tok.Attr {
		x.attrs[a.Name.Local] = a.Value
	}
	return x
}

// SetProperty sets a property of nuxeo.conf, for contributions added later.
func (s *Server) SetProperty(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.props[name] = value
}

// ConfigurationProperty is a property of the configuration service, as
// contributions set it.
func (s *Server) ConfigurationProperty(name string) (string, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, found := s.config[name]
	return v, found
}

// AddContribution deploys a component's XML, as a customer's own configuration.
func (s *Server) AddContribution(xml []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.contribute(xml, func(string) ([]byte, bool) { return nil, false })
}

var confProperty = regexp.MustCompile(`\$\{([^}:=]+)(:=([^}]*))?\}`)

// expand replaces ${name:=default}; an unknown name without default stays.
func (s *Server) expand(text string) string {
	return confProperty.ReplaceAllStringFunc(text, func(m string) string {
		parts := confProperty.FindStringSubmatch(m)
		if v, found := s.props[parts[1]]; found {
			return v
		}
		if parts[2] != "" {
			return parts[3]
		}
		return m
	})
}

// contribute registers the extensions of a component. Files named by it are
// opened beside it.
func (s *Server) contribute(data []byte, open func(string) ([]byte, bool)) error {
	root, err := parseXML([]byte(s.expand(string(data))))
	if err != nil {
		return err
	}

	if root.name != "component" || root.attr("name") == "" {
		return errors.New("not a component with a name")
	}

	ours := slices.Contains(root.texts("require"), autoSubscribeFrom)
	for _, ext := range root.all("extension") {
		for _, x := range ext.children {
			if x.attr("name") == autoSubscribe { // unless it is required the server's own comes later
				s.quiet = ours && strings.TrimSpace(x.chars.String()) == "false"
			}
			if err := s.extend(root.attr("name"), ext.attr("target"), ext.attr("point"), x, open); err != nil {
				return fmt.Errorf("component %s, point %s: %w", root.attr("name"), ext.attr("point"), err)
			}
		}
	}

	return nil
}

// extend takes one contribution. Points that the simulator does not know are
// accepted, as they are somebody else's business.
func (s *Server) extend(component, target, point string, x *element, open func(string) ([]byte, bool)) error {
	switch target[strings.LastIndex(target, ".")+1:] + "#" + point {
	case "TypeService#schema":
		return s.contributeSchema(x, open)
	case "TypeService#doctype":
		return s.contributeType(x)
	case "VersioningService#policies":
		return s.policies.addPolicy(x, component)
	case "VersioningService#filters":
		return s.policies.addFilter(x)
	case "OAuth2ServiceProviderRegistry#providers":
		s.provider.contribute(x)
	case "RequestControllerService#corsConfig":
		return s.contributeCORS(x)
	case "CommentService#config":
		if s.opt.LTS == "2025" {
			return errors.New("there is no such point any more")
		}
	case "ConfigurationService#configuration":
		if x.name == "property" {
			s.config[x.attr("name")] = strings.TrimSpace(x.chars.String())
		}
	}
	return nil
}

func (s *Server) contributeSchema(x *element, open func(string) ([]byte, bool)) error {
	if x.name != "schema" {
		return nil
	}

	data, found := open(x.attr("src"))
	if !found {
		return fmt.Errorf("schema %s: file %s not found", x.attr("name"), x.attr("src"))
	}

	sch, err := parseXSD(data, x.attr("name"), x.attr("prefix"))
	if err != nil {
		return fmt.Errorf("schema %s: %w", x.attr("name"), err)
	}

	s.types.addSchema(sch)
	return nil
}

func (s *Server) contributeType(x *element) error {
	switch x.name {
	case "facet":
		s.types.facets[x.attr("name")] = s.schemaNames(x)
	case "doctype":
		d := docType{name: x.attr("name"), parent: x.attr("extends"), schemas: s.schemaNames(x)}
		for _, f := range x.all("facet") {
			d.facets = append(d.facets, f.attr("name"))
		}
		d.allows = x.listed("subtypes", "type")
		if old := s.types.types[d.name]; old != nil && x.attr("append") == "true" {
			d.parent, d.schemas, d.facets, d.allows = old.parent, union(old.schemas, d.schemas),
				union(old.facets, d.facets), union(old.allows, d.allows)
		}
		s.types.addType(d)
	}

	for _, name := range s.schemaNames(x) {
		if s.types.schemas[name] == nil {
			return fmt.Errorf("%s %s: unknown schema %s", x.name, x.attr("name"), name)
		}
	}

	return nil
}

func (s *Server) schemaNames(x *element) []string {
	var out []string
	for _, c := range x.all("schema") {
		out = append(out, c.attr("name"))
	}
	return out
}
