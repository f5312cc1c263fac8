package web

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// PreviewSyncEdit tells what a change of a synchronization would do.
func (s rest) PreviewSyncEdit(
	ctx context.Context, q api.PreviewSyncEditRequestObject,
) (api.PreviewSyncEditResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	within := time.Duration(val(q.Params.Within)) * time.Second
	p, err := s.Server.Sync.PreviewEdit(ctx, who, q.Id, syncChangeOf(q.Body), within)
	if err != nil {
		return nil, err
	}

	out := api.PreviewSyncEdit200JSONResponse{
		Version: p.Version(), Effects: []api.SyncEffect{}, Runs: p.Runs(), Ends: p.Ends(),
	}
	for _, e := range p.Effects() {
		out.Effects = append(out.Effects, api.SyncEffect{
			What: api.SyncEffectWhat(e.What), From: e.From, To: e.To, Text: e.String(),
		})
	}

	if p.Runs() {
		e := p.Expected
		out.Expected = &api.SyncExpected{
			New: e.New, LeftOut: e.LeftOut, Refetched: e.Refetched, Bytes: e.Bytes, Complete: e.Complete,
		}
	}

	return out, nil
}

// EditSync changes a synchronization.
func (s rest) EditSync(ctx context.Context, q api.EditSyncRequestObject) (api.EditSyncResponseObject, error) {
	out, err := s.changeSync(ctx, q.Id, func(ctx context.Context, who work.Viewer, id string) (foldersync.Sync, error) {
		return s.Server.Sync.Edit(ctx, who, id, syncChangeOf(q.Body))
	})
	return api.EditSync200JSONResponse(out), err
}

func syncChangeOf(form *api.SyncChange) foldersync.Change {
	c := foldersync.Change{
		Version: form.Version, DocumentType: form.DocumentType, Earlier: form.EarlierVersions, Events: form.Events,
		Comments: form.Comments, Fetch: (*string)(form.Fetch), Gone: (*string)(form.Gone),
		Conflicts: (*string)(form.Conflicts),
	}

	if form.Filter != nil {
		f := filterOf(*form.Filter)
		c.Filter = &f
	}

	if form.EveryMinutes != nil {
		every := time.Duration(*form.EveryMinutes) * time.Minute
		c.Every = &every
	}

	return c
}
