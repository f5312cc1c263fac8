package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func must[T any](t testing.TB, ok func(T) bool) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if !ok(v) {
			t.Fatalf("answered %+v", v)
		}
		return v
	}
}

func TestSessionOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	nobody := f.as("")
	about := must(t, func(r *api.AboutResponse) bool { return r.JSON200 != nil })(nobody.AboutWithResponse(ctx))
	if about.JSON200.PublicUrl != f.Config.PublicURL || about.JSON200.NuxeoUrl != f.Config.Nuxeo.URL ||
		about.JSON200.Version == "" {
		t.Errorf("about %+v", about.JSON200)
	}

	token, err := f.App.Nuxeo.As(nuxeo.Basic("olga", "olga")).NewToken(ctx, "nuxeo-frameio", "rest", "test")
	if err != nil {
		t.Fatal(err)
	}

	in := must(t, func(r *api.SignInResponse) bool {
		return r.JSON201 != nil
	})(nobody.SignInWithResponse(ctx, api.SignInJSONRequestBody{NuxeoToken: token}))

	olga := f.as(in.JSON201.Session)
	me := must(t, func(r *api.MeResponse) bool { return r.JSON200 != nil })(olga.MeWithResponse(ctx))
	if p := me.JSON200; p.Login != "olga" || p.Email != "olga@example.org" || p.Administrator || p.FrameioConnected ||
		p.FrameioProblem == nil {
		t.Errorf("me %+v", p)
	}

	must(t, func(r *api.SignOutResponse) bool {
		return r.StatusCode() == http.StatusNoContent
	})(olga.SignOutWithResponse(ctx))

	f.get("/api/v1/me", in.JSON201.Session).refused(t, http.StatusUnauthorized, "unauthenticated")

	josh := f.as(f.SignIn("josh"))
	me = must(t, func(r *api.MeResponse) bool { return r.JSON200.FrameioConnected })(josh.MeWithResponse(ctx))
	if *me.JSON200.FrameioName != "Josh Editor" {
		t.Errorf("me %+v", me.JSON200)
	}

	must(t, func(r *api.DisconnectResponse) bool {
		return r.StatusCode() == http.StatusNoContent
	})(josh.DisconnectWithResponse(ctx))

	must(t, func(r *api.MeResponse) bool { return !r.JSON200.FrameioConnected })(josh.MeWithResponse(ctx))
}

func TestProviderOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	admin := f.as(f.SignIn("Administrator"))
	saved := must(t, func(r *api.SaveProviderResponse) bool { return r.JSON200 != nil })(
		admin.SaveProviderWithResponse(ctx, api.ProviderForm{
			ClientId: "another", Enabled: ptr(false),
			Description: ptr("Ours"),
		}))

	if p := saved.JSON200; p.ClientId != "another" || p.Enabled || !p.HasSecret || p.Description != "Ours" ||
		!strings.HasPrefix(p.TokenUrl, f.Config.Frameio.URL) {
		t.Errorf("saved %+v", p)
	}

	must(t, func(r *api.DeleteProviderResponse) bool {
		return r.StatusCode() == http.StatusNoContent
	})(admin.DeleteProviderWithResponse(ctx))

	form := must(t, func(r *api.GetProviderResponse) bool {
		return r.JSON200 != nil
	})(admin.GetProviderWithResponse(ctx))

	if p := form.JSON200; p.Registered || p.HasSecret ||
		p.RedirectUrl != f.Config.PublicURL+"/oauth/frameio/callback" || !slices.Contains(p.Scopes, "offline_access") {
		t.Errorf("form %+v", p)
	}

	p := f.send(request{
		method:  http.MethodPost,
		path:    "/api/v1/provider/import",
		session: f.SignIn("Administrator"),
	}).refused(t, http.StatusConflict, "conflict")
	if p.Remedy == nil {
		t.Error("an import of an empty form has no remedy")
	}

	f.fillCloudServices("from-nuxeo", "hush")
	imported := must(t, func(r *api.ImportProviderResponse) bool {
		return r.JSON200 != nil
	})(admin.ImportProviderWithResponse(ctx))

	if p := imported.JSON200; p.ClientId != "from-nuxeo" || !p.HasSecret || !p.Registered {
		t.Errorf("imported %+v", p)
	}
}

func TestBindAndPublishOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	josh := f.as(f.SignIn("josh"))
	teams := must(t, func(r *api.ListWorkspacesResponse) bool {
		return len(r.JSON200.Workspaces) == 1
	})(josh.ListWorkspacesWithResponse(ctx))

	if w := teams.JSON200.Workspaces[0]; w.Id != f.Workspace || w.Name != "Post" || w.Account != f.Account ||
		w.AccountName != "Studio" {
		t.Errorf("teams %+v", w)
	}

	bound := must(t, func(r *api.BindResponse) bool { return r.JSON201 != nil })(
		josh.BindWithResponse(ctx, api.BindJSONRequestBody{
			Folder:     "/default-domain/workspaces/videos",
			ActionName: "Publish",
			Workspaces: []string{f.Workspace},
		}))

	if b := bound.JSON201; b.State != "bound" || b.Folder != f.Folder || b.Owner != "josh" || len(b.Workspaces) != 1 ||
		b.Item == nil || b.DocumentType != "File" {
		t.Errorf("bound %+v", b)
	}

	id := bound.JSON201.Id
	must(t, func(r *api.GetBindingResponse) bool { return r.JSON200.Id == id })(josh.GetBindingWithResponse(ctx, id))
	must(t, func(r *api.ListBindingsResponse) bool { return len(r.JSON200.Bindings) == 1 && r.JSON200.Next == nil })(
		josh.ListBindingsWithResponse(ctx, &api.ListBindingsParams{Folder: &f.Folder}))

	file := f.file("Cut.mov", 1000)
	out := must(t, func(r *api.PublishResponse) bool { return r.JSON202 != nil })(
		josh.PublishWithResponse(ctx, api.PublishJSONRequestBody{
			Binding: id,
			Assets:  []string{"https://next.frame.io/project/x/view/" + file},
		}))
	if out.JSON202.Message != "Asset pushed to Nuxeo." {
		t.Errorf("the message is %q", out.JSON202.Message)
	}

	f.AllDone()
	list := must(t, func(r *api.ListItemsResponse) bool { return len(r.JSON200.Items) == 2 })(
		josh.ListItemsWithResponse(ctx, &api.ListItemsParams{
			Parent: &out.JSON202.Interaction,
			State:  ptr(api.ListItemsParamsStateDone),
		}))

	i := slices.IndexFunc(list.JSON200.Items, func(v api.Item) bool { return v.Kind == "publish" })
	item := must(t, func(r *api.GetItemResponse) bool {
		return r.JSON200 != nil
	})(josh.GetItemWithResponse(ctx, list.JSON200.Items[i].Id)).JSON200
	if item.Title != "Cut.mov" || item.Transfer == nil || item.Transfer.Done != 1000 || item.Finished == nil ||
		len(*item.History) < 2 {
		t.Errorf("the item is %+v", item)
	}

	gone := must(t, func(r *api.UnbindResponse) bool { return r.JSON202 != nil })(josh.UnbindWithResponse(ctx, id, nil))
	f.Await(gone.JSON202.Id)
	must(t, func(r *api.ListBindingsResponse) bool {
		return len(r.JSON200.Bindings) == 0
	})(josh.ListBindingsWithResponse(ctx, nil))
}

func TestRetryAndCancelOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	made := f.Bind("Publish")
	josh, ctx := f.as(f.SignIn("josh")), t.Context()
	f.Frameio.Faults().Add(faults.Rule{Path: "^/assets/", Status: 403})
	must(t, func(r *api.PublishResponse) bool { return r.JSON202 != nil })(
		josh.PublishWithResponse(ctx, api.PublishJSONRequestBody{
			Binding: made.ID,
			Assets:  []string{f.file("Cut.mov", 1000)},
		}))

	failed := f.Until(func(v work.View) bool { return v.Kind == "publish" && v.State == work.Failed })
	f.Frameio.Faults().Clear()
	stuck := must(t, func(r *api.GetItemResponse) bool {
		return r.JSON200 != nil
	})(josh.GetItemWithResponse(ctx, failed.ID)).JSON200
	if stuck.Code == nil || stuck.Message == nil {
		t.Errorf("it failed without a reason: %+v", stuck)
	}

	path := "/api/v1/items/" + failed.ID
	f.send(request{
		method:  http.MethodPost,
		path:    path + "/cancel",
		session: f.SignIn("josh"),
	}).refused(t, http.StatusConflict, "conflict")

	hit := make(chan struct{})
	f.Frameio.Faults().Add(faults.Rule{
		Path:  "^/assets/",
		Times: 1,
		Hook:  func(r *http.Request) { close(hit); <-r.Context().Done() },
	})

	must(t, func(r *api.RetryItemResponse) bool { return r.JSON202 != nil })(josh.RetryItemWithResponse(ctx, failed.ID))
	wait(t, hit)
	must(t, func(r *api.CancelItemResponse) bool {
		return r.JSON202 != nil
	})(josh.CancelItemWithResponse(ctx, failed.ID))

	if v := f.Await(failed.ID); v.State != work.Canceled {
		t.Errorf("it is %s", v.State)
	}

	f.send(request{method: http.MethodPost, path: path + "/retry", session: f.SignIn("josh")})
	f.AllDone()
}

func wait(t testing.TB, hit <-chan struct{}) {
	t.Helper()
	select {
	case <-hit:
	case <-time.After(30 * time.Second):
		t.Fatal("what is waited for does not come")
	}
}

// pages walks a list to its end and returns what it saw.
func (f *face) pages(session, path string, read func(body string) (ids []string, next *string)) []string {
	f.T.Helper()
	var all []string
	cursor := ""
	for range 20 {
		a := f.get(path+cursor, session)
		if a.status != http.StatusOK {
			f.T.Fatalf("%d %s", a.status, a.body)
		}

		ids, next := read(a.body)
		all = append(all, ids...)
		if next == nil {
			return all
		}

		if len(ids) != 2 {
			f.T.Errorf("a page that is not the last has %d", len(ids))
		}

		cursor = fmt.Sprintf("&cursor=%s", *next)
	}

	f.T.Fatal("the pages do not end")
	return nil
}
