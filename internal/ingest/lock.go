package ingest

import (
	"context"
	"database/sql"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Lock is a lock that we took on a document to replace its content. Created tells it
// from any other lock of the same person; empty while the answer is not known.
type Lock struct {
	By      string `json:"by"`
	Created string `json:"created,omitempty"`
}

// Is reports whether the lock that a document has is this one, as far as we know it.
func (l Lock) Is(doc *nuxeo.Document) bool {
	return doc.LockOwner == l.By && (l.Created == "" || l.Created == doc.LockCreated)
}

// lockDocument locks the document unless it is locked, and reads it once what others
// were just writing is through. A lock that the actor has already is left as it is: it
// is a push's, or their own.
func (s *Service) lockDocument(ctx context.Context, r *Run, doc *nuxeo.Document) (*nuxeo.Document, error) {
	if doc.LockOwner != "" {
		// there was none before we asked for it
		if h := r.Job.Lock; h != nil && h.Created == "" && h.By == doc.LockOwner {
			return doc, s.noteLock(ctx, r, &Lock{By: h.By, Created: doc.LockCreated})
		}
		return doc, nil
	}

	if err := s.noteLock(ctx, r, &Lock{By: r.Actor}); err != nil {
		return nil, err
	}

	locked, err := r.Nuxeo.Lock(ctx, doc.UID)
	switch nuxeo.StatusOf(err) {
	case http.StatusConflict: // somebody was faster
		if doc, err := r.Nuxeo.Get(ctx, doc.UID, all); err != nil {
			return nil, err
		} else if err := free(doc, r.Actor); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.Unavailable, "The document cannot be locked at the moment.").Because(err)
	case http.StatusForbidden:
		return nil, fault.New(fault.Forbidden, "You may not lock %q, so that nothing in it was replaced.", doc.Title).
			With("Ask for the permission to write in the folder, then retry.").Because(err)
	}

	if err != nil {
		return nil, err
	}

	// Whose write had passed Nuxeo's look at the lock before it was there is not through yet.
	select {
	case <-time.After(s.Set.Drain):
	case <-ctx.Done():
		return nil, ctx.Err()
	}

	if locked.LockOwner == r.Actor && locked.LockCreated != "" {
		if err := s.noteLock(ctx, r, &Lock{By: r.Actor, Created: locked.LockCreated}); err != nil {
			return nil, err
		}
	}

	return r.Nuxeo.Get(ctx, doc.UID, all)
}

// noteLock records which lock we took, or are about to take, in the item and with the
// link; nil: none any more.
func (s *Service) noteLock(ctx context.Context, r *Run, lock *Lock) error {
	r.Job.Lock = lock
	return r.Commit(ctx, func(tx *sql.Tx) error {
		if lock == nil {
			return link.SetLock(ctx, tx, r.Job.LinkID, "", "")
		}
		return link.SetLock(ctx, tx, r.Job.LinkID, lock.By, lock.Created)
	})
}

// unlockDocument gives our lock back, if there is one. Another lock, also one of the same
// person, is left alone. What cannot be given back now is given back by the sweeper.
func (s *Service) unlockDocument(ctx context.Context, r *Run) error {
	lock := r.Job.Lock
	if lock == nil {
		return nil
	}

	nx := r.Nuxeo
	if lock.By != r.Actor {
		var err error
		if nx, err = r.Colleague(ctx, lock.By); err != nil {
			return r.Task.Note(ctx, "left locked", "the lock of %s, until it can be given back as them", lock.By)
		}
	}

	err := GiveBack(ctx, nx, r.Job.Document, *lock)
	if fault.Passing(err) && r.Task.Attempt < dropTries {
		return err
	}

	if err != nil {
		return r.Task.Note(ctx, "left locked", "the lock of %s, until Nuxeo lets it be given back", lock.By)
	}

	return s.noteLock(ctx, r, nil)
}

// withoutLeftLock gives back the lock that an earlier item left on the document of the
// link, and reads the document again. One that cannot be given back is the sweeper's.
func (s *Service) withoutLeftLock(ctx context.Context, r *Run, doc *nuxeo.Document) (*nuxeo.Document, error) {
	if doc == nil || doc.LockOwner == "" || r.Job.Lock != nil {
		return doc, nil
	}

	owner, created, err := link.RecordedLock(ctx, s.DB, r.Job.LinkID)
	if left := (Lock{By: owner, Created: created}); err != nil || owner == "" || !left.Is(doc) {
		return doc, err
	}

	nx := r.Nuxeo
	if owner != r.Actor {
		if nx, err = r.Colleague(ctx, owner); err != nil {
			return doc, nil
		}
	}

	if err := GiveBack(ctx, nx, doc.UID, Lock{By: owner, Created: created}); err != nil {
		if fault.Passing(err) {
			return nil, err
		}
		return doc, nil
	}

	if err := s.noteLock(ctx, r, nil); err != nil {
		return nil, err
	}

	return r.Nuxeo.Get(ctx, doc.UID, all)
}

// GiveBack takes a lock of ours away, as the one who has it, if it is still there. A
// document that is gone has none.
//
// GET /id/{uid}, Document.Unlock.
func GiveBack(ctx context.Context, nx *nuxeo.Client, document string, lock Lock) error {
	doc, err := nx.Get(ctx, document, nuxeo.Fetch{Lock: true})
	if nuxeo.NotFound(err) {
		return nil
	}

	if err != nil || !lock.Is(doc) {
		return err
	}

	err = nx.Unlock(ctx, document)
	if nuxeo.StatusOf(err) == http.StatusConflict { // it was ours when we looked
		return fault.New(fault.Unavailable, "The document cannot be unlocked at the moment.").Because(err)
	}

	return err
}
