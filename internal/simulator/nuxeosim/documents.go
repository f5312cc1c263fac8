package nuxeosim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// change is what a client wants written to a document.
type change struct {
	props   map[string]any // as in JSON, uploads joined
	source  string         // the header of that name: the context data "source"
	option  string         // X-Versioning-Option in capitals, or ""
	comment string
	// silent leaves contributors and versions alone, as background work does.
	silent bool
}

// createDocument makes a document below a parent. A name that is taken gets a
// suffix, so that creation never fails for it and never deduplicates.
func (s *Server) createDocument(p *principal, parent *node, typ, name string, ch change) (*node, error) {
	if s.repo.types.types[typ] == nil {
		return nil, badRequest("Type: %s does not exist", typ)
	}

	n := &node{id: s.opt.NewID(), typ: typ, props: map[string]any{}, checkedOut: true}
	values, err := s.values(n, ch.props)
	if err != nil {
		return nil, err
	}

	maps.DeleteFunc(values, func(_ string, v any) bool { return v == nil })
	maps.Copy(n.props, values)
	s.stampCreation(p, n)
	s.repo.attach(n, parent, s.freeName(parent, s.cleanName(name)))
	s.repo.add(n)
	s.event(p, "documentCreated", n, ch.comment)
	if !s.opt.NoVersionOnCreate {
		s.automaticVersion(p, nil, n, ch, false)
	}

	if n.props["file:content"] != nil {
		s.beginBackground(n)
	}

	return n, nil
}

func (s *Server) stampCreation(p *principal, n *node) {
	now := s.now()
	n.props["dc:creator"], n.props["dc:lastContributor"] = p.login, p.login
	n.props["dc:contributors"] = []any{p.login}
	for _, key := range []string{"dc:created", "dc:modified"} {
		if n.props[key] == nil {
			n.props[key] = now
		}
	}

	if s.repo.hasSchema(n, "uid") {
		n.props["uid:major_version"], n.props["uid:minor_version"] = int64(0), int64(0)
	}
}

// freeName appends the time to a name that is taken.
func (s *Server) freeName(parent *node, name string) string {
	if parent.byName[name] == nil {
		return name
	}

	millis := s.opt.Now().UnixMilli()
	for {
		if long := fmt.Sprintf("%s.%d", name, millis); parent.byName[long] == nil {
			return long
		}
		millis++
	}
}

// cleanName makes a path segment of a name, as the path-segment service does: the last
// part of it, and a number of what is only dots.
func (s *Server) cleanName(name string) string {
	name = strings.TrimSpace(name)
	if s.opt.Untrue.CleanNames {
		name = strings.ReplaceAll(name, "/", "-")
	}

	name = name[strings.LastIndex(name, "/")+1:]
	for utf8.RuneCountInString(name) > 24 && len(name) > 24 {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}

	switch {
	case s.opt.Untrue.CleanNames && (name == "" || name == "." || name == ".."):
		return "untitled"
	case name == "" || name == "." || name == ".." || name == "-" && !s.opt.Untrue.CleanNames:
		return strconv.FormatInt(s.opt.Now().UnixNano(), 10)
	}

	return strings.TrimSpace(name)
}

// values converts the properties that the document has. Others are skipped in
// silence; one of the wrong type fails the whole write.
func (s *Server) values(n *node, props map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for key, raw := range props {
		sch, f := s.repo.types.lookup(key)
		if f == nil || !s.repo.hasSchema(n, sch.name) {
			continue
		}

		v, err := coerce(f.typ, raw)
		if err != nil {
			return nil, err
		}

		v = s.filteredValue(v)
		if _, missing := v.(missingBlob); missing {
			continue
		}

		out[sch.key(f)] = withoutMissing(v)
	}

	return out, s.validate(out)
}

// withoutMissing turns uploads that are not there, inside of structures, into
// nothing.
func withoutMissing(v any) any {
	switch v := v.(type) {
	case missingBlob:
		return nil
	case []any:
		for i := range v {
			v[i] = withoutMissing(v[i])
		}
	case map[string]any:
		for k := range v {
			if v[k] = withoutMissing(v[k]); v[k] == nil {
				delete(v, k)
			}
		}
	}
	return v
}

// updateDocument writes a change with everything that Nuxeo does around it:
// automatic version before, check-out, contributors, check-in after.
func (s *Server) updateDocument(p *principal, n *node, ch change) error {
	values, err := s.values(n, ch.props)
	if err != nil {
		return err
	}

	maps.DeleteFunc(values, func(key string, v any) bool { return equal(n.props[key], v) })
	if n.isVersion() && len(values) > 0 {
		return s.refused(403, 500, "Cannot write properties of a version: %s", n.id)
	}

	if len(values) > 0 && !ch.silent {
		s.stampUpdate(p, n, values)
		s.automaticVersion(p, n.after(values), n, ch, true)
		n.checkedOut = true
	}

	s.write(n, values, !ch.silent)
	if len(values) > 0 {
		s.event(p, "documentModified", n, ch.comment)
	}

	s.versionAfter(p, n, ch, len(values) > 0)
	if values["file:content"] != nil {
		s.beginBackground(n)
	}

	return nil
}

// after is the document as it will be; the node still is as it was.
func (n *node) after(values map[string]any) *node {
	next := *n
	next.props = maps.Clone(n.props)
	maps.Copy(next.props, values)
	return &next
}

func (s *Server) write(n *node, values map[string]any, byUser bool) {
	for key, v := range values {
		s.repo.set(n, key, v)
	}
	if len(values) > 0 {
		n.sysToken++
		if byUser && s.opt.Untrue.TokenMovesAlways {
			n.userToken++
		}
	}
}

// stampUpdate is Nuxeo's dublincore listener.
func (s *Server) stampUpdate(p *principal, n *node, values map[string]any) {
	values["dc:modified"], values["dc:lastContributor"] = s.now(), p.login
	list, _ := n.props["dc:contributors"].([]any)
	if !slices.Contains(list, any(p.login)) {
		values["dc:contributors"] = append(slices.Clone(list), any(p.login))
	}
}

// checkToken compares the second number of a change token, if the body holds
// both the uid and a token.
func checkToken(n *node, uid, token string) error {
	if uid == "" {
		return nil
	}
	_, sent, _ := strings.Cut(token, "-")
	if sent != fmt.Sprint(n.userToken) {
		return conflict("%s, Invalid change token", n.id)
	}
	return nil
}

func (n *node) changeToken() string { return fmt.Sprintf("%d-%d", n.sysToken, n.userToken) }

// removeDocument deletes for good.
func (s *Server) removeDocument(p *principal, n *node) {
	s.event(p, "documentRemoved", n, "")
	if n.source != nil {
		n.source.versions = slices.DeleteFunc(n.source.versions, func(v *node) bool { return v == n })
	}
	s.repo.remove(n)
}

// moveDocument puts a document below another folder, under a name that is free.
func (s *Server) moveDocument(p *principal, n, target *node, name string) error {
	for m := target; m != nil; m = m.parent {
		if m == n {
			return s.refused(400, 409, "Cannot move a node under itself: %s is under %s", n.id, n.id)
		}
	}

	if name == "" {
		name = n.name
	}

	if name = s.cleanName(name); target == n.parent && name == n.name {
		return nil
	}

	free := s.freeName(target, name)
	s.repo.detach(n)
	s.repo.attach(n, target, free)
	n.sysToken++
	s.event(p, "documentMoved", n, "")
	return nil
}

// lockDocument locks for a user; the same owner may do so again.
func (s *Server) lockDocument(p *principal, n *node) error {
	if n.lock != nil && n.lock.owner != p.login {
		return conflict("Document already locked by %s: %s", n.lock.owner, n.id)
	}

	if n.lock == nil {
		n.lock = &lock{owner: p.login, at: s.now()}
		n.sysToken++
		s.event(p, "documentLocked", n, "")
	}

	return nil
}

// unlockDocument is for the owner, administrators, and who holds Unlock.
func (s *Server) unlockDocument(p *principal, n *node) error {
	if n.lock == nil {
		return nil
	}

	if n.lock.owner != p.login && !granted(p, n, "Unlock") {
		return conflict("Document already locked by %s: %s", n.lock.owner, n.id)
	}

	n.lock = nil
	n.sysToken++
	s.event(p, "documentUnlocked", n, "")
	return nil
}
