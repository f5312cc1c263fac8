package push

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// OutcomeSent is the outcome of a push.
const OutcomeSent = "sent"

// describe writes to the document where it is on Frame.io. Such writes never create a version. The
// previous values are saved, to be restored if the push fails.
func (r *run) describe(ctx context.Context) (work.Next, error) {
	// The lock may have been lost since.
	doc, err := r.loadDocument(ctx)
	if err != nil {
		return work.Next{}, err
	}

	if err := r.relock(ctx, doc); err != nil {
		return work.Next{}, err
	}

	// Save the previous values.
	values := r.properties()
	if r.st.Previous == nil {
		r.st.Previous = previousOf(doc, values)
		r.st.Previous.File = r.st.File
		if err := r.save(ctx); err != nil {
			return work.Next{}, err
		}
	}

	// Write facet and values.
	if err := r.addFacet(ctx, doc); err != nil {
		return work.Next{}, r.explainWriteError(ctx, err)
	}

	if r.st.Previous.Source != nil {
		values["dc:source"] = nullIfEmpty(*r.st.Previous.Source)
	}

	if err := r.nx.Update(ctx, r.p.Document, "", values,
		nuxeo.WriteOptions{Source: ingest.SourceMetadata}); err != nil {
		return work.Next{}, r.explainWriteError(ctx, err)
	}

	// Say on Frame.io where it came from.
	if r.Set.Comment {
		if err := r.postComment(ctx); err != nil {
			return work.Next{}, err
		}
	}

	// Decide what properties say to fields.
	if err := r.decideFields(ctx); err != nil {
		return work.Next{}, err
	}

	return work.Next{Done: true, Outcome: OutcomeSent}, nil
}

// explainWriteError turns a conflict with another write into an error that is retried, since our
// values do not depend on the others. For a refusal it returns why, such as another person's lock.
func (r *run) explainWriteError(ctx context.Context, err error) error {
	switch nuxeo.StatusOf(err) {
	case http.StatusConflict:
		return fault.New(fault.Unavailable, "Somebody else wrote to the document at the same moment.").Because(err)
	case http.StatusForbidden:
		if _, why := r.loadDocument(ctx); why != nil {
			return why
		}
	}
	return err
}

// addFacet adds the facet. The operation cannot carry a source, so that a Nuxeo that creates a
// version whenever another person writes would create one. Therefore the person first writes
// something that can carry it, a blank behind dc:source, which describe removes again.
func (r *run) addFacet(ctx context.Context, doc *nuxeo.Document) error {
	if doc.Has(ingest.Facet) {
		return nil
	}

	if doc.Text("dc:lastContributor") != r.p.By {
		if r.st.Previous.Source == nil {
			was := doc.Text("dc:source")
			r.st.Previous.Source = &was
			if err := r.save(ctx); err != nil {
				return err
			}
		}
		blank := map[string]any{"dc:source": *r.st.Previous.Source + " "}
		if err := r.nx.Update(ctx, r.p.Document, "", blank,
			nuxeo.WriteOptions{Source: ingest.SourceMetadata}); err != nil {
			return err
		}
	}

	return r.nx.AddFacet(ctx, r.p.Document, ingest.Facet, ingest.SourceMetadata)
}

func (r *run) properties() map[string]any {
	folder := r.st.Folder
	if r.st.Stack != "" {
		folder = ""
	}

	now := r.t.Now().UTC().Format(time.RFC3339)
	return map[string]any{
		schema.AccountID: r.p.Account, schema.WorkspaceID: r.p.Workspace, schema.ProjectID: r.st.Project,
		schema.FolderID: folder, schema.FileID: r.st.File, schema.StackID: r.st.Stack,
		schema.DocumentUID: r.p.Document, schema.FileName: r.st.Name, schema.ViewURL: r.st.ViewURL,
		schema.MediaType: r.st.MediaType, schema.FileSize: r.st.Piece.Length, schema.Digest: r.st.Piece.Digest,
		schema.Rendition:  r.rendition(),
		schema.LastPushed: now, schema.PushedBy: r.p.By,
	}
}

// rendition returns nil for the main file, which clears the property.
func (r *run) rendition() any {
	if r.p.What == Master {
		return nil
	}
	return r.p.What
}

func nullIfEmpty(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// previousOf returns the document's current values, which are empty if it has no facet.
func previousOf(doc *nuxeo.Document, values map[string]any) *previous {
	b := &previous{Facet: doc.Has(ingest.Facet), Values: map[string]any{}}
	if !b.Facet {
		return b
	}

	for name := range values {
		var v any
		_ = json.Unmarshal(doc.Properties[name], &v) // null clears a missing one
		b.Values[name] = v
	}

	return b
}

// restoreMetadata restores the previous values, unless another push has written others meanwhile.
func (r *run) restoreMetadata(ctx context.Context) error {
	if r.st.Previous == nil {
		return nil
	}

	nx, err := r.People.Nuxeo(ctx, r.p.By)
	if err != nil {
		return r.t.Note(ctx, "left behind", "what the document tells of Frame.io: %s cannot be acted for any more",
			r.p.By)
	}

	doc, err := nx.Get(ctx, r.p.Document, nuxeo.Fetch{Schemas: schemas})
	if err == nil {
		err = errors.Join(r.restoreSource(ctx, nx, doc), r.restoreFacet(ctx, nx, doc))
	}

	if err != nil {
		return r.noteLeftBehind(ctx, err)
	}

	r.st.Previous = nil
	return r.save(ctx)
}

func (r *run) restoreSource(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document) error {
	was := r.st.Previous.Source
	if was == nil || doc.Text("dc:source") != *was+" " {
		return nil
	}
	return nx.Update(ctx, doc.UID, "", map[string]any{"dc:source": nullIfEmpty(*was)},
		nuxeo.WriteOptions{Source: ingest.SourceMetadata})
}

func (r *run) restoreFacet(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document) error {
	current := doc.Text(schema.FileID)
	switch {
	case r.st.Previous.Facet && current == r.st.Previous.File:
		return nx.Update(ctx, doc.UID, "", r.st.Previous.Values, nuxeo.WriteOptions{Source: ingest.SourceMetadata})
	case !r.st.Previous.Facet && doc.Has(ingest.Facet) && (current == "" || current == r.st.Previous.File):
		return nx.RemoveFacet(ctx, doc.UID, ingest.Facet, ingest.SourceMetadata)
	}
	return nil
}

// noteLeftBehind notes that nothing can be done about a document that is gone or that the person
// may not change any more.
func (r *run) noteLeftBehind(ctx context.Context, err error) error {
	switch nuxeo.StatusOf(err) {
	case 401, 403, 404:
		return r.t.Note(ctx, "left behind", "what the document tells of Frame.io")
	}
	return err
}

// postComment posts the address of the document as a comment on the asset, once.
func (r *run) postComment(ctx context.Context) error {
	text := "From Nuxeo: " + r.p.Title + "\n" + r.Address(r.p.Document)
	for c, err := range r.fio.Comments(ctx, r.p.Account, r.st.File) {
		if err != nil {
			return err
		}
		if c.Text == text {
			return nil
		}
	}

	return r.fio.CreateComment(ctx, r.p.Account, r.st.File, text)
}
