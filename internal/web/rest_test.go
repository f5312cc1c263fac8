package web_test

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
			t.Fatalf("answered %s, want what the test asks for", shown(v))
		}
		return v
	}
}

// answered is what a call was answered with, which must not be an error.
func answered[T any](v *T, err error) func(testing.TB) *T {
	return func(t testing.TB) *T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// accepted wants no error where there is no answer.
func accepted(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestSessionOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	nobody := f.as("")
	about := answered(nobody.About(ctx))(t)
	if about.PublicUrl != f.Config.PublicURL || about.NuxeoUrl != f.Config.Nuxeo.URL ||
		about.Version == "" {
		t.Errorf("about us: %s, want our address, Nuxeo's and a version", shown(about))
	}

	token, err := f.App.Nuxeo.As(nuxeo.Basic("olga", "olga")).NewToken(ctx, "nuxeo-frameio", "rest", "test")
	if err != nil {
		t.Fatal(err)
	}

	in := answered(nobody.SignIn(ctx, api.SignInJSONRequestBody{NuxeoToken: token}))(t)

	olga := f.as(in.Session)
	me := answered(olga.Me(ctx))(t)
	if p := me; p.Login != "olga" || p.Email != "olga@example.org" || p.Administrator || p.FrameioConnected ||
		p.FrameioProblem == nil {
		t.Errorf("who olga is: %s, want no administrator, and not connected to Frame.io", shown(p))
	}

	accepted(t, olga.SignOut(ctx))

	f.get("/api/v1/me", in.Session).refused(t, http.StatusUnauthorized, "unauthenticated")

	josh := f.as(f.SignIn("josh"))
	me = must(t, func(r *api.Person) bool { return r.FrameioConnected })(josh.Me(ctx))
	if *me.FrameioName != "Josh Editor" {
		t.Errorf("who josh is: %s, want Josh Editor on Frame.io", shown(me))
	}

	accepted(t, josh.Disconnect(ctx))

	must(t, func(r *api.Person) bool { return !r.FrameioConnected })(josh.Me(ctx))
}

func TestProviderOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	admin := f.as(f.SignIn("Administrator"))
	saved := answered(admin.SaveProvider(ctx, api.ProviderForm{
		ClientId: "another", Enabled: ptr(false),
		Description: ptr("Ours"),
	}))(t)

	if p := saved; p.ClientId != "another" || p.Enabled || !p.HasSecret || p.Description != "Ours" ||
		!strings.HasPrefix(p.TokenUrl, f.Config.Frameio.URL) {
		t.Errorf("the saved provider is %s, want another, with its secret, not enabled, at Frame.io's address",
			shown(p))
	}

	accepted(t, admin.DeleteProvider(ctx))

	form := answered(admin.GetProvider(ctx))(t)

	if p := form; p.Registered || p.HasSecret ||
		p.RedirectUrl != f.Config.PublicURL+"/oauth/frameio/callback" || !slices.Contains(p.Scopes, "offline_access") {
		t.Errorf("the form is %s, want it empty, with our callback and offline_access", shown(p))
	}

	p := f.send(request{
		method:  http.MethodPost,
		path:    "/api/v1/provider/import",
		session: f.SignIn("Administrator"),
	}).refused(t, http.StatusConflict, "conflict")
	if p.Remedy == nil {
		t.Error("the remedy of an import of an empty form: got none, want one")
	}

	f.fillCloudServices("from-nuxeo", "hush")
	imported := answered(admin.ImportProvider(ctx))(t)

	if p := imported; p.ClientId != "from-nuxeo" || !p.HasSecret || !p.Registered {
		t.Errorf("the imported provider is %s, want from-nuxeo with its secret", shown(p))
	}
}

func TestBindAndPublishOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	josh := f.as(f.SignIn("josh"))
	teams := must(t, func(r *api.ListWorkspaces200JSONResponse) bool {
		return len(r.Workspaces) == 1
	})(josh.ListWorkspaces(ctx))

	if w := teams.Workspaces[0]; w.Id != f.Workspace || w.Name != "Post" || w.Account != f.Account ||
		w.AccountName != "Studio" {
		t.Errorf("the team is %s, want Post of Studio", shown(w))
	}

	bound := answered(josh.Bind(ctx, api.BindJSONRequestBody{
		Folder:     "/default-domain/workspaces/videos",
		ActionName: "Publish",
		Workspaces: []string{f.Workspace},
	}))(t)

	if b := bound; b.State != "bound" || b.Folder != f.Folder || b.Owner != "josh" || len(b.Workspaces) != 1 ||
		b.Item == nil || b.DocumentType != "File" {
		t.Errorf("the binding is %s, want it bound by josh to one team, for documents of type File", shown(b))
	}

	id := bound.Id
	must(t, func(r *api.Binding) bool { return r.Id == id })(josh.GetBinding(ctx, id))
	must(t, func(r *api.ListBindings200JSONResponse) bool { return len(r.Bindings) == 1 && r.Next == nil })(
		josh.ListBindings(ctx, &api.ListBindingsParams{Folder: &f.Folder}))

	file := f.file("Cut.mov", 1000)
	out := answered(josh.Publish(ctx, api.PublishJSONRequestBody{
		Binding: id,
		Assets:  []string{"https://next.frame.io/project/x/view/" + file},
	}))(t)
	if out.Message != "Asset pushed to Nuxeo." {
		t.Errorf("the message is %q, want Asset pushed to Nuxeo.", out.Message)
	}

	f.AllDone()
	list := must(t, func(r *api.ListItems200JSONResponse) bool { return len(r.Items) == 1 })(
		josh.ListItems(ctx, &api.ListItemsParams{
			Parent: &out.Interaction,
			State:  ptr(api.ListItemsParamsStateDone),
		}))

	i := slices.IndexFunc(list.Items, func(v api.Item) bool { return v.Kind == "publish" })
	item := answered(josh.GetItem(ctx, list.Items[i].Id))(t)
	if item.Title != "Cut.mov" || item.Transfer == nil || item.Transfer.Done != 1000 || item.Finished == nil ||
		len(*item.History) < 2 {
		t.Errorf("the item is %s, want Cut.mov with 1000 bytes moved, finished, with its history", shown(item))
	}

	change := api.BindingChange{Version: bound.Version, ActionName: ptr("Send"), DocumentType: ptr("Video")}
	preview := answered(josh.PreviewBinding(ctx, id, change))(t)
	if e := preview.Effects; preview.Version != 1 || len(e) != 3 || e[0].Side != "frameio" ||
		e[0].What != "rename_action" || *e[0].To != "Send" || e[1].Side != "nuxeo" || e[1].What != "document_type" {
		t.Errorf("the preview is %s, want another name, another type, and what the folder shows", shown(preview))
	}

	edited := answered(josh.EditBinding(ctx, id, change))(t)
	if edited.ActionName != "Send" || edited.DocumentType != "Video" || edited.Version != 2 || edited.Item == nil ||
		edited.Editing != nil {
		t.Errorf("the binding is %s, want it to be Send for Video, in version 2", shown(edited))
	}

	if _, err := josh.EditBinding(ctx, id, change); api.StatusOf(err) != http.StatusConflict {
		t.Errorf("changing what was seen before: got %v, want a conflict", err)
	}

	gone := answered(josh.Unbind(ctx, id, nil))(t)
	f.Await(gone.Id)
	must(t, func(r *api.ListBindings200JSONResponse) bool {
		return len(r.Bindings) == 0
	})(josh.ListBindings(ctx, nil))
}

func TestRetryAndCancelOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	made := f.Bind("Publish")
	josh, ctx := f.as(f.SignIn("josh")), t.Context()
	f.Frameio.Faults().Add(faults.Rule{Path: "^/assets/", Status: 403})
	answered(josh.Publish(ctx, api.PublishJSONRequestBody{
		Binding: made.ID,
		Assets:  []string{f.file("Cut.mov", 1000)},
	}))(t)

	failed := f.Until(func(v work.View) bool { return v.Kind == "publish" && v.State == work.Failed })
	f.Frameio.Faults().Clear()
	stuck := answered(josh.GetItem(ctx, failed.ID))(t)
	if stuck.Code == nil || stuck.Message == nil {
		t.Errorf("the failed item is %s, want a code and a message", shown(stuck))
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

	answered(josh.RetryItem(ctx, failed.ID))(t)
	wait(t, hit)
	answered(josh.CancelItem(ctx, failed.ID))(t)

	if v := f.Await(failed.ID); v.State != work.Canceled {
		t.Errorf("the item is %s, want it cancelled", v.State)
	}

	f.send(request{method: http.MethodPost, path: path + "/retry", session: f.SignIn("josh")})
	f.AllDone()
}

func wait(t testing.TB, hit <-chan struct{}) {
	t.Helper()
	select {
	case <-hit:
	case <-time.After(30 * time.Second):
		t.Fatal("after 30 s: got nothing, want what is waited for")
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
			f.T.Fatalf("GET %s: answered with %d %s, want 200", path+cursor, a.status, a.body)
		}

		ids, next := read(a.body)
		all = append(all, ids...)
		if next == nil {
			return all
		}

		if len(ids) != 2 {
			f.T.Errorf("a page that is not the last has %d, want 2", len(ids))
		}

		cursor = fmt.Sprintf("&cursor=%s", *next)
	}

	f.T.Fatal("the pages do not end")
	return nil
}
