package web

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// ListChannels lists where a binding tells what happens.
func (s rest) ListChannels(
	ctx context.Context, q api.ListChannelsRequestObject,
) (api.ListChannelsResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	all, err := s.Notify.List(ctx, who, q.Id)
	out := api.ListChannels200JSONResponse{Channels: []api.Channel{}}
	for _, c := range all {
		out.Channels = append(out.Channels, channelJSON(c))
	}

	return out, err
}

// AddChannel adds a channel.
func (s rest) AddChannel(ctx context.Context, q api.AddChannelRequestObject) (api.AddChannelResponseObject, error) {
	f := q.Body
	got, err := s.saveChannel(ctx, q.Id, notify.Form{
		Kind: notify.Kind(f.Kind), Address: &f.Address, Name: f.Name, Events: eventsIn(f.Events),
		OverdueDays: f.OverdueDays,
	})
	return api.AddChannel201JSONResponse(got), err
}

// ChangeChannel changes a channel.
func (s rest) ChangeChannel(
	ctx context.Context, q api.ChangeChannelRequestObject,
) (api.ChangeChannelResponseObject, error) {
	f := q.Body
	got, err := s.saveChannel(ctx, q.Id, notify.Form{
		ID: q.Channel, Address: f.Address, Name: f.Name, Events: eventsIn(f.Events), OverdueDays: f.OverdueDays,
		NewSecret: val(f.NewSecret),
	})
	return api.ChangeChannel200JSONResponse(got), err
}

func (s rest) saveChannel(ctx context.Context, binding string, f notify.Form) (api.ChannelSaved, error) {
	who, err := viewer(ctx)
	if err != nil {
		return api.ChannelSaved{}, err
	}

	c, secret, err := s.Notify.Save(ctx, who, binding, f)
	return api.ChannelSaved{Channel: channelJSON(c), Secret: opt(secret)}, err
}

// RemoveChannel removes a channel.
func (s rest) RemoveChannel(
	ctx context.Context, q api.RemoveChannelRequestObject,
) (api.RemoveChannelResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	return api.RemoveChannel204Response{}, s.Notify.Remove(ctx, who, q.Id, q.Channel)
}

// TestChannel sends a test message.
func (s rest) TestChannel(ctx context.Context, q api.TestChannelRequestObject) (api.TestChannelResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	d, err := s.Notify.Test(ctx, who, q.Id, q.Channel)
	return api.TestChannel200JSONResponse(deliveryJSON(d)), err
}

// ListDeliveries lists the messages to a channel.
func (s rest) ListDeliveries(
	ctx context.Context, q api.ListDeliveriesRequestObject,
) (api.ListDeliveriesResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	list, next, err := s.Notify.Log(ctx, who, q.Id, q.Channel, val(q.Params.Cursor))
	out := api.ListDeliveries200JSONResponse{Deliveries: []api.Delivery{}, Next: opt(next)}
	for _, d := range list {
		out.Deliveries = append(out.Deliveries, deliveryJSON(d))
	}

	return out, err
}

// RetryDelivery sends a message again.
func (s rest) RetryDelivery(
	ctx context.Context, q api.RetryDeliveryRequestObject,
) (api.RetryDeliveryResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	d, err := s.Notify.Retry(ctx, who, q.Id, q.Channel, q.Delivery)
	return api.RetryDelivery200JSONResponse(deliveryJSON(d)), err
}

// eventsIn are the events of a form; nil where it has none.
func eventsIn(given *[]api.ChannelEvent) []event.Name {
	if given == nil {
		return nil
	}

	out := []event.Name{}
	for _, name := range *given {
		out = append(out, event.Name(name))
	}

	return out
}

func channelJSON(c notify.Channel) api.Channel {
	out := api.Channel{
		Id: c.ID, Kind: api.ChannelKind(c.Kind), Name: c.Name, Place: c.Place, Events: []api.ChannelEvent{},
		OverdueDays: c.OverdueDays, Changed: c.Changed, ChangedBy: c.ChangedBy,
	}
	for _, name := range c.Events {
		out.Events = append(out.Events, api.ChannelEvent(name))
	}
	return out
}

func deliveryJSON(d notify.Delivery) api.Delivery {
	out := api.Delivery{
		Id: d.ID, State: api.DeliveryState(d.State), Title: d.Title, Events: d.Events, Attempts: d.Attempts,
		Problem: opt(d.Problem), Created: d.Created, Sent: moment(d.Asked), Due: moment(d.Due), Ended: moment(d.Ended),
	}
	if d.Status > 0 {
		out.Status = &d.Status
	}
	return out
}
