package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/publish"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// ListItems lists items.
func (s rest) ListItems(ctx context.Context, q api.ListItemsRequestObject) (api.ListItemsResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	f := work.Filter{Kind: val(q.Params.Kind), Parent: val(q.Params.Parent), Before: val(q.Params.Cursor)}
	if f.Limit, err = limit(q.Params.Limit); err != nil {
		return nil, err
	}
	if f.State, err = state(q.Params.State); err != nil {
		return nil, err
	}
	if f.Binding = val(q.Params.Binding); f.Binding != "" {
		if _, err := s.Binding.Get(ctx, who, f.Binding); err != nil {
			return nil, err
		}
	}
	list, more, err := s.Engine.Items(ctx, who, f)
	if err != nil {
		return nil, err
	}
	shown, err := s.visible(ctx, who, list)
	if err != nil {
		return nil, err
	}
	out := api.ListItems200JSONResponse{Items: []api.Item{}, Hidden: some(len(list) - len(shown))}
	for _, v := range shown {
		out.Items = append(out.Items, itemJSON(who, v, nil))
	}
	if more {
		out.Next = &list[len(list)-1].ID
	}
	return out, nil
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
	as, err := s.whoSees(ctx, who, q.Id)
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

func (s rest) change(ctx context.Context, id string, do func(context.Context, work.Viewer, string) error) (api.Item, error) {
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
		Id: v.ID, Kind: v.Kind, Parent: v.Parent, Title: v.Title, Owner: v.Owner, Actor: opt(v.Actor), State: api.ItemState(v.State),
		Step: v.Step, Outcome: opt(v.Outcome), Attempt: v.Attempt, Code: opt(v.Code), Message: opt(v.Message), Remedy: opt(v.Remedy),
		Correlation: v.Correlation, MayChange: who.May(v.Item), Created: v.Created, Updated: v.Updated, Transfer: transferJSON(v),
		Document: opt(publish.Document(v.Item)), Binding: opt(v.Binding),
	}
	if v.Kind == push.KindPush {
		document, through := push.About(v.Item)
		out.Document, out.Binding = opt(document), opt(through)
	}
	if v.Kind == foldersync.KindAsset {
		out.Document = opt(foldersync.Document(v.Item))
	}
	if v.Kind == binding.KindBind || v.Kind == binding.KindUnbind {
		out.Binding = &v.Parent
	}
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
	if v.State == work.Running && t.Rate > 0 {
		left := (t.Size - t.Done) / t.Rate
		out.SecondsLeft = &left
	}
	return out
}

// Events streams items as they change.
func (s rest) Events(ctx context.Context, q api.EventsRequestObject) (api.EventsResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	st := &stream{server: s.Server, ctx: ctx, me: who, who: who, item: val(q.Params.Item), parent: val(q.Params.Parent), seen: map[string]string{}}
	if st.item != "" {
		if st.who, err = s.whoSees(ctx, who, st.item); err != nil {
			return nil, err
		}
	}
	return st, nil
}

// stream is one listener. It asks the database, which every node shares, and
// sends what differs from what it sent before.
type stream struct {
	server       *Server
	ctx          context.Context
	me, who      work.Viewer // whoever asks, and as whom they may see
	item, parent string
	since        time.Time
	ended        bool
	seen         map[string]string
}

const (
	streamEvery = 300 * time.Millisecond
	streamItems = 100
	// overlap is how far back each look goes beyond what was seen last; what was
	// sent is not sent again.
	overlap = 10 * time.Second
	// keepAlive is when a silent stream says that it is alive.
	keepAlive = 15 * time.Second
	// writeTime is how long a listener may leave unread what was sent; one that
	// takes longer would hold up the end of the process.
	writeTime = 5 * time.Second
)

// VisitEventsResponse writes until the listener leaves.
func (st *stream) VisitEventsResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)
	defer func() { _ = out.SetWriteDeadline(time.Time{}) }() // the connection may serve on
	tick := time.NewTicker(streamEvery)
	defer tick.Stop()
	last := time.Now()
	for {
		_ = out.SetWriteDeadline(time.Now().Add(writeTime))
		sent, err := st.send(w)
		if err == nil {
			err = st.finish(w)
		}
		if err != nil {
			return nil // the listener has left, or the database; it comes again
		}
		if !sent && time.Since(last) > keepAlive {
			if _, err := fmt.Fprint(w, ": alive\n\n"); err != nil {
				return nil
			}
			sent = true
		}
		if sent {
			last = time.Now()
		}
		if err := out.Flush(); err != nil {
			return nil
		}
		select {
		case <-st.ctx.Done():
			return nil
		case <-st.server.Stopping:
			return nil
		case <-tick.C:
		}
	}
}

func (st *stream) send(w http.ResponseWriter) (sent bool, err error) {
	list, err := st.list()
	if err != nil {
		return false, err
	}
	for _, v := range list {
		b, err := json.Marshal(itemJSON(st.me, v, nil))
		if err != nil {
			return sent, err
		}
		if st.seen[v.ID] == string(b) {
			continue
		}
		st.seen[v.ID], sent = string(b), true
		if _, err := fmt.Fprintf(w, "event: item\ndata: %s\n\n", b); err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func (st *stream) list() ([]work.View, error) {
	if st.item != "" {
		v, err := st.server.Engine.Item(st.ctx, st.who, st.item)
		return []work.View{v}, err
	}
	if st.parent != "" {
		list, err := st.server.Engine.Changed(st.ctx, st.who, st.parent, st.since)
		if len(list) > 0 {
			// A change has its time before it can be seen.
			st.since = list[len(list)-1].Updated.Add(-overlap)
		}
		return list, err
	}
	list, _, err := st.server.Engine.Items(st.ctx, st.who, work.Filter{Limit: streamItems})
	return list, err
}

// over says whether nothing more will come, after everything was sent.
func (st *stream) over() (bool, error) {
	switch {
	case st.item != "":
		v, err := st.server.Engine.Item(st.ctx, st.who, st.item)
		return v.State.Final(), err
	case st.parent != "":
		open, some, err := st.server.Engine.Open(st.ctx, st.parent)
		return some && open == 0, err
	}
	return false, nil
}

// finish says so, for listeners that want to know; the stream itself goes on,
// since a retry may start it all again.
func (st *stream) finish(w http.ResponseWriter) error {
	over, err := st.over()
	if err != nil || over == st.ended {
		return err
	}
	if st.ended = over; !over {
		return nil
	}
	// Something may have ended between the list and the count, or bear the time
	// of a node whose clock is slow.
	st.since = time.Time{}
	if _, err := st.send(w); err != nil {
		return err
	}
	_, err = fmt.Fprint(w, "event: end\ndata:\n\n")
	return err
}
