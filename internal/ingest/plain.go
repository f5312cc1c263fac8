package ingest

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// newDocument is a document that can be found again from its first moment.
func newDocument(j *Job) nuxeo.NewDocument {
	return nuxeo.NewDocument{
		Name: PathName(j.File.Name), Type: j.Target.DocumentType,
		Properties: map[string]any{"dc:title": Title(j.File.Name), "dc:source": sourceKey(j.Asset.Account, j.File.ID)},
	}
}

// created records a document that gets no content.
func (s *Service) created(ctx context.Context, r *Run, l *link.Link) (work.Next, error) {
	r.Job.Intent = nil
	return work.Next{Step: StepDescribe}, r.Commit(ctx, func(tx *sql.Tx) error {
		if err := link.SetDocument(ctx, tx, r.Task.Now(), l, r.Job.Document); err != nil {
			return err
		}
		return link.SetContent(ctx, tx, r.Task.Now(), l, r.Job.File.ID, 0, "")
	})
}

// Lay makes the document of a job that has no content, or lets it tell what its asset
// is now: three calls for a new one, one for others. The key is that of the creation,
// so that a repetition makes no second document; the maker is who asks. It records nothing: whoever calls it has
// recorded the link before, has looked whether the document is there already, and
// records the document and the hash afterwards. The link tells what the document
// tells so far.
//
// POST /id/{folder}, Document.AddFacet, PUT /id/{uid}.
func (s *Service) Lay(
	ctx context.Context, nx *nuxeo.Client, j *Job, l link.Link, now time.Time, maker, key string,
) (hash string, err error) {
	if j.Document == "" {
		doc, err := nx.Create(ctx, j.Target.Folder, newDocument(j), nuxeo.WriteOptions{
			IdempotencyKey: key,
			Source:         SourceMetadata,
		})
		if nuxeo.StatusOf(err) == http.StatusConflict {
			return "", busy(err)
		}
		if err == nil {
			err = Wanted{Parent: j.Target.Folder, Type: j.Target.DocumentType, Maker: maker}.Check(doc)
		}
		if err != nil {
			return "", err
		}
		j.Document = doc.UID
	}

	properties := s.properties(j, l)
	if hash = s.hash(properties); hash == l.Described {
		return hash, nil
	}

	if l.Described == "" {
		if err := nx.AddFacet(ctx, j.Document, Facet, SourceMetadata); err != nil {
			return "", err
		}
	}

	if err := s.tell(ctx, nx, j, properties, now); err != nil {
		return "", err
	}

	_, err = s.Set.StatusMap.Set(ctx, nx, j.Document, s.Set.StatusField.In(j.File.Metadata))
	return hash, err
}

// Source is what a document carries in dc:source that was made for a file.
func Source(account, file string) string { return sourceKey(account, file) }

// Picture gives a document the poster behind a signed address; false when there is no
// picture any more. A batch that nothing takes is removed by Nuxeo.
//
// POST /upload, POST /upload/{batch}/0, PUT /id/{uid}.
func (s *Service) Picture(ctx context.Context, nx *nuxeo.Client, document, address string) (bool, error) {
	picture, mediaType, err := s.read(ctx, address)
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

	return true, nx.Update(ctx, document, "", map[string]any{"frameio:poster": nuxeo.Uploading(batch)},
		nuxeo.WriteOptions{Source: SourceMetadata})
}
