package demo

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// notify tells a receiver what arrives: signed, many as one message, and again where it was refused.
func (t *story) notify(ctx context.Context) error {
	const path = "/busy/hooks/our-team"
	name := "our team"
	saved, err := t.josh.AddChannel(ctx, t.binding.Id, api.ChannelForm{
		Kind: api.Webhook, Address: t.ReceiverURL + path, Name: &name,
	})
	if err != nil {
		return err
	}

	if saved.Secret == nil {
		return fmt.Errorf("the channel %+v has no secret", saved)
	}
	t.say("Josh has the binding tell a receiver at %s, and gives it the secret with which messages are signed.",
		saved.Channel.Place)

	// What is published together is told together.
	var files []string
	for _, take := range []string{"Take 1.wav", "Take 2.wav", "Take 3.wav"} {
		files = append(files, t.Frameio.AddFile(t.seed.root, take, file("jingle.wav")))
	}
	if _, err := t.run(ctx, t.seed.josh, files...); err != nil {
		return err
	}

	got := t.told.at(path)
	if len(got) != 2 || got[0].Delivery != got[1].Delivery || got[0].Status != 503 || got[1].Status != 200 {
		return fmt.Errorf("%d messages came: %+v", len(got), got)
	}

	var p notify.Payload
	if err := json.Unmarshal(got[1].Body, &p); err != nil {
		return err
	}

	if !got[1].verified(*saved.Secret) || got[1].verified("another secret") || p.Counts[event.Arrived] != len(files) {
		return fmt.Errorf("the message %s is not signed, or does not tell %d", got[1].Body, len(files))
	}
	t.say("The receiver was busy, got the message again %s with the same id, and finds the signature right: %q.",
		"a few seconds later", p.Title)
	return t.toldInLog(ctx, saved.Channel, p.Delivery)
}

// toldInLog looks at the log of the channel, and removes it.
func (t *story) toldInLog(ctx context.Context, c api.Channel, delivery string) error {
	log, err := t.josh.ListDeliveries(ctx, t.binding.Id, c.Id, &api.ListDeliveriesParams{})
	if err != nil {
		return err
	}

	if len(log.Deliveries) != 1 || log.Deliveries[0].Id != delivery || log.Deliveries[0].Attempts != 2 ||
		log.Deliveries[0].State != api.DeliveryStateDelivered {
		return fmt.Errorf("the log of the channel says %+v", log.Deliveries)
	}

	t.say("Its log says: delivered, sent twice.")
	return t.josh.RemoveChannel(ctx, t.binding.Id, c.Id)
}
