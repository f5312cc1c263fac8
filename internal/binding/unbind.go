package binding

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Reviews is what binding needs from push.
type Reviews interface {
	// Stranded counts the documents on their way to Frame.io or under review there that
	// could not return without a binding.
	Stranded(ctx context.Context, binding string) (int, error)
	// StrandedIn counts those of one of its workspaces.
	StrandedIn(ctx context.Context, binding, workspace string) (int, error)
	// ReleaseStranded ends them as the people who pushed: those on their way are cancelled,
	// those under review are unlocked and stay on Frame.io.
	ReleaseStranded(ctx context.Context, binding, why, by string) error
}

// A Fate says what happens to the documents under review of a binding that ends.
type Fate string

// The fates.
const (
	Release Fate = "release" // unlock them; they stay on Frame.io
	Await   Fate = "return"  // let them return, for up to maxAwait
)

// maxAwait is how long a binding that ends waits for what is under review.
const maxAwait = 30 * 24 * time.Hour

// Unbind ends a binding: nothing new is accepted from then on. The item it returns removes what is
// left on Frame.io and on the folder. While documents are under review, fate says what happens to
// them; without it, Unbind does nothing and returns a Conflict error.
func (s *Service) Unbind(ctx context.Context, who work.Viewer, id string, fate Fate) (string, error) {
	b, err := s.Get(ctx, who, id)
	if err != nil {
		return "", err
	}

	if b.State != Bound && b.State != Ending {
		return "", errNotBound
	}

	// May the viewer end it, and when does it end?
	if err := s.checkMayEnd(ctx, who, b); err != nil {
		return "", err
	}

	to, ends, err := s.decideEnd(ctx, b, fate)
	if err != nil {
		return "", err
	}

	// Record it.
	var ids []string
	unbound := audit.Entry{Who: who.Login, What: audit.Unbound, About: b.FolderPath, Detail: detail(b, fate)}
	err = s.Engine.Audited(ctx, unbound, func(tx *sql.Tx) (err error) {
		if b.State == Ending {
			ids, err = s.changeEnd(ctx, tx, b, ends)
			return err
		}
		ids, err = s.beginEnd(ctx, tx, b, to, ends)
		return err
	})
	if err != nil {
		return "", err
	}

	s.Engine.Wake(ids...)
	return onlyID(ids)
}

// detail returns what the audit says besides the folder.
func detail(b Binding, fate Fate) string {
	if fate == "" {
		return b.ActionName
	}
	return b.ActionName + ", what is under review: " + string(fate)
}

// decideEnd decides the next state of a binding, and when it finally ends; zero means now. A
// binding that is ending already and has nothing left under review need not wait.
func (s *Service) decideEnd(ctx context.Context, b Binding, fate Fate) (State, time.Time, error) {
	// With nothing under review, it ends now.
	n, err := s.Reviews.Stranded(ctx, b.ID)
	if err != nil || n == 0 && b.State == Bound {
		return Unbound, time.Time{}, err
	}

	if n == 0 && fate == "" {
		return Ending, s.Now(), nil // nothing left to wait for
	}

	// Documents under review would stay locked: the person decides what becomes of them.
	switch fate {
	case Release:
		return Ending, s.Now(), nil
	case Await:
		if b.State == Ending {
			return Ending, b.Ends, nil
		}
		return Ending, s.Now().Add(maxAwait), nil
	case "":
		return "", time.Time{}, fault.New(fault.Conflict, "%s under review on Frame.io.",
			documents(n, " of this folder")).
			With(fmt.Sprintf("Say what becomes of them: release unlocks them, return lets them come back for %d days.",
				int(maxAwait.Hours()/24)))
	}

	return "", time.Time{}, fault.Field("reviews", `Give "release" or "return".`,
		"%q does not say what becomes of the documents under review.", fate)
}

// documents returns how many documents there are, in words.
func documents(n int, of string) string {
	if n == 1 {
		return "1 document" + of + " is"
	}
	return plain.Number(n) + " documents" + of + " are"
}

// beginEnd records that a binding ends, and adds the item that does the rest.
func (s *Service) beginEnd(ctx context.Context, tx *sql.Tx, b Binding, to State, ends time.Time) ([]string, error) {
	res, err := tx.ExecContext(ctx, `UPDATE bindings SET state = $1, ends = $2, updated = $3
		WHERE id = $4 AND state = $5`,
		string(to), store.Millis(ends), store.Millis(s.Now()), b.ID, string(Bound))
	if err != nil {
		return nil, err
	}

	// Another request has ended it already.
	if n, err := res.RowsAffected(); n == 0 || err != nil {
		return nil, errors.Join(errNotBound, err)
	}

	// An ending binding keeps its actions: with them the documents come back.
	if to == Unbound {
		if _, err := tx.ExecContext(ctx, `UPDATE actions SET state = $1 WHERE binding_id = $2
			AND state = $3`, actionRemoving, b.ID, actionActive); err != nil {
			return nil, err
		}
	}

	return s.Engine.Add(ctx, tx, work.New{
		Kind: KindUnbind, Parent: b.ID, Subject: fmt.Sprintf("unbind at %d", store.Millis(s.Now())),
		Title: "Unbind " + b.FolderPath,
		Owner: b.Owner, Actor: b.Owner, Interactive: true, Data: struct{}{},
	})
}

// changeEnd changes when a binding ends, and wakes the item that waits for it.
func (s *Service) changeEnd(ctx context.Context, tx *sql.Tx, b Binding, ends time.Time) ([]string, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE bindings SET ends = $1, updated = $2 WHERE id = $3 AND state = $4`,
		store.Millis(ends), store.Millis(s.Now()), b.ID, string(Ending)); err != nil {
		return nil, err
	}

	// It may be running at the moment, and then goes on by the new time.
	id, err := s.Engine.Latest(ctx, tx, b.ID, KindUnbind)
	if err != nil {
		return nil, err
	}

	_, err = s.Engine.MakeDue(ctx, tx, b.ID, "")
	return []string{id}, err
}

// reviewPoll is how often a binding that ends checks whether everything has returned.
const reviewPoll = time.Minute

// awaitReviews waits until no document is under review any more. After the time that was set, it
// releases those that are.
func (s *Service) awaitReviews(ctx context.Context, t *work.Task) error {
	b, err := s.get(ctx, t.Parent)
	if err != nil || b.State != Ending {
		return err
	}

	n, err := s.Reviews.Stranded(ctx, b.ID)
	if err != nil {
		return err
	}

	// Time is up: release those that are left.
	if n > 0 && !s.Now().Before(b.Ends) {
		why := "The folder is not bound to Frame.io any more."
		if err := s.Reviews.ReleaseStranded(ctx, b.ID, why, b.Owner); err != nil {
			return err
		}
		if n, err = s.Reviews.Stranded(ctx, b.ID); err != nil {
			return err
		}
	}

	if n > 0 {
		return stillUnderReview(n, b.Ends, s.Now())
	}

	// All have come back. The actions may go.
	return t.Commit(ctx, struct{}{}, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE bindings SET state = $1, ends = 0, updated = $2
			WHERE id = $3 AND state = $4`,
			string(Unbound), store.Millis(t.Now()), b.ID, string(Ending)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE actions SET state = $1 WHERE binding_id = $2
			AND state = $3`, actionRemoving, b.ID, actionActive)
		return err
	})
}

// stillUnderReview returns what a binding that ends waits for, and when to check again.
func stillUnderReview(n int, ends, now time.Time) error {
	if !now.Before(ends) {
		f := fault.New(fault.NotReady, "%s being released.", documents(n, ""))
		f.RetryAfter = time.Second
		return f
	}

	f := fault.New(fault.NotReady, "%s under review, to come back until %s.", documents(n, ""),
		ends.UTC().Format("2 January 2006"))
	f.RetryAfter = reviewPoll
	return f
}
