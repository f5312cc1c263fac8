package web

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// ListSyncs lists synchronized folders.
func (s rest) ListSyncs(ctx context.Context, q api.ListSyncsRequestObject) (api.ListSyncsResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	list, may, err := s.Server.Sync.List(ctx, who, val(q.Params.Folder))
	if err != nil {
		return nil, err
	}

	out := api.ListSyncs200JSONResponse{Syncs: []api.Sync{}}
	for _, one := range list {
		out.Syncs = append(out.Syncs, syncJSON(one, foldersync.MayChange(who, one, may)))
	}

	return out, nil
}

func syncRequest(f *api.SyncForm) (q foldersync.Request, err error) {
	if f == nil {
		return q, fault.New(fault.Invalid, "The request says nothing.").With("Send a synchronization.")
	}

	// Comments and events are on unless the form says otherwise.
	q = foldersync.Request{
		Folder: f.Folder, Workspace: f.Team, Project: f.Project, Root: val(f.FrameioFolder),
		DocumentType: val(f.DocumentType), Comments: f.Comments == nil || *f.Comments,
		Fetch: string(val(f.Fetch)), Earlier: val(f.EarlierVersions), Events: f.Events == nil || *f.Events,
		Gone: string(val(f.Gone)), Conflicts: string(val(f.Conflicts)),
		Every: time.Duration(val(f.EveryMinutes)) * time.Minute,
	}
	if f.Filter != nil {
		q.Filter = filterOf(*f.Filter)
	}

	return q, nil
}

func filterOf(f api.SyncFilter) foldersync.Filter {
	out := foldersync.Filter{Name: val(f.Name), Most: val(f.Most), Status: val(f.Status)}
	for _, m := range val(f.Media) {
		out.Media = append(out.Media, string(m))
	}
	return out
}

// AddSync synchronizes a folder.
func (s rest) AddSync(ctx context.Context, q api.AddSyncRequestObject) (api.AddSyncResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	request, err := syncRequest(q.Body)
	if err != nil {
		return nil, err
	}

	one, err := s.Server.Sync.Add(ctx, who.Login, request)
	if err != nil {
		return nil, err
	}

	out, err := s.syncJSON(ctx, who, one)
	return api.AddSync202JSONResponse(out), err
}

// PreviewSync counts what a synchronization would bring.
func (s rest) PreviewSync(ctx context.Context, q api.PreviewSyncRequestObject) (api.PreviewSyncResponseObject, error) {
	who, err := whoIs(ctx)
	if err != nil {
		return nil, err
	}

	request, err := syncRequest(q.Body)
	if err != nil {
		return nil, err
	}

	p, err := s.Server.Sync.Preview(ctx, who.Login, request, time.Duration(val(q.Params.Within))*time.Second)
	out := api.PreviewSync200JSONResponse{
		Folders:  p.Folders,
		Assets:   p.Assets,
		Bytes:    p.Bytes,
		Complete: p.Complete,
		Seconds:  p.Seconds,
	}

	e := p.Estimate
	out.Lanes.Listing, out.Lanes.Documents, out.Lanes.Comments = e.Listing, e.Documents, e.Comments
	return out, err
}

// GetSync shows one.
func (s rest) GetSync(ctx context.Context, q api.GetSyncRequestObject) (api.GetSyncResponseObject, error) {
	out, err := s.changeSync(ctx, q.Id, s.Server.Sync.Get)
	return api.GetSync200JSONResponse(out), err
}

// RemoveSync ends one.
func (s rest) RemoveSync(ctx context.Context, q api.RemoveSyncRequestObject) (api.RemoveSyncResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}
	return api.RemoveSync204Response{}, s.Server.Sync.Remove(ctx, who, q.Id)
}

// RefreshSync begins a run.
func (s rest) RefreshSync(ctx context.Context, q api.RefreshSyncRequestObject) (api.RefreshSyncResponseObject, error) {
	sure := q.Body != nil && val(q.Body.Sure)
	out, err := s.changeSync(ctx, q.Id, func(ctx context.Context, who work.Viewer, id string) (foldersync.Sync, error) {
		return s.Server.Sync.Refresh(ctx, who, id, sure)
	})
	return api.RefreshSync202JSONResponse(out), err
}

// PauseSync stops one for the time being.
func (s rest) PauseSync(ctx context.Context, q api.PauseSyncRequestObject) (api.PauseSyncResponseObject, error) {
	out, err := s.changeSync(ctx, q.Id, s.Server.Sync.Pause)
	return api.PauseSync200JSONResponse(out), err
}

// ResumeSync ends the pause.
func (s rest) ResumeSync(ctx context.Context, q api.ResumeSyncRequestObject) (api.ResumeSyncResponseObject, error) {
	out, err := s.changeSync(ctx, q.Id, s.Server.Sync.Resume)
	return api.ResumeSync200JSONResponse(out), err
}

// SettleSync settles a conflict.
func (s rest) SettleSync(ctx context.Context, q api.SettleSyncRequestObject) (api.SettleSyncResponseObject, error) {
	out, err := s.changeSync(ctx, q.Id, func(ctx context.Context, who work.Viewer, id string) (foldersync.Sync, error) {
		return s.Server.Sync.ResolveConflict(ctx, who, id, q.Body.Key, string(q.Body.Use))
	})
	return api.SettleSync200JSONResponse(out), err
}

func (s rest) changeSync(
	ctx context.Context, id string, do func(context.Context, work.Viewer, string) (foldersync.Sync, error),
) (api.Sync, error) {
	who, err := viewer(ctx)
	if err != nil {
		return api.Sync{}, err
	}

	one, err := do(ctx, who, id)
	if err != nil {
		return api.Sync{}, err
	}

	return s.syncJSON(ctx, who, one)
}

// shownRuns is how many runs are shown.
const shownRuns = 50

// ListSyncRuns lists the last runs.
func (s rest) ListSyncRuns(
	ctx context.Context, q api.ListSyncRunsRequestObject,
) (api.ListSyncRunsResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	runs, err := s.Server.Sync.Runs(ctx, who, q.Id, shownRuns)
	if err != nil {
		return nil, err
	}

	out := api.ListSyncRuns200JSONResponse{Runs: []api.SyncRun{}}
	for _, r := range runs {
		out.Runs = append(out.Runs, runJSON(r))
	}

	return out, nil
}

// ListSyncTroubles lists what wants attention.
func (s rest) ListSyncTroubles(
	ctx context.Context, q api.ListSyncTroublesRequestObject,
) (api.ListSyncTroublesResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	most, err := pageOf(q.Params.Limit)
	if err != nil {
		return nil, err
	}

	page, err := s.Server.Sync.Troubles(ctx, who, q.Id, val(q.Params.Cursor), most)
	if err != nil {
		return nil, err
	}

	out := api.ListSyncTroubles200JSONResponse{
		Entries: []api.SyncEntry{},
		Next:    opt(page.Next),
		Hidden:  some(page.Hidden),
	}

	for _, e := range page.List {
		out.Entries = append(out.Entries, entryJSON(e))
	}

	return out, nil
}

func entryJSON(e foldersync.Trouble) api.SyncEntry {
	out := api.SyncEntry{
		Key: e.Key, Kind: api.SyncEntryKind(e.Kind), Name: e.Name, Document: opt(e.Document), Gone: e.Gone,
		Problem: opt(e.Problem), Conflict: opt(e.Conflict), Item: opt(e.Item),
	}
	if !e.Gone {
		out.Frameio = &api.SyncEntryFrameio{Name: e.FrameioName, Changed: moment(e.Changed)}
		if out.Kind != api.SyncEntryKindFolder {
			out.Frameio.Size = &e.Size
		}
	}

	// What Nuxeo says, where the document is there.
	if n := e.Nuxeo; n != nil {
		out.Nuxeo = &api.SyncEntryNuxeo{Title: n.Title, Changed: moment(n.Changed), By: opt(n.By)}
		if n.Size >= 0 {
			out.Nuxeo.Size = &n.Size
		}
		if out.Frameio != nil {
			out.Frameio.ViewUrl = opt(n.ViewURL)
		}
	}

	return out
}

// CheckSync begins a comparison.
func (s rest) CheckSync(ctx context.Context, q api.CheckSyncRequestObject) (api.CheckSyncResponseObject, error) {
	out, err := s.changeSync(ctx, q.Id, s.Server.Sync.Check)
	return api.CheckSync202JSONResponse(out), err
}

// ListSyncDifferences lists what it has found.
func (s rest) ListSyncDifferences(
	ctx context.Context, q api.ListSyncDifferencesRequestObject,
) (api.ListSyncDifferencesResponseObject, error) {
	who, err := viewer(ctx)
	if err != nil {
		return nil, err
	}

	most, err := pageOf(q.Params.Limit)
	if err != nil {
		return nil, err
	}

	page, err := s.Server.Sync.Differences(ctx, who, q.Id, val(q.Params.Cursor), most)
	if err != nil {
		return nil, err
	}

	out := api.ListSyncDifferences200JSONResponse{
		Differences: []api.SyncDifference{},
		Next:        opt(page.Next),
		Hidden:      some(page.Hidden),
	}

	for _, d := range page.List {
		out.Differences = append(out.Differences, api.SyncDifference{
			Sign: api.SyncDifferenceSign(d.Sign), Key: d.Key, Kind: api.SyncDifferenceKind(d.Kind), Name: d.Name,
			Document: opt(d.Document), What: d.What, Acts: acts(d.Acts),
		})
	}

	return out, nil
}

// pageOf is how much a page holds.
func pageOf(asked *api.Limit) (int, error) {
	most, err := limit(asked)
	if most == 0 {
		most = 50
	}
	return most, err
}

func (s rest) syncJSON(ctx context.Context, who work.Viewer, q foldersync.Sync) (api.Sync, error) {
	may, err := s.Server.Sync.May(ctx, who, q)
	return syncJSON(q, may), err
}

// syncJSON is a sync as the interface shows it; may says whether the viewer may change it.
func syncJSON(q foldersync.Sync, may bool) api.Sync {
	out := api.Sync{
		Id: q.ID, Folder: q.FolderUID, FolderPath: q.FolderPath, FolderTitle: q.FolderTitle, Account: q.Account,
		Team: q.Workspace, TeamName: q.WorkspaceName,
		Project: q.Project, ProjectName: q.ProjectName, FrameioFolder: q.Root, FrameioFolderName: q.RootName,
		DocumentType: q.DocumentType, Comments: q.Comments,
		Fetch: api.SyncFetch(q.Fetch), EarlierVersions: q.Earlier, Events: q.Events, CommentsDone: q.CommentsDone,
		CommentsWaiting: q.CommentsWaiting,
		Gone:            api.SyncGone(q.Gone), Conflicts: api.SyncConflicts(q.Conflicts),
		EveryMinutes: int(q.Every / time.Minute),
		Owner:        q.Owner, Creator: q.Creator,
		State: api.SyncState(q.State), Reason: opt(q.Reason), Remedy: opt(q.Remedy), Created: q.Created,
		Assets: q.Assets, Folders: q.Folders,
		Missing: q.Missing, Troubled: q.Troubled, Conflicting: q.Conflicting, MayChange: may, Version: q.Version,
		Filter: filterJSON(q.Filter),
	}
	if !q.Due.IsZero() {
		out.Due = &q.Due
	}

	if q.Last != nil {
		last := runJSON(*q.Last)
		out.Last = &last
	}

	if q.Check != nil {
		check := runJSON(*q.Check)
		out.Check = &check
	}

	return out
}

func filterJSON(f foldersync.Filter) *api.SyncFilter {
	out := api.SyncFilter{Name: opt(f.Name)}
	if f.Most > 0 {
		out.Most = &f.Most
	}

	if len(f.Status) > 0 {
		out.Status = &f.Status
	}

	if len(f.Media) > 0 {
		media := make([]api.SyncFilterMedia, 0, len(f.Media))
		for _, m := range f.Media {
			media = append(media, api.SyncFilterMedia(m))
		}
		out.Media = &media
	}

	return &out
}

func runJSON(r foldersync.Run) api.SyncRun {
	out := api.SyncRun{
		Id: r.ID, Item: opt(r.Item), Why: api.SyncRunWhy(r.Why), By: r.By, State: api.SyncRunState(r.State),
		Step: opt(r.Step), Message: opt(r.Message),
		Summary: foldersync.Summary(r), Folders: r.Folders, Assets: r.Assets, Bytes: r.Bytes, Created: r.Created,
		Updated: r.Updated, Unchanged: r.Unchanged,
		Renamed: r.Renamed, Moved: r.Moved, Gone: r.Gone, Conflicting: r.Conflicting, Failed: r.Failed,
		Waiting: r.Waiting, Began: r.Began,
	}
	if r.State == foldersync.Running {
		out.BytesDone = &r.BytesDone
	}

	if !r.Ended.IsZero() {
		out.Ended = &r.Ended
	}

	return out
}

func acts(all []foldersync.Act) (out []api.SyncAct) {
	for _, a := range all {
		out = append(out, api.SyncAct(a))
	}
	return out
}
