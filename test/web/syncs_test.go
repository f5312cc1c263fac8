package web

import (
	"net/http"
	"slices"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

func TestSyncOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx, josh := t.Context(), f.as(f.SignIn("josh"))
	f.file("Cut.mov", 100)
	lost := f.file("Lost.mov", 100)
	form := api.AddSyncJSONRequestBody{
		Folder:       f.Folder,
		Team:         f.Workspace,
		Project:      f.Project,
		EveryMinutes: ptr(60),
		Filter:       &api.SyncFilter{Name: ptr("*.mov")},
	}

	preview := must(t, func(r *api.PreviewSyncResponse) bool {
		return r.JSON200 != nil
	})(josh.PreviewSyncWithResponse(ctx, &api.PreviewSyncParams{Within: ptr(1)}, form)).JSON200
	if preview.Assets != 2 || preview.Bytes != 200 || !preview.Complete {
		t.Errorf("%+v", preview)
	}

	made := must(t, func(r *api.AddSyncResponse) bool {
		return r.JSON202 != nil
	})(josh.AddSyncWithResponse(ctx, form)).JSON202

	f.Settle()
	got := must(t, func(r *api.GetSyncResponse) bool {
		return r.JSON200 != nil
	})(josh.GetSyncWithResponse(ctx, made.Id)).JSON200
	if got.State != "active" || got.Assets != 2 || got.Due == nil || got.EveryMinutes != 60 ||
		*got.Filter.Name != "*.mov" || !got.MayChange || got.Last.Created != 2 || got.Last.Summary == "" {
		t.Errorf("%+v %+v", got, got.Last)
	}

	for _, folder := range []*string{nil, &f.Folder} {
		list := must(t, func(r *api.ListSyncsResponse) bool {
			return r.JSON200 != nil
		})(josh.ListSyncsWithResponse(ctx, &api.ListSyncsParams{Folder: folder})).JSON200
		if len(list.Syncs) != 1 || list.Syncs[0].Id != made.Id {
			t.Errorf("%+v", list)
		}
	}

	f.inTrouble(josh, made.Id, lost)
	paused := must(t, func(r *api.PauseSyncResponse) bool {
		return r.JSON200 != nil
	})(josh.PauseSyncWithResponse(ctx, made.Id)).JSON200

	resumed := must(t, func(r *api.ResumeSyncResponse) bool {
		return r.JSON200 != nil
	})(josh.ResumeSyncWithResponse(ctx, made.Id)).JSON200
	if paused.State != "paused" || paused.Reason == nil || resumed.State != "active" || resumed.Reason != nil {
		t.Errorf("%+v, then %+v", paused, resumed)
	}

	must(t, func(r *api.RemoveSyncResponse) bool {
		return r.StatusCode() == http.StatusNoContent
	})(josh.RemoveSyncWithResponse(ctx, made.Id))

	f.get("/api/v1/syncs/"+made.Id, f.SignIn("josh")).refused(t, http.StatusNotFound, "not_found")
	f.Settle()
}

// inTrouble makes a conflict and something that is gone, and sees and settles them.
func (f *face) inTrouble(josh *api.ClientWithResponses, id, lost string) {
	t, ctx := f.T, f.T.Context()
	f.Frameio.Delete(lost)
	docs := f.Nuxeo.Children(f.Folder)
	cut := docs[slices.IndexFunc(docs, func(d nuxeosim.DocView) bool { return d.Title == "Cut" })]
	mine := map[string]any{
		"file:content": nuxeosim.Blob{Name: "x.mov", MimeType: "video/quicktime", Data: []byte("mine")},
	}

	if err := f.Nuxeo.Edit("josh", cut.UID, mine); err != nil {
		t.Fatal(err)
	}

	file, _ := cut.Properties["frameio:fileId"].(string)
	f.Frameio.Stack(file, f.file("Cut 2.mov", 150))
	must(t, func(r *api.CheckSyncResponse) bool { return r.JSON202 != nil })(josh.CheckSyncWithResponse(ctx, id))
	f.Settle()
	found := must(t, func(r *api.ListSyncDifferencesResponse) bool {
		return r.JSON200 != nil
	})(josh.ListSyncDifferencesWithResponse(ctx, id, &api.ListSyncDifferencesParams{Limit: ptr(1)})).JSON200
	if len(found.Differences) != 1 || found.Next == nil {
		t.Errorf("%+v, want the first of two", found)
	}

	must(t, func(r *api.RefreshSyncResponse) bool {
		return r.JSON202 != nil
	})(josh.RefreshSyncWithResponse(ctx, id, api.RefreshSyncJSONRequestBody{Sure: ptr(true)}))

	f.Settle()
	runs := must(t, func(r *api.ListSyncRunsResponse) bool {
		return r.JSON200 != nil
	})(josh.ListSyncRunsWithResponse(ctx, id)).JSON200
	if len(runs.Runs) != 3 || runs.Runs[0].Conflicting != 1 || runs.Runs[0].Gone != 1 || runs.Runs[1].Why != "check" ||
		runs.Runs[2].Why != "first" {
		t.Errorf("%+v", runs)
	}

	f.troubles(josh, id, cut.UID)
}

// troubles sees the conflict first, with both sides of it, then what could not be
// brought and what is gone, page by page; then settles and retries.
func (f *face) troubles(josh *api.ClientWithResponses, id, cut string) {
	t, ctx := f.T, f.T.Context()
	broken := f.file("Broken.mov", 70)
	f.Frameio.Faults().Add(faults.Rule{Method: http.MethodGet, Path: "/files/" + broken, Status: http.StatusForbidden})
	must(t, func(r *api.RefreshSyncResponse) bool {
		return r.JSON202 != nil
	})(josh.RefreshSyncWithResponse(ctx, id, api.RefreshSyncJSONRequestBody{}))

	f.Settle()
	f.Frameio.Faults().Clear()
	list := func(who *api.ClientWithResponses) (all []api.SyncEntry) {
		q := &api.ListSyncTroublesParams{Limit: ptr(1)}
		for range 5 {
			page := must(t, func(r *api.ListSyncTroublesResponse) bool {
				return r.JSON200 != nil
			})(who.ListSyncTroublesWithResponse(ctx, id, q)).JSON200
			all = append(all, page.Entries...)
			if q.Cursor = page.Next; q.Cursor == nil {
				break
			}
		}

		return all
	}

	all := list(josh)
	if len(all) != 3 || all[0].Conflict == nil || all[1].Problem == nil || !all[2].Gone {
		t.Fatalf("%+v", all)
	}

	here, there := all[0].Nuxeo, all[0].Frameio
	if here == nil || here.Title != "Cut" || *here.By != "josh" || *here.Size != 4 || here.Changed == nil ||
		*all[0].Document != cut {
		t.Errorf("in Nuxeo: %+v", here)
	}

	if there == nil || there.Name != "Cut 2.mov" || *there.Size != 150 || there.Changed == nil || there.ViewUrl == nil {
		t.Errorf("on Frame.io: %+v", there)
	}

	if all[1].Nuxeo != nil || all[1].Item == nil || all[2].Frameio != nil || all[2].Nuxeo == nil {
		t.Errorf("%+v", all)
	}

	must(t, func(r *api.RetryItemResponse) bool {
		return r.JSON202 != nil
	})(josh.RetryItemWithResponse(ctx, *all[1].Item))

	must(t, func(r *api.SettleSyncResponse) bool { return r.JSON200 != nil && r.JSON200.Conflicting == 0 })(
		josh.SettleSyncWithResponse(ctx, id, api.SettleSyncJSONRequestBody{Key: all[0].Key, Use: "nuxeo"}))
	f.Settle()
	if all := list(josh); len(all) != 1 || !all[0].Gone {
		t.Errorf("%+v", all)
	}
}
