package foldersync

import (
	"context"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Facet marks a synchronized folder; the package contributes it with the schema
// "frameio_sync".
const Facet = "FrameioSync"

const (
	schema       = "frameio_sync"
	schemaPrefix = "frameiosync:"

	lastSynchronized = schemaPrefix + "lastSynchronized"
)

// facet makes the folder show its sync, or nothing once that is removed. A run that
// has found nothing new writes nothing.
func (r *run) facet(ctx context.Context) (work.Next, error) {
	next := work.Next{Done: true, Outcome: outcomeSynced}
	doc, err := r.nx.Get(ctx, r.sync.FolderUID, nuxeo.Fetch{Schemas: []string{schema}})
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

	if err := r.forgetSeen(ctx); err != nil {
		return work.Next{}, err
	}

	one, err := getRun(ctx, r.DB.Reader, r.st.Run)
	if err != nil || !one.news() && r.shown(doc) {
		return next, err
	}

	values := r.shows()
	values[lastSynchronized] = r.t.Now().UTC().Format(time.RFC3339)
	return next, r.show(ctx, doc, values)
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

func (r *run) show(ctx context.Context, doc *nuxeo.Document, values map[string]any) error {
	if !doc.Has(Facet) {
		if err := r.nx.AddFacet(ctx, doc.UID, Facet, ingest.SourceMetadata); err != nil {
			return err
		}
	}
	return r.nx.Update(ctx, doc.UID, "", values, nuxeo.WriteOptions{Source: ingest.SourceMetadata})
}

// news reports whether a run has changed anything in Nuxeo.
func (r Run) news() bool { return r.Created+r.Updated+r.Renamed+r.Moved+r.Gone > 0 }

// shown reports whether the folder shows the sync, and when it was done, already.
func (r *run) shown(doc *nuxeo.Document) bool {
	for name, want := range r.shows() {
		if doc.Text(name) != want {
			return false
		}
	}
	return doc.Has(Facet) && doc.Text(lastSynchronized) != ""
}

// takeAway takes the facet off, unless another sync of the folder began meanwhile.
func (r *run) takeAway(ctx context.Context, doc *nuxeo.Document) error {
	var n int
	if err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM syncs WHERE folder_uid = $1
		AND state <> 'removed'`, r.sync.FolderUID).Scan(&n); err != nil {
		return err
	}

	if n > 0 || !doc.Has(Facet) {
		return nil
	}

	return r.nx.RemoveFacet(ctx, doc.UID, Facet, ingest.SourceMetadata)
}

func (r *run) shows() map[string]any {
	return map[string]any{
		schemaPrefix + "syncId": r.sync.ID, schemaPrefix + "workspace": r.sync.WorkspaceName,
		schemaPrefix + "project": r.sync.ProjectName,
		schemaPrefix + "folder":  r.sync.RootName, schemaPrefix + "owner": r.sync.Owner,
		schemaPrefix + "documentType": r.sync.DocumentType,
	}
}

// met has a write repeated that met another one.
func met(err error) error {
	if nuxeo.StatusOf(err) != http.StatusConflict || !fault.Is(err, fault.Conflict) {
		return err
	}
	return fault.New(fault.Unavailable, "It was written by somebody else at the same moment.").Because(err)
}
