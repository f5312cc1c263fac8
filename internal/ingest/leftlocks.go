package ingest

import (
	"context"
	"database/sql"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A leftLock is a lock that an item took on a document and could not release.
type leftLock struct {
	Lock
	link, document string
}

// ReleaseLeftLocks releases the locks that items left on documents and whose links are not held any
// more: as their owners, else as the service account if there is one.
func (s *Service) ReleaseLeftLocks(
	ctx context.Context, r *maintenance.Report, as func(context.Context, string) (*nuxeo.Client, error),
) error {
	all, err := s.leftLocks(ctx)
	if err != nil {
		return err
	}

	for _, l := range all {
		if err := s.releaseLeft(ctx, r, l, as); err != nil {
			return err
		}
	}

	return nil
}

// sweeper holds a link while its lock is released. If the process dies, the link is released like
// those of items that ended.
const sweeper = "lock sweeper"

// releaseLeft releases one lock, holding the link so that no item interferes.
func (s *Service) releaseLeft(
	ctx context.Context, r *maintenance.Report, l leftLock, as func(context.Context, string) (*nuxeo.Client, error),
) error {
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error { return link.AcquireLocked(ctx, tx, l.link, l.By, l.Created, sweeper) })
	if fault.Is(err, fault.NotReady) {
		return nil // an item is working on it again
	}

	if err != nil {
		return err
	}

	left := s.tryRelease(ctx, l, as)
	if left != nil {
		r.Note("the lock of %s on %s could not be given back: %s", l.By, l.document, fault.From(left).Message)
	} else {
		r.Add("gave the lock of %s on %s back", l.By, l.document)
	}

	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		if left == nil {
			if err := link.SetLock(ctx, tx, l.link, "", ""); err != nil {
				return err
			}
		}
		return link.Release(ctx, tx, sweeper)
	})
}

func (s *Service) leftLocks(ctx context.Context) ([]leftLock, error) {
	return store.All(ctx, s.DB.Reader, func(row store.Row) (l leftLock, err error) {
		err = row.Scan(&l.link, &l.document, &l.By, &l.Created)
		return l, err
	}, `SELECT id, COALESCE(document_uid, ''), lock_owner, lock_created
		FROM links WHERE lock_owner <> '' AND holder = ''`)
}

func (s *Service) tryRelease(
	ctx context.Context, l leftLock, as func(context.Context, string) (*nuxeo.Client, error),
) error {
	if l.document == "" {
		return nil // deleted, and its lock with it
	}

	nx, err := as(ctx, l.By)
	if err == nil {
		err = ReleaseLock(ctx, nx, l.document, l.Lock)
	}

	if err == nil || s.Service == nil {
		return err
	}

	return ReleaseLock(ctx, s.Service, l.document, l.Lock)
}
