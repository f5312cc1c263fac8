package app

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/assetview"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/browse"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/explain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/metrics"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web"
)

func (a *App) serveBy(registry *prometheus.Registry) {
	a.measured = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	files := map[string]string{}
	if a.Config.Database == "" {
		files["data"], files["log"] = a.Config.DatabaseAddress(), a.Config.DatabaseAddress()+"-wal"
	}

	// An SQLite database is measured by its files.
	metrics.Watch(registry, metrics.Sources{
		Engine: a.Engine, Identity: a.Identity, Budgets: a.network.budgets, Limit: a.network.limit, Ready: a.DB.Check,
		Now:   a.world.Now,
		Files: files,
	})

	// A shutdown ends open streams, which would else hold it up.
	stopping := make(chan struct{})
	a.endStreams = sync.OnceFunc(func() { close(stopping) })
	s := &web.Server{
		Stopping: stopping,
		Set:      a.webSettings(),
		Browse:   &browse.Service{Nuxeo: a.Identity.Nuxeo, Bindable: binding.Bindable, Now: a.world.Now},
		Identity: a.Identity, Binding: a.Binding, Publish: a.Publish, Push: a.Push, Sync: a.Sync, Webhooks: a.Webhooks,
		Engine: a.Engine, Maintenance: a.Maintenance, Rebuild: a.Rebuild, Audit: a.Audit, Held: a.Home.Held,
		Documents: &assetview.Service{DB: a.DB, Nuxeo: a.Identity.Nuxeo}, Media: a.Media, Map: a.Map,
		Reactions: a.Reactions, Notify: a.Notify, Copies: a.Copies,
		Explain: &explain.Service{DB: a.DB, Items: a.Engine, Nuxeo: reader{a.Identity}},
		Doctor:  a.world.Doctor(a), Support: a.Support(), Console: a.console,
		Registry: registry, Ready: a.DB.Check, Trace: a.trace, Log: a.world.Log,
		Level: a.world.Level, Now: a.world.Now,
	}

	a.handler = s.Handler()
	if a.Config.Admin.Listen != "" {
		a.inside = s.Admin()
	}
}

func (a *App) webSettings() web.Settings {
	bundle, ok := a.world.Bundle()
	if !ok {
		bundle = nil
	}

	proxies, _ := a.Config.Network.proxies() // which were checked before
	return web.Settings{
		Version: Version, Node: a.node, PublicURL: a.Config.PublicURL, NuxeoURL: a.Config.nuxeoPublic(),
		SessionTTL: a.Config.SessionTTL,
		Postgres:   a.Config.Database != "", Bundle: bundle, MediaHosts: a.Config.mediaHosts(), Proxies: proxies,
		AccessLog: a.Config.AccessLog, Admin: a.Config.Admin.Listen != "", AdminToken: a.Config.Admin.Token,
	}
}
