package app

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/event"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/reaction"
)

// OnConfig tells what Nuxeo does when something happened.
type OnConfig struct {
	Arrived  string `help:"What Nuxeo does with a document, as the person, when an asset has arrived in it or brought it a new version: the id of an automation chain or scripted operation, such as javascript.afterArrival, or transition:NAME for a transition of the life cycle." placeholder:"ACTION"`
	Pushed   string `help:"The same, when a document has arrived on Frame.io for review." placeholder:"ACTION"`
	Returned string `help:"The same, when what was pushed has come back." placeholder:"ACTION"`
	Approved string `help:"The same, when the status on Frame.io becomes push-approved." placeholder:"ACTION"`
	Rejected string `help:"The same, when the status on Frame.io becomes one of push-rejected." placeholder:"ACTION"`
}

// actions are what Nuxeo does, by event.
func (c OnConfig) actions() map[event.Name]reaction.Action {
	return map[event.Name]reaction.Action{
		event.Arrived: reaction.Action(c.Arrived), event.Pushed: reaction.Action(c.Pushed),
		event.Returned: reaction.Action(c.Returned), event.Approved: reaction.Action(c.Approved),
		event.Rejected: reaction.Action(c.Rejected),
	}
}

// check finds what cannot be the name of anything.
func (c OnConfig) check() error {
	for name, action := range c.actions() {
		if action != "" && !action.Valid() {
			return fault.Field("on-"+string(name), "Give the id of a chain, like javascript.afterApproval, or a "+
				"transition, like transition:approve.", "%q is neither an automation nor a transition.", string(action))
		}
	}
	return nil
}

// events make known what happens, have Nuxeo react, and tell channels.
func (a *App) events() *event.Service {
	push := a.Config.Push
	a.Reactions = &reaction.Service{
		Engine: a.Engine, People: a.Identity, Actions: a.Config.On.actions(), Audit: a.Audit, Now: a.world.Now,
	}
	a.Notify = a.notifier()
	return &event.Service{
		Now: a.world.Now, Approved: frameio.Names(push.Approved), Rejected: push.Rejected,
		Listeners: []event.Listener{a.Reactions.On, a.Notify.On, a.Copies.On},
	}
}
