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

// Returns tells ingest which document an asset comes back to. It is ingest's view
// of this package.
type Returns struct{ *Service }

var _ ingest.Returns = Returns{}

// soon is how long an asset that is published while it is still being sent waits.
const soon = 2 * time.Second

// Of finds the push that one of an asset's files belongs to, of a
// document below the folder; nil when there is none. While it is being sent it is
// NotReady. Of those that have ended only renditions count: they do not take the
// place of their masters later either.
func (r Returns) Of(ctx context.Context, nx *nuxeo.Client, folder string, files []string) (*ingest.Return, error) {
	for some := range slices.Chunk(files, 500) {
		found, err := list(ctx, r.DB.Reader, `WHERE file_id IN (`+store.Marks(1, len(some))+`)
			AND (state IN ('sending', 'open')
			OR what <> 'master' AND state IN ('returned', 'released'))
			ORDER BY CASE state WHEN 'sending' THEN 0 WHEN 'open' THEN 0 ELSE 1 END, id DESC`, store.Anys(some)...)
		if err != nil {
			return nil, err
		}

		for _, p := range found {
			below, err := r.below(ctx, nx, p, folder)
			if err != nil {
				return nil, err
			}
			if below {
				return r.back(p)
			}
		}
	}
	return nil, nil
}

func (r Returns) back(p Push) (*ingest.Return, error) {
	if p.State == Sending {
		f := fault.New(fault.NotReady, "The asset is just being pushed from Nuxeo.")
		f.RetryAfter = soon
		return nil, f
	}

	out := &ingest.Return{Push: p.ID, Document: p.Document, Folder: p.Scope, By: p.By}
	if p.What != Master && r.Set.Conform {
		out.Keep = p.File
	}

	out.Over = p.State != Open
	if r.Set.Unlock == "approved" {
		out.Approved = r.Set.Approved
	}

	out.Rendition, out.Digest = p.What, p.Digest
	if p.What == Master {
		out.Rendition = ""
	}

	return out, nil
}

// below reports whether the document of a push is in or below a folder: the one that
// it was pushed from, wherever the document is by now, or one above it.
func (r Returns) below(ctx context.Context, nx *nuxeo.Client, p Push, folder string) (bool, error) {
	if p.Scope == folder {
		return true, nil
	}
	q := "SELECT * FROM Document WHERE ecm:ancestorId = " + nuxeo.Quote(folder) + " AND ecm:uuid = " +
		nuxeo.Quote(p.Document)
	docs, _, err := nx.QueryPage(ctx, q, 0, 1, nuxeo.Fetch{})
	return len(docs) > 0, err
}

// Still says within a transaction whether a push is open.
func (r Returns) Still(ctx context.Context, tx *sql.Tx, id string) (bool, error) {
	p, err := get(ctx, tx, id)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil && p.State == Open, err
}

// As is Nuxeo as the one who holds the document's lock for a push; nil when that
// is not needed: nobody has locked it, or somebody else.
func (r Returns) As(ctx context.Context, back ingest.Return, doc *nuxeo.Document) (*nuxeo.Client, error) {
	if doc.LockOwner != back.By {
		return nil, nil
	}

	nx, err := r.People.Nuxeo(ctx, back.By)
	if err == nil {
		_, err = nx.Get(ctx, doc.UID, nuxeo.Fetch{})
	}

	switch {
	case err == nil:
		return nx, nil
	case !unable(err):
		return nil, err
	case r.Service.Service == nil:
		return nil, fault.New(fault.Locked, "The document %q is locked by %s, for whom nobody can act.",
			doc.Title, back.By).
			With("Release its lock, then publish again.").Because(err)
	}

	return r.anybody(ctx, Push{By: back.By, Title: doc.Title})
}

// Close records in a transaction that a push is back. It may be said again.
func (r Returns) Close(ctx context.Context, tx *sql.Tx, id, reason, by string) error {
	_, err := conclude(ctx, tx, r.Now(), id, Returned, reason, by, Open, Open)
	return err
}

// Unlock gives the lock of a push that is back to the world. What cannot be done
// is said and left to whoever releases it.
func (r Returns) Unlock(ctx context.Context, id string) (left string, err error) {
	p, err := get(ctx, r.DB.Reader, id)
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
