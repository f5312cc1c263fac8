package push

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Sent is what a push comes out as.
const Sent = "sent"

// describe puts on the document where it is on Frame.io. Such writes never make a
// version. What was there before is kept, to be put back should it come to nothing.
func (r *run) describe(ctx context.Context) (work.Next, error) {
	doc, err := r.document(ctx)
	if err != nil {
		return work.Next{}, err
	}

	if err := r.relock(ctx, doc); err != nil {
		return work.Next{}, err
	}

	values := r.properties()
	if r.st.Before == nil {
		r.st.Before = beforeOf(doc, values)
		r.st.Before.File = r.st.File
		if err := r.save(ctx); err != nil {
			return work.Next{}, err
		}
	}

	if err := r.addFacet(ctx, doc); err != nil {
		return work.Next{}, r.met(ctx, err)
	}

	if r.st.Before.Source != nil {
		values["dc:source"] = orNothing(*r.st.Before.Source)
	}

	if err := r.nx.Update(ctx, r.p.Document, "", values,
		nuxeo.WriteOptions{Source: ingest.SourceMetadata}); err != nil {
		return work.Next{}, r.met(ctx, err)
	}

	if r.Set.Comment {
		if err := r.comment(ctx); err != nil {
			return work.Next{}, err
		}
	}

	return work.Next{Done: true, Outcome: Sent}, nil
}

// met has a write repeated that met another one: what is written does not depend on
// what was there. One that was refused says who has locked the document since.
func (r *run) met(ctx context.Context, err error) error {
	switch nuxeo.StatusOf(err) {
	case http.StatusConflict:
		return fault.New(fault.Unavailable, "Somebody else wrote to the document at the same moment.").Because(err)
	case http.StatusForbidden:
		if _, why := r.document(ctx); why != nil {
			return why
		}
	}
	return err
}

// addFacet puts the facet on. The operation cannot say what it is for, so that a
// Nuxeo that makes a version whenever another person writes would make one: first
// the person writes something that can, a blank behind dc:source, which describe
// takes away again.
func (r *run) addFacet(ctx context.Context, doc *nuxeo.Document) error {
	if doc.Has(ingest.Facet) {
		return nil
	}

	if doc.Text("dc:lastContributor") != r.p.By {
		if r.st.Before.Source == nil {
			was := doc.Text("dc:source")
			r.st.Before.Source = &was
			if err := r.save(ctx); err != nil {
				return err
			}
		}
		blank := map[string]any{"dc:source": *r.st.Before.Source + " "}
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
		"frameio:accountId": r.p.Account, "frameio:workspaceId": r.p.Workspace, "frameio:projectId": r.st.Project,
		"frameio:folderId": folder, "frameio:fileId": r.st.File, "frameio:stackId": r.st.Stack,
		"frameio:documentUid": r.p.Document, "frameio:fileName": r.st.Name, "frameio:viewUrl": r.st.ViewURL,
		"frameio:mediaType": r.st.MediaType, "frameio:fileSize": r.st.Piece.Length, "frameio:digest": r.st.Piece.Digest,
		"frameio:rendition":  r.rendition(),
		"frameio:lastPushed": now, "frameio:pushedBy": r.p.By,
	}
}

// rendition is nil for the master, so that the property is cleared.
func (r *run) rendition() any {
	if r.p.What == Master {
		return nil
	}
	return r.p.What
}

func orNothing(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// beforeOf is what a document told of its asset; nothing when that was another's.
func beforeOf(doc *nuxeo.Document, values map[string]any) *before {
	b := &before{Facet: doc.Has(ingest.Facet), Values: map[string]any{}}
	if !b.Facet {
		return b
	}

	for name := range values {
		var v any
		_ = json.Unmarshal(doc.Properties[name], &v) // absent: null clears it
		b.Values[name] = v
	}

	return b
}

// putBack makes the document tell what it told before, unless another push has
// made it tell something else by now.
func (r *run) putBack(ctx context.Context) error {
	if r.st.Before == nil {
		return nil
	}

	nx, err := r.People.Nuxeo(ctx, r.p.By)
	if err != nil {
		return r.t.Note(ctx, "left behind", "what the document tells of Frame.io: %s cannot be acted for any more",
			r.p.By)
	}

	doc, err := nx.Get(ctx, r.p.Document, nuxeo.Fetch{Schemas: schemas})
	if err == nil {
		err = errors.Join(r.putSourceBack(ctx, nx, doc), r.putFacetBack(ctx, nx, doc))
	}

	if err != nil {
		return r.leftAsItIs(ctx, err)
	}

	r.st.Before = nil
	return r.save(ctx)
}

func (r *run) putSourceBack(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document) error {
	was := r.st.Before.Source
	if was == nil || doc.Text("dc:source") != *was+" " {
		return nil
	}
	return nx.Update(ctx, doc.UID, "", map[string]any{"dc:source": orNothing(*was)},
		nuxeo.WriteOptions{Source: ingest.SourceMetadata})
}

func (r *run) putFacetBack(ctx context.Context, nx *nuxeo.Client, doc *nuxeo.Document) error {
	tells := doc.Text("frameio:fileId")
	switch {
	case r.st.Before.Facet && tells == r.st.Before.File:
		return nx.Update(ctx, doc.UID, "", r.st.Before.Values, nuxeo.WriteOptions{Source: ingest.SourceMetadata})
	case !r.st.Before.Facet && doc.Has(ingest.Facet) && (tells == "" || tells == r.st.Before.File):
		return nx.RemoveFacet(ctx, doc.UID, ingest.Facet, ingest.SourceMetadata)
	}
	return nil
}

// leftAsItIs is all that can be said of a document that is gone, or somebody else's
// by now.
func (r *run) leftAsItIs(ctx context.Context, err error) error {
	switch nuxeo.StatusOf(err) {
	case 401, 403, 404:
		return r.t.Note(ctx, "left behind", "what the document tells of Frame.io")
	}
	return err
}

// comment puts the address of the document on the asset, once.
func (r *run) comment(ctx context.Context) error {
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
