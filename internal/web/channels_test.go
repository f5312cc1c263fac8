package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// Who may change a binding sets where it tells what happens, tries it and sees what became of it. The address
// is told by nothing, and the secret once.
func TestChannels(t *testing.T) {
	t.Parallel()
	f := open(t)
	bound := f.Bind("Publish")
	receiver := f.Receive()
	ctx := t.Context()
	session := f.SignIn("josh")
	josh := f.as(session)
	days := 3
	events := []api.ChannelEvent{api.ChannelEventFailed, api.ChannelEventOverdue, api.ChannelEventArrived}
	name := "#post"
	saved := answered(josh.AddChannel(ctx, bound.ID, api.ChannelForm{
		Kind: api.Webhook, Address: receiver.URL, Name: &name, Events: &events, OverdueDays: &days,
	}))(t)
	c := saved.Channel
	if saved.Secret == nil || c.Name != name || c.OverdueDays != 3 || len(c.Events) != 3 || c.ChangedBy != "josh" {
		t.Errorf("added is %s, want what was asked for, and a secret", shown(saved))
	}

	if got := answered(josh.TestChannel(ctx, bound.ID, c.Id))(t); got.State != api.DeliveryStateDelivered {
		t.Errorf("the test came to %s, want it delivered", shown(got))
	}
	receiver.Answer(testenv.Says(http.StatusGone, "verysecretpart"))
	failed := answered(josh.TestChannel(ctx, bound.ID, c.Id))(t)
	if failed.State != api.DeliveryStateFailed || failed.Status == nil || *failed.Status != http.StatusGone {
		t.Errorf("the second test came to %s, want it failed with 410", shown(failed))
	}
	if got := answered(josh.RetryDelivery(ctx, bound.ID, c.Id, failed.Id))(t); got.State != api.DeliveryStateDelivered {
		t.Errorf("the retry came to %s, want it delivered", shown(got))
	}
	log := answered(josh.ListDeliveries(ctx, bound.ID, c.Id, &api.ListDeliveriesParams{}))(t)
	if len(log.Deliveries) != 2 || log.Deliveries[0].Id != failed.Id || log.Deliveries[0].Attempts != 2 {
		t.Errorf("the log is %s, want two messages, the retried one first", shown(log))
	}

	off := []api.ChannelEvent{api.ChannelEventFailed}
	changed := answered(josh.ChangeChannel(ctx, bound.ID, c.Id, api.ChannelChange{Events: &off}))(t)
	if changed.Secret != nil || len(changed.Channel.Events) != 1 || changed.Channel.Name != name {
		t.Errorf("changed is %s, want only failures to be told, and no secret", shown(changed))
	}

	// Neither the address nor the secret comes back.
	for _, path := range []string{"", "/" + c.Id + "/deliveries"} {
		got := f.send(request{
			method: http.MethodGet, path: "/api/v1/bindings/" + bound.ID + "/channels" + path, session: session,
		})
		if got.status != http.StatusOK || strings.Contains(got.body, "verysecret") ||
			strings.Contains(got.body, *saved.Secret) {
			t.Errorf("%s answers %d %s, want neither address nor secret", path, got.status, got.body)
		}
	}

	// Who may not change the binding sees nothing of it.
	f.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "Write", false)
	if _, err := f.as(f.SignIn("julia")).ListChannels(ctx, bound.ID); err == nil {
		t.Error("julia lists the channels: got them, want them refused")
	}

	for _, body := range []string{
		`{"kind":"slack","address":""}`, `{"kind":"fax","address":"https://hooks.slack.com/x"}`,
		`{"kind":"slack","address":"https://hooks.slack.com/x","events":[]}`,
		`{"kind":"slack","address":"https://hooks.slack.com/x","overdue_days":0}`,
	} {
		f.send(request{
			method: http.MethodPost, path: "/api/v1/bindings/" + bound.ID + "/channels", body: body, session: session,
		}).refused(t, http.StatusBadRequest, "invalid")
	}

	if err := josh.RemoveChannel(ctx, bound.ID, c.Id); err != nil {
		t.Error(err)
	}
	if left := answered(josh.ListChannels(ctx, bound.ID))(t).Channels; len(left) != 0 {
		t.Errorf("after the removal there are %s, want none", shown(left))
	}
}
