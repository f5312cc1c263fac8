package web_test

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
	st := answered(admin.Status(ctx))(t)
	if len(st.Nodes) != 1 || !st.Nodes[0].Alive || st.Paused != nil || st.Items["done"] < 3 || len(st.Chores) < 5 ||
		st.Version == "" {
		t.Errorf("the status is %s, want a version, one node that lives and is not paused, 3 done items and 5 chores",
			shown(st))
	}

	reason := "new disks"
	paused := answered(admin.Pause(ctx, api.PauseJSONRequestBody{Reason: &reason}))(t)

	if p := paused.Paused; p == nil || p.By != "Administrator" || *p.Reason != reason || p.Running != 0 {
		t.Errorf("the pause is %s, want by Administrator, for %s, and nothing running", shown(p), reason)
	}

	must(t, func(r *api.Status) bool {
		return r.Paused == nil
	})(admin.Resume(ctx))

	done := answered(admin.DoChore(ctx, "history"))(t)
	if done.Ended == nil || done.Removed != 0 || done.Due == nil {
		t.Errorf("the chore ended as %s, want an end, the next time, and nothing removed", shown(done))
	}

	f.send(request{method: http.MethodPost, path: "/api/v1/chores/none", session: f.SignIn("Administrator")}).refused(t,
		http.StatusNotFound, "not_found")
	rebuilt := answered(admin.RebuildLinks(ctx))(t)
	if rebuilt.Folders != 1 {
		t.Errorf("the rebuilding is %s, want 1 folder", shown(rebuilt))
	}

	for _, v := range f.Settle() {
		if v.Kind == "rebuild" && v.Outcome != "0 links made, 1 were there" {
			t.Errorf("the rebuilding is %s with %s, %q; want 0 links made, 1 were there", v.State, v.Outcome, v.Message)
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
	people := answered(admin.ListPeople(ctx))(t).People

	i := slices.IndexFunc(people, func(a api.Access) bool { return a.Login == "josh" })
	if i < 0 || people[i].Sessions < 2 || !people[i].NuxeoToken || !people[i].FrameioConnected ||
		*people[i].FrameioName != "Josh Editor" {
		t.Fatalf("the people are %s, want josh with two sessions, a token of Nuxeo, and Josh Editor on Frame.io",
			shown(people))
	}

	gone := answered(admin.Revoke(ctx, "josh"))(t)
	if len(gone.Left) != 0 {
		t.Errorf("revoking leaves %v, want nothing", gone.Left)
	}

	f.get("/api/v1/me", josh).refused(t, http.StatusUnauthorized, "unauthenticated")
	must(t, func(r *api.Chore) bool {
		return strings.Contains(strings.Join(r.Lines, " "), "needs an owner")
	})(admin.DoChore(ctx, "owners"))

	julia := f.as(f.SignIn("julia"))
	taken := answered(julia.TakeOver(ctx, made.ID))(t)
	if taken.Owner != "julia" || taken.NeedsOwner != nil {
		t.Errorf("taken over it is %s, want it julia's and in no need of an owner", shown(taken))
	}
}

func TestServiceCredentialOperations(t *testing.T) {
	t.Parallel()
	f := open(t)
	ctx := t.Context()
	admin := f.as(f.SignIn("Administrator"))
	body, err := admin.Raw(ctx, http.MethodPut, "/provider/service", nil,
		api.SaveServiceCredentialJSONRequestBody{ClientId: "frameio-demo-client", ClientSecret: "frameio-demo-secret"})
	if err != nil || !strings.Contains(string(body), `"registered":true`) ||
		strings.Contains(string(body), "frameio-demo-secret") {
		t.Errorf("the saved credential is %s, %v; want it registered, and its secret not shown", body, err)
	}

	must(t, func(r *api.ServiceCredential) bool {
		return r.Registered
	})(admin.GetServiceCredential(ctx))

	accepted(t, admin.DeleteServiceCredential(ctx))

	must(t, func(r *api.ServiceCredential) bool {
		return !r.Registered
	})(admin.GetServiceCredential(ctx))
}
