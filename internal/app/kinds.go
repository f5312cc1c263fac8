package app

import (
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/copies"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/notify"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/publish"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/reaction"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/relink"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/repair"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// A kind is a kind of items and its worker.
type kind struct {
	name   string
	worker work.Worker
}

// kinds are all that this program works on.
func (a *App) kinds() []kind {
	return []kind{
		{binding.KindBind, binding.BindWorker{Service: a.Binding}},
		{binding.KindUnbind, binding.UnbindWorker{Service: a.Binding}},
		{binding.KindEdit, binding.EditWorker{Service: a.Binding}},
		{publish.KindPublish, publish.Worker{Service: a.Publish, Flow: publish.AssetFlow}},
		{publish.KindExpand, publish.Worker{Service: a.Publish, Flow: publish.FolderFlow}},
		{publish.KindNotice, publish.NoticeWorker{Service: a.Publish, Address: a.address}},
		{push.KindPush, push.Worker{Service: a.Push}},
		{push.KindNotice, push.NoticeWorker{Service: a.Push}},
		{foldersync.KindRun, foldersync.Worker{Service: a.Sync}},
		{foldersync.KindAsset, foldersync.AssetWorker{Service: a.Sync}},
		{foldersync.KindComments, foldersync.CommentWorker{Service: a.Sync}},
		{foldersync.KindPosters, foldersync.PosterWorker{Service: a.Sync}},
		{foldersync.KindNotice, foldersync.NoticeWorker{Service: a.Sync}},
		{copies.KindCopy, copies.Worker{Service: a.Copies}},
		{copies.KindUndo, copies.UndoWorker{Service: a.Copies}},
		{reaction.Kind, reaction.Worker{Service: a.Reactions}},
		{notify.KindDelivery, notify.Worker{Service: a.Notify}},
		{repair.Kind, repair.Worker{Service: a.Repair}},
		{relink.Kind, relink.Worker{Service: a.Rebuild}},
	}
}

// classes say which of them people look at, and how.
var classes = work.Kinds{
	Housekeeping: []string{
		publish.KindNotice, push.KindNotice, foldersync.KindNotice, foldersync.KindComments, foldersync.KindPosters,
		repair.Kind, notify.KindDelivery, copies.KindCopy, copies.KindUndo,
	},
	Batched: []string{publish.KindPublish, push.KindPush},
	Listing: []string{publish.KindExpand},
}

func (a *App) register() {
	a.Engine.Classify(classes)
	for _, k := range a.kinds() {
		a.Engine.Register(k.name, a.trace.Worker(a.world.Worker(k.name, k.worker)))
	}
}
