package copies

import (
	"context"
	"database/sql"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// mayChange returns an error unless a person may decide about a copy: who pushed, who answers for the binding, and
// administrators.
func (s *Service) mayChange(ctx context.Context, who work.Viewer, c Copy) error {
	if who.Login == c.By {
		return nil
	}

	if answers, err := s.answers(ctx, who, c.Binding); err != nil || answers {
		return err
	}

	return fault.New(fault.Forbidden, "Only %s, who answers for the binding, or an administrator may do that.", c.By).
		With("Ask one of them.")
}

// answers reports whether a person may decide about all copies of a binding.
func (s *Service) answers(ctx context.Context, who work.Viewer, binding string) (bool, error) {
	if who.Admin {
		return true, nil
	}
	owner, err := s.Owner(ctx, binding)
	return owner == who.Login, err
}

// MayChange reports whether a person may decide about a copy.
func (s *Service) MayChange(ctx context.Context, who work.Viewer, c Copy) bool {
	return s.mayChange(ctx, who, c) == nil
}

// Keep leaves a copy on Frame.io that waits, or that Frame.io was not asked about yet. The caller has checked that the
// person may see its document.
func (s *Service) Keep(ctx context.Context, who work.Viewer, push string) (Copy, error) {
	c, err := s.forChange(ctx, who, push)
	if err != nil {
		return c, err
	}

	kept := audit.Entry{Who: who.Login, What: audit.CopyKept, About: c.Document, Detail: c.Title}
	err = s.Engine.Audited(ctx, kept, func(tx *sql.Tx) error {
		mine, err := s.turn(ctx, tx, push, turn{from: Waiting, or: Left, unasked: true, to: Kept, by: who.Login})
		if err == nil && !mine {
			err = fault.New(fault.Conflict, "It is too late to keep the copy: it is %s.", c.State).
				With("Look at the document again.")
		}
		return err
	})
	if err != nil {
		return c, err
	}

	return s.get(ctx, s.DB.Reader, push)
}

// Again begins with a copy that was left, kept or restored, now.
func (s *Service) Again(ctx context.Context, who work.Viewer, push string) (item string, err error) {
	c, err := s.forChange(ctx, who, push)
	if err != nil {
		return "", err
	}

	var ids []string
	asked := audit.Entry{Who: who.Login, What: audit.CopyAsked, About: c.Document, Detail: c.Title}
	err = s.Engine.Audited(ctx, asked, func(tx *sql.Tx) error {
		from := Kept
		if c.State == Restored {
			from = Restored
		}
		mine, err := s.turn(ctx, tx, push, turn{from: from, or: Left, to: Waiting})
		if err != nil {
			return err
		}
		if !mine && c.State != Waiting {
			return fault.New(fault.Conflict, "There is nothing to do with the copy: it is %s.", c.State).
				With("Look at the document again.")
		}
		ids, err = s.begin(ctx, tx, c, who.Login)
		return err
	})
	if err != nil || len(ids) == 0 {
		return "", err
	}

	s.Engine.Wake(ids...)
	return ids[0], nil
}

// Revert moves a copy back, which an item does that is returned. Of a deleted one it records that people have restored
// it on Frame.io, and says how while they have not.
func (s *Service) Revert(ctx context.Context, who work.Viewer, push string) (item string, err error) {
	c, err := s.forChange(ctx, who, push)
	if err != nil {
		return "", err
	}

	switch c.State {
	case Moved:
		return s.moveBack(ctx, who, c)
	case Deleted:
		return "", s.restored(ctx, who, c)
	}

	return "", fault.New(fault.Conflict, "There is nothing to undo: the copy is %s.", c.State).
		With("Look at the document again.")
}

func (s *Service) forChange(ctx context.Context, who work.Viewer, push string) (Copy, error) {
	c, err := s.Get(ctx, who, push)
	if err != nil {
		return c, err
	}
	return c, s.mayChange(ctx, who, c)
}

func (s *Service) moveBack(ctx context.Context, who work.Viewer, c Copy) (string, error) {
	var ids []string
	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		mine, err := s.turn(ctx, tx, c.Push, turn{from: Moved, or: Moved, to: Undoing})
		if err != nil || !mine {
			return err
		}
		ids, err = s.addItem(ctx, tx, c, KindUndo, "Move the copy of "+c.Title+" back on Frame.io", who.Login)
		return err
	})
	if err != nil || len(ids) == 0 {
		return "", err
	}

	s.Engine.Wake(ids...)
	return ids[0], nil
}

// restored records that people have restored a deleted file. There is no operation that does.
func (s *Service) restored(ctx context.Context, who work.Viewer, c Copy) error {
	at, err := s.connect(ctx, c)
	if err != nil {
		return err
	}

	_, err = at.fio.File(ctx, c.Account, c.File)
	switch {
	case missing(err):
		return s.notRestored(ctx, at, c)
	case err != nil:
		return err
	}

	back := audit.Entry{Who: who.Login, What: audit.CopyRestored, About: c.Document, Detail: c.Title}
	return s.Engine.Audited(ctx, back, func(tx *sql.Tx) error {
		_, err := s.turn(ctx, tx, c.Push, turn{from: Deleted, or: Deleted, to: Restored, by: who.Login})
		return err
	})
}

// notRestored says whether a deleted file can still be restored, and how. Where Frame.io does not tell, the time
// does.
func (s *Service) notRestored(ctx context.Context, at sides, c Copy) error {
	listed := !c.RestorableUntil.IsZero()
	found := false
	for one, err := range at.fio.RecentlyDeleted(ctx, c.Account, c.Project) {
		switch {
		case missing(err):
			found = listed
		case err != nil:
			return err
		default:
			found = one.ID == c.File
		}
		if found || err != nil {
			break
		}
		listed = false
	}

	if !found && !listed {
		return fault.New(fault.Gone, "Frame.io does not have the copy any more.").
			With("Push the document again if you need it there.")
	}

	return fault.New(fault.Conflict, "Only people can restore on Frame.io what was deleted there.").
		With("Open the project on Frame.io, then its Recently Deleted, and restore the file; then undo again.")
}

// An UndoWorker moves copies back.
type UndoWorker struct {
	work.NoUndo
	*Service
}

// undoFlow is what happens when a copy is moved back.
var undoFlow = work.Flow[*run]{
	{
		Does:   "acquire the link; move the file back to where it was",
		Repeat: "moving it there again changes nothing",
		Run:    (*run).moveHome,
	},
	{
		Name:   stepCheck,
		Does:   "look whether it is there; write an entry of the audit",
		Repeat: "another entry tells of the same copy",
		Run:    (*run).checkHome,
	},
}

// Steps describes the steps.
func (w UndoWorker) Steps() []work.StepInfo { return undoFlow.Info() }

// Step runs the next step of an item.
func (w UndoWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	r, err := w.open(ctx, t)
	if err != nil {
		return work.Next{}, err
	}
	return undoFlow.Run(interactive(ctx, t), t.Step, r)
}

// moveHome moves the file back. It also begins a retry.
func (r *run) moveHome(ctx context.Context) (work.Next, error) {
	mine := false
	err := r.t.Commit(ctx, r.st, func(tx *sql.Tx) (err error) {
		if mine, err = r.turn(ctx, tx, r.c.Push, turn{from: Undoing, or: Moved, to: Undoing}); err != nil || !mine {
			return err
		}
		return acquire(ctx, tx, r.c.Document, r.t.ID)
	})
	if err != nil || !mine {
		return work.Next{Done: true, Outcome: outcomeLeft}, err
	}

	f, err := r.at.fio.File(ctx, r.c.Account, r.c.File)
	switch {
	case missing(err):
		return work.Next{}, fault.New(fault.Gone, "The copy is not on Frame.io any more.").Because(err)
	case err != nil:
		return work.Next{}, err
	case f.ParentID == r.c.Home: // an earlier attempt has moved it, or a person
		return work.Next{Step: stepCheck}, nil
	case f.ParentID != r.c.FolderID:
		return work.Next{}, fault.New(fault.Conflict, "Somebody has moved the copy on Frame.io meanwhile.").
			With("Move it there yourself.")
	}

	err = r.at.fio.MoveFile(ctx, r.c.Account, r.c.File, r.c.Home)
	if missing(err) {
		return work.Next{}, fault.New(fault.Gone, "The folder on Frame.io that the copy was in is gone, or %s may not "+
			"see it.", r.at.login).With("Move it on Frame.io to where it shall be.").Because(err)
	}

	return work.Next{Step: stepCheck}, err
}

func (r *run) checkHome(ctx context.Context) (work.Next, error) {
	f, err := r.at.fio.File(ctx, r.c.Account, r.c.File)
	if err != nil {
		return work.Next{}, err
	}
	if f.ParentID != r.c.Home {
		return work.Next{}, fault.New(fault.Unavailable, "Frame.io has not moved the copy back.")
	}

	return work.Next{Done: true, Outcome: outcomeRestored}, r.Audit.Write(ctx, audit.Entry{
		Who: r.t.Requester, What: audit.CopyRestored, About: r.c.Document, Detail: r.c.Title,
	})
}

// Ended records whether the copy is where it was, and releases the link.
func (w UndoWorker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	var st state
	if err := it.Load(&st); err != nil {
		return nil, err
	}

	to := turn{from: Undoing, or: Undoing, to: Moved, reason: it.Message}
	if it.State == work.Done && it.Outcome == outcomeRestored {
		to.to, to.by = Restored, it.Requester
	}
	if _, err := w.turn(ctx, tx, st.Push, to); err != nil {
		return nil, err
	}

	return nil, link.Release(ctx, tx, it.ID)
}
