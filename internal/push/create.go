package push

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/intake"
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
	r.st.Intent = &creation{Folder: r.st.Folder, Name: r.st.Name, Size: r.st.Piece.Length, At: r.t.Now()}
	if err := r.save(ctx); err != nil {
		return err
	}
	up, err := r.fio.CreateUpload(ctx, r.p.Account, r.st.Folder, r.st.Name, r.st.Piece.Length)
	if up.ID != "" && err != nil { // its parts are no use
		r.st.File = up.ID
		return errors.Join(err, r.save(ctx))
	}
	if absent(err) {
		return fault.New(fault.Forbidden, "You may not add files to the folder %q on Frame.io, or it is gone.", r.p.FolderName).
			With("Choose another folder, or ask for the right to edit.").Because(err)
	}
	if err != nil {
		return err
	}
	return r.made(ctx, up)
}

// made records the file. The addresses are secrets and kept sealed.
func (r *run) made(ctx context.Context, up frameio.Upload) error {
	parts, err := json.Marshal(up.Parts)
	if err != nil {
		return err
	}
	r.st.File, r.st.MediaType, r.st.Began, r.st.Project, r.st.ViewURL = up.ID, up.MediaType, r.t.Now(), up.ProjectID, up.ViewURL
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET file_id = $1, view_url = $2, upload = $3, size = $4, digest = $5 WHERE id = $6`,
			up.ID, up.ViewURL, r.Vault.Seal(place(r.p.ID), string(parts)), r.st.Piece.Length, r.st.Piece.Digest, r.p.ID)
		return err
	})
}

// findSpot decides where the file goes: beside the asset of a linked document, if
// that lives and is not to be left alone, else where it was asked for. The link is
// held, so that no publish of the same asset runs beside it.
func (r *run) findSpot(ctx context.Context) error {
	r.st.Beside, r.st.Folder, r.st.Stack = nil, r.p.Folder, ""
	var l link.Link
	linked := false
	err := r.commit(ctx, func(tx *sql.Tx) (err error) {
		l, linked, err = link.HoldDocument(ctx, tx, r.p.Document, r.t.ID)
		return err
	})
	if err != nil || !linked || l.FileID == "" || r.p.Separate || l.Account != r.p.Account {
		return err
	}
	if r.st.Beside, err = spotOf(ctx, r.fio, l); r.st.Beside != nil && err == nil {
		r.st.Folder = r.st.Beside.Folder
	}
	return err
}

// lostFor is how long before our clock a lost creation may be stamped: clocks may
// be an hour apart.
const lostFor = 2 * time.Hour

// removeLost removes a file that a creation whose answer was lost has made: ours,
// of that name and size, still empty, and known to no push. Its addresses are lost
// with the answer, so it is of no use.
func (r *run) removeLost(ctx context.Context) error {
	in := r.st.Intent
	if in == nil || r.st.File != "" {
		return nil
	}
	if in.ByAddress {
		return r.removeArriving(ctx, in)
	}
	me, err := r.People.Person(ctx, r.p.By)
	if err != nil {
		return err
	}
	for f, err := range r.fio.Files(ctx, r.p.Account, in.Folder) {
		if absent(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if f.Uploaded() || f.Name != in.Name || f.Size != in.Size || f.Creator.ID != me.FrameioID || f.Created.Before(in.At.Add(-lostFor)) {
			continue
		}
		if err := r.removeUnknown(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) removeUnknown(ctx context.Context, f frameio.File) error {
	var known int
	if err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM pushes WHERE file_id = $1`, f.ID).Scan(&known); err != nil || known > 0 {
		return err
	}
	if err := r.fio.DeleteFile(ctx, r.p.Account, f.ID); err != nil && !v4.NotFound(err) {
		return err
	}
	return r.t.Note(ctx, "removed", "a file whose creation was not answered")
}

// removeFile removes what a push has made on Frame.io.
func (r *run) removeFile(ctx context.Context) error {
	if r.st.File == "" && r.st.Intent == nil {
		return nil
	}
	var err error
	if r.fio, err = r.People.Frameio(ctx, r.p.By); err != nil {
		if fault.Is(err, fault.NotConnected) {
			return r.t.Note(ctx, "left behind", "a file on Frame.io: %s is not connected any more", r.p.By)
		}
		return err
	}
	if err := r.removeLost(ctx); err != nil {
		return err
	}
	if r.st.File != "" {
		if err := r.fio.DeleteFile(ctx, r.p.Account, r.st.File); err != nil && !v4.NotFound(err) {
			return fmt.Errorf("removing the file on Frame.io: %w", err)
		}
	}
	return r.forgetFile(ctx)
}

func (r *run) forgetFile(ctx context.Context) error {
	r.st.File, r.st.Intent, r.st.Stack = "", nil, ""
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET file_id = '', view_url = '', upload = NULL WHERE id = $1`, r.p.ID)
		return err
	})
}

// maxRestarts is how often a file is made anew because what it stood on went away.
const maxRestarts = 3

// restart makes a new file in place of one whose addresses have ended, which
// cannot be renewed.
func (r *run) restart(ctx context.Context, why, remedy string) (work.Next, error) {
	r.st.Restarts++
	if r.st.Restarts > maxRestarts {
		return work.Next{}, fault.New(fault.Refused, "%s", why).With(remedy)
	}
	if err := r.t.Note(ctx, "begun again", "%s", why); err != nil {
		return work.Next{}, err
	}
	if err := r.removeFile(ctx); err != nil {
		return work.Next{}, err
	}
	return work.Next{Step: stepCreate}, r.t.Progress(ctx, work.Transfer{Name: r.st.Name, Size: r.st.Piece.Length})
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
	name = intake.SafeName(name)
	if path.Ext(name) == "" {
		name = intake.SafeName(name + extensionOf(p.MimeType))
	}
	return name
}

var extensions = map[string]string{
	"video/mp4": ".mp4", "video/quicktime": ".mov", "video/webm": ".webm", "video/x-matroska": ".mkv", "application/mxf": ".mxf",
	"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/tiff": ".tif", "image/webp": ".webp",
	"audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/x-wav": ".wav", "application/pdf": ".pdf", "application/zip": ".zip", "text/plain": ".txt",
}

func extensionOf(mimeType string) string { return extensions[strings.ToLower(mimeType)] }
