package binding

import (
	"context"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Facet marks a bound folder; the package contributes it with the schema
// "frameio_binding".
const Facet = "FrameioBinding"

// source keeps Nuxeo from making versions of folders that can have them.
const source = "frameio-metadata"

// showOnFolder makes the folder show the bindings that our rows hold of it. The
// change token, taken before the rows are read, keeps the newest ones there.
func (s *Service) showOnFolder(ctx context.Context, t *work.Task) error {
	b, err := s.get(ctx, t.Parent)
	if err != nil {
		return err
	}

	nx, err := s.People.Nuxeo(ctx, b.Owner)
	if err != nil {
		return err
	}

	doc, err := withFacet(ctx, nx, b.FolderUID, b.State == Bound || b.State == Ending)
	if nuxeo.NotFound(err) {
		return nil // the folder is gone, and what it showed with it
	}

	if err != nil {
		return err
	}

	shown, err := s.shown(ctx, b.FolderUID)
	if err != nil {
		return err
	}

	if len(shown) == 0 {
		return s.takeAway(ctx, nx, doc)
	}

	return write(ctx, nx, doc, shown)
}

// withFacet reads the folder, with the facet on when it is to be.
func withFacet(ctx context.Context, nx *nuxeo.Client, uid string, on bool) (*nuxeo.Document, error) {
	doc, err := nx.Get(ctx, uid, nuxeo.Fetch{})
	if err != nil || !on || doc.Has(Facet) {
		return doc, err
	}
	if err := nx.AddFacet(ctx, uid, Facet, source); err != nil {
		return nil, err
	}
	return nx.Get(ctx, uid, nuxeo.Fetch{})
}

// takeAway removes the facet; should a binding have come meanwhile, it is
// written again.
func (s *Service) takeAway(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document) error {
	if !doc.Has(Facet) {
		return nil
	}

	if err := nx.RemoveFacet(ctx, doc.UID, Facet, source); err != nil {
		return err
	}

	if again, err := s.shown(ctx, doc.UID); err != nil || len(again) == 0 {
		return err
	}

	return changedMeanwhile(nil)
}

func changedMeanwhile(err error) error {
	f := fault.New(fault.NotReady, "The folder was changed at the same moment.").Because(err)
	f.RetryAfter = time.Second
	return f
}

func write(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document, shown []map[string]any) error {
	if !doc.Has(Facet) {
		return changedMeanwhile(nil)
	}

	err := nx.Update(ctx, doc.UID, doc.ChangeToken, map[string]any{"frameiobinding:bindings": shown},
		nuxeo.WriteOptions{Source: source})
	if nuxeo.StatusOf(err) == http.StatusConflict {
		return changedMeanwhile(err)
	}

	return err
}

func (s *Service) shown(ctx context.Context, folder string) ([]map[string]any, error) {
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT `+columns+` FROM bindings WHERE folder_uid = $1
		AND state IN ('bound', 'ending') ORDER BY id`, folder)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Binding
	for rows.Next() {
		b, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}

	if err := rows.Err(); err != nil {
		return nil, err
	}

	var out []map[string]any
	for _, b := range all {
		actions, err := s.actions(ctx, b.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, entry(b, actions))
	}

	return out, nil
}

func entry(b Binding, actions []Action) map[string]any {
	names := make([]string, 0, len(actions))
	for _, a := range actions {
		names = append(names, a.WorkspaceName)
	}
	return map[string]any{
		"bindingId": b.ID, "actionName": b.ActionName, "description": b.Description, "workspaces": names,
		"documentType": b.DocumentType, "creator": b.Creator, "created": b.Created.UTC().Format(time.RFC3339),
	}
}
