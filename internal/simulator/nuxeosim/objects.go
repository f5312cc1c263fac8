package nuxeosim

import "strings"

// docObject is a document as expressions see it.
type docObject struct {
	s       *Server
	n       *node
	context map[string]any
}

func (d docObject) property(name string) any {
	n := d.n
	switch name {
	case "id", "ref":
		return n.id
	case "type", "documentType":
		return n.typ
	case "name":
		return n.name
	case "title":
		return n.title()
	case "path", "pathAsString":
		return n.path()
	case "contextData":
		return d.context
	case "versionLabel":
		return n.versionLabel()
	case "facets":
		list, _ := asList(d.s.repo.facets(n))
		return list
	case "isVersion", "version":
		return n.isVersion()
	case "checkedOut", "isCheckedOut":
		return n.checkedOut
	case "locked", "isLocked":
		return n.lock != nil
	}

	return d.more(name)
}

// more are methods and the properties of a schema, by its prefix or name.
func (d docObject) more(name string) any {
	if m := d.method(name); m != nil {
		return m
	}

	if strings.Contains(name, ":") {
		return d.n.props[name]
	}

	sch := d.s.repo.types.byPrefix[name]
	if sch == nil || !d.s.repo.hasSchema(d.n, sch.name) {
		return nil
	}

	return schemaObject{d.n, sch}
}

func (d docObject) method(name string) any {
	switch name {
	case "hasFacet":
		return oneArg(func(a string) any { return d.s.repo.hasFacet(d.n, a) })
	case "hasSchema":
		return oneArg(func(a string) any { return d.s.repo.hasSchema(d.n, a) })
	case "getPropertyValue", "getProperty":
		return oneArg(func(a string) any { return d.n.props[a] })
	case "getContextData":
		return oneArg(func(a string) any { return d.context[a] })
	case "getTitle", "getType", "getId", "getName", "getPathAsString":
		v := d.property(strings.ToLower(name[3:4]) + name[4:])
		return function(func([]any) (any, error) { return v, nil })
	}
	return nil
}

func oneArg(f func(string) any) function {
	return func(args []any) (any, error) {
		if len(args) != 1 {
			return nil, badRequest("one argument expected, got %d", len(args))
		}
		return f(printed(args[0])), nil
	}
}

// schemaObject is document.dc and the like.
type schemaObject struct {
	n   *node
	sch *schema
}

func (o schemaObject) property(name string) any {
	f := o.sch.root.field(name)
	if f == nil {
		return nil
	}

	v := o.n.props[o.sch.key(f)]
	if b, is := v.(*blob); is {
		return map[string]any{
			"name":     b.name,
			"filename": b.name,
			"length":   b.length,
			"mimeType": b.mime,
			"digest":   b.digest,
		}
	}

	return v
}

// principalObject is a user as expressions see them.
type principalObject struct{ p *principal }

func (o principalObject) property(name string) any {
	switch name {
	case "name", "actingUser", "originatingUser":
		return o.p.login
	case "firstName":
		return o.p.user.FirstName
	case "lastName":
		return o.p.user.LastName
	case "email":
		return o.p.user.Email
	case "company":
		return ""
	case "administrator", "isAdministrator":
		return o.p.admin
	case "groups":
		list, _ := asList(o.p.groups)
		return list
	}
	return nil
}
