package web

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/copies"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// What a choice is where it is not said.
const (
	copyDays   = 30
	copyFolder = "Returned"
)

// copiesOf is a choice as a person sends it.
func copiesOf(c api.CopyChoice) binding.Copies {
	out := binding.Copies{Action: string(c.Action), Days: copyDays, Folder: copyFolder}
	if c.Days != nil {
		out.Days = *c.Days
	}
	if c.Folder != nil {
		out.Folder = *c.Folder
	}
	return out
}

// copyChoiceJSON is a choice with what matters to its action.
func copyChoiceJSON(c binding.Copies) api.CopyChoice {
	out := api.CopyChoice{Action: api.CopyChoiceAction(c.Action)}
	switch c.Action {
	case binding.DeleteCopy:
		out.Days = &c.Days
	case binding.MoveCopy:
		out.Folder = &c.Folder
	}
	return out
}

func chosenJSON(c copies.Choice) api.CopyChoice {
	return copyChoiceJSON(binding.Copies{Action: string(c.Action), Days: c.Days, Folder: c.Folder})
}

func copyJSON(c copies.Copy, may bool) api.Copy {
	return api.Copy{
		Push: c.Push, Document: c.Document, Title: c.Title, File: c.File, Size: c.Size, PushedBy: c.By,
		Returned: c.Returned, Action: api.CopyAction(c.Action), Folder: opt(c.Folder), State: api.CopyState(c.State),
		Due: c.Due, Reason: opt(c.Reason), Ended: moment(c.Ended), EndedBy: opt(c.EndedBy),
		RestorableUntil: moment(c.RestorableUntil), MayChange: may,
	}
}

func copiesJSON(who work.Viewer, list []copies.Copy, answers bool) []api.Copy {
	out := []api.Copy{}
	for _, c := range list {
		out = append(out, copyJSON(c, answers || c.By == who.Login))
	}
	return out
}

func amountJSON(a copies.Amount) api.CopyAmount {
	return api.CopyAmount{Count: a.Count, Bytes: a.Bytes}
}

// copyList tells of the copies of a binding.
func (s rest) copyList(ctx context.Context, who work.Viewer, id string) (out api.CopyList, err error) {
	l, err := s.Copies.Of(ctx, who, id)
	return api.CopyList{
		Choice: chosenJSON(l.Choice), Copies: copiesJSON(who, l.Copies, l.Answers), More: l.More, Hidden: l.Hidden,
		UnderReview: amountJSON(l.Review), Waiting: amountJSON(l.Waiting), Earlier: amountJSON(l.Earlier),
	}, err
}

// ListCopies lists the copies of a binding.
func (s rest) ListCopies(ctx context.Context, q api.ListCopiesRequestObject) (api.ListCopiesResponseObject, error) {
	who, err := viewer(ctx)
	if err == nil {
		_, err = s.Binding.Get(ctx, who, q.Id)
	}
	if err != nil {
		return nil, err
	}

	out, err := s.copyList(ctx, who, q.Id)
	return api.ListCopies200JSONResponse(out), err
}

// IncludeCopies lets the choice of a binding hold for what came back before.
func (s rest) IncludeCopies(
	ctx context.Context, q api.IncludeCopiesRequestObject,
) (api.IncludeCopiesResponseObject, error) {
	who, err := viewer(ctx)
	if err == nil {
		_, err = s.Binding.MayEdit(ctx, who, q.Id)
	}
	if err != nil {
		return nil, err
	}

	n, err := s.Copies.Include(ctx, who, q.Id)
	if err != nil {
		return nil, err
	}

	out, err := s.copyList(ctx, who, q.Id)
	out.Included = &n
	return api.IncludeCopies200JSONResponse(out), err
}

// PreviewCopies tells what a choice would do.
func (s rest) PreviewCopies(
	ctx context.Context, q api.PreviewCopiesRequestObject,
) (api.PreviewCopiesResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	c, err := s.Binding.CheckCopies(ctx, who, q.Id, copiesOf(*q.Body))
	if err != nil {
		return nil, err
	}

	choice := copies.Choice{Action: copies.Action(c.Action), Days: c.Days, Folder: c.Folder}
	p, err := s.Copies.Preview(ctx, who, q.Id, choice)
	return api.PreviewCopies200JSONResponse{
		Choice: chosenJSON(choice), Copies: copiesJSON(who, p.Copies, p.Answers), More: p.More, Hidden: p.Hidden,
		UnderReview: amountJSON(p.Review), Waiting: amountJSON(p.Waiting), Earlier: amountJSON(p.Earlier),
	}, err
}

// KeepCopy leaves a copy that waits.
func (s rest) KeepCopy(ctx context.Context, q api.KeepCopyRequestObject) (api.KeepCopyResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	c, err := s.Copies.Keep(ctx, who, q.Id)
	return api.KeepCopy200JSONResponse(copyJSON(c, true)), err
}

// RetryCopy moves or deletes a copy that was left.
func (s rest) RetryCopy(ctx context.Context, q api.RetryCopyRequestObject) (api.RetryCopyResponseObject, error) {
	c, err := s.afterItem(ctx, q.Id, s.Copies.Again)
	return api.RetryCopy200JSONResponse(c), err
}

// UndoCopy moves a copy back, or records that it is restored.
func (s rest) UndoCopy(ctx context.Context, q api.UndoCopyRequestObject) (api.UndoCopyResponseObject, error) {
	c, err := s.afterItem(ctx, q.Id, s.Copies.Revert)
	return api.UndoCopy200JSONResponse(c), err
}

// afterItem waits for what a person has asked for, and tells how the copy is.
func (s rest) afterItem(
	ctx context.Context, id string, begin func(context.Context, work.Viewer, string) (item string, err error),
) (api.Copy, error) {
	who, err := viewer(ctx)
	if err != nil {
		return api.Copy{}, err
	}

	item, err := begin(ctx, who, id)
	if err == nil {
		_, err = s.awaitEdit(ctx, item)
	}
	if err != nil {
		return api.Copy{}, err
	}

	c, err := s.Copies.Get(ctx, who, id)
	return copyJSON(c, true), err
}
