package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

type notifyCmd struct {
	List   notifyList   `cmd:"" help:"List where a binding tells what happens."`
	Set    notifySet    `cmd:"" help:"Have a binding tell what happens in Slack, Teams or to a receiver of your own, or change that."`
	Remove notifyRemove `cmd:"" help:"Remove a channel, with its log and what it was still to be told."`
	Test   notifyTest   `cmd:"" help:"Send a test message, and say what becomes of it."`
	Log    notifyLog    `cmd:"" help:"List the messages to a channel, newest first."`
	Retry  notifyRetry  `cmd:"" help:"Send a message again that failed or waits to be sent again."`
}

// bindingArg is the binding that a command is about.
type bindingArg struct {
	clientFlags
	Binding string `arg:"" help:"The binding: its id, or the name of its action, as in \"bindings\"."`
}

// ofBinding calls fn with the id of the binding.
func (c *bindingArg) ofBinding(t *terminal, fn func(k *client, binding string) error) error {
	return c.session(t, func(k *client) error {
		id, err := k.binding(t, c.Binding)
		if err != nil {
			return err
		}
		return fn(k, id)
	})
}

// channelArg is a channel of a binding.
type channelArg struct {
	bindingArg
	Channel string `arg:"" help:"The channel: its id, or its name, as in \"notify list\"."`
}

// ofChannel calls fn with the ids of both.
func (c *channelArg) ofChannel(t *terminal, fn func(k *client, binding, channel string) error) error {
	return c.ofBinding(t, func(k *client, binding string) error {
		id, err := k.channel(t, binding, c.Channel)
		if err != nil {
			return err
		}
		return fn(k, binding, id)
	})
}

// channel is the id of the only channel of a binding with an id or a name.
func (k *client) channel(t *terminal, binding, named string) (string, error) {
	got, err := k.ListChannels(t.ctx, binding)
	if err != nil {
		return "", err
	}

	var ids []string
	for _, c := range got.Channels {
		if c.Id == named {
			return named, nil
		}
		if c.Name == named && named != "" {
			ids = append(ids, c.Id)
		}
	}

	switch len(ids) {
	case 0:
		return "", fault.New(fault.NotFound, "The binding has no channel %q.", named).
			With("See `nuxeo-frameio notify list`.")
	case 1:
		return ids[0], nil
	}

	return "", fault.Field("channel", "See `nuxeo-frameio notify list`, and give the id.",
		"%d channels are called %q.", len(ids), named)
}

type notifyList struct{ bindingArg }

// Run lists channels.
func (c *notifyList) Run(t *terminal) error {
	return c.ofBinding(t, func(k *client, binding string) error {
		got, err := k.ListChannels(t.ctx, binding)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got.Channels)
		}

		var rows [][]string
		for _, ch := range got.Channels {
			rows = append(rows, []string{ch.Id, string(ch.Kind), orDash(ch.Name), ch.Place, toldText(ch)})
		}

		return table(t, "The binding tells nobody; see `nuxeo-frameio notify set --help`.",
			"CHANNEL\tKIND\tNAME\tADDRESS\tTOLD", rows)
	})
}

func toldText(c api.Channel) string {
	var names []string
	for _, e := range c.Events {
		text := string(e)
		if e == api.ChannelEventOverdue {
			text = fmt.Sprintf("overdue after %s", plain.Count(c.OverdueDays, "day"))
		}
		names = append(names, text)
	}
	return strings.Join(names, ", ")
}

type notifySet struct {
	bindingArg
	Channel     string   `env:"-" help:"The channel to change, by id or name; without it one is added." placeholder:"ID|NAME"`
	Kind        string   `env:"-" help:"Who reads the messages of a new channel: ${enum}." enum:"slack,teams,webhook" default:"slack"`
	AddressFile string   `env:"-" help:"File with the address of its webhook, which is a secret; - reads it from standard input, and asks at a terminal." placeholder:"FILE"`
	Name        *string  `env:"-" help:"What people call it, like #post-production." placeholder:"NAME"`
	On          []string `env:"-" help:"What it is told: arrived, commented, approved, rejected, overdue, failed; several may be given. A new channel is told everything." enum:"arrived,commented,approved,rejected,overdue,failed" placeholder:"EVENT"`
	OverdueDays *int     `env:"-" help:"After how many days under review a document is overdue; 7 unless it is said." placeholder:"DAYS"`
	NewSecret   bool     `env:"-" help:"Sign the messages to a receiver of your own with another secret from now on."`
}

// Run adds or changes a channel.
func (c *notifySet) Run(t *terminal) error {
	return c.ofBinding(t, func(k *client, binding string) error {
		address, err := c.address(t)
		if err != nil {
			return err
		}

		var events *[]api.ChannelEvent
		if len(c.On) > 0 {
			events = new([]api.ChannelEvent)
			for _, name := range c.On {
				*events = append(*events, api.ChannelEvent(name))
			}
		}

		got, err := c.save(t, k, binding, address, events)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, got)
		}

		t.printf("Channel %s at %s is told: %s.\n", got.Channel.Id, got.Channel.Place, toldText(got.Channel))
		if got.Secret != nil {
			t.printf("Messages are signed with this secret, which is shown only now:\n%s\n", *got.Secret)
		}

		return nil
	})
}

func (c *notifySet) save(
	t *terminal, k *client, binding string, address *string, events *[]api.ChannelEvent,
) (*api.ChannelSaved, error) {
	if c.Channel == "" {
		if address == nil {
			return nil, fault.Field("address-file", "Give a file, or - for standard input, which asks at a terminal.",
				"The address of the webhook is missing.")
		}
		return k.AddChannel(t.ctx, binding, api.ChannelForm{
			Kind: api.ChannelKind(c.Kind), Address: *address, Name: c.Name, Events: events, OverdueDays: c.OverdueDays,
		})
	}

	id, err := k.channel(t, binding, c.Channel)
	if err != nil {
		return nil, err
	}

	return k.ChangeChannel(t.ctx, binding, id, api.ChannelChange{
		Address: address, Name: c.Name, Events: events, OverdueDays: c.OverdueDays, NewSecret: &c.NewSecret,
	})
}

// address is the one that was given; nil: none was. It is no flag, which others on the machine could read.
func (c *notifySet) address(t *terminal) (*string, error) {
	switch c.AddressFile {
	case "":
		return nil, nil
	case "-":
		text, err := t.hidden("Address of the webhook: ")
		return &text, err
	}

	text, err := readSecret(c.AddressFile)
	return &text, err
}

type notifyRemove struct {
	channelArg
	sureFlag
}

// Run removes a channel.
func (c *notifyRemove) Run(t *terminal) error {
	return c.ofChannel(t, func(k *client, binding, channel string) error {
		if err := c.sure(t, "Remove the channel, with its log and what it was still to be told?"); err != nil {
			return err
		}

		if err := k.RemoveChannel(t.ctx, binding, channel); err != nil {
			return err
		}

		if !c.JSON {
			t.printf("The channel is removed.\n")
		}

		return nil
	})
}

type notifyTest struct{ channelArg }

// Run sends a test message.
func (c *notifyTest) Run(t *terminal) error {
	return c.ofChannel(t, func(k *client, binding, channel string) error {
		got, err := k.TestChannel(t.ctx, binding, channel)
		if err != nil {
			return err
		}
		return c.told(t, *got)
	})
}

// told prints what became of a message. One that failed is a failure of the command.
func (c *channelArg) told(t *terminal, d api.Delivery) error {
	if c.JSON {
		return printJSON(t, d)
	}

	if d.State == api.DeliveryStateFailed {
		return fault.New(fault.Refused, "%s", str(d.Problem)).
			With("Look at the receiver and at its address, then send the message again.")
	}

	t.printf("Message %s: %s\n", d.Id, deliveryText(d))
	return nil
}

func deliveryText(d api.Delivery) string {
	text := string(d.State)
	if d.Status != nil {
		text += ", answered with " + strconv.Itoa(*d.Status)
	}
	if d.State == api.DeliveryStateWaiting && d.Due != nil {
		text += ", sent again at " + d.Due.Local().Format(time.DateTime)
	}
	return text
}

type notifyLog struct {
	channelArg
	Limit int `env:"-" help:"How many messages to list." default:"50"`
}

// Run lists messages.
func (c *notifyLog) Run(t *terminal) error {
	return c.ofChannel(t, func(k *client, binding, channel string) error {
		all, err := c.all(t, k, binding, channel)
		if err != nil {
			return err
		}

		if c.JSON {
			return printJSON(t, all)
		}

		var rows [][]string
		for _, d := range all {
			rows = append(rows, []string{
				d.Id, d.Created.Local().Format(time.DateTime), deliveryText(d), strconv.Itoa(d.Attempts),
				orDash(d.Title), orDash(str(d.Problem)),
			})
		}

		return table(t, "The channel was told nothing yet.", "MESSAGE\tSINCE\tSTATE\tTRIES\tSAYS\tPROBLEM", rows)
	})
}

func (c *notifyLog) all(t *terminal, k *client, binding, channel string) (all []api.Delivery, err error) {
	q := new(api.ListDeliveriesParams)
	for {
		got, err := k.ListDeliveries(t.ctx, binding, channel, q)
		if err != nil {
			return nil, err
		}

		all = append(all, got.Deliveries...)
		if q.Cursor = got.Next; q.Cursor == nil || len(all) >= c.Limit {
			return all[:min(len(all), max(c.Limit, 0))], nil
		}
	}
}

type notifyRetry struct {
	channelArg
	Message string `arg:"" help:"The message, by its id, as in \"notify log\"."`
}

// Run sends a message again.
func (c *notifyRetry) Run(t *terminal) error {
	return c.ofChannel(t, func(k *client, binding, channel string) error {
		got, err := k.RetryDelivery(t.ctx, binding, channel, c.Message)
		if err != nil {
			return err
		}
		return c.told(t, *got)
	})
}
