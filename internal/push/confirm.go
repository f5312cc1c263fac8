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

// joinTimeout is how long Frame.io may take to join the parts.
const joinTimeout = 2 * time.Hour

// joinDelay is how long to wait before asking whether Frame.io has joined the parts of a file in
// the background: each question is one of few calls.
const joinDelay = time.Second

// afterParts returns what follows when all parts are sent.
func (r *run) afterParts() work.Next {
	next := work.Next{Step: stepConfirm}
	if !r.t.Interactive {
		next.After = joinDelay
	}
	return next
}

// confirm waits until Frame.io reports the file as complete, and compares sizes. It reads the file
// and not the status of its upload, since Frame.io allows that twice as often.
func (r *run) confirm(ctx context.Context) (work.Next, error) {
	f, err := r.fio.File(ctx, r.p.Account, r.st.File)
	switch {
	case v4.NotFound(err):
		return r.restartDeleted(ctx)
	case err != nil:
		return work.Next{}, err
	case !f.Uploaded():
		return r.awaitUpload(ctx)
	case f.Size != r.st.Piece.Length:
		return r.restart(ctx, "Frame.io holds another number of bytes than was sent.",
			"Push again; if it stays, ask Frame.io.")
	}

	r.st.ViewURL, r.st.Project, r.st.MediaType = f.ViewURL, f.ProjectID, f.MediaType
	return work.Next{Step: stepPlace}, r.save(ctx)
}

// awaitUpload finds out why a file is not complete.
func (r *run) awaitUpload(ctx context.Context) (work.Next, error) {
	status, err := r.fio.UploadStatus(ctx, r.p.Account, r.st.File)
	switch {
	case v4.NotFound(err):
		return r.restartDeleted(ctx)
	case err != nil:
		return work.Next{}, err
	case status.Failed:
		return r.restart(ctx, "Frame.io says that the upload failed.", "Push again; if it stays, ask Frame.io.")
	}

	return work.Next{}, r.awaitJoin()
}

func (r *run) restartDeleted(ctx context.Context) (work.Next, error) {
	return r.restart(ctx, "The file was deleted on Frame.io while it was sent.", "Push again.")
}

func (r *run) awaitJoin() error {
	waited := time.Duration(0)
	if !r.t.WaitingSince.IsZero() {
		waited = r.t.Now().Sub(r.t.WaitingSince)
	}

	if waited >= joinTimeout {
		return fault.New(fault.Gone, "Frame.io did not finish the upload within %s.", joinTimeout).With("Push again.")
	}

	f := fault.New(fault.NotReady, "Waiting until Frame.io has put the file together.")
	f.RetryAfter = min(time.Minute, max(time.Second, waited/4))
	return f
}

// placeOnStack makes the file the newest version of the linked document's asset. Where the file is
// shows what was done already.
func (r *run) placeOnStack(ctx context.Context) (work.Next, error) {
	next := work.Next{Step: stepDescribe}
	if r.st.Beside == nil {
		return next, nil
	}

	// Is it on a stack already?
	f, err := r.fio.File(ctx, r.p.Account, r.st.File)
	if v4.NotFound(err) {
		return r.restartDeleted(ctx)
	}

	if err != nil {
		return work.Next{}, err
	}

	if r.st.Stack, err = r.stackOf(ctx, f); err != nil || r.st.Stack != "" {
		return next, errors.Join(err, r.save(ctx))
	}

	// Is the asset still there? If not, the file stays on its own.
	old, err := r.fio.File(ctx, r.p.Account, r.st.Beside.File)
	if isMissing(err) {
		r.st.Beside = nil
		return next, r.save(ctx)
	}

	if err != nil {
		return work.Next{}, err
	}

	// Stack it, and look again.
	if err := r.addToStack(ctx, f, old); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: stepPlace, After: time.Millisecond}, nil
}

// stackOf returns the stack that a file is on, or the empty string.
func (r *run) stackOf(ctx context.Context, f frameio.File) (string, error) {
	stack, err := r.fio.Stack(ctx, r.p.Account, f.ParentID)
	if isMissing(err) {
		return "", nil
	}
	return stack.ID, err
}

// addToStack puts a file on the stack of another, or creates one of both.
func (r *run) addToStack(ctx context.Context, f, old frameio.File) error {
	// Join an existing stack.
	stack, err := r.stackOf(ctx, old)
	if err != nil {
		return err
	}

	if stack != "" {
		return r.stackRefused(ctx, r.fio.MoveFile(ctx, r.p.Account, f.ID, stack))
	}

	// Both have to be in one folder.
	if f.ParentID != old.ParentID {
		if err := r.fio.MoveFile(ctx, r.p.Account, f.ID, old.ParentID); err != nil {
			return r.stackRefused(ctx, err)
		}
	}

	// Create one.
	_, err = r.fio.CreateStack(ctx, r.p.Account, old.ParentID, old.ID, f.ID)
	if v4.StatusOf(err) == 422 { // one of them was stacked or moved meanwhile: look again
		return fault.New(fault.Unavailable, "The files moved on Frame.io while they were stacked.").Because(err)
	}

	return r.stackRefused(ctx, err)
}

// stackRefused says why a version was not added to an asset. Who may not do it gets the same answer
// as who does it while one of the files is deleted: that is tried again, and seen then.
func (r *run) stackRefused(ctx context.Context, refusal error) error {
	if !slices.Contains([]int{403, 404}, v4.StatusOf(refusal)) {
		return refusal
	}

	for _, file := range []string{r.st.File, r.st.Beside.File} {
		_, err := r.fio.File(ctx, r.p.Account, file)
		if isMissing(err) {
			return fault.New(fault.Unavailable, "A file was deleted on Frame.io while it was stacked.").Because(refusal)
		}
		if err != nil {
			return err
		}
	}

	return fault.New(fault.Forbidden, "You may not add a version to the asset on Frame.io.").
		With("Ask for the right to edit in its project, or push it as a separate asset.").Because(refusal)
}
