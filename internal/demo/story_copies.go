package demo

import (
	"context"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// copyRemoved lets copies be moved and deleted when documents have come back, and takes that back.
func (t *story) copyRemoved(ctx context.Context) error {
	if err := t.chooseCopies(ctx, api.CopyChoice{Action: api.CopyChoiceActionMove}); err != nil {
		return err
	}

	// A review of its own, which comes back.
	t.repo.MkDoc(t.at.drafts+"/Outtake", "File", map[string]any{
		"dc:creator": t.Login("josh"),
		"file:content": nuxeosim.Blob{
			Name: "Outtake.mov", MimeType: "video/quicktime", Data: mustRead("making_of.mov"),
		},
	})
	p, err := t.send(ctx, t.must(t.at.drafts+"/Outtake").UID)
	if err != nil {
		return err
	}
	if _, err := t.run(ctx, t.seed.julia, p.File); err != nil {
		return err
	}
	if err := t.settle(ctx); err != nil {
		return err
	}

	if err := t.copyIs(ctx, p.Document, api.CopyStateMoved); err != nil {
		return err
	}
	t.say("When \"Outtake\" has come back, its copy is in the folder \"Returned\" of its project. Josh moves it back.")
	if _, err := t.josh.UndoCopy(ctx, p.ID); err != nil {
		return err
	}

	// Now it is deleted: Nuxeo has its bytes.
	if err := t.chooseCopies(ctx, api.CopyChoice{Action: api.CopyChoiceActionDelete, Days: new(int)}); err != nil {
		return err
	}
	if err := t.again(ctx, p.Document); err != nil {
		return err
	}
	if t.Frameio.Uploaded(p.File) == nil {
		return fmt.Errorf("the earlier copy %s is gone, which was taken back", p.File)
	}

	t.say("The tab of the document says when the copy was removed, and until when it can be restored on Frame.io.")
	return t.same(t.at.drafts+"/Outtake", "making_of.mov")
}

// chooseCopies changes what becomes of copies, after what that means was read.
func (t *story) chooseCopies(ctx context.Context, c api.CopyChoice) error {
	b, err := t.josh.GetBinding(ctx, t.binding.Id)
	if err != nil {
		return err
	}

	change := api.BindingChange{Version: b.Version, Copies: &c}
	p, err := t.josh.PreviewBinding(ctx, b.Id, change)
	if err != nil || len(p.Effects) != 1 {
		return fmt.Errorf("the preview has other effects than one on copies: %v, %w", p, err)
	}

	t.say("Josh reads: %s", p.Effects[0].Text)
	_, err = t.josh.EditBinding(ctx, b.Id, change)
	return err
}

// again sends a document once more, as a file of its own, and wants its copy deleted when it has come back.
func (t *story) again(ctx context.Context, uid string) error {
	separate := true
	got, err := t.josh.Push(ctx, api.PushForm{
		Documents: []string{uid}, Team: t.seed.workspace, Project: t.seed.project, Separate: &separate,
	})
	if err != nil {
		return err
	}
	if err := t.settle(ctx); err != nil {
		return err
	}

	p, err := t.josh.GetPush(ctx, got.Pushes[0].Id)
	if err != nil {
		return err
	}
	if _, err := t.run(ctx, t.seed.julia, *p.File); err != nil {
		return err
	}
	if err := t.settle(ctx); err != nil {
		return err
	}

	return t.copyIs(ctx, uid, api.CopyStateDeleted)
}

// copyIs wants the newest copy of a document in a state.
func (t *story) copyIs(ctx context.Context, uid string, want api.CopyState) error {
	d, err := t.josh.GetDocument(ctx, uid)
	if err != nil {
		return err
	}
	if d.Copy == nil || d.Copy.State != want {
		return fmt.Errorf("the copy is %+v, and not %s", d.Copy, want)
	}
	return nil
}
