package push

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Returns tells ingest which document an asset returns to. It is ingest's view of this package.
type Returns struct{ *Service }

var _ ingest.Returns = Returns{}

// sendingRetry is how long an asset waits that is published while it is still being sent.
const sendingRetry = 2 * time.Second

// Find returns the push that one of an asset's files belongs to, of a document below the folder, or
// nil. While it is being sent, it returns a NotReady error. Of pushes that have ended only those of
// renditions count, since these must not replace the main file later either.
func (r Returns) Find(ctx context.Context, nx *nuxeo.Client, folder string, files []string) (*ingest.Return, error) {
	for some := range slices.Chunk(files, 500) {
		found, err := listPushes(ctx, r.DB.Reader, `WHERE file_id IN (`+store.Marks(1, len(some))+`)
			AND (state IN ('sending', 'open')
			OR what <> 'master' AND state IN ('returned', 'released'))
			ORDER BY CASE state WHEN 'sending' THEN 0 WHEN 'open' THEN 0 ELSE 1 END, id DESC`, store.Anys(some)...)
		if err != nil {
			return nil, err
		}

		for _, p := range found {
			below, err := r.isBelow(ctx, nx, p, folder)
			if err != nil {
				return nil, err
			}
			if below {
				return r.newReturn(p)
			}
		}
	}
	return nil, nil
}

func (r Returns) newReturn(p Push) (*ingest.Return, error) {
	if p.State == Sending {
		f := fault.New(fault.NotReady, "The asset is just being pushed from Nuxeo.")
		f.RetryAfter = sendingRetry
		return nil, f
	}

	out := &ingest.Return{Push: p.ID, Document: p.Document, Folder: p.Scope, By: p.By}
	if p.What != Master && r.Set.Conform {
		out.Keep = p.File
	}

	out.Ended = p.State != Open
	if r.Set.Unlock == "approved" {
		out.Approved = r.Set.Approved
	}

	out.Rendition, out.Digest = p.What, p.Digest
	if p.What == Master {
		out.Rendition = ""
	}

	return out, nil
}

// isBelow reports whether the document of a push is in or below a folder: the one it was pushed
// from, wherever it is by now, or one above it.
func (r Returns) isBelow(ctx context.Context, nx *nuxeo.Client, p Push, folder string) (bool, error) {
	if p.Scope == folder {
		return true, nil
	}
	q := "SELECT * FROM Document WHERE ecm:ancestorId = " + nuxeo.Quote(folder) + " AND ecm:uuid = " +
		nuxeo.Quote(p.Document)
	docs, _, err := nx.QueryPage(ctx, q, 0, 1, nuxeo.Fetch{})
	return len(docs) > 0, err
}

// IsOpen reports, within a transaction, whether a push is open.
func (r Returns) IsOpen(ctx context.Context, tx *sql.Tx, id string) (bool, error) {
	p, err := getPush(ctx, tx, id)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && p.State == Open, err
}

// ClientFor returns a Nuxeo client for the owner of the document's lock, if the push holds it. It
// returns nil if that is not needed, because the document is not locked or another person locked
// it.
func (r Returns) ClientFor(ctx context.Context, back ingest.Return, doc *nuxeo.Document) (*nuxeo.Client, error) {
	if doc.LockOwner != back.By {
		return nil, nil
	}

	// As the person who pushed.
	nx, err := r.People.Nuxeo(ctx, back.By)
	if err == nil {
		_, err = nx.Get(ctx, doc.UID, nuxeo.Fetch{})
	}

	// Else as the service account.
	switch {
	case err == nil:
		return nx, nil
	case !isRefusal(err):
		return nil, err
	case r.Service.Service == nil:
		return nil, fault.New(fault.Locked, "The document %q is locked by %s, for whom nobody can act.",
			doc.Title, back.By).
			With("Release its lock, then publish again.").Because(err)
	}

	return r.asServiceAccount(ctx, Push{By: back.By, Title: doc.Title})
}

// Close records in a transaction that a push has returned. It may be repeated.
func (r Returns) Close(ctx context.Context, tx *sql.Tx, id, reason, by string) error {
	_, err := endPush(ctx, tx, r.Now(), id, Returned, reason, by, Open, Open)
	return err
}

// Unlock releases the lock of a push that has returned. If that is refused, left says why, and the
// lock is left to people.
func (r Returns) Unlock(ctx context.Context, id string) (left string, err error) {
	p, err := getPush(ctx, r.DB.Reader, id)
	if err != nil || p.State != Returned {
		return "", err
	}

	err = r.unlock(ctx, p)
	if fault.Is(err, fault.Forbidden, fault.Conflict) {
		f := fault.From(err)
		return strings.TrimSpace(f.Message + " " + f.Remedy), nil
	}

	if nuxeo.StatusOf(err) == http.StatusConflict {
		return "The document is locked by somebody else.", nil
	}

	return "", err
}
