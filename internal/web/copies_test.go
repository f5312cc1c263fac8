package web_test

import (
	"net/http"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// Everything about copies that people can do by REST.
func TestCopyOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	made := f.Bind("Publish")
	josh, ctx := f.as(f.SignIn("josh")), t.Context()
	document := f.Kept("Cut", []byte("pictures"))
	p := f.Pushed(document).Pushes[0]
	f.Run(f.Julia, p.File)
	f.Settle()

	// What came back while copies were left.
	bound := answered(josh.GetBinding(ctx, made.ID))(t)
	if bound.Copies.Action != api.CopyChoiceActionLeave || bound.Copies.Days != nil {
		t.Errorf("the copies of the binding are %s, want them left", shown(bound.Copies))
	}

	choice := api.CopyChoice{Action: api.CopyChoiceActionMove}
	preview := answered(josh.PreviewCopies(ctx, made.ID, choice))(t)
	if preview.Earlier.Count != 1 || len(preview.Copies) != 1 || *preview.Copies[0].Folder != "Returned" ||
		preview.Copies[0].State != api.CopyStateWaiting {
		t.Errorf("the preview is %s, want the one that came back to be moved to Returned", shown(preview))
	}

	change := api.BindingChange{Version: bound.Version, Copies: &choice}
	effects := answered(josh.PreviewBinding(ctx, made.ID, change))(t).Effects
	if len(effects) != 1 || effects[0].What != "copies" || effects[0].Copies == nil ||
		*effects[0].Copies.Folder != "Returned" {
		t.Errorf("the effects are %s, want one on copies", shown(effects))
	}

	answered(josh.EditBinding(ctx, made.ID, change))(t)
	if got := answered(josh.IncludeCopies(ctx, made.ID))(t); got.Included == nil || *got.Included != 1 {
		t.Errorf("included are %s, want 1", shown(got))
	}
	f.Settle()
	list := answered(josh.ListCopies(ctx, made.ID))(t)
	if len(list.Copies) != 1 || list.Copies[0].State != api.CopyStateMoved || !list.Copies[0].MayChange {
		t.Errorf("the copies are %s, want one that was moved", shown(list))
	}

	// It is undone, kept, and asked for again.
	if _, err := josh.KeepCopy(ctx, p.ID); api.StatusOf(err) != http.StatusConflict {
		t.Errorf("keeping what was moved: got %v, want a conflict", err)
	}
	must(t, func(c *api.Copy) bool { return c.State == api.CopyStateRestored })(josh.UndoCopy(ctx, p.ID))
	must(t, func(d *api.DocumentDetail) bool { return d.Copy != nil && d.Copy.State == api.CopyStateRestored })(
		josh.GetDocument(ctx, document))
	must(t, func(c *api.Copy) bool { return c.State == api.CopyStateMoved })(josh.RetryCopy(ctx, p.ID))

	// Whoever may write in the folder does not yet decide about what others pushed.
	stranger := f.as(f.SignIn("julia"))
	for name, err := range map[string]error{
		"keep": second(stranger.KeepCopy(ctx, p.ID)), "undo": second(stranger.UndoCopy(ctx, p.ID)),
		"again": second(stranger.RetryCopy(ctx, p.ID)),
	} {
		if code := api.StatusOf(err); code != http.StatusForbidden && code != http.StatusNotFound {
			t.Errorf("julia may %s: got %v, want that she may not", name, err)
		}
	}
}

// What waits to be deleted can be kept.
func TestACopyIsKept(t *testing.T) {
	t.Parallel()
	f := open(t)
	made := f.Bind("Publish")
	josh, ctx := f.as(f.SignIn("josh")), t.Context()
	month, version := 30, answered(josh.GetBinding(ctx, made.ID))(t).Version
	answered(josh.EditBinding(ctx, made.ID, api.BindingChange{Version: version, Copies: &api.CopyChoice{
		Action: api.CopyChoiceActionDelete, Days: &month,
	}}))(t)

	p := f.Pushed(f.Kept("Cut", []byte("pictures"))).Pushes[0]
	f.Run(f.Julia, p.File)
	f.Settle()
	must(t, func(c *api.Copy) bool { return c.State == api.CopyStateKept })(josh.KeepCopy(ctx, p.ID))
	if list := answered(josh.ListCopies(ctx, made.ID))(t); len(list.Copies) != 1 ||
		list.Copies[0].State != api.CopyStateKept {
		t.Errorf("the copies are %s, want one that is kept", shown(list))
	}
}

func second[T any](_ T, err error) error { return err }
