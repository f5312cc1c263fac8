package lifecycle

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/identity"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// bindFor binds the folder as josh for a kind of publishers.
func bindFor(b *testenv.Bed, publishers string) binding.Binding {
	b.T.Helper()
	made, item, err := b.App.Binding.Bind(b.T.Context(), "josh", binding.Request{
		Folder: b.Folder, ActionName: "Publish", Workspaces: []string{b.Workspace}, Publishers: publishers,
	})
	if err != nil {
		b.T.Fatal(err)
	}

	if v := b.Await(item); v.State != work.Done {
		b.T.Fatalf("the bind is %s with %q and the remedy %q, want it done", v.State, v.Message, v.Remedy)
	}

	return made
}

func disconnect(b *testenv.Bed, login string) {
	b.T.Helper()
	if err := b.App.Identity.Disconnect(b.T.Context(), login); err != nil {
		b.T.Fatal(err)
	}
}

// Where only people may publish who connected Nuxeo, others are told how; what
// they selected is kept and arrives once they have connected.
func TestCallOfSomebodyUnconnectedIsKept(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	bindFor(b, binding.Connected)
	disconnect(b, "julia")
	file := add(b, "film.mov", "first")
	res := b.Offer(b.Julia, "call-1", file)
	if res.Title != "Connect Nuxeo" || len(res.Fields) != 1 || res.Fields[0].Value != b.Config.PublicURL+"/connect" ||
		res.Fields[0].Type != "link" {
		t.Fatalf("the answer is %+v, want Connect Nuxeo with a link to %s", res, b.Config.PublicURL+"/connect")
	}

	if again := b.Offer(b.Julia, "call-1", file); again.Title != "Connect Nuxeo" {
		t.Errorf("the answer to the repeated call is %+v, want Connect Nuxeo", again)
	}

	if err := b.App.Engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}

	if len(b.Documents()) != 0 {
		t.Fatalf("documents of a person without permission: got %d, want 0", len(b.Documents()))
	}

	items, _, err := b.App.Engine.Items(t.Context(), testenv.Viewer, work.Filter{Limit: 10, Kind: "publish"})
	if err != nil || len(items) != 1 || items[0].State != work.Waiting || items[0].Code != string(fault.NotConnected) {
		t.Errorf("the items are %+v, %v; want one that waits for the connection", items, err)
	}

	b.Connect("julia") // through the pages
	b.AllDone()
	b.Check(one("first"))
	if d := b.Only(); d.Properties["frameio:publishedBy"] != "julia" {
		t.Errorf("published by %v, want julia", d.Properties["frameio:publishedBy"])
	}

	if res := b.Offer(b.Julia, "call-2", file); res.Description != "Asset pushed to Nuxeo." {
		t.Errorf("the answer once connected is %+v, want Asset pushed to Nuxeo.", res)
	}

	b.AllDone()
}

// The process ends between the connection and the start of what was kept: a
// chore starts it.
func TestKeptCallIsStartedByTheChore(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	bindFor(b, binding.Connected)
	disconnect(b, "julia")
	b.Offer(b.Julia, "call-1", add(b, "film.mov", "first"))
	b.Connect("josh") // somebody else's connection starts nothing
	if r, err := b.App.Maintenance.DoNow(t.Context(), "kept"); err != nil || len(r.Lines) != 0 {
		t.Errorf("what is kept: %+v, %v; want nothing told", r, err)
	}

	if len(b.Documents()) != 0 {
		t.Fatalf("documents: got %d, want 0", len(b.Documents()))
	}

	b.Die()
	b.Restart()
	b.Connect("julia")
	if _, err := b.App.Maintenance.DoNow(t.Context(), "kept"); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	b.Check(one("first"))
}

// In that mode nobody stands in: who may not write gets the reason.
func TestNobodyStandsInForWhoMayNotWrite(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	bindFor(b, binding.Connected)
	b.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "Everything", false)
	file := add(b, "film.mov", "first")
	got := b.Published(b.Julia, file)[0]
	if got.State != work.Failed || !strings.Contains(got.Message, "julia may not add documents") ||
		len(b.Documents()) != 0 {
		t.Errorf("the item is %s with %q, and there are %d documents; want it failed, since julia may not add "+
			"documents, and none", got.State, got.Message, len(b.Documents()))
	}
}

// The binder's access ends: calls go on being accepted and wait; the binding says
// that it needs an owner; somebody else takes it over and everything arrives.
func TestBindingWithoutOwnerIsTakenOver(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish")
	left, err := b.App.Identity.Revoke(t.Context(), "josh", "Administrator")
	if err != nil || len(left) != 0 {
		t.Fatalf("revoking josh leaves %v, %v; want nothing", left, err)
	}

	file := add(b, "film.mov", "first")
	b.Run(b.Josh, file)
	waiting := b.Until(func(v work.View) bool { return v.Kind == "publish" && v.Code == string(fault.NeedsOwner) })
	if waiting.State != work.Waiting {
		t.Errorf("the item is %s, want it waiting for an owner", waiting.State)
	}

	orphan, err := b.App.Binding.Get(t.Context(), testenv.Viewer, made.ID)
	if err != nil || orphan.NeedsOwner == "" {
		t.Fatalf("the binding is %+v, %v; want it in need of an owner", orphan, err)
	}

	julia := work.Viewer{Login: "julia"}
	b.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "Everything", false)
	if _, err := b.App.Binding.TakeOver(t.Context(), julia, made.ID); !fault.Is(err, fault.Forbidden, fault.NotFound) {
		t.Errorf("taking it over without rights: got %v, want forbidden or not found", err)
	}

	b.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "Everything", true)
	taken, err := b.App.Binding.TakeOver(t.Context(), julia, made.ID)
	if err != nil || taken.Owner != "julia" || taken.NeedsOwner != "" {
		t.Fatalf("the binding is %+v, %v; want it owned by julia and in no need", taken, err)
	}

	if err := b.App.Publish.Resume(t.Context(), taken.ID, taken.Owner); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	b.Check(one("first"))
	if v, err := b.App.Engine.Item(t.Context(), julia, waiting.ID); err != nil || v.Owner != "julia" {
		t.Errorf("the item is %s's, %v; want julia's", v.Owner, err)
	}

	if _, err := b.App.Binding.TakeOver(t.Context(), work.Viewer{Login: "josh"}, made.ID); err == nil {
		t.Error("taking over a binding whose owner is well: got no error, want one")
	}
}

// The owner comes back instead.
func TestOwnerComesBack(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish")
	disconnect(b, "josh")
	b.Run(b.Julia, add(b, "film.mov", "first")) // julia can act for herself
	b.AllDone()
	guest := b.Frameio.AddPerson("Gil Guest", "gil@example.org") // unknown here
	b.Frameio.AddMember(b.Account, guest, frameiosim.RoleMember)
	b.Run(guest, add(b, "trailer.mov", "trailer"))
	b.Until(func(v work.View) bool { return v.Kind == "publish" && v.Code == string(fault.NeedsOwner) })
	b.Connect("josh")
	b.AllDone()
	b.Check(testenv.Want{"film": {Content: []byte("first")}, "trailer": {Content: []byte("trailer")}})
	if back, err := b.App.Binding.Get(t.Context(), testenv.Viewer, made.ID); err != nil || back.NeedsOwner != "" {
		t.Errorf("the binding is %+v, %v; want it in no need of an owner", back, err)
	}
}

// Who ran the action loses their access in the middle: the binder, who delegated,
// finishes it.
func TestBinderStandsInForWhoIsGone(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	b.Nuxeo.Faults().Add(faults.Rule{Path: `/upload/`, Skip: 1, Times: 1, Hook: func(*http.Request) {
		if _, err := b.App.Identity.Revoke(context.Background(), "julia", "Administrator"); err != nil {
			t.Error(err)
		}
	}})

	b.Run(b.Julia, add(b, "film.mov", "first"))
	b.AllDone()
	b.Check(one("first"))
}

// The service credential makes the action for somebody whose role does not allow
// it, and removes it again.
func TestServiceCredentialMakesActions(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	service := b.Frameio.ServicePerson()
	b.Frameio.AddMember(b.Account, service, frameiosim.RoleContentAdmin)
	bind := func() (string, error) {
		_, item, err := b.App.Binding.Bind(t.Context(), "julia", binding.Request{
			Folder:     b.Folder,
			ActionName: "Julia's",
			Workspaces: []string{b.Workspace},
		})
		if err != nil {
			return "", err
		}
		v := b.Await(item)
		return v.Parent, fault.New(fault.Code(v.Code), "%s", v.Message)
	}

	if _, err := bind(); !fault.Is(err, fault.Forbidden) {
		t.Fatalf("binding without the service credential: got %v, want forbidden", err)
	}

	c := identity.ServiceCredential{ClientID: "frameio-demo-client", ClientSecret: "frameio-demo-secret"}
	if err := b.App.Identity.SaveServiceCredential(t.Context(), c); err != nil {
		t.Fatal(err)
	}

	id, err := bind()
	if id == "" || fault.CodeOf(err) != "" {
		t.Fatalf("binding with the service credential: the item %q, %v; want one without an error", id, err)
	}

	b.Published(b.Julia, add(b, "film.mov", "first"))
	b.Check(one("first"))
	item, err := b.App.Binding.Unbind(t.Context(), work.Viewer{Login: "julia"}, id, "")
	if err != nil {
		t.Fatal(err)
	}

	if v := b.Await(item); v.State != work.Done || len(b.Frameio.Actions(b.Workspace)) != 0 {
		t.Errorf("unbinding: %s with %q, %d actions are left; want it done and none", v.State, v.Message,
			len(b.Frameio.Actions(b.Workspace)))
	}
}

// A secret that Adobe does not take is not stored.
func TestServiceCredentialIsTried(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	err := b.App.Identity.SaveServiceCredential(context.Background(),
		identity.ServiceCredential{ClientID: "frameio-demo-client", ClientSecret: "wrong"})
	if !fault.Is(err, fault.Refused) {
		t.Errorf("saving a wrong credential: got %v, want it refused", err)
	}

	if c, err := b.App.Identity.ServiceCredential(t.Context()); c.Registered || err != nil {
		t.Errorf("the credential is %+v, %v; want none registered", c, err)
	}
}

// Who is removed from Frame.io, or disabled in Nuxeo, leaves what they answer for
// waiting for an owner, wherever it stood.
func TestWhoIsRemovedLeavesItWaiting(t *testing.T) {
	t.Parallel()
	for name, befall := range map[string]func(b *testenv.Bed){
		"from Frame.io": func(b *testenv.Bed) { b.Frameio.Deactivate(b.Josh, true) },
		"from Nuxeo":    func(b *testenv.Bed) { b.Nuxeo.DisableUser("josh") },
	} {
		for at, path := range map[string]string{"at first": `^$`, "reading": `/files/`, "uploading": `/upload/`} {
			if name == "from Frame.io" && at == "uploading" {
				continue // nothing is asked of Frame.io any more
			}
			t.Run(name+" "+at, func(t *testing.T) {
				t.Parallel()
				b := testenv.New(t)
				made := b.Bind("Publish")
				file := add(b, "film.mov", "first")
				once := faults.Rule{Path: path, Times: 1, Hook: func(*http.Request) { befall(b) }}
				b.Frameio.Faults().Add(once)
				b.Nuxeo.Faults().Add(once)
				guest := b.Frameio.AddPerson("Gil Guest", "gil@example.org")
				b.Frameio.AddMember(b.Account, guest, frameiosim.RoleMember)
				if at == "at first" {
					befall(b)
				}

				b.Run(guest, file)
				b.Until(func(v work.View) bool { return v.Kind == "publish" && v.Code == string(fault.NeedsOwner) })
				taken, err := b.App.Binding.TakeOver(t.Context(), work.Viewer{Login: "julia"}, made.ID)
				if err != nil {
					t.Fatal(err)
				}

				if err := b.App.Publish.Resume(t.Context(), taken.ID, taken.Owner); err != nil {
					t.Fatal(err)
				}

				for _, v := range b.Settle() { // no mail reaches who is gone
					if v.Kind != "notice" && v.State != work.Done {
						t.Errorf("%s %s is %s with %q, want it done", v.Kind, v.Title, v.State, v.Message)
					}
				}

				b.Check(one("first"))
			})
		}
	}
}
