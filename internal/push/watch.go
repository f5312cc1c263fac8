package push

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metamap"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/review"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Watcher copies changes of an open push on Frame.io to its document during the review: status
// and comments. It looks where an event points, and at everything from time to time, since events
// get lost.
//
// Nothing that it writes creates a version. Looking again finds the same and writes nothing.
type Watcher struct {
	*Service
	FrameBase      int64 // the number of the first frame as Frame.io counts it
	FrameRateField frameio.Names
	ServiceLogin   string // of the service account, which writes comments; empty if there is none
	Log            *slog.Logger
}

// watchPeriod is how long a workspace is watched after its last push: another push is likely, and
// creating a webhook costs a scarce call.
const watchPeriod = 7 * 24 * time.Hour

// A Watch is a workspace with pushes under review, and a person who pushed there.
type Watch struct{ Account, Workspace, Login string }

// Watches returns the workspaces for which webhooks are needed.
func (w Watcher) Watches(ctx context.Context) ([]Watch, error) {
	return store.All(ctx, w.DB.Reader, func(row store.Row) (one Watch, err error) {
		err = row.Scan(&one.Account, &one.Workspace, &one.Login)
		return one, err
	}, `SELECT DISTINCT account_id, workspace_id, pushed_by FROM pushes
		WHERE state IN ('sending', 'open') OR ended > $1 ORDER BY account_id, workspace_id,
		pushed_by`, store.Millis(w.Now().Add(-watchPeriod)))
}

// OnFileChanged handles an event about a file: it checks the push of the file, if there is one.
func (w Watcher) OnFileChanged(ctx context.Context, file string) error {
	open, err := listPushes(ctx, w.DB.Reader, `WHERE file_id = $1 AND state = 'open'`, file)
	for _, p := range open {
		err = errors.Join(err, w.checkPush(ctx, p))
	}
	return err
}

// OnCommentChanged handles an event about a comment: it checks the push of the file that was
// commented on. A deleted comment does not lead to its file; CheckAll finds what it leaves behind.
func (w Watcher) OnCommentChanged(ctx context.Context, account, workspace, id string) error {
	open, err := listPushes(ctx, w.DB.Reader, `WHERE account_id = $1 AND workspace_id = $2 AND state = 'open'
		ORDER BY pushed_by LIMIT 1`, account, workspace)
	if err != nil || len(open) == 0 {
		return err
	}

	fio, err := w.People.Frameio(ctx, open[0].By)
	if err != nil {
		return err
	}

	file, err := fio.CommentFile(ctx, account, id)
	if isMissing(err) {
		return nil
	}

	if err != nil {
		return err
	}

	return w.OnFileChanged(ctx, file)
}

// CheckAll checks every open push, those not checked longest first.
func (w Watcher) CheckAll(ctx context.Context, r *maintenance.Report) error {
	open, err := listPushes(ctx, w.DB.Reader, `WHERE state = 'open' ORDER BY seen, id`)
	if err != nil {
		return err
	}

	for _, p := range open {
		if err := w.checkPush(ctx, p); err != nil && ctx.Err() == nil {
			r.Note("%s: %s", p.Title, fault.From(err).Message)
		}
	}

	return ctx.Err()
}

// checkPush compares one push with its file on Frame.io, as the person who pushed.
func (w Watcher) checkPush(ctx context.Context, p Push) error {
	fio, err := w.People.Frameio(ctx, p.By)
	if err != nil {
		return err
	}

	f, err := fio.File(ctx, p.Account, p.File)
	if isMissing(err) {
		return w.recordSeen(ctx, p, p.SeenStatus, true)
	}

	if err != nil {
		return err
	}

	seen, err := w.updateDocument(ctx, fio, p, f)
	if err != nil {
		return err
	}

	p.SeenMetadata = seen
	return w.recordSeen(ctx, p, w.Set.StatusField.In(f.Metadata).Value, false)
}

// updateDocument writes what is new to the document. It returns the digest of the metadata that the document shows.
func (w Watcher) updateDocument(ctx context.Context, fio *v4.Client, p Push, f frameio.File) (seen string, err error) {
	nx, err := w.People.Nuxeo(ctx, p.By)
	if err != nil {
		return "", err
	}

	rows, err := w.Map.Rows(ctx, metamap.Scope{Binding: p.Binding})
	if err != nil {
		return "", err
	}

	// Write the fields if they or the rows have changed. Comments do not wait for that.
	rows = metamap.Only(rows, metamap.ToNuxeo)
	if seen = digestOf(f.Metadata, rows); seen != p.SeenMetadata {
		err = w.updateMetadata(ctx, nx, p, f, rows)
		if nuxeo.NotFound(err) {
			return p.SeenMetadata, nil // the document is gone, which the return reports
		}
	}

	return seen, errors.Join(err, w.importComments(ctx, fio, nx, p, f))
}

// digestOf returns a digest of metadata and of the rows that map it.
func digestOf(metadata []frameio.Field, rows []metamap.Row) string {
	b, err := json.Marshal([]any{metadata, metamap.Fingerprint(rows)})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

// updateMetadata writes the status and the fields of a file to the document, if it has others, and what is mapped.
func (w Watcher) updateMetadata(
	ctx context.Context, nx *nuxeo.Client, p Push, f frameio.File, rows []metamap.Row,
) error {
	doc, err := nx.Get(ctx, p.Document, nuxeo.Fetch{Schemas: []string{"frameio"}})
	if err != nil {
		return err
	}

	status, fields := w.Set.StatusField.In(f.Metadata).Value, ingest.Fields(f.Metadata)
	if doc.Text(schema.Status) != status || !ingest.HasFields(doc, fields) {
		err := nx.Update(ctx, p.Document, "", map[string]any{
			schema.Status: nullIfEmpty(status), schema.Fields: fields,
		}, nuxeo.WriteOptions{Source: ingest.SourceMetadata})
		if err != nil {
			return err
		}
	}

	got, err := w.Map.Apply(ctx, nx, p.Document, rows, f.Metadata, false)
	for _, problem := range got.Problems {
		w.Log.WarnContext(ctx, "metadata of a document was not mapped", "document", p.Document, "why", problem)
	}

	return err
}

// errBusy reports that an item is working on the link. It imports the comments itself.
var errBusy = fault.New(fault.NotReady, "The asset is just being published.")

func (w Watcher) importComments(ctx context.Context, fio *v4.Client, nx *nuxeo.Client, p Push, f frameio.File) error {
	id, err := w.commentLink(ctx, p)
	if err != nil || id == "" {
		return err
	}

	writer, as := nx, p.By
	if w.ServiceLogin != "" {
		writer, as = nx.As(w.Service.Service), w.ServiceLogin
	}

	i := review.Importer{
		DB: w.DB, Nuxeo: writer, Now: w.Now, Writer: as, FrameBase: w.FrameBase, Key: w.Vault.Key, Changed: func() {},
		Skipped:   func() {},
		ClientFor: func(ctx context.Context, login string) (review.Nuxeo, error) { return w.People.Nuxeo(ctx, login) },
		Told: func(ctx context.Context, tx *sql.Tx, c frameio.Comment) error {
			return w.Events.Comment(ctx, tx, c, subjectOf(p))
		},
	}

	rate := frameio.FrameRate(w.FrameRateField.In(f.Metadata).Value)
	return i.Import(ctx, review.Target{LinkID: id, DocumentUID: p.Document, FileID: p.File, FrameRate: rate},
		fio.Comments(ctx, p.Account, p.File))
}

// commentLink returns the id of the link that comments belong to, or the empty string.
func (w Watcher) commentLink(ctx context.Context, p Push) (id string, err error) {
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

// recordSeen records the result of a check, and tells of a status that is new.
func (w Watcher) recordSeen(ctx context.Context, p Push, status string, gone bool) error {
	about := subjectOf(p)
	about.Status = status
	var added []string
	err := w.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		if _, err := tx.ExecContext(ctx, `UPDATE pushes SET seen_status = $1, seen = $2, seen_gone = $3,
			seen_metadata = $4
			WHERE id = $5`, status, store.Millis(w.Now()), gone, p.SeenMetadata, p.ID); err != nil {
			return err
		}
		if err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(links.asset_key), '') FROM links
			JOIN pushes ON pushes.link_id = links.id WHERE pushes.id = $1`, p.ID).Scan(&about.Asset); err != nil {
			return err
		}

		added, err = w.Events.See(ctx, tx, about)
		return err
	})
	if err == nil {
		w.Engine.Wake(added...)
	}

	return err
}
