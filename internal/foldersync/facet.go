package foldersync

import (
	"context"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/intake"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Facet marks a synchronized folder; the package contributes it with the schema
// "frameio_sync".
const Facet = "FrameioSync"

// facet makes the folder show its sync, or nothing once that is removed.
func (r *run) facet(ctx context.Context) (work.Next, error) {
	next := work.Next{Done: true, Outcome: outcomeSynced}
	doc, err := r.nx.Get(ctx, r.sync.FolderUID, nuxeo.Fetch{})
	if nuxeo.NotFound(err) {
		return next, nil // the folder is gone, and what it showed with it
	}
	if err != nil {
		return next, err
	}
	if r.st.Remove {
		next.Outcome = outcomeRemoved
		return next, r.takeAway(ctx, doc)
	}
	shows := r.shows()
	shows["frameiosync:lastSynchronized"] = r.t.Now().UTC().Format(time.RFC3339)
	return next, r.show(ctx, doc, shows)
}

// mark makes a folder that shows nothing yet show what it is synchronized with, so
// that it has its tab while the first run is under way.
func (r *run) mark(ctx context.Context) error {
	doc, err := r.nx.Get(ctx, r.sync.FolderUID, nuxeo.Fetch{})
	if err != nil || doc.Has(Facet) {
		return err
	}
	return r.show(ctx, doc, r.shows())
}

func (r *run) show(ctx context.Context, doc *nuxeo.Document, shows map[string]any) error {
	if !doc.Has(Facet) {
		if err := r.nx.AddFacet(ctx, doc.UID, Facet, intake.SourceMetadata); err != nil {
			return met(err)
		}
	}
	return met(r.nx.Update(ctx, doc.UID, "", shows, nuxeo.WriteOptions{Source: intake.SourceMetadata}))
}

// takeAway takes the facet off, unless another sync of the folder began meanwhile.
func (r *run) takeAway(ctx context.Context, doc *nuxeo.Document) error {
	var n int
	if err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM syncs WHERE folder_uid = $1 AND state <> 'removed'`, r.sync.FolderUID).Scan(&n); err != nil {
		return err
	}
	if n > 0 || !doc.Has(Facet) {
		return nil
	}
	return met(r.nx.RemoveFacet(ctx, doc.UID, Facet, intake.SourceMetadata))
}

func (r *run) shows() map[string]any {
	return map[string]any{
		"frameiosync:syncId": r.sync.ID, "frameiosync:workspace": r.sync.WorkspaceName, "frameiosync:project": r.sync.ProjectName,
		"frameiosync:folder": r.sync.RootName, "frameiosync:owner": r.sync.Owner, "frameiosync:documentType": r.sync.DocumentType,
	}
}

// met has a write repeated that met another one.
func met(err error) error {
	if nuxeo.StatusOf(err) != http.StatusConflict {
		return err
	}
	return fault.New(fault.Unavailable, "The folder was written by somebody else at the same moment.").Because(err)
}
