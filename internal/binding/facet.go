package binding

import (
	"context"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Facet marks a bound folder; the package contributes it with the schema
// "frameio_binding".
const Facet = "FrameioBinding"

// metadataSource keeps Nuxeo from creating versions of folders that can have them.
const metadataSource = "frameio-metadata"

// showOnFolder writes the facet of the folder from our rows. The change token is taken before the
// rows are read, so that older values do not replace newer ones.
func (s *Service) showOnFolder(ctx context.Context, t *work.Task) error {
	b, err := s.get(ctx, t.Parent)
	if err != nil {
		return err
	}

	nx, err := s.People.Nuxeo(ctx, b.Owner)
	if err != nil {
		return err
	}

	// Read the document before the rows: a change of it from now on is noticed.
	doc, err := withFacet(ctx, nx, b.FolderUID, b.State == Bound || b.State == Ending)
	if nuxeo.NotFound(err) {
		return nil // a deleted folder has nothing to show
	}

	if err != nil {
		return err
	}

	// Write what the rows say at this moment.
	shown, err := s.facetEntries(ctx, b.FolderUID)
	if err != nil {
		return err
	}

	if len(shown) == 0 {
		return s.removeFacet(ctx, nx, doc)
	}

	return writeFacet(ctx, nx, doc, shown)
}

// withFacet reads the folder, after adding the facet if on is set.
func withFacet(ctx context.Context, nx *nuxeo.Client, uid string, on bool) (*nuxeo.Document, error) {
	doc, err := nx.Get(ctx, uid, nuxeo.Fetch{})
	if err != nil || !on || doc.Has(Facet) {
		return doc, err
	}
	if err := nx.AddFacet(ctx, uid, Facet, metadataSource); err != nil {
		return nil, err
	}
	return nx.Get(ctx, uid, nuxeo.Fetch{})
}

// removeFacet removes the facet. If a binding has come meanwhile, the item is retried.
func (s *Service) removeFacet(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document) error {
	if !doc.Has(Facet) {
		return nil
	}

	if err := nx.RemoveFacet(ctx, doc.UID, Facet, metadataSource); err != nil {
		return err
	}

	// Removing a facet has no change token, so look afterwards.
	if again, err := s.facetEntries(ctx, doc.UID); err != nil || len(again) == 0 {
		return err
	}

	return errConcurrentChange(nil)
}

func errConcurrentChange(err error) error {
	f := fault.New(fault.NotReady, "The folder was changed at the same moment.").Because(err)
	f.RetryAfter = time.Second
	return f
}

func writeFacet(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document, shown []map[string]any) error {
	if !doc.Has(Facet) {
		return errConcurrentChange(nil)
	}

	err := nx.Update(ctx, doc.UID, doc.ChangeToken, map[string]any{"frameiobinding:bindings": shown},
		nuxeo.WriteOptions{Source: metadataSource})
	if nuxeo.StatusOf(err) == http.StatusConflict {
		return errConcurrentChange(err)
	}

	return err
}

func (s *Service) facetEntries(ctx context.Context, folder string) ([]map[string]any, error) {
	all, err := store.All(ctx, s.DB.Reader, scan, `SELECT `+columns+` FROM bindings WHERE folder_uid = $1
		AND state IN ('bound', 'ending') ORDER BY id`, folder)
	if err != nil {
		return nil, err
	}

	var out []map[string]any
	for _, b := range all {
		actions, err := s.actions(ctx, b.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, facetEntry(b, actions))
	}

	return out, nil
}

func facetEntry(b Binding, actions []Action) map[string]any {
	names := make([]string, 0, len(actions))
	for _, a := range actions {
		names = append(names, a.WorkspaceName)
	}
	return map[string]any{
		"bindingId": b.ID, "actionName": b.ActionName, "description": b.Description, "workspaces": names,
		"documentType": b.DocumentType, "creator": b.Creator, "created": b.Created.UTC().Format(time.RFC3339),
	}
}
