package v4

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
)

// RecentlyDeleted lists what was deleted from a project and can still be restored by hand
// (GET …/projects/{project}/recently_deleted; the official SDK 4.0.0 has it, the published contract of July 2026
// does not). There is no operation that restores. It fails with 404 where Frame.io does not offer the list.
func (c *Client) RecentlyDeleted(ctx context.Context, account, project string) iter.Seq2[frameio.Deleted, error] {
	return convert(list(ctx, c, seg("accounts", account, "projects", project, "recently_deleted"), nil, 100),
		func(raw json.RawMessage) (frameio.Deleted, bool) {
			var w struct {
				ID        string    `json:"id"`
				DeletedAt looseTime `json:"deleted_at"`
			}
			ok := fields(raw, &w) && w.ID != ""
			return frameio.Deleted{ID: w.ID, At: w.DeletedAt.Time}, ok
		})
}
