package push

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"path"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// create creates the file and records its id and the addresses of its parts before any byte goes
// there.
func (r *run) create(ctx context.Context) (work.Next, error) {
	if r.st.File != "" {
		return r.afterCreate(), nil
	}

	// Choose what to send, and where.
	doc, err := r.loadDocument(ctx)
	if err != nil {
		return work.Next{}, err
	}

	if r.st.Piece, err = choosePiece(doc, r.p.What); err != nil {
		return work.Next{}, err
	}

	r.st.Name = fileName(doc, r.st.Piece)
	if err := r.findLocation(ctx); err != nil {
		return work.Next{}, err
	}

	// Remove what an unanswered attempt has created, then create it.
	if err := r.cleanUpUnanswered(ctx); err != nil {
		return work.Next{}, err
	}

	return r.createUpload(ctx)
}

// createFile creates the file that the connector fills in parts.
func (r *run) createFile(ctx context.Context) error {
	if err := r.recordIntent(ctx, creation{Folder: r.st.Folder, Name: r.st.Name, Size: r.st.Piece.Length}); err != nil {
		return err
	}

	up, err := r.fio.CreateUpload(ctx, r.p.Account, r.st.Folder, r.st.Name, r.st.Piece.Length)
	if up.ID != "" { // with an error, its parts are of no use
		return errors.Join(err, r.recordFile(ctx, up))
	}

	if failed := r.clearIfRefused(ctx, err); failed != nil {
		return failed
	}

	if isMissing(err) {
		return fault.New(fault.Forbidden, "You may not add files to the folder %q on Frame.io, or it is gone.",
			r.p.FolderName).
			With("Choose another folder, or ask for the right to edit.").Because(err)
	}

	return err
}

// recordFile records the file. The addresses are secrets and stored sealed.
func (r *run) recordFile(ctx context.Context, up frameio.Upload) error {
	parts, err := json.Marshal(up.Parts)
	if err != nil {
		return err
	}

	r.st.File, r.st.MediaType, r.st.Began, r.st.Project, r.st.ViewURL = up.ID, up.MediaType, r.t.Now(),
		up.ProjectID, up.ViewURL
	return r.commit(ctx, func(tx *sql.Tx) error {
		r.p.Making = ""
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET file_id = $1, view_url = $2, upload = $3, size = $4,
			digest = $5, making = '' WHERE id = $6`, up.ID, up.ViewURL,
			r.Vault.Seal(vaultContext(r.p.ID), string(parts)), r.st.Piece.Length, r.st.Piece.Digest, r.p.ID)
		return err
	})
}

// findLocation chooses where the file goes: beside the asset of a linked document, if that exists
// and the push is not separate, else to the folder asked for. The link has been acquired before the
// lock, so that no publish of the same asset runs meanwhile.
func (r *run) findLocation(ctx context.Context) error {
	r.st.Beside, r.st.Folder, r.st.Stack = nil, r.p.Folder, ""
	l, linked, err := r.acquireLink(ctx)
	if err != nil || !linked || l.FileID == "" || r.p.Separate || l.Account != r.p.Account {
		return err
	}

	if r.st.Beside, err = locateAsset(ctx, r.fio, l); r.st.Beside != nil && err == nil {
		r.st.Folder = r.st.Beside.Folder
	}

	return err
}

// acquireLink acquires the link of the document, if it has one.
func (r *run) acquireLink(ctx context.Context) (l link.Link, linked bool, err error) {
	err = r.commit(ctx, func(tx *sql.Tx) (err error) {
		l, linked, err = link.AcquireByDocument(ctx, tx, r.p.Document, r.t.ID)
		return err
	})
	return l, linked, err
}

// fileName returns the name of the file on Frame.io: that in Nuxeo with an extension, without
// characters that are not allowed. A rendition also has the name of the main file.
func fileName(doc *nuxeo.Document, p Piece) string {
	name := p.Blob.Name
	if name == "" {
		name = doc.Title
	}

	// A rendition: main file, name of the rendition, extension.
	if p.Name != Master {
		ext := path.Ext(name)
		if !p.Video && ext == "" {
			ext = extensionOf(p.MimeType)
		}
		if b := doc.Blob("file:content"); b != nil && b.Name != "" {
			name = b.Name
		}
		name = strings.TrimSuffix(name, path.Ext(name)) + " (" + p.Name + ")" + ext
	}

	// Any name needs an extension.
	name = ingest.SafeName(name)
	if path.Ext(name) == "" {
		name = ingest.SafeName(name + extensionOf(p.MimeType))
	}

	return name
}

var extensions = map[string]string{
	"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm", "video/x-matroska": ".mkv",
	"application/mxf": ".mxf",
	"image/jpeg":      ".jpg", "image/png": ".png", "image/gif": ".gif", "image/tiff": ".tif", "image/webp": ".webp",
	"audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/x-wav": ".wav", "application/pdf": ".pdf",
	"application/zip": ".zip", "text/plain": ".txt",
}

func extensionOf(mimeType string) string { return extensions[strings.ToLower(mimeType)] }
