package copies

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ratelimit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// The names of the steps, as items store them.
const (
	stepFolder = "folder"
	stepRemove = "remove"
	stepCheck  = "check"
)

// How items end, besides by the words of a failure.
const (
	outcomeMoved    = "moved"
	outcomeDeleted  = "deleted"
	outcomeLeft     = "left"
	outcomeRestored = "restored"
)

// A state is what an item keeps besides its row.
type state struct {
	Push     string `json:"push"`
	Document string `json:"document"`
	// Round is that of the copy; another one is another item's.
	Round int64 `json:"round"`
	// Left is why the copy is left.
	Left string `json:"left,omitempty"`
}

// DocumentUID returns the uid of the document that an item is about. It is empty for items of other kinds.
func DocumentUID(it work.Item) string {
	if it.Kind != KindCopy && it.Kind != KindUndo {
		return ""
	}
	return it.Parent
}

// A Worker moves or deletes copies.
type Worker struct {
	work.NoUndo
	*Service
}

// A run is one copy as a worker sees it.
type run struct {
	*Service
	t  *work.Task
	st *state
	c  Copy
	at sides
}

// flow is what happens to a copy.
var flow = work.Flow[*run]{
	{
		Does:   "acquire the link; look whether the copy may be touched, on both sides",
		Repeat: "reads only, but for our own rows",
		Run:    (*run).start,
	},
	{
		Name:   stepFolder,
		Does:   "to move it: find the folder of the project, or create it",
		Repeat: "it is looked for before; one item at a time creates it",
		Run:    (*run).findFolder,
	},
	{
		Name:   stepRemove,
		Does:   "look once more; move or delete the file",
		Repeat: "the intent is recorded; where the file is, or that it is not, shows whether it was done",
		Run:    (*run).remove,
	},
	{
		Name:   stepCheck,
		Does:   "look whether it was done; write an entry of the audit",
		Repeat: "another entry tells of the same copy",
		Run:    (*run).check,
	},
}

// Steps describes the steps.
func (w Worker) Steps() []work.StepInfo { return flow.Info() }

// Step runs the next step of an item.
func (w Worker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	r, err := w.open(ctx, t)
	if err != nil {
		return work.Next{}, err
	}
	return flow.Run(interactive(ctx, t), t.Step, r)
}

// open reads the copy and gets access to both sides.
func (s *Service) open(ctx context.Context, t *work.Task) (*run, error) {
	r := &run{Service: s, t: t, st: new(state)}
	if err := t.Load(r.st); err != nil {
		return nil, err
	}

	var err error
	if r.c, err = s.get(ctx, s.DB.Reader, r.st.Push); err != nil {
		return nil, err
	}

	// Nobody waits for who is gone: the copy is left.
	r.at, err = s.connect(ctx, r.c)
	if fault.Is(err, fault.NeedsOwner, fault.NotConnected) {
		return nil, fault.New(fault.Forbidden, "The connector cannot act as %s on both sides any more.", r.c.By).
			With("Have them sign in and connect Frame.io, then try again.").Because(err)
	}

	if t.Actor != r.at.login && err == nil {
		t.Actor = r.at.login
	}
	return r, err
}

// start acquires the link of the document and looks. It also begins a retry.
func (r *run) start(ctx context.Context) (work.Next, error) {
	working := false
	err := r.t.Commit(ctx, r.st, func(tx *sql.Tx) (err error) {
		working, err = r.turn(ctx, tx, r.c.Push, turn{from: Working, or: Left, round: r.st.Round, to: Working})
		if err != nil || !working {
			return err
		}
		return acquire(ctx, tx, r.c.Document, r.t.ID)
	})
	if err != nil || !working {
		return work.Next{Done: true, Outcome: outcomeLeft}, err
	}

	if !r.c.Asked.IsZero() { // a retry of what may have been done
		return work.Next{Step: stepRemove}, nil
	}

	if _, err := r.look(ctx, r.at, r.c); err != nil {
		return r.leave(ctx, err)
	}

	if r.c.Action == Move {
		return work.Next{Step: stepFolder}, nil
	}
	return work.Next{Step: stepRemove}, nil
}

// leave ends the item if the error says why the copy is left.
func (r *run) leave(ctx context.Context, why error) (work.Next, error) {
	if !isLeft(why) {
		return work.Next{}, why
	}
	r.st.Left = fault.From(why).Message
	return work.Next{Done: true, Outcome: outcomeLeft}, r.t.Save(ctx, r.st)
}

func isLeft(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Code == fault.Refused
}

// findFolder finds the folder that the file is moved to.
func (r *run) findFolder(ctx context.Context) (work.Next, error) {
	project, err := r.at.fio.Project(ctx, r.c.Account, r.c.Project)
	if err != nil {
		return work.Next{}, err
	}

	id, err := r.folderIn(ctx, project)
	if err != nil {
		return work.Next{}, err
	}

	if id == "" {
		if id, err = r.makeFolder(ctx, project); err != nil {
			return work.Next{}, err
		}
	}

	return work.Next{Step: stepRemove}, r.t.Commit(ctx, r.st, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE copies SET folder_id = $1, making = '' WHERE push_id = $2`, id, r.c.Push)
		return err
	})
}

// folderIn returns the first folder of the name directly in a project, or the empty string.
func (r *run) folderIn(ctx context.Context, project frameio.Project) (string, error) {
	for f, err := range r.at.fio.Folders(ctx, r.c.Account, project.RootFolder) {
		if err != nil {
			return "", err
		}
		if strings.EqualFold(strings.TrimSpace(f.Name), r.c.Folder) {
			return f.ID, nil
		}
	}
	return "", nil
}

// makeFolder creates the folder, unless another item has while this one waited for its turn.
func (r *run) makeFolder(ctx context.Context, project frameio.Project) (string, error) {
	err := r.t.Commit(ctx, r.st, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE copies SET making = $1 WHERE push_id = $2`, r.t.ID, r.c.Push)
		return err
	})
	if store.Duplicate(err) {
		f := fault.New(fault.NotReady, "The folder %q is just being created.", r.c.Folder).Because(err)
		f.RetryAfter = time.Second
		return "", f
	}
	if err != nil {
		return "", err
	}

	if id, err := r.folderIn(ctx, project); id != "" || err != nil {
		return id, err
	}
	f, err := r.at.fio.CreateFolder(ctx, r.c.Account, project.RootFolder, r.c.Folder)
	return f.ID, err
}

// remove moves or deletes the file.
func (r *run) remove(ctx context.Context) (work.Next, error) {
	// An earlier attempt may have done it.
	if !r.c.Asked.IsZero() {
		done, err := r.isDone(ctx)
		if err != nil || done {
			return work.Next{Step: stepCheck}, err
		}
	}

	is, err := r.look(ctx, r.at, r.c)
	if err != nil {
		return r.leave(ctx, err)
	}

	if r.c.Action == Move && is.folder == r.c.FolderID {
		return r.leave(ctx, left("It is in the folder %q already.", r.c.Folder))
	}

	mine, err := r.ask(ctx, is.folder)
	if err != nil || !mine {
		return work.Next{Done: true, Outcome: outcomeLeft}, err
	}

	if r.c.Action == Move {
		err = r.at.fio.MoveFile(ctx, r.c.Account, r.c.File, r.c.FolderID)
	} else {
		err = r.at.fio.DeleteFile(ctx, r.c.Account, r.c.File)
	}

	return work.Next{Step: stepCheck}, err
}

// ask records that Frame.io is about to be asked, and where the file is, unless somebody has said meanwhile that the
// copy stays.
func (r *run) ask(ctx context.Context, home string) (mine bool, err error) {
	err = r.t.Commit(ctx, r.st, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE copies SET home_id = $1, asked = $2 WHERE push_id = $3
			AND state = 'working' AND round = $4`, home, store.Millis(r.Now()), r.c.Push, r.st.Round)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		mine = n > 0
		return err
	})
	return mine, err
}

// isDone reports whether the file is where it shall be.
func (r *run) isDone(ctx context.Context) (bool, error) {
	f, err := r.at.fio.File(ctx, r.c.Account, r.c.File)
	switch {
	case v4.StatusOf(err) == http.StatusNotFound:
		return r.c.Action == Delete, nil
	case missing(err): // which is no proof
		return false, fault.New(fault.Forbidden, "Whether it was done cannot be seen: %s may not see the file on "+
			"Frame.io any more.", r.at.login).With("Give them access there again, then try again.").Because(err)
	case err != nil:
		return false, err
	}
	return r.c.Action == Move && f.ParentID == r.c.FolderID, nil
}

// check looks whether it was done.
func (r *run) check(ctx context.Context) (work.Next, error) {
	done, err := r.isDone(ctx)
	if err != nil {
		return work.Next{}, err
	}
	if !done {
		return work.Next{}, fault.New(fault.Unavailable,
			"Frame.io has not done what it said: the file is not where it should be.")
	}

	what, detail, outcome := audit.CopyDeleted, r.c.Title, outcomeDeleted
	if r.c.Action == Move {
		what, detail, outcome = audit.CopyMoved, fmt.Sprintf("%s, to %q", r.c.Title, r.c.Folder), outcomeMoved
	}

	return work.Next{Done: true, Outcome: outcome}, r.Audit.Write(ctx, audit.Entry{
		Who: r.at.login, What: what, About: r.c.Document, Detail: detail + " (file " + r.c.File + ")",
	})
}

// Ended records what became of the copy and releases the link.
func (w Worker) Ended(ctx context.Context, tx *sql.Tx, it work.Item) ([]string, error) {
	var st state
	if err := it.Load(&st); err != nil {
		return nil, err
	}

	c, err := w.get(ctx, tx, st.Push)
	if err != nil {
		return nil, err
	}

	to := turn{from: Working, or: Working, round: st.Round, to: Left, reason: st.Left}
	switch {
	case it.State == work.Done && it.Outcome == outcomeMoved:
		to.to = Moved
	case it.State == work.Done && it.Outcome == outcomeDeleted:
		to.to = Deleted
	case it.State == work.Canceled && !c.Asked.IsZero():
		to.reason = "It was cancelled when Frame.io had been asked already: it may have been done."
	case it.State == work.Canceled:
		to.to, to.reason = Kept, "Somebody has cancelled it."
	case it.State == work.Failed:
		to.reason = it.Message
	}

	if _, err := w.turn(ctx, tx, st.Push, to); err != nil {
		return nil, err
	}

	return nil, link.Release(ctx, tx, it.ID)
}

// interactive gives the calls for a person who waits their priority.
func interactive(ctx context.Context, t *work.Task) context.Context {
	if t.Interactive {
		return ratelimit.Interactive(ctx)
	}
	return ctx
}
