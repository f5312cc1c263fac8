package foldersync

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Facet marks a synchronized folder; the package contributes it with the schema
// "frameio_sync".
const Facet = "FrameioSync"

const (
	syncSchema   = "frameio_sync"
	schemaPrefix = "frameiosync:"

	lastSynchronized = schemaPrefix + "lastSynchronized"
)

// updateFacet writes what the folder shows of its sync, or removes it with a removed sync. A run
// that found nothing new writes nothing.
func (r *run) updateFacet(ctx context.Context) (work.Next, error) {
	next := work.Next{Done: true, Outcome: outcomeSynced}
	// A deleted folder has nothing to show.
	doc, err := r.nx.Get(ctx, r.sync.FolderUID, nuxeo.Fetch{Schemas: []string{syncSchema}})
	if nuxeo.NotFound(err) {
		return next, nil // the folder is gone, and what it showed with it
	}

	if err != nil {
		return next, err
	}

	if r.st.Remove {
		next.Outcome = outcomeRemoved
		return next, r.removeFacet(ctx, doc)
	}

	// The listing is not needed any more.
	if err := r.deleteSeen(ctx); err != nil {
		return work.Next{}, err
	}

	// Write only what is new.
	one, err := getRun(ctx, r.DB.Reader, r.st.Run)
	if err != nil || !one.hasChanges() && r.showsSync(doc) {
		return next, err
	}

	values := r.facetValues()
	values[lastSynchronized] = r.t.Now().UTC().Format(time.RFC3339)
	return next, r.writeFacet(ctx, doc, values)
}

// markFolder writes the facet of a folder that does not show its sync yet, so that it has its tab
// during the first run.
func (r *run) markFolder(ctx context.Context) error {
	doc, err := r.nx.Get(ctx, r.sync.FolderUID, nuxeo.Fetch{})
	if err != nil || doc.Has(Facet) {
		return err
	}
	return r.writeFacet(ctx, doc, r.facetValues())
}

func (r *run) writeFacet(ctx context.Context, doc *nuxeo.Document, values map[string]any) error {
	if !doc.Has(Facet) {
		if err := r.nx.AddFacet(ctx, doc.UID, Facet, ingest.SourceMetadata); err != nil {
			return err
		}
	}
	return r.nx.Update(ctx, doc.UID, "", values, nuxeo.WriteOptions{Source: ingest.SourceMetadata})
}

// hasChanges reports whether a run has changed anything in Nuxeo.
func (r Run) hasChanges() bool { return r.Created+r.Updated+r.Renamed+r.Moved+r.Gone > 0 }

// showsSync reports whether the folder shows the sync and when it last ran.
func (r *run) showsSync(doc *nuxeo.Document) bool {
	for name, want := range r.facetValues() {
		if doc.Text(name) != want {
			return false
		}
	}
	return doc.Has(Facet) && doc.Text(lastSynchronized) != ""
}

// removeFacet removes the facet, unless the folder has got another sync meanwhile.
func (r *run) removeFacet(ctx context.Context, doc *nuxeo.Document) error {
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

func (r *run) facetValues() map[string]any {
	return map[string]any{
		schemaPrefix + "syncId": r.sync.ID, schemaPrefix + "workspace": r.sync.WorkspaceName,
		schemaPrefix + "project": r.sync.ProjectName,
		schemaPrefix + "folder":  r.sync.RootName, schemaPrefix + "owner": r.sync.Owner,
		schemaPrefix + "documentType": r.sync.DocumentType,
	}
}
