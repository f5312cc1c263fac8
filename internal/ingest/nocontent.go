package ingest

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// newDocument returns a document that can be found again from its creation.
func newDocument(j *Job) nuxeo.NewDocument {
	return nuxeo.NewDocument{
		Name: PathName(j.File.Name), Type: j.Target.DocumentType,
		Properties: map[string]any{"dc:title": Title(j.File.Name), "dc:source": sourceKey(j.Asset.Account, j.File.ID)},
	}
}

// recordWithoutContent records a document that gets no content. What it has, it keeps, and the link goes on to say
// what that came from.
func (s *Service) recordWithoutContent(ctx context.Context, r *Run, l *link.Link) (work.Next, error) {
	r.Job.Intent = nil
	return work.Next{Step: StepDescribe}, r.Commit(ctx, func(tx *sql.Tx) error {
		if err := link.SetDocument(ctx, tx, r.Task.Now(), l, r.Job.Document); err != nil {
			return err
		}
		if l.Digest != "" {
			return nil
		}
		return link.SetContent(ctx, tx, r.Task.Now(), l, r.Job.File.ID, 0, "")
	})
}

// WriteWithoutContent creates the document of a job that has no content, or updates its metadata:
// three calls for a new one, one for others. The key is that of the creation, so that repeating it
// creates no second document. It records nothing: the caller has recorded the link and checked
// whether the document exists, and records the document and the hash afterwards. The link says what
// the document shows so far, and last whether a failure of Nuxeo is a problem of what is mapped.
//
// POST /id/{folder}, Document.AddFacet, PUT /id/{uid}.
func (s *Service) WriteWithoutContent(
	ctx context.Context, nx *nuxeo.Client, j *Job, l link.Link, now time.Time, creator, key string, last bool,
) (hash string, err error) {
	if j.Document == "" {
		doc, err := nx.Create(ctx, j.Target.Folder, newDocument(j), nuxeo.WriteOptions{
			IdempotencyKey: key,
			Source:         SourceMetadata,
		})
		if nuxeo.StatusOf(err) == http.StatusConflict {
			return "", stillAttaching(err)
		}
		if err == nil {
			err = Expected{Parent: j.Target.Folder, Type: j.Target.DocumentType, Creator: creator}.Check(doc)
		}
		if err != nil {
			return "", err
		}
		j.Document = doc.UID
	}

	properties := s.properties(j, l)
	rows, err := s.rows(ctx, j)
	if err != nil {
		return "", err
	}

	if hash = hashWith(properties, rows); hash == l.Described {
		return hash, nil
	}

	if l.Described == "" {
		if err := nx.AddFacet(ctx, j.Document, Facet, SourceMetadata); err != nil {
			return "", err
		}
	}

	if err := s.updateProperties(ctx, nx, j, properties, now); err != nil {
		return "", err
	}

	// The caller does not get to know what an item would note: what cannot be mapped is in the job.
	got, err := s.Map.Apply(ctx, nx, j.Document, rows, j.File.Metadata, last)
	j.Unmapped = got.Problems
	return hash, err
}

// Source returns the dc:source of a document that was created for a file.
func Source(account, file string) string { return sourceKey(account, file) }

// SetPoster gives a document the poster behind a signed URL. It returns false if there is no
// picture any more. Nuxeo expires a batch that is not used.
//
// POST /upload, POST /upload/{batch}/0, PUT /id/{uid}.
func (s *Service) SetPoster(ctx context.Context, nx *nuxeo.Client, document, address string) (bool, error) {
	picture, mediaType, err := s.readPicture(ctx, address)
	if picture == nil || err != nil {
		return false, err
	}

	batch, err := nx.NewBatch(ctx)
	if err != nil {
		return false, err
	}

	size := int64(len(picture))
	piece := nuxeo.Chunk{Name: proxyName("poster", mediaType), MimeType: mediaType, Size: size, Count: 1, Length: size}
	if err := nx.Upload(ctx, batch, piece, bytes.NewReader(picture)); err != nil {
		return false, err
	}

	return true, nx.Update(ctx, document, "", map[string]any{schema.Poster: nuxeo.Uploading(batch)},
		nuxeo.WriteOptions{Source: SourceMetadata})
}
