package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

func TestOperateOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	f.Bind("Publish")
	f.Published(f.Josh, f.file("Cut.mov", 1000))
	admin := f.as(f.SignIn("Administrator"))
	st := must(t, func(r *api.StatusResponse) bool { return r.JSON200 != nil })(admin.StatusWithResponse(ctx)).JSON200
	if len(st.Nodes) != 1 || !st.Nodes[0].Alive || st.Paused != nil || st.Items["done"] < 3 || len(st.Chores) < 5 ||
		st.Version == "" {
		t.Errorf("%+v", st)
	}

	reason := "new disks"
	paused := must(t, func(r *api.PauseResponse) bool {
		return r.JSON200 != nil
	})(admin.PauseWithResponse(ctx, api.PauseJSONRequestBody{Reason: &reason}))

	if p := paused.JSON200.Paused; p == nil || p.By != "Administrator" || *p.Reason != reason || p.Running != 0 {
		t.Errorf("%+v", p)
	}

	must(t, func(r *api.ResumeResponse) bool {
		return r.JSON200 != nil && r.JSON200.Paused == nil
	})(admin.ResumeWithResponse(ctx))

	done := must(t, func(r *api.DoChoreResponse) bool {
		return r.JSON200 != nil
	})(admin.DoChoreWithResponse(ctx, "history"))
	if done.JSON200.Ended == nil || done.JSON200.Removed != 0 || done.JSON200.Due == nil {
		t.Errorf("%+v", done.JSON200)
	}

	f.send(request{method: http.MethodPost, path: "/api/v1/chores/none", session: f.SignIn("Administrator")}).refused(t,
		http.StatusNotFound, "not_found")
	rebuilt := must(t, func(r *api.RebuildLinksResponse) bool {
		return r.JSON202 != nil
	})(admin.RebuildLinksWithResponse(ctx))
	if rebuilt.JSON202.Folders != 1 {
		t.Errorf("%+v", rebuilt.JSON202)
	}

	for _, v := range f.Settle() {
		if v.Kind == "rebuild" && v.Outcome != "0 links made, 1 were there" {
			t.Errorf("%s %s %s", v.State, v.Outcome, v.Message)
		}
	}
}

func TestPeopleOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	made := f.Bind("Publish")
	josh := f.SignIn("josh")
	admin := f.as(f.SignIn("Administrator"))
	people := must(t, func(r *api.ListPeopleResponse) bool {
		return r.JSON200 != nil
	})(admin.ListPeopleWithResponse(ctx)).JSON200.People

	i := slices.IndexFunc(people, func(a api.Access) bool { return a.Login == "josh" })
	if i < 0 || people[i].Sessions < 2 || !people[i].NuxeoToken || !people[i].FrameioConnected ||
		*people[i].FrameioName != "Josh Editor" {
		t.Fatalf("%+v", people)
	}

	gone := must(t, func(r *api.RevokeResponse) bool { return r.JSON200 != nil })(admin.RevokeWithResponse(ctx, "josh"))
	if len(gone.JSON200.Left) != 0 {
		t.Errorf("left: %v", gone.JSON200.Left)
	}

	f.get("/api/v1/me", josh).refused(t, http.StatusUnauthorized, "unauthenticated")
	must(t, func(r *api.DoChoreResponse) bool {
		return strings.Contains(strings.Join(r.JSON200.Lines, " "), "needs an owner")
	})(admin.DoChoreWithResponse(ctx, "owners"))

	julia := f.as(f.SignIn("julia"))
	taken := must(t, func(r *api.TakeOverResponse) bool {
		return r.JSON200 != nil
	})(julia.TakeOverWithResponse(ctx, made.ID))
	if taken.JSON200.Owner != "julia" || taken.JSON200.NeedsOwner != nil {
		t.Errorf("%+v", taken.JSON200)
	}
}

func TestServiceCredentialOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	admin := f.as(f.SignIn("Administrator"))
	saved := must(t, func(r *api.SaveServiceCredentialResponse) bool {
		return r.JSON200 != nil
	})(admin.SaveServiceCredentialWithResponse(ctx,
		api.SaveServiceCredentialJSONRequestBody{ClientId: "frameio-demo-client", ClientSecret: "frameio-demo-secret"}))
	if !saved.JSON200.Registered || strings.Contains(string(saved.Body), "frameio-demo-secret") {
		t.Errorf("%s", saved.Body)
	}

	must(t, func(r *api.GetServiceCredentialResponse) bool {
		return r.JSON200.Registered
	})(admin.GetServiceCredentialWithResponse(ctx))

	must(t, func(r *api.DeleteServiceCredentialResponse) bool {
		return r.StatusCode() == http.StatusNoContent
	})(admin.DeleteServiceCredentialWithResponse(ctx))

	must(t, func(r *api.GetServiceCredentialResponse) bool {
		return !r.JSON200.Registered
	})(admin.GetServiceCredentialWithResponse(ctx))
}
