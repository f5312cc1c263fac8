package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/webhook"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// address is the page of a document in Nuxeo Web UI.
func (a *App) address(uid string) string {
	return strings.TrimRight(a.Config.nuxeoPublic(), "/") + "/ui/#!/doc/" + uid
}

func (a *App) push() *push.Service {
	c := a.Config
	s := &push.Service{
		DB: a.DB, Engine: a.Engine, People: a.Identity, Vault: a.vault, Mail: a.Mail, Bound: a.boundFor, Map: a.Map,
		Blobs: a.network.blobs, Parts: a.network.parts,
		Nuxeo: a.Nuxeo, Now: a.world.Now, PublicURL: c.PublicURL, Address: a.address,
		Set: push.Settings{
			Verify: c.Transfer.Verify, Streams: c.Transfer.Streams, Idle: c.Transfer.Idle,
			StatusField: c.Frameio.StatusField,
			Status:      c.Push.Status, Approved: c.Push.Approved, Unlock: c.Push.Unlock, Conform: c.Push.Conform,
			Comment: c.Push.Comment, Most: c.Push.Most,
		},
	}
	if c.Push.ByAddress {
		s.Fetchable = c.storeAddress()
	}

	if c.Nuxeo.ServiceUser != "" {
		s.Service = nuxeo.Basic(c.Nuxeo.ServiceUser, c.Nuxeo.ServicePassword)
	}

	return s
}

// watch keeps an eye on what was pushed: webhooks tell where to look, and from
// time to time everything is looked at.
func (a *App) watch() {
	c := a.Config
	a.reviews = push.Watcher{
		Service:        a.Push,
		FrameBase:      c.Frameio.FrameBase,
		FrameRateField: c.Frameio.FrameRateField,
		ServiceLogin:   c.Nuxeo.ServiceUser,
		Log:            a.world.Log,
	}

	a.Webhooks = webhook.New()
	a.Webhooks.DB, a.Webhooks.People, a.Webhooks.Vault, a.Webhooks.Now, a.Webhooks.Log = a.DB, a.Identity, a.vault,
		a.world.Now, a.world.Log
	a.Webhooks.LatestPlausible = a.Engine.LatestPlausible
	a.Webhooks.PublicURL, a.Webhooks.Watched, a.Webhooks.Handle = c.PublicURL, a.watched, a.lookAt
	a.Webhooks.OnEventsMissed = func(ctx context.Context, p webhook.WatchedWorkspace) error {
		return a.Sync.OnEventsMissed(ctx, p.Account, p.Workspace)
	}

	a.Webhooks.NoWebhooks = c.Frameio.Webhooks == "off"
}

// watched returns the workspaces of pushes and of mirrors, each once, with all who may make its webhook.
func (a *App) watched(ctx context.Context) (all []webhook.WatchedWorkspace, err error) {
	add := func(account, workspace, login string) {
		i := slices.IndexFunc(all, func(w webhook.WatchedWorkspace) bool {
			return w.Account == account && w.Workspace == workspace
		})
		if i < 0 {
			i, all = len(all), append(all, webhook.WatchedWorkspace{Account: account, Workspace: workspace})
		}
		all[i].Logins = append(all[i].Logins, login)
	}

	// What was pushed is watched as long as it is out,
	pushes, err := a.reviews.Watches(ctx)
	if err != nil {
		return nil, err
	}

	for _, w := range pushes {
		add(w.Account, w.Workspace, w.Login)
	}

	// and what is mirrored for as long as it is.
	mirrors, err := a.Sync.Watches(ctx)
	for _, w := range mirrors {
		add(w.Account, w.Workspace, w.Login)
	}

	return all, err
}

func (a *App) lookAt(ctx context.Context, h webhook.Hint) error {
	switch h.Kind {
	case webhook.Comment:
		return errors.Join(a.reviews.OnCommentChanged(ctx, h.Account, h.Workspace, h.Resource),
			a.Sync.OnCommentChanged(ctx, h.Account, h.Workspace, h.Resource))
	case webhook.Folder: // nothing that is under review
		return a.Sync.OnFolderChanged(ctx, h.Account, h.Workspace, h.Resource)
	}
	return errors.Join(
		a.reviews.OnFileChanged(ctx, h.Resource),
		a.Sync.OnFileChanged(ctx, h.Account, h.Workspace, h.Resource),
	)
}

// boundFor tells push which folders are bound.
func (a *App) boundFor(ctx context.Context, folders []string) ([]push.Bound, error) {
	places, err := a.Binding.WorkspacesOf(ctx, folders)
	out := make([]push.Bound, 0, len(places))
	for _, p := range places {
		out = append(out, push.Bound(p))
	}
	return out, err
}
