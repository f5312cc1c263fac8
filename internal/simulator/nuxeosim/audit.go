package nuxeosim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const auditSize = 500000

// auditEntry is a line of the audit log.
type auditEntry struct {
	id                        int
	at                        time.Time
	event, category, user     string
	docID, path, typ, comment string
}

// event writes to the audit log.
func (s *Server) event(p *principal, name string, n *node, comment string) {
	if len(s.audit) >= auditSize {
		s.audit = slices.Delete(s.audit, 0, auditSize/10)
	}

	last := 0
	if len(s.audit) > 0 {
		last = s.audit[len(s.audit)-1].id
	}

	s.audit = append(s.audit, auditEntry{
		id: last + 1, at: s.now(), event: name, category: "eventDocumentCategory", user: p.login,
		docID: n.id, path: n.path(), typ: n.typ, comment: comment,
	})
}

// auditJSON answers @audit: newest first, filtered and paged.
func (c *call) auditJSON(n *node) (map[string]any, error) {
	keep, err := auditFilter(c.r)
	if err != nil {
		return nil, err
	}

	var list []auditEntry
	for _, e := range slices.Backward(c.s.audit) {
		if e.docID == n.id && keep(e) {
			list = append(list, e)
		}
	}

	size, offset := c.paging(20)
	return entriesPage(list, size, offset), nil
}

// entriesPage is the entity "logEntries" over one page, which has no totalSize.
func entriesPage(list []auditEntry, size, offset int) map[string]any {
	p := pageOf{size: size, offset: offset, index: offset / size, total: len(list)}
	entries := []any{}
	for _, e := range window(list, offset, size) {
		entries = append(entries, e.json())
		p.nodes = append(p.nodes, nil)
	}

	m := p.json(false)
	m["entity-type"], m["entries"] = "logEntries", entries
	delete(m, "totalSize")
	return m
}

// opAudit reads the audit log by a page provider: that of a document's history, whose id
// is the parameter, that of the latest events, or without one all from the first on.
func opAudit(oc *opCall) (*answer, error) {
	list := slices.Clone(oc.s.audit)
	switch name := oc.str("providerName"); name {
	case "":
	case "EVENTS_VIEW":
		slices.Reverse(list)
	case "DOCUMENT_HISTORY_PROVIDER":
		of := oc.strings("queryParams")
		if len(of) == 0 {
			return nil, oc.s.refused(400, 500, "The provider needs a document")
		}
		list = slices.DeleteFunc(list, func(e auditEntry) bool { return e.docID != of[0] })
		slices.Reverse(list)
	default:
		return nil, oc.s.refused(404, 500, "no such page provider: %s", name)
	}

	size, err := strconv.Atoi(oc.str("pageSize"))
	if err != nil || size <= 0 {
		size = 20
	}

	page, _ := strconv.Atoi(oc.str("currentPageIndex")) // the first unless it is said
	size = min(size, oc.s.opt.MaxPageSize)
	return ok(entriesPage(list, size, max(page, 0)*size)), nil
}

func auditFilter(r *http.Request) (func(auditEntry) bool, error) {
	q := r.URL.Query()
	from, errFrom := boundary(q.Get("startEventDate"), time.Time{})
	to, errTo := boundary(q.Get("endEventDate"), time.Unix(1<<40, 0))
	if err := cmp.Or(errFrom, errTo); err != nil {
		return nil, badRequest("%v", err)
	}

	return func(e auditEntry) bool {
		return oneOf(q["eventId"], e.event) && oneOf(q["category"], e.category) && oneOf(q["principalName"], e.user) &&
			!e.at.Before(from) && !e.at.After(to)
	}, nil
}

func boundary(text string, otherwise time.Time) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	return parseTime(text)
}

// oneOf reports whether a value is among those of a parameter, which may repeat or
// hold commas; without any, everything is.
func oneOf(list []string, v string) bool {
	if len(list) == 0 || len(list) == 1 && list[0] == "" {
		return true
	}
	return slices.Contains(strings.Split(strings.Join(list, ","), ","), v)
}

func (e auditEntry) json() map[string]any {
	return map[string]any{
		"entity-type": "logEntry", "id": e.id, "category": e.category, "principalName": e.user, "comment": e.comment,
		"docLifeCycle": "project", "docPath": e.path, "docType": e.typ, "docUUID": e.docID, "eventId": e.event,
		"repositoryId": "default", "eventDate": formatTime(e.at), "logDate": formatTime(e.at),
		"extended": map[string]any{},
	}
}

// paging reads pageSize and the page, or an offset. The size is capped without
// a word.
func (c *call) paging(size int) (int, int) {
	q := c.r.URL.Query()
	if n, err := strconv.Atoi(q.Get("pageSize")); err == nil && n > 0 {
		size = n
	} else if q.Get("pageSize") == "0" || n < 0 {
		size = c.s.opt.MaxPageSize
	}

	size = min(size, c.s.opt.MaxPageSize)
	page, _ := strconv.Atoi(q.Get("currentPageIndex"))
	offset := max(page, 0) * size
	if n, err := strconv.Atoi(cmp.Or(q.Get("offset"), q.Get("currentPageOffset"))); err == nil && n >= 0 {
		offset = n
	}

	return size, offset
}

func window[T any](list []T, offset, size int) []T {
	offset = min(offset, len(list))
	return list[offset:min(offset+size, len(list))]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
