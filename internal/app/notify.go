package app

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/egress"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// NotifyConfig tells how teams are told what happens.
type NotifyConfig struct {
	Hosts  []string      `help:"Hosts that messages to channels may go to, like hooks.slack.com or *.logic.azure.com; an asterisk alone is any. Addresses in private networks are refused all the same." default:"*" placeholder:"HOST"`
	Gather time.Duration `help:"How long what happens is gathered into one message. What is published or pushed together is one message when all of it has ended." default:"1m"`
	Digest time.Duration `help:"How long comments are gathered into one message." default:"15m"`
}

// check finds settings that cannot work.
func (c NotifyConfig) check() error {
	switch {
	case c.Gather < time.Second || c.Gather > time.Hour:
		return fault.Field("notify-gather", "Use 1m.", "%s is not between a second and an hour.", c.Gather)
	case c.Digest < time.Second || c.Digest > 24*time.Hour:
		return fault.Field("notify-digest", "Use 15m.", "%s is not between a second and a day.", c.Digest)
	}
	return egress.Hosts(c.Hosts).Check("notify-hosts")
}

// notifier tells channels what happens.
func (a *App) notifier() *notify.Service {
	c := a.Config
	// Receivers may be slow: they take no more than a quarter of the workers.
	s := notify.New(notify.Settings{Gather: c.Notify.Gather, Digest: c.Notify.Digest, Senders: c.Workers / 4})
	s.DB, s.Engine, s.Vault, s.Audit, s.Now = a.DB, a.Engine, a.vault, a.Audit, a.world.Now
	s.Client = a.network.receivers
	s.Allowed = egress.ReceiverAddress(c.Notify.Hosts, c.Network.reach(egress.Public))
	s.Document, s.Item = a.address, func(id string) string { return c.PublicURL + "/items/" + id }
	s.Editable = func(ctx context.Context, who work.Viewer, id string) (notify.Place, error) {
		b, err := a.Binding.MayEdit(ctx, who, id)
		return placeOf(b), err
	}
	s.Find = func(ctx context.Context, id string) (notify.Place, error) {
		b, err := a.Binding.Get(ctx, work.Viewer{Admin: true}, id)
		if fault.Is(err, fault.NotFound) { // it was forgotten
			return notify.Place{Binding: id}, nil
		}
		return placeOf(b), err
	}
	return s
}

// placeOf is a binding as channels see it.
func placeOf(b binding.Binding) notify.Place {
	return notify.Place{
		Binding: b.ID, Folder: b.FolderUID, FolderPath: b.FolderPath, Title: b.FolderTitle, Owner: b.Owner,
		Live: b.State == binding.Making || b.State == binding.Bound || b.State == binding.Ending,
	}
}

// overdue looks for reviews that take long.
func (a *App) overdue(ctx context.Context) (r maintenance.Report, err error) {
	return r, a.Notify.LookForOverdue(ctx, a.Push.TellOverdue)
}
