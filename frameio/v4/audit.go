package v4

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

type wireAudit struct {
	Event     string    `json:"event_type"`
	Resource  string    `json:"resource_id"`
	Kind      string    `json:"resource_type"`
	Project   string    `json:"project_id"`
	Workspace string    `json:"workspace_id"`
	Inserted  looseTime `json:"inserted_at"`
}

func (w wireAudit) event() frameio.AuditEvent {
	return frameio.AuditEvent{
		At:           w.Inserted.Time,
		Type:         w.Event,
		Resource:     w.Resource,
		ResourceKind: w.Kind,
		Project:      w.Project,
		Workspace:    w.Workspace,
	}
}

// AuditLog lists what was done in a workspace, in the order in which the service
// gives it, which is newest first as far as is known: stop reading to ask for no
// more pages (GET …/audit_logs). The service knows days only, and does not say by
// whose clock one begins, so that it may begin up to two days before from. 403 for
// who may not read the log, and where the plan has none.
func (c *Client) AuditLog(
	ctx context.Context, account, workspace string, from time.Time,
) iter.Seq2[frameio.AuditEvent, error] {
	query := url.Values{
		"filters[workspace_id]": {workspace},
		"filters[from_date]":    {from.UTC().AddDate(0, 0, -1).Format(time.DateOnly)},
	}

	// This listing exists in this version of the interface only.
	asking := *c
	asking.version = "4.0"
	return convert(list(ctx, &asking, seg("accounts", account, "audit_logs"), query, 100),
		func(raw json.RawMessage) (frameio.AuditEvent, bool) {
			var w wireAudit
			ok := fields(raw, &w) && !w.Inserted.IsZero()
			return w.event(), ok
		})
}
