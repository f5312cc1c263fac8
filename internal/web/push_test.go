package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

func TestPushOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx, josh := t.Context(), f.as(f.SignIn("josh"))
	uid := f.Clip("Teaser", make([]byte, 100), make([]byte, 40))
	targets := func() *api.PushTargets {
		return answered(josh.PushTargets(ctx, uid))(t)
	}

	if got := targets(); got.CanPush || *got.WhyNot != "Folder not bound" || len(got.Teams) != 0 {
		t.Errorf("the targets are %s, want none: Folder not bound", shown(got))
	}

	f.Bind("Publish")
	got := targets()
	if !got.CanPush || len(got.Teams) != 1 || got.Teams[0].Id != f.Workspace || got.Teams[0].Folder != f.Folder ||
		got.Asset != nil || got.Last != nil {
		t.Errorf("the targets are %s, want the team %s with %s, and nothing pushed yet", shown(got), f.Workspace,
			f.Folder)
	}

	if len(got.Pieces) != 2 || got.Pieces[0].Name != "master" || got.Pieces[1].Name != "MP4 480p" ||
		got.Pieces[1].Size != 40 || got.Pieces[1].Kind != "video" {
		t.Errorf("the pieces are %s, want the master and MP4 480p, a video of 40 bytes", shown(got.Pieces))
	}

	projects := must(t, func(r *api.ListProjects200JSONResponse) bool {
		return len(r.Projects) > 0
	})(josh.ListProjects(ctx, f.Account, f.Workspace))

	if p := projects.Projects[0]; p.Id != f.Project || p.RootFolder != f.Root {
		t.Errorf("the project is %s, want %s with the root %s", shown(p), f.Project, f.Root)
	}

	made := answered(josh.CreateFrameioFolder(ctx, f.Account, f.Root,
		api.CreateFrameioFolderJSONRequestBody{Name: "Review"}))(t)
	again := answered(josh.CreateFrameioFolder(ctx, f.Account, f.Root,
		api.CreateFrameioFolderJSONRequestBody{Name: "Review"}))(t)
	if made.Id != again.Id {
		t.Errorf("two folders of one name: got %s and %s, want one", made.Id, again.Id)
	}

	must(t, func(r *api.ListFrameioFolders200JSONResponse) bool {
		return len(r.Folders) == 1 && r.Folders[0].Id == made.Id
	})(
		josh.ListFrameioFolders(ctx, f.Account, f.Root))
	preview := answered(josh.PreviewPush(ctx, api.PreviewPushJSONRequestBody{
		Documents: []string{uid, f.Folder},
		What:      ptr("MP4 480p"),
	}))(t)
	if preview.Count != 1 || preview.Bytes != 40 || len(preview.Skipped) != 1 ||
		preview.Skipped[0].Document != f.Folder {
		t.Errorf("the preview is %s, want 1 document of 40 bytes, and the folder skipped", shown(preview))
	}

	sent := answered(josh.Push(ctx, api.PushJSONRequestBody{
		Documents: []string{uid, f.Folder}, Team: f.Workspace, Project: f.Project, FrameioFolder: &made.Id,
		What: ptr("MP4 480p"),
	}))(t)
	if !strings.HasPrefix(sent.Message, "Pushed to Frame.io") || len(sent.Pushes) != 1 || len(sent.Skipped) != 1 ||
		sent.Pushes[0].Item == nil {
		t.Errorf("sent is %s, want one push with its item, and one skipped", shown(sent))
	}

	f.AllDone()
	f.follows(josh, uid, sent.Pushes[0].Id, made.Id)
}

// follows looks at a push that arrived from all sides, and releases it.
func (f *face) follows(josh *api.Client, uid, id, folder string) {
	t, ctx := f.T, f.T.Context()
	p := answered(josh.GetPush(ctx, id))(t)
	if p.State != "open" || !p.Locked || p.MayRelease == nil || p.What != "MP4 480p" || p.FrameioFolder != folder ||
		p.ViewUrl == nil || p.Opened == nil || p.Size != 40 {
		t.Errorf("the push is %s, want it open and locked, MP4 480p of 40 bytes, in %s", shown(p), folder)
	}

	item := answered(josh.GetItem(ctx, *p.Item))(t)
	if item.Document == nil || *item.Document != uid || item.Binding == nil || item.Transfer == nil ||
		item.Transfer.Done != 40 {
		t.Errorf("the item is %s, want it of %s and a binding, with 40 bytes moved", shown(item), uid)
	}

	if d := f.document(f.SignIn("josh"), uid); d.Push == nil || d.Push.Id != id || d.LockOwner == nil ||
		*d.LockOwner != "josh" {
		t.Errorf("the document's push is %s, want %s, locked by josh", shown(d.Push), id)
	}

	targets := answered(josh.PushTargets(ctx, uid))(t)
	if targets.CanPush || targets.Push == nil || targets.Last == nil || targets.Last.FrameioFolder != folder ||
		targets.Last.What != "MP4 480p" || targets.Asset == nil {
		t.Errorf("the targets are %s, want the push, and the last one, MP4 480p in %s", shown(targets), folder)
	}

	for _, q := range []*api.ListPushesParams{{Document: &uid}, {Folder: &f.Folder}, {State: ptr(api.PushStateOpen)}} {
		must(t, func(r *api.PushList) bool {
			return len(r.Pushes) == 1 && r.Pushes[0].Id == id
		})(josh.ListPushes(ctx, q))
	}

	// all is there
	must(t, func(r *api.ListBatches200JSONResponse) bool {
		return len(r.Batches) == 0
	})(josh.ListBatches(ctx, &api.ListBatchesParams{Folder: &f.Folder}))

	must(t, func(r *api.PushList) bool {
		return len(r.Pushes) == 1
	})(josh.ListLocks(ctx, nil))

	// A stranger who may read the document sees the push, and may not release it.
	if d := f.document(f.SignIn("julia"), uid); d.Push == nil || d.Push.MayRelease != nil {
		t.Errorf("julia is offered to release %s, want a push that she may not release", shown(d.Push))
	}

	f.send(request{
		method:  http.MethodPost,
		path:    "/api/v1/locks/" + id + "/release",
		session: f.SignIn("julia"),
		body:    `{"reason":"mine"}`,
	}).refused(t, 403, "forbidden")

	free := answered(josh.ReleaseLock(ctx, id, api.ReleaseLockJSONRequestBody{Reason: "not needed any more"}))(t)
	if free.State != "released" || free.Locked || *free.Reason != "not needed any more" || *free.EndedBy != "josh" {
		t.Errorf("the push is %s, want it released by josh, since it is not needed any more", shown(free))
	}

	if doc, _ := f.Nuxeo.Doc(uid); doc.LockOwner != "" {
		t.Errorf("the document is locked by %s, want nobody", doc.LockOwner)
	}

	must(t, func(r *api.PushList) bool {
		return len(r.Pushes) == 0
	})(josh.ListLocks(ctx, nil))
}

// Select all in a list of Web UI: the documents are found by the server, page by page,
// those that the person took out of the selection are left alone, and no more is read at
// a time than a page.
func TestAListingIsPushedWhole(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx, josh := t.Context(), f.as(f.SignIn("josh"))
	f.Bind("Publish")
	const many = 620 // more than one page
	var except []string
	above := f.Nuxeo.MkDoc("/default-domain/workspaces/videos/a", "Folder",
		map[string]any{"dc:title": "A folder, first by its title"})
	for i := range many {
		uid := f.Nuxeo.MkDoc(fmt.Sprintf("/default-domain/workspaces/videos/c%03d", i), "File", map[string]any{
			"dc:title": "Clip", "file:content": nuxeosim.Blob{
				Name: "clip.mov", MimeType: "video/quicktime",
				Data: []byte("clip"),
			},
		})
		if i < many-105 {
			except = append(except, uid)
		}
	}

	all := &api.PushListing{Provider: "advanced_document_content", Parameters: &map[string][]string{
		"ecm_parentId": {f.Folder}, "ecm_trashed": {"false"}, "sortBy": {"dc:title"}, "sortOrder": {"asc"},
	}}

	preview := answered(josh.PreviewPush(ctx, api.PushPreviewForm{Listing: all}))(t)
	if preview.Count != many || preview.Bytes != 4*many {
		t.Errorf("counted %s, want %d documents", shown(preview), many)
	}

	for _, r := range f.Nuxeo.Requests() {
		if strings.Contains(r.Path, "/search/pp/") && !strings.Contains(r.Query, "pageSize=500") {
			t.Errorf("a page of the listing was asked for by %s, want 500 documents", r.Query)
		}
	}

	what := "none"
	none := answered(josh.PreviewPush(ctx, api.PushPreviewForm{Listing: all, What: &what}))(t)
	if none.Count != 0 || none.SkippedCount != many+1 || len(none.Skipped) != 100 {
		t.Errorf("%d are sent, %d left out and %d of them named, want 0, %d and 100", none.Count, none.SkippedCount,
			len(none.Skipped), many+1)
	}

	// Where all of it goes to is told by what can be sent, not by what comes first.
	got := answered(josh.PushTargetsOfAll(ctx, api.PushPreviewForm{Listing: all}))(t)
	if !got.CanPush || got.Title != "Clip" || len(got.Teams) != 1 {
		t.Errorf("the targets are %s, want those of a clip", shown(got))
	}

	got = answered(josh.PushTargetsOfAll(ctx, api.PushPreviewForm{Documents: []string{above}}))(t)
	if got.CanPush || got.WhyNot == nil {
		t.Errorf("the targets of a folder are %s, want the reason why it cannot be pushed", shown(got))
	}

	all.Except = &except
	sent := answered(josh.Push(ctx, api.PushForm{Listing: all, Team: f.Workspace, Project: f.Project}))(t)
	if sent.Count != 105 || len(sent.Pushes) != 100 || sent.SkippedCount != 1 || len(sent.Skipped) != 1 {
		t.Errorf("%d documents were pushed and %d named, %d left out and %d named, want the 105 that were not taken "+
			"out, 100, 1 and 1",
			sent.Count, len(sent.Pushes), sent.SkippedCount, len(sent.Skipped))
	}

	f.AllDone()

	for want, wrong := range map[string]api.PushPreviewForm{
		"both documents and a listing": {Documents: []string{except[0]}, Listing: all},
		"no page provider":             {Listing: &api.PushListing{}},
		"0 documents":                  {},
		"no document in the listing": {
			Listing: &api.PushListing{
				Provider:   "nxql_search",
				Parameters: &map[string][]string{"queryParams": {"SELECT * FROM Note"}},
			},
		},
	} {
		got, err := josh.PreviewPush(ctx, wrong)
		if api.StatusOf(err) == 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("answered %s (%v), want %q", shown(got), err, want)
		}
	}
}
