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

// create makes the file and records its id, with the addresses of its parts,
// before any byte goes there.
func (r *run) create(ctx context.Context) (work.Next, error) {
	if r.st.File != "" {
		return r.onward(), nil
	}

	doc, err := r.document(ctx)
	if err != nil {
		return work.Next{}, err
	}

	if r.st.Piece, err = choose(doc, r.p.What); err != nil {
		return work.Next{}, err
	}

	r.st.Name = nameOf(doc, r.st.Piece)
	if err := r.findSpot(ctx); err != nil {
		return work.Next{}, err
	}

	if err := r.removeLost(ctx); err != nil {
		return work.Next{}, err
	}

	return r.send(ctx)
}

func (r *run) make(ctx context.Context) error {
	if err := r.intend(ctx, creation{Folder: r.st.Folder, Name: r.st.Name, Size: r.st.Piece.Length}); err != nil {
		return err
	}

	up, err := r.fio.CreateUpload(ctx, r.p.Account, r.st.Folder, r.st.Name, r.st.Piece.Length)
	if up.ID != "" { // with an error, its parts are no use
		return errors.Join(err, r.made(ctx, up))
	}

	if settled := r.refused(ctx, err); settled != nil {
		return settled
	}

	if absent(err) {
		return fault.New(fault.Forbidden, "You may not add files to the folder %q on Frame.io, or it is gone.",
			r.p.FolderName).
			With("Choose another folder, or ask for the right to edit.").Because(err)
	}

	return err
}

// made records the file. The addresses are secrets and kept sealed.
func (r *run) made(ctx context.Context, up frameio.Upload) error {
	parts, err := json.Marshal(up.Parts)
	if err != nil {
		return err
	}

	r.st.File, r.st.MediaType, r.st.Began, r.st.Project, r.st.ViewURL = up.ID, up.MediaType, r.t.Now(),
		up.ProjectID, up.ViewURL
	return r.commit(ctx, func(tx *sql.Tx) error {
		r.p.Making = ""
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET file_id = $1, view_url = $2, upload = $3, size = $4,
			digest = $5, making = '' WHERE id = $6`,
			up.ID, up.ViewURL, r.Vault.Seal(place(r.p.ID), string(parts)), r.st.Piece.Length, r.st.Piece.Digest, r.p.ID)
		return err
	})
}

// findSpot decides where the file goes: beside the asset of a linked document, if
// that lives and is not to be left alone, else where it was asked for. The link is
// held since before the lock, so that no publish of the same asset runs beside it.
func (r *run) findSpot(ctx context.Context) error {
	r.st.Beside, r.st.Folder, r.st.Stack = nil, r.p.Folder, ""
	l, linked, err := r.hold(ctx)
	if err != nil || !linked || l.FileID == "" || r.p.Separate || l.Account != r.p.Account {
		return err
	}

	if r.st.Beside, err = spotOf(ctx, r.fio, l); r.st.Beside != nil && err == nil {
		r.st.Folder = r.st.Beside.Folder
	}

	return err
}

// hold holds the link of the document, if it has one.
func (r *run) hold(ctx context.Context) (l link.Link, linked bool, err error) {
	err = r.commit(ctx, func(tx *sql.Tx) (err error) {
		l, linked, err = link.HoldDocument(ctx, tx, r.p.Document, r.t.ID)
		return err
	})
	return l, linked, err
}

// nameOf is what the file is called on Frame.io: as in Nuxeo, with an extension
// and without what no file name may hold; a rendition is called after the master
// too.
func nameOf(doc *nuxeo.Document, p Piece) string {
	name := p.Blob.Name
	if name == "" {
		name = doc.Title
	}

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
