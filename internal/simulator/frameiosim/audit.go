package frameiosim

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// audited is an entry of an account's audit log.
type audited struct {
	seq                        int64 // grows; what a cursor names
	event, kind, resource      string
	person, project, workspace string
	at                         time.Time
	visible                    time.Time // entries are written late
}

// auditMost is how many entries an account keeps; the oldest go first.
const auditMost = 500_000

// auditOf names in the audit log what an event tells. What is not here is no
// deed of a person.
var auditOf = map[string]string{
	"file.created": "asset_created", "folder.created": "asset_created", "file.upload.completed": "file_uploaded",
	"file.copied":  "asset_copied",
	"file.updated": "asset_updated", "folder.updated": "asset_updated", "file.deleted": "asset_deleted",
	"folder.deleted": "asset_deleted",
	"file.versioned": "asset_versioned", "metadata.value.updated": "metadata_value_updated",
	"comment.created": "comment_created", "comment.updated": "comment_updated", "comment.deleted": "comment_deleted",
	"comment.completed": "comment_completed", "comment.uncompleted": "comment_uncompleted",
}

// auditKinds names assets in the audit log.
var auditKinds = map[kind]string{kindFile: "asset", kindFolder: "folder", kindStack: "version_stack"}

// audit records what somebody did; without a person it was a guest. The caller
// holds mu.
func (s *Server) audit(event, resource, person string) {
	if event == "" {
		return
	}

	e := audited{event: event, kind: "comment", resource: resource, person: person, at: s.tick()}
	p := s.comments[resource].projectOf()
	if p == nil {
		n := s.mustNode(resource)
		e.kind, p = auditKinds[n.kind], n.project
	}

	e.project, e.workspace, e.visible = p.id, p.workspace.id, s.now()
	s.auditSeq++
	e.seq = s.auditSeq
	if s.opt.AuditDelay != nil {
		e.visible = e.visible.Add(s.opt.AuditDelay(int(e.seq)))
	}

	p.workspace.account.remember(e)
}

func (k *comment) projectOf() *project {
	if k == nil {
		return nil
	}
	return k.project()
}

func (a *account) remember(e audited) {
	if len(a.audit) >= auditMost {
		a.audit = slices.Delete(a.audit, 0, auditMost/10)
	}
	a.audit = append(a.audit, e)
}

func auditRoutes() []route {
	return []route{{"GET", base + "/audit_logs", "auditlog.index", hundred, http.StatusOK, (*Server).listAudit}}
}

// listAudit gives what happened, newest first, to who heads the account.
func (s *Server) listAudit(c *call) (any, error) {
	if c.r.Header.Get("api-version") != "4.0" {
		return nil, badRequest("Missing or unknown header: api-version")
	}

	if role := c.account.members[c.person.id]; s.opt.AuditRefused || role != RoleOwner && role != RoleAdmin {
		return nil, forbidden("You do not have permission to read the audit log")
	}

	wanted, err := auditFilter(c)
	if err != nil {
		return nil, err
	}

	size, err := c.pageSize(pageMax)
	if err != nil {
		return nil, err
	}

	before, err := c.after()
	if err != nil {
		return nil, err
	}

	return s.auditPage(c, wanted, size, before), nil
}

// auditPage is a page of what was written before an entry; 0 begins at the newest.
func (s *Server) auditPage(c *call, wanted func(audited) bool, size int, before int64) any {
	now := s.now()
	data, next, total := []any{}, int64(0), 0
	last := int64(0)
	for _, e := range slices.Backward(c.account.audit) {
		if e.visible.After(now) || !wanted(e) {
			continue
		}

		total++
		switch {
		case before > 0 && e.seq >= before:
		case len(data) < size:
			data, last = append(data, s.auditView(c, e)), e.seq
		case next == 0:
			next = last
		}

		if next > 0 && !c.flag("include_total_count") {
			break
		}
	}

	return s.page(c, data, next, func() int { return total })
}

func (s *Server) auditView(c *call, e audited) object {
	out := object{
		"account_id": c.account.id, "workspace_id": e.workspace, "project_id": e.project, "resource_id": e.resource,
		"resource_type": e.kind,
		"event_type":    e.event, "inserted_at": stamp(e.at), "ip_address": "192.0.2.1", "user_id": nil,
	}
	if e.person != "" {
		out["user_id"] = e.person
	}

	if c.includes()["user"] {
		out["user"] = s.user(e.person)
	}

	return out
}

// auditFilter reads filters[…], of which days are the finest in time.
func auditFilter(c *call) (func(audited) bool, error) {
	var tests []func(audited) bool
	for key := range c.query {
		name, is := strings.CutPrefix(key, "filters[")
		if !is {
			continue
		}
		test, err := auditTest(strings.TrimSuffix(name, "]"), c.q(key))
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}

	return func(e audited) bool {
		return !slices.ContainsFunc(tests, func(test func(audited) bool) bool { return !test(e) })
	}, nil
}

func auditTest(name, value string) (func(audited) bool, error) {
	switch name {
	case "from_date", "to_date":
		return auditDay(name, value)
	case "event_type":
		return func(e audited) bool { return e.event == value }, nil
	case "project_id":
		return func(e audited) bool { return e.project == value }, nil
	case "workspace_id":
		return func(e audited) bool { return e.workspace == value }, nil
	case "resource_id":
		return func(e audited) bool { return e.resource == value }, nil
	case "resource_type":
		return func(e audited) bool { return e.kind == value }, nil
	case "user_id":
		return func(e audited) bool { return e.person == value }, nil
	}
	return nil, invalid("/filters", "Unexpected field: %s", name)
}

func auditDay(name, value string) (func(audited) bool, error) {
	if _, err := time.Parse(time.DateOnly, value); err != nil {
		return nil, invalid("/filters/"+name, "Invalid format. Expected date")
	}
	if name == "from_date" {
		return func(e audited) bool { return e.at.Format(time.DateOnly) >= value }, nil
	}
	return func(e audited) bool { return e.at.Format(time.DateOnly) <= value }, nil
}
