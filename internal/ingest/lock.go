package ingest

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Lock is a lock that we took on a document to replace its content. Created distinguishes it from
// other locks of the same person; it is empty while the answer is unknown.
type Lock struct {
	By      string `json:"by"`
	Created string `json:"created,omitempty"`
	// Looks counts how often a lock whose taking was not answered has been looked for.
	Looks int `json:"looks,omitempty"`
}

// maxLooks is how often such a lock is looked for: Nuxeo may take it after the connector has stopped
// waiting.
const maxLooks = 4

// Matches reports whether the lock of a document is this one, as far as it is known.
func (l Lock) Matches(doc *nuxeo.Document) bool {
	return doc.LockOwner == l.By && (l.Created == "" || l.Created == doc.LockCreated)
}

// lockDocument locks the document unless it is locked, and reads it after concurrent writes have
// finished. A lock that the actor has already is left as it is: it is a push's, or their own.
func (s *Service) lockDocument(ctx context.Context, r *Run, doc *nuxeo.Document) (*nuxeo.Document, error) {
	// Our own lock after a lost answer is recorded: there was none before.
	if doc.LockOwner != "" {
		if h := r.Job.Lock; h != nil && h.Created == "" && h.By == doc.LockOwner {
			return doc, s.recordLock(ctx, r, &Lock{By: h.By, Created: doc.LockCreated})
		}
		return doc, nil
	}

	// Record the intent, and lock.
	if err := s.recordLock(ctx, r, &Lock{By: r.Actor}); err != nil {
		return nil, err
	}

	locked, err := r.Nuxeo.Lock(ctx, doc.UID)
	switch nuxeo.StatusOf(err) {
	case http.StatusConflict: // another person was faster
		if doc, err := r.Nuxeo.Get(ctx, doc.UID, fullFetch); err != nil {
			return nil, err
		} else if err := checkUnlocked(doc, r.Actor); err != nil {
			return nil, errors.Join(err, s.recordLock(ctx, r, nil))
		}
		return nil, fault.New(fault.Unavailable, "The document cannot be locked at the moment.").Because(err)
	case http.StatusForbidden:
		f := fault.New(fault.Forbidden, "You may not lock %q, so that nothing in it was replaced.", doc.Title).
			With("Ask for the permission to write in the folder, then retry.").Because(err)
		return nil, errors.Join(f, s.recordLock(ctx, r, nil))
	}

	if err != nil {
		return nil, err
	}

	// A write that passed Nuxeo's check before the lock was taken may still be running.
	select {
	case <-time.After(s.Set.Drain):
	case <-ctx.Done():
		return nil, ctx.Err()
	}

	// Record which lock it is, and read the document.
	if locked.LockOwner == r.Actor && locked.LockCreated != "" {
		if err := s.recordLock(ctx, r, &Lock{By: r.Actor, Created: locked.LockCreated}); err != nil {
			return nil, err
		}
	}

	return r.Nuxeo.Get(ctx, doc.UID, fullFetch)
}

// recordLock records the lock that we took, or are about to take, in the item and at the link; nil
// records that there is none.
func (s *Service) recordLock(ctx context.Context, r *Run, lock *Lock) error {
	r.Job.Lock = lock
	return r.Commit(ctx, func(tx *sql.Tx) error {
		if lock == nil {
			return link.SetLock(ctx, tx, r.Job.LinkID, "", "")
		}
		return link.SetLock(ctx, tx, r.Job.LinkID, lock.By, lock.Created)
	})
}

// unlockDocument releases our lock, if there is one. A different lock, even of the same person, is
// left alone. What cannot be released now is left to ReleaseLeftLocks.
func (s *Service) unlockDocument(ctx context.Context, r *Run) error {
	lock := r.Job.Lock
	if lock == nil {
		return nil
	}

	nx := r.Nuxeo
	if lock.By != r.Actor {
		var err error
		if nx, err = r.ClientFor(ctx, lock.By); err != nil {
			return r.Task.Note(ctx, "left locked", "the lock of %s, until it can be given back as them", lock.By)
		}
	}

	if err := s.awaitLateLock(ctx, r, nx); err != nil {
		return err
	}

	err := ReleaseLock(ctx, nx, r.Job.Document, *lock)
	if fault.Passing(err) && r.Task.Attempt < dropTries {
		return err
	}

	if err != nil {
		return r.Task.Note(ctx, "left locked", "the lock of %s, until Nuxeo lets it be given back", lock.By)
	}

	return s.recordLock(ctx, r, nil)
}

// awaitLateLock returns a NotReady error, a few times, while a lock whose taking was not answered is
// not there. Forgotten, it would stay for ever if it came late.
func (s *Service) awaitLateLock(ctx context.Context, r *Run, nx *nuxeo.Client) error {
	lock := r.Job.Lock
	if lock.Created != "" || lock.Looks >= maxLooks {
		return nil
	}

	doc, err := nx.Get(ctx, r.Job.Document, nuxeo.Fetch{Lock: true})
	if err != nil || doc.LockOwner != "" {
		return nil // ReleaseLock says what that means
	}

	lock.Looks++
	return errors.Join(r.Save(ctx),
		fault.New(fault.NotReady, "Nuxeo may still be locking the document; it did not answer."))
}

// releaseLeftover releases the lock that an earlier item left on the document of the link, and
// reads the document again. A lock that cannot be released is left to ReleaseLeftLocks.
func (s *Service) releaseLeftover(ctx context.Context, r *Run, doc *nuxeo.Document) (*nuxeo.Document, error) {
	if doc == nil || doc.LockOwner == "" || r.Job.Lock != nil {
		return doc, nil
	}

	// Is it the recorded one?
	owner, created, err := link.RecordedLock(ctx, s.DB, r.Job.LinkID)
	if left := (Lock{By: owner, Created: created}); err != nil || owner == "" || !left.Matches(doc) {
		return doc, err
	}

	// Release it as its owner.
	nx := r.Nuxeo
	if owner != r.Actor {
		if nx, err = r.ClientFor(ctx, owner); err != nil {
			return doc, nil
		}
	}

	if err := ReleaseLock(ctx, nx, doc.UID, Lock{By: owner, Created: created}); err != nil {
		if fault.Passing(err) {
			return nil, err
		}
		return doc, nil
	}

	// Forget it.
	if err := s.recordLock(ctx, r, nil); err != nil {
		return nil, err
	}

	return r.Nuxeo.Get(ctx, doc.UID, fullFetch)
}

// ReleaseLock removes a lock of ours, as its owner, if it still exists. A deleted document has
// none.
//
// GET /id/{uid}, Document.Unlock.
func ReleaseLock(ctx context.Context, nx *nuxeo.Client, document string, lock Lock) error {
	doc, err := nx.Get(ctx, document, nuxeo.Fetch{Lock: true})
	if nuxeo.NotFound(err) {
		return nil
	}

	if err != nil || !lock.Matches(doc) {
		return err
	}

	err = nx.Unlock(ctx, document)
	if nuxeo.StatusOf(err) == http.StatusConflict { // it was ours when we read it
		return fault.New(fault.Unavailable, "The document cannot be unlocked at the moment.").Because(err)
	}

	return err
}
