package push

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Watcher brings what happens to an open push on Frame.io to its document, while
// the review goes on: its status and its comments. It looks where a hint says, and
// at everything from time to time, since hints get lost.
//
// Nothing that it writes makes a version. Looking again finds the same and writes
// nothing.
type Watcher struct {
	*Service
	FrameBase      int64 // the number of the first frame as Frame.io counts it
	FrameRateField frameio.Names
	ServiceLogin   string // of the service account, which writes comments; empty: there is none
	StatusMap      ingest.StatusMap
	Log            *slog.Logger
}

// watchedFor is how long a workspace is watched after its last push: another one
// is likely to follow, and making a webhook costs a scarce call.
const watchedFor = 7 * 24 * time.Hour

// Watched is a workspace in which somebody waits for a review.
type Watched struct {
	Account, Workspace string
	Logins             []string // who pushed there
}

// Places are the workspaces that are worth a webhook.
func (w Watcher) Places(ctx context.Context) (all []Watched, err error) {
	rows, err := w.DB.Reader.QueryContext(ctx, `SELECT DISTINCT account_id, workspace_id, pushed_by FROM pushes
		WHERE state IN ('sending', 'open') OR ended > $1 ORDER BY account_id, workspace_id,
		pushed_by`, store.Millis(w.Now().Add(-watchedFor)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var p Watched
		var login string
		if err := rows.Scan(&p.Account, &p.Workspace, &login); err != nil {
			return nil, err
		}
		if n := len(all); n == 0 || all[n-1].Account != p.Account || all[n-1].Workspace != p.Workspace {
			all = append(all, p)
		}
		last := &all[len(all)-1]
		last.Logins = append(last.Logins, login)
	}

	return all, rows.Err()
}

// File looks at the push of a file that something happened to, if there is one.
func (w Watcher) File(ctx context.Context, file string) error {
	open, err := list(ctx, w.DB.Reader, `WHERE file_id = $1 AND state = 'open'`, file)
	for _, p := range open {
		err = errors.Join(err, w.look(ctx, p))
	}
	return err
}

// Comment looks at the push of the file that a comment is about. A comment that is
// gone does not tell; what it leaves behind is found when everything is looked at.
func (w Watcher) Comment(ctx context.Context, account, workspace, id string) error {
	open, err := list(ctx, w.DB.Reader, `WHERE account_id = $1 AND workspace_id = $2 AND state = 'open'
		ORDER BY pushed_by LIMIT 1`, account, workspace)
	if err != nil || len(open) == 0 {
		return err
	}

	fio, err := w.People.Frameio(ctx, open[0].By)
	if err != nil {
		return err
	}

	file, err := fio.CommentFile(ctx, account, id)
	if absent(err) {
		return nil
	}

	if err != nil {
		return err
	}

	return w.File(ctx, file)
}

// All looks at every open push, those that were not looked at longest first.
func (w Watcher) All(ctx context.Context, r *maintenance.Report) error {
	open, err := list(ctx, w.DB.Reader, `WHERE state = 'open' ORDER BY seen, id`)
	if err != nil {
		return err
	}

	for _, p := range open {
		if err := w.look(ctx, p); err != nil && ctx.Err() == nil {
			r.Note("%s: %s", p.Title, fault.From(err).Message)
		}
	}

	return ctx.Err()
}

// look compares one push with what Frame.io tells of it, as the one who pushed.
func (w Watcher) look(ctx context.Context, p Push) error {
	fio, err := w.People.Frameio(ctx, p.By)
	if err != nil {
		return err
	}

	f, err := fio.File(ctx, p.Account, p.File)
	if absent(err) {
		return w.saw(ctx, p, p.SeenStatus, true)
	}

	if err != nil {
		return err
	}

	if err := w.bring(ctx, fio, p, f); err != nil {
		return err
	}

	return w.saw(ctx, p, w.Set.StatusField.In(f.Metadata).Value, false)
}

// bring writes what is new to the document.
func (w Watcher) bring(ctx context.Context, fio *v4.Client, p Push, f frameio.File) error {
	nx, err := w.People.Nuxeo(ctx, p.By)
	if err != nil {
		return err
	}

	if status := w.Set.StatusField.In(f.Metadata).Value; status != p.SeenStatus {
		err := nx.Update(ctx, p.Document, "", map[string]any{"frameio:status": orNull(status)},
			nuxeo.WriteOptions{Source: ingest.SourceMetadata})
		if nuxeo.NotFound(err) {
			return nil // the document is gone; the return will tell
		}
		if err != nil {
			return err
		}
		left, err := w.StatusMap.Set(ctx, nx, p.Document, w.Set.StatusField.In(f.Metadata))
		if err != nil {
			return err
		}
		if left != "" {
			w.Log.WarnContext(ctx, "the status of a document was left alone", "document", p.Document, "why", left)
		}
	}

	return w.comments(ctx, fio, nx, p, f)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// errBusy says that an item works on the link at the moment; it brings the
// comments itself.
var errBusy = fault.New(fault.NotReady, "The asset is just being published.")

func (w Watcher) comments(ctx context.Context, fio *v4.Client, nx *nuxeo.Client, p Push, f frameio.File) error {
	id, err := w.linkOf(ctx, p)
	if err != nil || id == "" {
		return err
	}

	writer, as := nx, p.By
	if w.ServiceLogin != "" {
		writer, as = nx.As(w.Service.Service), w.ServiceLogin
	}

	i := review.Importer{
		DB: w.DB, Nuxeo: writer, Now: w.Now, Writer: as, FrameBase: w.FrameBase, Key: w.Vault.Key, Changed: func() {},
		Left: func() {},
		As:   func(ctx context.Context, login string) (review.Nuxeo, error) { return w.People.Nuxeo(ctx, login) },
	}

	rate := frameio.FrameRate(w.FrameRateField.In(f.Metadata).Value)
	return i.Import(ctx, review.Target{LinkID: id, DocumentUID: p.Document, FileID: p.File, FrameRate: rate},
		fio.Comments(ctx, p.Account, p.File))
}

// linkOf is the link that comments belong to; empty when there is none.
func (w Watcher) linkOf(ctx context.Context, p Push) (id string, err error) {
	var holder string
	err = w.DB.Reader.QueryRowContext(ctx, `SELECT links.id, links.holder FROM links
		JOIN pushes ON pushes.link_id = links.id WHERE pushes.id = $1`, p.ID).Scan(&id, &holder)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err == nil && holder != "":
		return "", errBusy
	}

	return id, err
}

// saw records what a look has found.
func (w Watcher) saw(ctx context.Context, p Push, status string, gone bool) error {
	return w.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET seen_status = $1, seen = $2, seen_gone = $3
			WHERE id = $4`, status, store.Millis(w.Now()), gone, p.ID)
		return err
	})
}
