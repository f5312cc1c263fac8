package web

import (
	"context"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/publish"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/reaction"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// ListItems lists items.
func (s rest) ListItems(ctx context.Context, q api.ListItemsRequestObject) (api.ListItemsResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	f, err := s.filter(ctx, who, q.Params)
	if err != nil {
		return nil, err
	}

	list, more, err := s.Engine.Items(ctx, who, f)
	if err != nil {
		return nil, err
	}

	// Of that, one sees what one may read in Nuxeo.
	shown, err := s.visible(ctx, who, list)
	if err != nil {
		return nil, err
	}

	out := api.ListItems200JSONResponse{Items: []api.Item{}, Hidden: some(len(list) - len(shown))}
	for _, v := range shown {
		out.Items = append(out.Items, itemJSON(who, v, nil))
	}

	if more {
		out.Next = some1(f.Next(list[len(list)-1]))
	}

	return out, nil
}

// maxWithout is how many parents may be left out, as many as batches are shown.
const maxWithout = 20

// filter is what the parameters select, if the viewer may ask for it.
func (s rest) filter(ctx context.Context, who work.Viewer, p api.ListItemsParams) (f work.Filter, err error) {
	f = work.Filter{
		Kind: val(p.Kind), Parent: val(p.Parent), Binding: val(p.Binding), Before: val(p.Cursor),
		Search: strings.TrimSpace(val(p.Search)), Person: val(p.Person), FailedFirst: val(p.FailedFirst),
	}
	if f.Limit, err = limit(p.Limit); err != nil {
		return f, err
	}

	if f.State, err = state(p.State); err != nil {
		return f, err
	}

	// Mails and housekeeping are for administrators, who ask for all of it or name a kind.
	asked := val(p.Housekeeping)
	if asked && !who.Admin {
		return f, fault.New(fault.Forbidden, "Only administrators see mails and housekeeping.")
	}

	f.WithoutHousekeeping = !asked && !(who.Admin && s.Engine.IsHousekeeping(f.Kind))
	if val(p.Without) != "" {
		f.Without = strings.Split(*p.Without, ",")
	}

	if n := len(f.Without); n > maxWithout {
		return f, fault.Field("without", "Give up to 20.", "%d parents cannot be left out.", n)
	}

	// Who may see a binding may ask for what came through it.
	if f.Binding != "" {
		_, err = s.Binding.Get(ctx, who, f.Binding)
	}

	return f, err
}

func state(s *api.ListItemsParamsState) (string, error) {
	if s == nil {
		return "", nil
	}
	if !s.Valid() {
		return "", fault.Field("state", "Give waiting, running, done, failed or canceled.", "No item is %q.", *s)
	}
	return string(*s), nil
}

// GetItem shows an item with its history.
func (s rest) GetItem(ctx context.Context, q api.GetItemRequestObject) (api.GetItemResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	// An item of others may be seen by its binding.
	as, err := s.viewerFor(ctx, who, q.Id)
	if err != nil {
		return nil, err
	}

	v, err := s.Engine.Item(ctx, as, q.Id)
	if err != nil {
		return nil, err
	}

	events, err := s.Engine.History(ctx, q.Id)
	return api.GetItem200JSONResponse(itemJSON(who, v, events)), err
}

// RetryItem starts an item again.
func (s rest) RetryItem(ctx context.Context, q api.RetryItemRequestObject) (api.RetryItemResponseObject, error) {
	v, err := s.change(ctx, q.Id, s.Engine.Retry)
	return api.RetryItem202JSONResponse(v), err
}

// CancelItem stops an item.
func (s rest) CancelItem(ctx context.Context, q api.CancelItemRequestObject) (api.CancelItemResponseObject, error) {
	v, err := s.change(ctx, q.Id, s.Engine.Cancel)
	return api.CancelItem202JSONResponse(v), err
}

func (s rest) change(
	ctx context.Context, id string, do func(context.Context, work.Viewer, string) error,
) (api.Item, error) {
	who, err := viewer(ctx)
	if err != nil {
		return api.Item{}, err
	}

	if err := do(ctx, who, id); err != nil {
		return api.Item{}, err
	}

	v, err := s.Engine.Item(ctx, who, id)
	return itemJSON(who, v, nil), err
}

func itemJSON(who work.Viewer, v work.View, events []work.Event) api.Item {
	out := api.Item{
		Id: v.ID, Kind: v.Kind, Parent: v.Parent, Title: v.Title, Owner: v.Owner, Actor: opt(v.Actor),
		State: api.ItemState(v.State),
		Step:  v.Step, Outcome: opt(v.Outcome), Attempt: v.Attempt, Code: opt(v.Code), Message: opt(v.Message),
		Remedy:      opt(v.Remedy),
		Correlation: v.Correlation, MayChange: who.May(v.Item), Created: v.Created, Updated: v.Updated,
		Transfer: transferJSON(v),
		Document: opt(publish.DocumentUID(v.Item)), Binding: opt(v.Binding), Housekeeping: yes(v.Housekeeping),
	}

	// Each kind knows its document and binding in its own way.
	if v.Kind == push.KindPush {
		document, through := push.Subject(v.Item)
		out.Document, out.Binding = opt(document), opt(through)
	}

	if v.Kind == foldersync.KindAsset {
		out.Document = opt(foldersync.DocumentUID(v.Item))
	}

	if v.Kind == reaction.Kind {
		out.Document = opt(reaction.DocumentUID(v.Item))
	}

	if v.Kind == binding.KindBind || v.Kind == binding.KindUnbind || v.Kind == binding.KindEdit {
		out.Binding = &v.Parent
	}

	// Some facts only exist in some states.
	if v.State == work.Waiting {
		out.NotBefore = &v.NotBefore
	}

	if !v.Finished.IsZero() {
		out.Finished = &v.Finished
	}

	if events != nil {
		history := make([]api.Event, 0, len(events))
		for _, e := range events {
			history = append(history, api.Event{At: e.At, Event: e.Event, Detail: e.Detail})
		}
		out.History = &history
	}

	return out
}

func transferJSON(v work.View) *api.Transfer {
	t := v.Transfer
	if t.Size == 0 {
		return nil
	}

	out := &api.Transfer{Name: t.Name, Size: t.Size, Done: t.Done, Sent: t.Sent, Rate: t.Rate}
	if v.State == work.Running && !t.Quiet.IsZero() {
		out.QuietSince = &t.Quiet
	}

	if v.State == work.Running && t.Rate > 0 {
		left := (t.Size - t.Done) / t.Rate
		out.SecondsLeft = &left
	}

	return out
}
