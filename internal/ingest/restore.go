package ingest

import (
	"context"
	"maps"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// DescribesAsset reports whether a document has the facet and its own metadata of an asset. A copy,
// or a document that lost its metadata, does not.
func DescribesAsset(doc *nuxeo.Document) bool {
	return doc.Has(Facet) && doc.Text(schema.DocumentUID) == doc.UID && doc.Text(schema.FileID) != ""
}

// Restore gives a document back its facet, and its metadata unless that comes back with the facet:
// a Nuxeo on an SQL database has only hidden it. The metadata is that of the link's present file,
// together with others. Restore reads the document again, and returns an Unavailable error if the
// facet is missing.
//
// Document.AddFacet, GET /id/{uid}, PUT /id/{uid}.
func (s *Service) Restore(ctx context.Context, r *Run, doc *nuxeo.Document, l link.Link, others map[string]any) error {
	if !doc.Has(Facet) {
		if err := r.Nuxeo.AddFacet(ctx, doc.UID, Facet, SourceMetadata); err != nil {
			return err
		}
		var err error
		if doc, err = r.Nuxeo.Get(ctx, doc.UID, fullFetch); err != nil || DescribesAsset(doc) {
			return err
		}
	}

	properties, err := s.restoredProperties(ctx, r, l)
	if err != nil {
		return err
	}

	maps.Copy(properties, others)
	if err := r.Nuxeo.Update(ctx, doc.UID, "", properties, nuxeo.WriteOptions{Source: SourceMetadata}); err != nil {
		return err
	}

	if doc, err = r.Nuxeo.Get(ctx, doc.UID, fullFetch); err == nil && !DescribesAsset(doc) {
		err = fault.New(fault.Unavailable, "Nuxeo has taken the facet %s away again.", Facet)
	}

	return err
}

// restoredProperties returns the properties for the file of a link: as on Frame.io now, or, if the
// file is gone, what the link has.
func (s *Service) restoredProperties(ctx context.Context, r *Run, l link.Link) (map[string]any, error) {
	ids := map[string]any{
		schema.AccountID: l.Account, schema.FileID: l.FileID, schema.DocumentUID: l.DocumentUID,
		schema.Digest: nullIfEmpty(l.Digest),
	}
	if l.AssetKey != l.FileID {
		ids[schema.StackID] = l.AssetKey
	}

	f, err := r.Frameio.File(ctx, l.Account, l.FileID)
	if v4.NotFound(err) {
		return ids, nil
	}

	if err != nil {
		return nil, err
	}

	project, err := r.Frameio.Project(ctx, l.Account, f.ProjectID)
	if err != nil {
		return nil, err
	}

	r.Job.Asset = Asset{Account: l.Account, Workspace: project.WorkspaceID, Kind: frameio.KindFile, ID: l.FileID}
	r.Job.Document, r.Job.File = l.DocumentUID, NewFile(f, "", nil)
	if l.AssetKey != l.FileID {
		r.Job.File.Stack = l.AssetKey
	}

	if l.Size > 0 && l.Size != f.Size {
		r.Job.File.Proxy = &Proxy{Size: l.Size, MediaType: f.MediaType}
	}

	properties := s.propertiesWith(r.Job, l, l.Digest)
	properties[schema.LastPublished] = l.Updated.UTC().Format(time.RFC3339)
	return properties, nil
}
