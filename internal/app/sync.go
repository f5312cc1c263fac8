package app

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
)

func (a *App) foldersync() *foldersync.Service {
	return &foldersync.Service{
		DB: a.DB, Engine: a.Engine, People: a.Identity, Ingest: a.Ingest, Mail: a.Mail, Now: a.world.Now,
		Bound: a.Binding.ActionOf, Address: a.address,
		LostShare: a.Config.Sync.LostShare, MaxCalls: a.Config.Nuxeo.Connections,
		CommentsEvery: a.Config.Sync.CommentsEvery,
	}
}
