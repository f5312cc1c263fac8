package push

import (
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

// lock takes the document's lock as the person, unless they have it already. What
// is about to be done is recorded first: who finds their lock after a lost answer
// knows that there was none before. The document's link is held before, so that no
// publish finds the document locked in the middle of its writes.
func (r *run) lock(ctx context.Context) (work.Next, error) {
	next := work.Next{Step: stepCreate}
	l, linked, err := r.hold(ctx)
	if err != nil {
		return work.Next{}, err
	}

	doc, err := r.document(ctx)
	if err == nil && linked && r.p.Lock == "" {
		doc, err = r.freeLeft(ctx, l, doc)
	}

	if err != nil {
		return work.Next{}, err
	}

	switch {
	case doc.LockOwner == "":
		return next, r.take(ctx)
	case r.p.Lock == Intended:
		return next, r.noteLock(ctx, Ours, doc.LockCreated)
	case r.p.Lock == Ours && r.p.Locked == doc.LockCreated:
		return next, nil
	}

	return next, r.adopt(ctx, doc.LockCreated)
}

// freeLeft gives back the lock that an update of the document's content has left, and
// forgets it: neither is it the person's own, nor may the sweeper take the push's lock for
// it. Nobody else is at it, for the push holds the link.
func (r *run) freeLeft(ctx context.Context, l link.Link, doc *nuxeo.Document) (*nuxeo.Document, error) {
	owner, created, err := link.LockOf(ctx, r.DB, l.ID)
	if err != nil || owner == "" {
		return doc, err
	}

	left := ingest.Lock{By: owner, Created: created}
	if left.Is(doc) {
		if err := ingest.GiveBack(ctx, r.nx, doc.UID, left); err != nil {
			return nil, err
		}
		if doc, err = r.document(ctx); err != nil {
			return nil, err
		}
	}

	return doc, r.commit(ctx, func(tx *sql.Tx) error { return link.SetLock(ctx, tx, l.ID, "", "") })
}

// adopt takes over the lock of an earlier push of the document that could not give
// it back, or has not yet; any other is the person's own.
func (r *run) adopt(ctx context.Context, locked string) error {
	to := Own
	err := r.commit(ctx, func(tx *sql.Tx) error {
		if err := r.settling(ctx, tx); err != nil {
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

// settling is NotReady while the lock is just being given back for an earlier push:
// taken over at that moment, it would be lost.
func (r *run) settling(ctx context.Context, tx *sql.Tx) error {
	var n int
	now := r.t.Now()
	err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM pushes WHERE document_uid = $1 AND id <> $2 AND pushed_by = $3
		AND lock_state IN ('intended', 'ours', 'releasing') AND unlocking BETWEEN $4 AND $5`,
		r.p.Document, r.p.ID, r.p.By, store.Millis(now), store.Millis(now.Add(givenBackWithin))).Scan(&n)
	if err != nil || n == 0 {
		return err
	}

	f := fault.New(fault.NotReady, "Waiting until an earlier push of %q has given its lock back.", r.p.Title)
	f.RetryAfter = time.Second
	return f
}

func (r *run) take(ctx context.Context) error {
	if err := r.noteLock(ctx, Intended, ""); err != nil {
		return err
	}

	doc, err := r.nx.Lock(ctx, r.p.Document)
	if nuxeo.StatusOf(err) == http.StatusConflict { // somebody was faster
		if doc, failed := r.document(ctx); failed != nil {
			return failed
		} else if doc.LockOwner == "" {
			return fault.New(fault.Unavailable, "The document cannot be locked at the moment.").Because(err)
		}
	}

	if err != nil {
		return err
	}

	if doc.LockOwner != r.p.By || doc.LockCreated == "" { // the answer does not tell
		if doc, err = r.document(ctx); err != nil {
			return err
		}
	}

	return r.noteLock(ctx, Ours, doc.LockCreated)
}

// relock takes a lock again that was taken over and then lost after all: Nuxeo did
// late what an earlier push had asked it for.
func (r *run) relock(ctx context.Context, doc *nuxeo.Document) error {
	if !r.st.Adopted || r.p.Lock != Ours || doc.LockOwner != "" {
		return nil
	}
	return r.take(ctx)
}

func (r *run) noteLock(ctx context.Context, to Lock, locked string) error {
	err := r.commit(ctx, func(tx *sql.Tx) error { return setLock(ctx, tx, r.t.Now(), r.p.ID, to, locked) })
	if err == nil {
		r.p.Lock, r.p.Locked = to, locked
	}
	return err
}

// Held reports whether a push may have to give a lock back.
func (p Push) Held() bool { return p.Lock == Intended || p.Lock == Ours || p.Lock == Releasing }

// givenBackWithin is for how long nobody takes a lock over that is being given back.
// Giving it back is broken off sooner.
const givenBackWithin = time.Minute

// unlock gives back the lock that a push took, as the one who took it, else as the
// service account. A lock that is another's, or another one of the same person, is
// left alone, and so is one that a later push has taken over. It may be called again.
func (s *Service) unlock(ctx context.Context, p Push) error {
	if held, err := s.unlocking(ctx, p); !held || err != nil {
		return err
	}

	in, cancel := context.WithTimeout(ctx, givenBackWithin*3/4)
	defer cancel()
	err := s.unlockByAny(in, p)
	if in.Err() != nil && ctx.Err() == nil {
		return fault.New(fault.Unavailable, "Nuxeo did not answer while %q was being unlocked.", p.Title).Because(err)
	}

	if err != nil {
		return errors.Join(err, s.answered(ctx, p, err))
	}

	return s.DB.Tx(ctx, func(tx *sql.Tx) error { return setLock(ctx, tx, s.Now(), p.ID, Free, "") })
}

// unlocking keeps others from taking the lock over, if it is the push's still.
func (s *Service) unlocking(ctx context.Context, p Push) (held bool, err error) {
	if !p.Held() {
		return false, nil
	}

	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE pushes SET unlocking = $1
			WHERE id = $2 AND lock_state IN ('intended', 'ours', 'releasing')`,
			store.Millis(s.Now().Add(givenBackWithin)), p.ID)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		held = n > 0
		return err
	})

	return held, err
}

// answered ends the wait of others when Nuxeo has refused; without an answer it may
// still do it.
func (s *Service) answered(ctx context.Context, p Push, failed error) error {
	if nuxeo.StatusOf(failed) == 0 && !fault.Permanent(failed) {
		return nil
	}
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET unlocking = 0 WHERE id = $1`, p.ID)
		return err
	})
}

func (s *Service) unlockByAny(ctx context.Context, p Push) error {
	nx, err := s.People.Nuxeo(ctx, p.By)
	if err == nil {
		err = s.giveBack(ctx, nx, p)
	}

	if !unable(err) {
		return err
	}

	if s.Service == nil {
		return cannotUnlock(p, err)
	}

	if nx, err = s.anybody(ctx, p); err != nil {
		return err
	}

	return s.giveBack(ctx, nx, p)
}

// giveBack looks which lock there is, and takes away ours. A document that is gone
// has none.
func (s *Service) giveBack(ctx context.Context, nx *nuxeo.Client, p Push) error {
	doc, err := nx.Get(ctx, p.Document, nuxeo.Fetch{Lock: true})
	if nuxeo.NotFound(err) {
		return nil
	}
	if err != nil || !p.holds(doc) {
		return err
	}
	return nx.Unlock(ctx, p.Document)
}

// holds reports whether the lock that a document has is the one that the push took.
func (p Push) holds(doc *nuxeo.Document) bool {
	return p.Held() && doc.LockOwner == p.By && (p.Locked == "" || p.Locked == doc.LockCreated)
}

// unable are the answers when somebody cannot do it, as against not now.
func unable(err error) bool {
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

// anybody is Nuxeo as the service account.
func (s *Service) anybody(ctx context.Context, p Push) (*nuxeo.Client, error) {
	if s.Service == nil || s.Nuxeo == nil {
		return nil, cannotUnlock(p, errors.New("there is no service account"))
	}
	return s.Nuxeo.As(s.Service), nil
}
