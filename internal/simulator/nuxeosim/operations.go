package nuxeosim

import (
	"slices"
	"strconv"
	"strings"
)

func init() { // not a literal: the operations call what lists them
	operations = map[string]operation{
		"Document.AddFacet": opAddFacet, "Document.RemoveFacet": opRemoveFacet,
		"Document.Lock": opLock, "Document.Unlock": opUnlock,
		"Document.CreateVersion": opCreateVersion, "Document.CheckIn": opCheckIn, "Document.CheckOut": opCheckOut,
		"Document.RestoreVersion": opRestore, "Document.GetLastVersion": opLastVersion,
		"Document.GetVersions":    opVersions,
		"Document.AddToFavorites": opMark(favorite, true), "Document.RemoveFromFavorites": opMark(favorite, false),
		"Document.Subscribe": opMark(subscribed, true), "Document.Unsubscribe": opMark(subscribed, false),
		"Document.Trash": opTrash(true), "Document.Untrash": opTrash(false),
		"Document.Update": opUpdate, "Document.Move": opMove, "Document.Delete": opDelete, "Document.Create": opCreate,
		"Document.GetChildren": opChildren, "Document.GetParent": opParent, "Document.Mail": opMail,
		"Document.AddPermission": opAddPermission, "Document.RemovePermission": opRemovePermission,
		"Document.BlockPermissionInheritance": opBlockRights, "Document.SetProperty": opSetProperty,
		"Document.GetChild": opChild, "Document.GetBlob": opBlob, "Document.GetBlobs": opBlobs,
		"Proxy.GetSourceDocument": opSource,
		"Blob.AttachOnDocument":   opAttach, "Blob.RemoveFromDocument": opRemoveBlob, "FileManager.Import": opImport,
		"User.GetUserWorkspace": opUserWorkspace, "Favorite.Fetch": opFavorites, "Audit.QueryWithPageProvider": opAudit,
		"Repository.Query": opQuery, "Repository.GetDocument": opFetch, "User.Get": opUser, "Log": opNothing,
		"Event.Fire": opEvent, "Document.FollowLifecycleTransition": opFollow,
	}
}

func opNothing(oc *opCall) (*answer, error) { return oc.output(oc.input), nil }

func (oc *opCall) writing(step func(*node) error) (*answer, error) {
	return oc.each(func(n *node) error {
		if err := oc.demand(n, "WriteProperties"); err != nil {
			return err
		}
		return step(n)
	})
}

func opAddFacet(oc *opCall) (*answer, error) {
	facet, err := oc.need("facet")
	if err != nil {
		return nil, err
	}

	if _, found := oc.s.types.facets[facet]; !found {
		return nil, oc.s.refused(400, 500, "No such facet: %s", facet)
	}

	return oc.writing(func(n *node) error {
		if oc.s.repo.hasFacet(n, facet) {
			return nil
		}
		n.extra = append(slices.Clone(n.extra), facet)
		return oc.s.touch(oc.user, n)
	})
}

// opRemoveFacet drops the data of schemas that only this facet brought.
func opRemoveFacet(oc *opCall) (*answer, error) {
	facet, err := oc.need("facet")
	if err != nil {
		return nil, err
	}

	return oc.writing(func(n *node) error {
		before := oc.s.repo.schemas(n)
		i := slices.Index(n.extra, facet)
		if i < 0 {
			return nil
		}

		n.extra = slices.Delete(slices.Clone(n.extra), i, i+1)
		for _, name := range before {
			if !oc.s.repo.hasSchema(n, name) && !oc.s.opt.FacetDataStays {
				oc.s.clearSchema(n, name)
			}
		}

		return oc.s.touch(oc.user, n)
	})
}

func (s *Server) clearSchema(n *node, name string) {
	sch := s.types.schemas[name]
	for _, f := range sch.root.fields {
		s.repo.set(n, sch.key(f), nil)
	}
}

// touch saves a document whose facets changed, which is no update of its properties: no
// version, no contributor, and what is checked in stays so.
func (s *Server) touch(p *principal, n *node) error {
	if !s.opt.Untrue.FacetsAreWrites {
		n.sysToken++
		s.repo.generation++
		s.event(p, "documentModified", n, "")
		return nil
	}

	values := map[string]any{}
	s.stampUpdate(p, n, values)
	s.automaticVersion(p, n.after(values), n, change{}, true)
	n.checkedOut = true
	s.write(n, values, true)
	s.event(p, "documentModified", n, "")
	s.versionAfter(p, n, change{}, true)
	return nil
}

func opLock(oc *opCall) (*answer, error) {
	return oc.each(func(n *node) error {
		if n.lock != nil && n.lock.owner != oc.user.login {
			return oc.s.lockDocument(oc.user, n) // 409 comes before 403
		}
		if err := oc.demand(n, "WriteProperties"); err != nil {
			return err
		}
		return oc.s.lockDocument(oc.user, n)
	})
}

func opUnlock(oc *opCall) (*answer, error) {
	return oc.each(func(n *node) error { return oc.s.unlockDocument(oc.user, n) })
}

func opTrash(trashed bool) operation {
	return func(oc *opCall) (*answer, error) {
		return oc.each(func(n *node) error {
			if err := oc.demand(n, "Remove"); err != nil {
				return err
			}
			oc.s.setTrashed(oc.user, n, trashed)
			return nil
		})
	}
}

// properties reads a map, or lines of key=value.
func (oc *opCall) properties() map[string]any {
	if m, is := oc.params["properties"].(map[string]any); is {
		return m
	}

	m := map[string]any{}
	for line := range strings.SplitSeq(oc.str("properties"), "\n") {
		if key, value, found := strings.Cut(line, "="); found {
			m[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}

	return m
}

func opUpdate(oc *opCall) (*answer, error) {
	ch, err := oc.changeHeaders()
	if err != nil {
		return nil, err
	}

	ch.props, ch.option = oc.properties(), ""
	return oc.writing(func(n *node) error {
		if token := oc.str("changeToken"); token != "" {
			if err := checkToken(n, n.id, token); err != nil {
				return err
			}
		}
		return oc.s.updateDocument(oc.user, n, ch)
	})
}

func opSetProperty(oc *opCall) (*answer, error) {
	xpath, err := oc.need("xpath")
	if err != nil {
		return nil, err
	}
	return oc.writing(func(n *node) error {
		return oc.s.updateDocument(oc.user, n, change{props: map[string]any{xpath: oc.params["value"]}})
	})
}

func opMove(oc *opCall) (*answer, error) {
	target, err := oc.need("target")
	if err != nil {
		return nil, err
	}

	to, err := oc.document(target)
	if err != nil {
		return nil, err
	}

	if err := oc.demand(to, "AddChildren"); err != nil {
		return nil, err
	}

	return oc.each(func(n *node) error {
		if err := oc.demand(n, "Remove"); err != nil {
			return err
		}
		return oc.s.moveDocument(oc.user, n, to, oc.str("name"))
	})
}

func opDelete(oc *opCall) (*answer, error) {
	_, err := oc.each(func(n *node) error {
		if err := oc.demand(n, "Remove"); err != nil {
			return err
		}
		oc.s.removeDocument(oc.user, n)
		return nil
	})
	return nil, err
}

func opCreate(oc *opCall) (*answer, error) {
	typ, err := oc.need("type")
	if err != nil {
		return nil, err
	}

	if len(oc.input) != 1 {
		return nil, badRequest("The operation needs a folder as input")
	}

	if err := oc.demand(oc.input[0], "AddChildren"); err != nil {
		return nil, err
	}

	n, err := oc.s.createDocument(oc.user, oc.input[0], typ, oc.str("name"), change{props: oc.properties()})
	if err != nil {
		return nil, err
	}

	return oc.output([]*node{n}), nil
}

// opQuery runs NXQL; its paging is in the parameters.
func opQuery(oc *opCall) (*answer, error) {
	text, err := oc.need("query")
	if err != nil {
		return nil, err
	}

	list, err := oc.query(fillIn(text, oc.strings("queryParams")))
	if err != nil {
		return nil, oc.s.refused(400, 500, "%v", err)
	}

	if by := oc.str("sortBy"); by != "" {
		list = slices.Clone(list)
		sortNodes(oc.s, list, sortsOf(by, oc.str("sortOrder")))
	}

	asked, err := strconv.Atoi(oc.str("pageSize"))
	if err != nil || asked <= 0 {
		asked = oc.s.opt.MaxPageSize
	}

	size := min(asked, oc.s.opt.MaxPageSize)
	page, _ := strconv.Atoi(oc.str("currentPageIndex"))
	offset := max(page, 0) * size
	m := oc.listJSON(pageOf{
		size:   size,
		index:  page,
		offset: offset,
		total:  len(list),
		nodes:  window(list, offset, size),
	})

	m["pageSize"] = asked
	return ok(m), nil
}

func opUser(oc *opCall) (*answer, error) {
	login := oc.str("login")
	if login == "" {
		return ok(oc.s.userJSON(oc.user)), nil
	}

	u := oc.s.users[login]
	if u == nil {
		return nil, notFound("user does not exist: %s", login)
	}

	return ok(oc.s.userJSON(u.principal())), nil
}

// opEvent notes the event; nobody listens.
func opEvent(oc *opCall) (*answer, error) {
	name, err := oc.need("name")
	if err != nil {
		return nil, err
	}
	for _, n := range oc.input {
		oc.s.event(oc.user, name, n, "")
	}
	return oc.output(oc.input), nil
}
