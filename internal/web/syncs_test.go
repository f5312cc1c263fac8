package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
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

	preview := answered(josh.PreviewSync(ctx, &api.PreviewSyncParams{Within: ptr(1)}, form))(t)
	if preview.Assets != 2 || preview.Bytes != 200 || !preview.Complete {
		t.Errorf("the preview is %s, want it complete, with 2 assets of 200 bytes", shown(preview))
	}

	made := answered(josh.AddSync(ctx, form))(t)

	f.Settle()
	got := answered(josh.GetSync(ctx, made.Id))(t)
	if got.State != "active" || got.Assets != 2 || got.Due == nil || got.EveryMinutes != 60 ||
		*got.Filter.Name != "*.mov" || !got.MayChange || got.Last.Created != 2 || got.Last.Summary == "" {
		t.Errorf("the synchronization is %s after %s; want it active, every hour, of *.mov, with 2 assets, both "+
			"created", shown(got), shown(got.Last))
	}

	for _, folder := range []*string{nil, &f.Folder} {
		list := answered(josh.ListSyncs(ctx, &api.ListSyncsParams{Folder: folder}))(t)
		if len(list.Syncs) != 1 || list.Syncs[0].Id != made.Id {
			t.Errorf("the synchronizations are %s, want only %s", shown(list), made.Id)
		}
	}

	f.inTrouble(josh, made.Id, lost)
	paused := answered(josh.PauseSync(ctx, made.Id))(t)

	resumed := answered(josh.ResumeSync(ctx, made.Id))(t)
	if paused.State != "paused" || paused.Reason == nil || resumed.State != "active" || resumed.Reason != nil {
		t.Errorf("paused %s, then resumed %s; want paused with a reason, and active without one", shown(paused),
			shown(resumed))
	}

	accepted(t, josh.RemoveSync(ctx, made.Id))

	f.get("/api/v1/syncs/"+made.Id, f.SignIn("josh")).refused(t, http.StatusNotFound, "not_found")
	f.Settle()
}

// inTrouble makes a conflict and something that is gone, and sees and settles them.
func (f *face) inTrouble(josh *api.Client, id, lost string) {
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
	answered(josh.CheckSync(ctx, id))(t)
	f.Settle()
	found := answered(josh.ListSyncDifferences(ctx, id, &api.ListSyncDifferencesParams{Limit: ptr(1)}))(t)
	if len(found.Differences) != 1 || found.Next == nil {
		t.Errorf("%s, want the first of two", shown(found))
	}

	answered(josh.RefreshSync(ctx, id, api.RefreshSyncJSONRequestBody{Sure: ptr(true)}))(t)

	f.Settle()
	runs := answered(josh.ListSyncRuns(ctx, id))(t)
	if len(runs.Runs) != 3 || runs.Runs[0].Conflicting != 1 || runs.Runs[0].Gone != 1 || runs.Runs[1].Why != "check" ||
		runs.Runs[2].Why != "first" {
		t.Errorf("the runs are %s, want 3, the newest with 1 conflict and 1 gone, after a check and the first one",
			shown(runs))
	}

	f.troubles(josh, id, cut.UID)
}

// troubles sees the conflict first, with both sides of it, then what could not be
// brought and what is gone, page by page; then settles and retries.
func (f *face) troubles(josh *api.Client, id, cut string) {
	t, ctx := f.T, f.T.Context()
	broken := f.file("Broken.mov", 70)
	f.Frameio.Faults().Add(faults.Rule{Method: http.MethodGet, Path: "/files/" + broken, Status: http.StatusForbidden})
	answered(josh.RefreshSync(ctx, id, api.RefreshSyncJSONRequestBody{}))(t)

	f.Settle()
	f.Frameio.Faults().Clear()
	list := func(who *api.Client) (all []api.SyncEntry) {
		q := &api.ListSyncTroublesParams{Limit: ptr(1)}
		for range 5 {
			page := answered(who.ListSyncTroubles(ctx, id, q))(t)
			all = append(all, page.Entries...)
			if q.Cursor = page.Next; q.Cursor == nil {
				break
			}
		}

		return all
	}

	all := list(josh)
	if len(all) != 3 || all[0].Conflict == nil || all[1].Problem == nil || !all[2].Gone {
		t.Fatalf("the troubles are %s, want a conflict, a problem and one that is gone", shown(all))
	}

	here, there := all[0].Nuxeo, all[0].Frameio
	if here == nil || here.Title != "Cut" || *here.By != "josh" || *here.Size != 4 || here.Changed == nil ||
		*all[0].Document != cut {
		t.Errorf("in Nuxeo there is %s, want Cut with 4 bytes by josh, %s", shown(here), cut)
	}

	if there == nil || there.Name != "Cut 2.mov" || *there.Size != 150 || there.Changed == nil || there.ViewUrl == nil {
		t.Errorf("on Frame.io there is %s, want Cut 2.mov with 150 bytes", shown(there))
	}

	if all[1].Nuxeo != nil || all[1].Item == nil || all[2].Frameio != nil || all[2].Nuxeo == nil {
		t.Errorf("the troubles are %s, want a problem with its item and not in Nuxeo, and one in Nuxeo only",
			shown(all))
	}

	answered(josh.RetryItem(ctx, *all[1].Item))(t)

	must(t, func(r *api.Sync) bool { return r.Conflicting == 0 })(
		josh.SettleSync(ctx, id, api.SettleSyncJSONRequestBody{Key: all[0].Key, Use: "nuxeo"}))
	f.Settle()
	if all := list(josh); len(all) != 1 || !all[0].Gone {
		t.Errorf("the troubles after settling are %s, want one that is gone", shown(all))
	}
}

// What is previewed is what is done; who has seen another version is told.
func TestASynchronizationIsEdited(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx, josh := t.Context(), f.as(f.SignIn("josh"))
	f.file("Cut.mov", 100)
	f.file("Mix.wav", 200)
	made := answered(josh.AddSync(ctx, api.SyncForm{Folder: f.Folder, Team: f.Workspace, Project: f.Project}))(t)
	f.Settle()

	change := api.SyncChange{
		Version: made.Version, EveryMinutes: ptr(30),
		Filter: &api.SyncFilter{Media: &[]api.SyncFilterMedia{"audio"}},
	}
	p := answered(josh.PreviewSyncEdit(ctx, made.Id, nil, change))(t)
	want := []api.SyncEffect{
		{What: "media", From: "", To: "audio", Text: "Media: audio instead of any."},
		{What: "every", From: "", To: "30", Text: "Runs: every 30m instead of on demand."},
	}
	diff.Equal(t, "what changes", p.Effects, want)
	diff.Equal(t, "what follows", p.Expected, &api.SyncExpected{LeftOut: 1, Complete: true})
	if !p.Runs || p.Ends || p.Version != 1 {
		t.Errorf("the preview is %s, want a run and none that ends", shown(p))
	}

	got := answered(josh.EditSync(ctx, made.Id, change))(t)
	f.Settle()
	if got.Version != 2 || got.EveryMinutes != 30 || got.Last.Why != "edited" {
		t.Errorf("the synchronization is %s, want version 2, each half an hour, with a run for the change", shown(got))
	}

	_, err := josh.EditSync(ctx, made.Id, change)
	if err == nil || !strings.Contains(err.Error(), "changed meanwhile") {
		t.Errorf("once more: got %v, want that it was changed meanwhile", err)
	}
}
