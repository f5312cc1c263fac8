package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/publish"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// selected publishes files that Frame.io does not hand out, and others, with one run of the action.
func (f *face) selected(good, bad int) (refused []string) {
	f.T.Helper()
	var files []string
	for i := range good + bad {
		file := f.file("Shot "+string(rune('A'+i))+".mov", 100)
		files = append(files, file)
		if i >= good {
			f.Frameio.SetDownloadable(file, false)
			refused = append(refused, file)
		}
	}

	f.Published(f.Josh, files...)
	return refused
}

// What is published with one run is one whole, for whom it belongs to; what failed of it is retried
// with one call.
func TestPublishedTogetherIsOneBatch(t *testing.T) {
	t.Parallel()
	f := open(t)
	made := f.Bind("Publish")
	refused := f.selected(3, 2)
	josh := f.as(f.SignIn("josh"))
	list := must(t, func(r *api.ListBatches200JSONResponse) bool { return len(r.Batches) == 1 })(
		josh.ListBatches(t.Context(), &api.ListBatchesParams{Folder: &f.Folder}))
	b := list.Batches[0]
	if b.Kind != api.BatchKindPublish || b.By != "josh" || deref(b.Binding) != made.ID || b.Documents != 5 ||
		b.Arrived != 3 || b.Failed != 2 || b.Open != 0 || b.BytesDone != 300 || deref(b.ActionName) != "Publish" ||
		deref(b.Folder) != f.Folder || deref(b.FolderTitle) == "" || b.Failures == nil || len(*b.Failures) != 2 {
		t.Errorf("the batch is %s, want 3 of 5 arrived into the bound folder, 300 bytes, and 2 failures", shown(b))
	}

	// Others, those who may read the folder among them, see nothing of it and can do nothing to it.
	for _, login := range []string{"olga", "julia"} {
		session := f.SignIn(login)
		if a := f.get("/api/v1/batches?folder="+f.Folder, session); strings.TrimSpace(a.body) != `{"batches":[]}` {
			t.Errorf("%s is told %s, want no batches", login, a.body)
		}

		for _, do := range []string{"retry", "cancel"} {
			f.send(request{method: http.MethodPost, path: "/api/v1/batches/" + b.Batch + "/" + do, session: session}).
				refused(t, 404, "not_found")
			f.send(request{
				method: http.MethodPost, path: "/api/v1/items/" + do, session: session,
				body: `{"items":["` + (*b.Failures)[0].Item + `"]}`,
			}).refused(t, 404, "not_found")
		}
	}

	f.get("/api/v1/items?housekeeping=true", f.SignIn("olga")).refused(t, 403, "forbidden")
	for _, file := range refused {
		f.Frameio.SetDownloadable(file, true)
	}

	must(t, func(r *api.Changed) bool { return r.Changed == 2 })(josh.RetryBatch(t.Context(), b.Batch))
	f.Settle()
	must(t, func(r *api.ListBatches200JSONResponse) bool { return len(r.Batches) == 0 })(
		josh.ListBatches(t.Context(), nil))
	if n := len(f.Documents()); n != 5 {
		t.Errorf("there are %d documents in the end, want 5", n)
	}
}

// Several items are chosen by their ids; the list can be narrowed, and what follows by itself is only
// listed for administrators who ask for it.
func TestItemsAreChosenAndNarrowed(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	f.selected(2, 2)
	josh, admin := f.as(f.SignIn("josh")), f.as(f.SignIn("Administrator"))
	lists := func(c *api.Client, q api.ListItemsParams, want int) []api.Item {
		t.Helper()
		got := answered(c.ListItems(t.Context(), &q))(t)
		if len(got.Items) != want {
			t.Errorf("%s lists %d items, want %d: %s", shown(q), len(got.Items), want, shown(got))
		}
		return got.Items
	}

	lists(josh, api.ListItemsParams{}, 5) // bind, and four
	lists(josh, api.ListItemsParams{Search: ptr("shot a")}, 1)
	lists(josh, api.ListItemsParams{Search: ptr("%")}, 0)
	lists(josh, api.ListItemsParams{Kind: ptr(publish.KindNotice)}, 0)
	lists(admin, api.ListItemsParams{}, 5)
	lists(admin, api.ListItemsParams{Housekeeping: ptr(true)}, 6)
	lists(admin, api.ListItemsParams{Person: ptr("julia")}, 0)
	for _, v := range lists(admin, api.ListItemsParams{Kind: ptr(publish.KindNotice)}, 1) {
		if v.Housekeeping == nil || !*v.Housekeeping {
			t.Errorf("the mail is %s, want it said to be housekeeping", shown(v))
		}
	}

	failed := lists(josh, api.ListItemsParams{State: ptr(api.ListItemsParamsStateFailed)}, 2)
	first := lists(josh, api.ListItemsParams{FailedFirst: ptr(true), Limit: ptr(2)}, 2)
	if first[0].Id != failed[0].Id || first[1].Id != failed[1].Id {
		t.Errorf("first are %s, want the failures %s", shown(first), shown(failed))
	}

	lists(josh, api.ListItemsParams{Without: &failed[0].Parent}, 1)
	sel := api.ItemSelection{Items: []string{failed[0].Id, failed[1].Id}}
	must(t, func(r *api.Changed) bool { return r.Changed == 2 })(josh.RetryItems(t.Context(), sel))
	f.Settle()
	must(t, func(r *api.Changed) bool { return r.Changed == 0 })(josh.CancelItems(t.Context(), sel))

	// What is too much, or nothing, is said.
	session := f.SignIn("josh")
	many := `"x"` + strings.Repeat(`,"x"`, 500)
	for _, body := range []string{`{"items":[]}`, `{"items":[` + many + `]}`} {
		f.send(request{method: http.MethodPost, path: "/api/v1/items/retry", session: session, body: body}).
			refused(t, 400, "invalid")
	}

	f.get("/api/v1/items?without="+strings.Repeat("x,", 20)+"x", session).refused(t, 400, "invalid")
}
