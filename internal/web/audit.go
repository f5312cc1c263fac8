package web

import (
	"context"
	"net/http"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// audited tells the entries of the audit who asks, and from where.
func audited(r *http.Request, address, login string) context.Context {
	return audit.By(audit.From(r.Context(), address), login)
}

// failed counts a sign-in that was refused; what only broke is none.
func (s *Server) failed(ctx context.Context, err error) error {
	if fault.Is(err, fault.Unauthenticated, fault.Forbidden) {
		s.Audit.Failed(ctx, fault.From(err).Message)
	}
	return err
}

// ListAudit lists what people did.
func (s rest) ListAudit(ctx context.Context, q api.ListAuditRequestObject) (api.ListAuditResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}

	p := q.Params
	list, more, err := s.Audit.List(ctx, audit.Filter{
		Who: val(p.Who), What: val(p.What), About: val(p.About), Since: val(p.Since), Before: val(p.Cursor),
		Limit: val(p.Limit),
	})
	if err != nil {
		return nil, err
	}

	out := api.ListAudit200JSONResponse{Entries: []api.AuditEntry{}}
	for _, e := range list {
		out.Entries = append(out.Entries, auditJSON(e))
	}

	if more {
		out.Next = &list[len(list)-1].ID
	}

	return out, nil
}

func auditJSON(e audit.Entry) api.AuditEntry {
	return api.AuditEntry{
		Id: e.ID, Node: e.Node, Seq: e.Seq, At: e.At, Who: opt(e.Who), What: e.What, About: opt(e.About),
		Detail:  opt(e.Detail),
		Address: opt(e.Address), Correlation: opt(e.Correlation), Hash: e.Hash,
	}
}

// VerifyAudit looks whether entries are missing or were changed.
func (s rest) VerifyAudit(ctx context.Context, _ api.VerifyAuditRequestObject) (api.VerifyAuditResponseObject, error) {
	if _, err := admin(ctx); err != nil {
		return nil, err
	}
	v, err := s.Audit.Verify(ctx)
	if v.Problems == nil {
		v.Problems = []string{}
	}
	return api.VerifyAudit200JSONResponse{Entries: v.Entries, Nodes: v.Nodes, Problems: v.Problems}, err
}
