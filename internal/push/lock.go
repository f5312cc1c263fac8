package push

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// lockDocument takes the lock as the person, unless they have it already. The intent is recorded
// first: if the answer is lost and the lock is found later, there was none before. The link is
// acquired before the lock, so that no publish finds the document locked in the middle of its
// writes.
func (r *run) lockDocument(ctx context.Context) (work.Next, error) {
	next := work.Next{Step: stepCreate}
	// Acquire the link and read the document.
	l, linked, err := r.acquireLink(ctx)
	if err != nil {
		return work.Next{}, err
	}

	doc, err := r.loadDocument(ctx)
	if err == nil && linked && r.p.Lock == "" {
		doc, err = r.releaseLeftover(ctx, l, doc)
	}

	if err != nil {
		return work.Next{}, err
	}

	// Take the lock, or find out whose it is.
	switch {
	case doc.LockOwner == "":
		return next, r.takeLock(ctx)
	case r.p.Lock == Intended:
		return next, r.recordLock(ctx, Ours, doc.LockCreated)
	case r.p.Lock == Ours && r.p.Locked == doc.LockCreated:
		return next, nil
	}

	return next, r.adopt(ctx, doc.LockCreated)
}

// releaseLeftover removes the lock that an update of the document's content has left behind and
// forgets it: it is not the person's own, and the sweeper must not mistake the push's lock for it.
// The push holds the link, so that no item is using the lock.
func (r *run) releaseLeftover(ctx context.Context, l link.Link, doc *nuxeo.Document) (*nuxeo.Document, error) {
	owner, created, err := link.RecordedLock(ctx, r.DB, l.ID)
	if err != nil || owner == "" {
		return doc, err
	}

	left := ingest.Lock{By: owner, Created: created}
	if left.Matches(doc) {
		if err := ingest.ReleaseLock(ctx, r.nx, doc.UID, left); err != nil {
			return nil, err
		}
		if doc, err = r.loadDocument(ctx); err != nil {
			return nil, err
		}
	}

	return doc, r.commit(ctx, func(tx *sql.Tx) error { return link.SetLock(ctx, tx, l.ID, "", "") })
}

// adopt takes over the lock of an earlier push of the document that has not released it. Any other
// lock is the person's own.
func (r *run) adopt(ctx context.Context, locked string) error {
	to := Own
	err := r.commit(ctx, func(tx *sql.Tx) error {
		if err := r.awaitUnlock(ctx, tx); err != nil {
			return err
		}

		res, err := tx.ExecContext(ctx, `UPDATE pushes SET lock_state = 'released' WHERE document_uid = $1 AND id <> $2
			AND pushed_by = $3
			AND lock_state IN ('intended', 'ours', 'releasing') AND locked IN ('',
			$4)`, r.p.Document, r.p.ID, r.p.By, locked)
		if err != nil {
			return err
		}

		if n, err := res.RowsAffected(); err != nil || n > 0 {
			to, r.st.Adopted = Ours, true
		}

		return setLock(ctx, tx, r.t.Now(), r.p.ID, to, locked)
	})
	if err == nil {
		r.p.Lock, r.p.Locked = to, locked
	}

	return err
}

// awaitUnlock returns a NotReady error while an earlier push is releasing the lock: taken over at
// that moment, it would be lost.
func (r *run) awaitUnlock(ctx context.Context, tx *sql.Tx) error {
	var n int
	now := r.t.Now()
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM pushes WHERE document_uid = $1 AND id <> $2 AND pushed_by = $3
		AND lock_state IN ('intended', 'ours', 'releasing') AND unlocking BETWEEN $4 AND $5`,
		r.p.Document, r.p.ID, r.p.By, store.Millis(now), store.Millis(now.Add(unlockTimeout))).Scan(&n)
	if err != nil || n == 0 {
		return err
	}

	f := fault.New(fault.NotReady, "Waiting until an earlier push of %q has given its lock back.", r.p.Title)
	f.RetryAfter = time.Second
	return f
}

// takeLock locks the document and records which lock it is.
func (r *run) takeLock(ctx context.Context) error {
	r.st.LockLooks = 0
	if err := r.recordLock(ctx, Intended, ""); err != nil {
		return err
	}

	// Lock it. In a conflict, report whose lock it is.
	doc, err := r.nx.Lock(ctx, r.p.Document)
	if code := nuxeo.StatusOf(err); code >= 400 && code < 500 {
		return r.lockRefused(ctx, err)
	}

	if err != nil {
		return err
	}

	// The response may not identify the lock; the document does.
	if doc.LockOwner != r.p.By || doc.LockCreated == "" {
		if doc, err = r.loadDocument(ctx); err != nil {
			return err
		}
	}

	return r.recordLock(ctx, Ours, doc.LockCreated)
}

// lockRefused settles the intent to lock, if Nuxeo has refused that and an earlier try has not been
// successful after all, and says whose lock is in the way.
func (r *run) lockRefused(ctx context.Context, refusal error) error {
	doc, err := r.loadDocument(ctx)
	switch {
	case doc != nil && doc.LockOwner == r.p.By:
		return refusal // the next try finds it
	case doc == nil && !fault.Is(err, fault.Locked, fault.Gone):
		return err // it is not known whether it is locked
	}

	if failed := r.recordLock(ctx, Free, ""); failed != nil {
		return failed
	}

	if err == nil && nuxeo.StatusOf(refusal) == http.StatusConflict {
		err = fault.New(fault.Unavailable, "The document cannot be locked at the moment.").Because(refusal)
	}

	return cmp.Or(err, refusal)
}

// releaseLock releases the lock when a push is undone. A lock whose taking was not answered may come
// late: while it is not there it returns a NotReady error, a few times.
func (r *run) releaseLock(ctx context.Context) error {
	if r.p.Lock == Intended && r.st.LockLooks < maxLooks {
		nx, err := r.People.Nuxeo(ctx, r.p.By)
		if err != nil {
			return r.unlock(ctx, r.p) // it knows who else may, and what to say
		}

		doc, err := nx.Get(ctx, r.p.Document, nuxeo.Fetch{Lock: true})
		if err == nil && doc.LockOwner == "" {
			r.st.LockLooks++
			return errors.Join(r.save(ctx),
				fault.New(fault.NotReady, "Nuxeo may still be locking the document; it did not answer."))
		}
	}

	return r.unlock(ctx, r.p)
}

// relock takes the lock again if an adopted one was lost after all, because Nuxeo executed an
// earlier request to unlock late.
func (r *run) relock(ctx context.Context, doc *nuxeo.Document) error {
	if !r.st.Adopted || r.p.Lock != Ours || doc.LockOwner != "" {
		return nil
	}
	return r.takeLock(ctx)
}

func (r *run) recordLock(ctx context.Context, to Lock, locked string) error {
	err := r.commit(ctx, func(tx *sql.Tx) error { return setLock(ctx, tx, r.t.Now(), r.p.ID, to, locked) })
	if err == nil {
		r.p.Lock, r.p.Locked = to, locked
	}
	return err
}

// HoldsLock reports whether a push may have a lock to release.
func (p Push) HoldsLock() bool { return p.Lock == Intended || p.Lock == Ours || p.Lock == Releasing }

// unlockTimeout is how long no other push takes over a lock that is being released. Releasing it is
// aborted earlier.
const unlockTimeout = time.Minute

// unlock releases the lock that a push took, as the person who took it, else as the service
// account. A lock of another person, a different one of the same person, and one that a later push
// has taken over are left alone. It may be repeated.
func (s *Service) unlock(ctx context.Context, p Push) error {
	// Keep others from taking it over.
	if held, err := s.beginUnlock(ctx, p); !held || err != nil {
		return err
	}

	// Release it.
	in, cancel := context.WithTimeout(ctx, unlockTimeout*3/4)
	defer cancel()
	err := s.tryUnlock(in, p)
	if in.Err() != nil && ctx.Err() == nil {
		return fault.New(fault.Unavailable, "Nuxeo did not answer while %q was being unlocked.", p.Title).Because(err)
	}

	// Record the result.
	if err != nil {
		return errors.Join(err, s.unlockRefused(ctx, p, err))
	}

	return s.DB.Tx(ctx, func(tx *sql.Tx) error { return setLock(ctx, tx, s.Now(), p.ID, Free, "") })
}

// beginUnlock keeps others from taking the lock over, and reports whether the push still holds it.
func (s *Service) beginUnlock(ctx context.Context, p Push) (held bool, err error) {
	if !p.HoldsLock() {
		return false, nil
	}

	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE pushes SET unlocking = $1
			WHERE id = $2 AND lock_state IN ('intended', 'ours', 'releasing')`,
			store.Millis(s.Now().Add(unlockTimeout)), p.ID)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		held = n > 0
		return err
	})

	return held, err
}

// unlockRefused lets others take the lock over if Nuxeo has refused to release it. Without an
// answer, it may still do so.
func (s *Service) unlockRefused(ctx context.Context, p Push, failed error) error {
	if nuxeo.StatusOf(failed) == 0 && !fault.Permanent(failed) {
		return nil
	}
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET unlocking = 0 WHERE id = $1`, p.ID)
		return err
	})
}

func (s *Service) tryUnlock(ctx context.Context, p Push) error {
	nx, err := s.People.Nuxeo(ctx, p.By)
	if err == nil {
		err = s.removeLock(ctx, nx, p)
	}

	if !isRefusal(err) {
		return err
	}

	if s.Service == nil {
		return cannotUnlock(p, err)
	}

	if nx, err = s.asServiceAccount(ctx, p); err != nil {
		return err
	}

	return s.removeLock(ctx, nx, p)
}

// removeLock removes the lock if it is ours. A deleted document has none.
func (s *Service) removeLock(ctx context.Context, nx *nuxeo.Client, p Push) error {
	doc, err := nx.Get(ctx, p.Document, nuxeo.Fetch{Lock: true})
	if nuxeo.NotFound(err) {
		return nil
	}
	if err != nil || !p.ownsLock(doc) {
		return err
	}
	return nx.Unlock(ctx, p.Document)
}

// ownsLock reports whether the lock of a document is the one that the push took.
func (p Push) ownsLock(doc *nuxeo.Document) bool {
	return p.HoldsLock() && doc.LockOwner == p.By && (p.Locked == "" || p.Locked == doc.LockCreated)
}

// isRefusal reports whether an error says that a person cannot do something, as opposed to not now.
func isRefusal(err error) bool {
	switch nuxeo.StatusOf(err) {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict:
		return true
	}
	return fault.Is(err, fault.NeedsOwner, fault.NotConnected, fault.NotFound)
}

func cannotUnlock(p Push, err error) error {
	return fault.New(fault.Forbidden, "The lock of %s on %q cannot be given back as them.", p.By, p.Title).
		With("Let " + p.By + " or an administrator unlock it.").Because(err)
}

// asServiceAccount returns a Nuxeo client for the service account.
func (s *Service) asServiceAccount(ctx context.Context, p Push) (*nuxeo.Client, error) {
	if s.Service == nil || s.Nuxeo == nil {
		return nil, cannotUnlock(p, errors.New("there is no service account"))
	}
	return s.Nuxeo.As(s.Service), nil
}
