package web

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// PreviewBinding tells what a change of a binding would do.
func (s rest) PreviewBinding(
	ctx context.Context, q api.PreviewBindingRequestObject,
) (api.PreviewBindingResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	p, err := s.Binding.PreviewEdit(ctx, who, q.Id, changeOf(q.Body))
	if err != nil {
		return nil, err
	}

	out := api.PreviewBinding200JSONResponse{Version: p.Version, Effects: []api.BindingEffect{}}
	for _, e := range p.Effects() {
		out.Effects = append(out.Effects, api.BindingEffect{
			Side: api.BindingEffectSide(e.Side), What: api.BindingEffectWhat(e.What), Team: opt(e.Team),
			From: opt(e.From), To: opt(e.To), Owner: opt(e.Owner), Text: e.String(),
		})
		if e.What == binding.ChangeCopies {
			out.Effects[len(out.Effects)-1].Copies = some1(copyChoiceJSON(e.Copies))
		}
	}

	return out, nil
}

// EditBinding changes a binding.
func (s rest) EditBinding(ctx context.Context, q api.EditBindingRequestObject) (api.EditBindingResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	item, err := s.Binding.Edit(ctx, who, q.Id, changeOf(q.Body))
	if err != nil {
		return nil, err
	}

	done, err := s.awaitEdit(ctx, item)
	if err != nil {
		return nil, err
	}

	b, err := s.Binding.Get(ctx, who, q.Id)
	if err != nil {
		return nil, err
	}

	out, err := s.bindingJSON(ctx, b)
	out.Item = opt(item)
	if done {
		return api.EditBinding200JSONResponse(out), err
	}

	return api.EditBinding202JSONResponse(out), err
}

// awaitEdit waits for an item that changes a binding, and fails as it does. It belongs to the owner of the
// binding; people who may change that may know how it goes.
func (s rest) awaitEdit(ctx context.Context, item string) (done bool, err error) {
	if item == "" {
		return true, nil
	}

	v, err := s.Engine.Await(ctx, work.Viewer{Admin: true}, item, bindTime)
	if err == nil && (v.State == work.Failed || v.State == work.Canceled) {
		err = fault.New(fault.Code(v.Code), "%s", v.Message).With(v.Remedy)
	}

	return v.State == work.Done, err
}

func changeOf(form *api.BindingChange) binding.Change {
	c := binding.Change{Version: form.Version, ActionName: form.ActionName, DocumentType: form.DocumentType}
	if form.Workspaces != nil {
		c.Workspaces = append([]string{}, *form.Workspaces...)
	}

	if form.Publishers != nil {
		who := string(*form.Publishers)
		c.Publishers = &who
	}

	if form.Copies != nil {
		copies := copiesOf(*form.Copies)
		c.Copies = &copies
	}

	return c
}
