package push

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// joinedWithin is how long Frame.io may take to join the parts.
const joinedWithin = 2 * time.Hour

// joining is how long Frame.io is given to join the parts of a file that nobody
// waits for, before it is asked: each time it is asked is one of few calls.
const joining = time.Second

// allSent is what follows when all parts are sent.
func (r *run) allSent() work.Next {
	next := work.Next{Step: stepConfirm}
	if !r.t.Ahead {
		next.After = joining
	}
	return next
}

// confirm waits until Frame.io says that the file is complete, and compares. The
// file tells it too, and may be read twice as often as how its upload stands.
func (r *run) confirm(ctx context.Context) (work.Next, error) {
	f, err := r.fio.File(ctx, r.p.Account, r.st.File)
	switch {
	case v4.NotFound(err):
		return r.deletedThere(ctx)
	case err != nil:
		return work.Next{}, err
	case !f.Uploaded():
		return r.incomplete(ctx)
	case f.Size != r.st.Piece.Length:
		return r.restart(ctx, "Frame.io holds another number of bytes than was sent.",
			"Push again; if it stays, ask Frame.io.")
	}

	r.st.ViewURL, r.st.Project, r.st.MediaType = f.ViewURL, f.ProjectID, f.MediaType
	return work.Next{Step: stepPlace}, r.save(ctx)
}

// incomplete asks why a file is not complete.
func (r *run) incomplete(ctx context.Context) (work.Next, error) {
	status, err := r.fio.UploadStatus(ctx, r.p.Account, r.st.File)
	switch {
	case v4.NotFound(err):
		return r.deletedThere(ctx)
	case err != nil:
		return work.Next{}, err
	case status.Failed:
		return r.restart(ctx, "Frame.io says that the upload failed.", "Push again; if it stays, ask Frame.io.")
	}

	return work.Next{}, r.notYet()
}

func (r *run) deletedThere(ctx context.Context) (work.Next, error) {
	return r.restart(ctx, "The file was deleted on Frame.io while it was sent.", "Push again.")
}

func (r *run) notYet() error {
	waited := time.Duration(0)
	if !r.t.WaitingSince.IsZero() {
		waited = r.t.Now().Sub(r.t.WaitingSince)
	}

	if waited >= joinedWithin {
		return fault.New(fault.Gone, "Frame.io did not finish the upload within %s.", joinedWithin).With("Push again.")
	}

	f := fault.New(fault.NotReady, "Waiting until Frame.io has put the file together.")
	f.RetryAfter = min(time.Minute, max(time.Second, waited/4))
	return f
}

// place makes the file the newest version of the asset of a linked document. Where
// the file is tells what was done already.
func (r *run) place(ctx context.Context) (work.Next, error) {
	next := work.Next{Step: stepDescribe}
	if r.st.Beside == nil {
		return next, nil
	}

	f, err := r.fio.File(ctx, r.p.Account, r.st.File)
	if v4.NotFound(err) {
		return r.deletedThere(ctx)
	}

	if err != nil {
		return work.Next{}, err
	}

	if r.st.Stack, err = r.stackOf(ctx, f); err != nil || r.st.Stack != "" {
		return next, errors.Join(err, r.save(ctx))
	}

	old, err := r.fio.File(ctx, r.p.Account, r.st.Beside.File)
	if absent(err) { // it was deleted meanwhile: the new one stands by itself
		r.st.Beside = nil
		return next, r.save(ctx)
	}

	if err != nil {
		return work.Next{}, err
	}

	if err := r.join(ctx, f, old); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: stepPlace, After: time.Millisecond}, nil // and look
}

// stackOf is the stack that a file is in; empty when it is in a folder.
func (r *run) stackOf(ctx context.Context, f frameio.File) (string, error) {
	stack, err := r.fio.Stack(ctx, r.p.Account, f.ParentID)
	if absent(err) {
		return "", nil
	}
	return stack.ID, err
}

// join puts a file into the stack of another, or makes one of both.
func (r *run) join(ctx context.Context, f, old frameio.File) error {
	stack, err := r.stackOf(ctx, old)
	if err != nil {
		return err
	}

	if stack != "" {
		return refusedToStack(r.fio.MoveFile(ctx, r.p.Account, f.ID, stack))
	}

	if f.ParentID != old.ParentID {
		if err := r.fio.MoveFile(ctx, r.p.Account, f.ID, old.ParentID); err != nil {
			return refusedToStack(err)
		}
	}

	_, err = r.fio.CreateStack(ctx, r.p.Account, old.ParentID, old.ID, f.ID)
	if v4.StatusOf(err) == 422 { // somebody stacked or moved one of them meanwhile: look again
		return fault.New(fault.Unavailable, "The files moved on Frame.io while they were stacked.").Because(err)
	}

	return refusedToStack(err)
}

func refusedToStack(err error) error {
	if slices.Contains([]int{403, 404}, v4.StatusOf(err)) {
		return fault.New(fault.Forbidden, "You may not add a version to the asset on Frame.io.").
			With("Ask for the right to edit in its project, or push it as a separate asset.").Because(err)
	}
	return err
}
