package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// push sends a document of Nuxeo to Frame.io for review.
func (t *story) push(ctx context.Context) error {
	master, err := media.ReadFile("media/making_of.mov")
	if err != nil {
		return err
	}

	t.say("In Nuxeo, Josh pushes the document \"Trailer draft\" to the project \"Autumn campaign\".")
	if t.pushed, err = t.send(ctx, t.must(t.at.draft).UID); err != nil {
		return err
	}

	t.say("Frame.io shows: %s", t.pushed.ViewURL)
	c := t.Frameio.Uploaded(t.pushed.File)
	if c == nil {
		return errors.New("the file is not complete on Frame.io")
	}

	got, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err == nil && !bytes.Equal(got, master) {
		err = errors.New("other bytes arrived on Frame.io")
	}

	return err
}

// send pushes a document over the REST interface and waits until it has arrived.
func (t *story) send(ctx context.Context, uid string) (push.Push, error) {
	got, err := t.josh.Push(ctx, api.PushForm{
		Documents: []string{uid},
		Team:      t.seed.workspace,
		Project:   t.seed.project,
	})
	if err != nil {
		return push.Push{}, err
	}

	t.say("Nuxeo shows: %s", got.Message)
	if err := t.settle(ctx); err != nil {
		return push.Push{}, err
	}

	return t.App.Push.Get(ctx, work.Viewer{Admin: true}, got.Pushes[0].Id)
}

// lock checks that no one can work on the document while it is reviewed.
func (t *story) lock(context.Context) error {
	if by := t.must(t.at.draft).LockOwner; by != t.Login("josh") {
		return fmt.Errorf("the document is locked by %q", by)
	}
	t.say("The document is locked by Josh until it comes back.")
	return has(t.must(t.at.draft), "FrameioAsset")
}

// comeBack publishes what was pushed: no byte moves, one version tells of it.
func (t *story) comeBack(ctx context.Context) error {
	t.Frameio.SetStatus(t.pushed.File, "Approved")
	t.say("Julia approves it on Frame.io and runs \"Publish to Nuxeo\".")
	if _, err := t.run(ctx, t.seed.julia, t.pushed.File); err != nil {
		return err
	}

	versions := t.repo.Versions(t.must(t.at.draft).UID)
	if len(versions) != 1 || versions[0].Properties[schema.Status] != "Approved" {
		return fmt.Errorf("%d versions tell of it", len(versions))
	}

	t.say("The same document has one version more, which tells that it was approved.")
	return t.same(t.at.draft, "making_of.mov")
}

func (t *story) unlock(context.Context) error {
	if by := t.must(t.at.draft).LockOwner; by != "" {
		return fmt.Errorf("the document is still locked by %s", by)
	}
	t.say("It is unlocked again, although another one published it.")
	return nil
}

// release ends a push that no one publishes back.
func (t *story) release(ctx context.Context) error {
	t.say("Josh pushes it once more, as the next version, and then calls the review off.")
	p, err := t.send(ctx, t.must(t.at.draft).UID)
	if err != nil {
		return err
	}

	released, err := t.josh.ReleaseLock(ctx, p.ID,
		api.ReleaseLockJSONRequestBody{Reason: "the campaign was called off"})
	if err != nil {
		return err
	}

	if by := t.must(t.at.draft).LockOwner; by != "" {
		return fmt.Errorf("the document is locked by %q, and the answer was %+v", by, released)
	}

	t.say("The lock is released; the reason is kept with the push.")
	return nil
}
