package binding_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// nothing checks that a bind which failed left nothing behind.
func nothing(b *testenv.Bed) {
	b.T.Helper()
	if left := b.Frameio.Actions(""); len(left) != 0 {
		b.T.Errorf("%d custom actions are left, want none", len(left))
	}

	list, _, err := b.App.Binding.List(b.T.Context(), testenv.Viewer, "", "", 0)
	if err != nil || len(list) != 0 {
		b.T.Errorf("%d bindings are left, %v; want none", len(list), err)
	}

	if d, _ := b.Nuxeo.Doc(b.Folder); strings.Contains(strings.Join(d.Facets, " "), "FrameioBinding") {
		b.T.Errorf("the folder has the facets %v, want no FrameioBinding", d.Facets)
	}
}

func TestBindRefuses(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	hidden := b.Nuxeo.MkDoc("/default-domain/workspaces/hidden", "Folder", nil)
	b.Nuxeo.SetACL("/default-domain/workspaces/hidden", "josh", "Everything", false)
	readable := b.Nuxeo.MkDoc("/default-domain/workspaces/readable", "Folder", nil)
	file := b.Nuxeo.MkDoc("/default-domain/workspaces/file", "File", nil)
	b.Grant("/default-domain/workspaces/file")
	good := binding.Request{Folder: b.Folder, ActionName: "Publish", Workspaces: []string{b.Workspace}}
	for _, c := range []struct {
		name, field, says string
		code              fault.Code
		change            func(*binding.Request)
	}{
		{"no folder", "folder", "not a folder, so nothing can be published", fault.Invalid, func(q *binding.Request) {
			q.Folder = file
		}},
		{"hidden", "folder", "There is no folder", fault.Invalid, func(q *binding.Request) { q.Folder = hidden }},
		{"unknown", "folder", "There is no folder", fault.Invalid, func(q *binding.Request) {
			q.Folder = "/no/such/place"
		}},
		{"empty", "folder", "missing", fault.Invalid, func(q *binding.Request) { q.Folder = "" }},
		{"not writable", "", "may not write", fault.Forbidden, func(q *binding.Request) { q.Folder = readable }},
		{"unknown type", "document_type", "no document type", fault.Invalid, func(q *binding.Request) {
			q.DocumentType = "Nonsense"
		}},
		{"type without a file", "document_type", "hold no file", fault.Invalid, func(q *binding.Request) {
			q.DocumentType = "Folder"
		}},
		{"no team", "workspaces", "No team", fault.Invalid, func(q *binding.Request) { q.Workspaces = nil }},
		{"unknown team", "workspaces", "No team of yours", fault.Invalid, func(q *binding.Request) {
			q.Workspaces = []string{"nonsense"}
		}},
		{"no name", "action_name", "missing", fault.Invalid, func(q *binding.Request) { q.ActionName = " " }},
		{"odd name", "action_name", "control characters", fault.Invalid, func(q *binding.Request) {
			q.ActionName = "a\r\nb"
		}},
		{"long name", "action_name", "too long", fault.Invalid, func(q *binding.Request) {
			q.ActionName = strings.Repeat("ä", 256)
		}},
	} {
		q := good
		c.change(&q)
		_, _, err := b.App.Binding.Bind(t.Context(), "josh", q)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != c.code || f.Field != c.field || !strings.Contains(f.Message, c.says) ||
			f.Remedy == "" {
			t.Errorf("%s: got %v, want %s at the field %q with %q, and a remedy", c.name, err, c.code, c.field, c.says)
		}
	}

	nothing(b)
	b.Bind("Publish")
	second := b.Nuxeo.MkDoc("/default-domain/workspaces/second", "Folder", nil)
	b.Grant("/default-domain/workspaces/second")
	for _, folder := range []string{b.Folder, second} {
		_, _, err := b.App.Binding.Bind(t.Context(), "josh", binding.Request{
			Folder:     folder,
			ActionName: "Publish",
			Workspaces: []string{b.Workspace},
		})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "already") {
			t.Errorf("a taken name: got %v, want it invalid, since it is taken already", err)
		}
	}

	b.CheckBound("Publish", b.Workspace)
}

func TestBindThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, person, says string
		fault              *faults.Rule
	}{
		{"no role on Frame.io", "julia", "may not create custom actions", nil},
		{
			"the second team refuses", "josh", "does not accept it",
			&faults.Rule{Method: "POST", Path: "/actions$", Skip: 1, Status: 422},
		},
		{
			"Nuxeo refuses the facet", "josh", "does not allow it",
			&faults.Rule{Method: "POST", Path: "AddFacet", Status: 403},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			second := b.Frameio.AddWorkspace(b.Account, "Zebra")
			if c.fault != nil {
				b.Frameio.Faults().Add(*c.fault)
				b.Nuxeo.Faults().Add(*c.fault)
			}

			_, item, err := b.App.Binding.Bind(t.Context(), c.person, binding.Request{
				Folder:     b.Folder,
				ActionName: "Publish",
				Workspaces: []string{b.Workspace, second},
			})
			if err != nil {
				t.Fatal(err)
			}

			if v := b.Await(item); v.State != work.Failed || !strings.Contains(v.Message, c.says) {
				t.Errorf("the binding is %s with %q, want it failed with %q", v.State, v.Message, c.says)
			}

			nothing(b)
			// The name is free again.
			b.Frameio.Faults().Clear()
			b.Nuxeo.Faults().Clear()
			b.Bind("Publish")
			b.CheckBound("Publish", b.Workspace)
		})
	}
}

// An action that calls us but that nobody knows is in the way of its name until
// somebody binds under it again.
func TestOrphanedActionIsReplaced(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	orphan := b.Action()
	if _, err := b.App.DB.Writer.ExecContext(t.Context(), `UPDATE bindings SET state = 'failed'`); err != nil {
		t.Fatal(err)
	}

	b.Bind("Publish")
	if b.Action().ID == orphan.ID {
		t.Errorf("the custom action: got the orphan %s, want a new one", orphan.ID)
	}

	if res := b.Run(b.Josh, b.Add(b.Root, "x.mov", []byte("x"))); res.Title != "Success" {
		t.Errorf("publishing by the action answers %+v, want Success", res)
	}

	b.AllDone()
}

func TestSomebodyElsesActionIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	foreign := b.Action().ID
	b.Config.PublicURL += "/elsewhere" // a connector under another address
	b.Restart()
	_, _, err := b.App.Binding.Bind(t.Context(), "josh", binding.Request{
		Folder:     b.Folder,
		ActionName: "Publish",
		Workspaces: []string{b.Workspace},
	})
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("binding under a name that another connector has taken: got %v, want it invalid", err)
	}

	if b.Action().ID != foreign {
		t.Errorf("the other connector's action: got %s, want %s", b.Action().ID, foreign)
	}
}

func TestMembersMayNotBindForOthers(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish")
	b.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "Write", false)
	if _, err := b.App.Binding.Unbind(t.Context(), work.Viewer{Login: "julia"}, made.ID, ""); !fault.Is(err,
		fault.Forbidden) {
		t.Errorf("a reader unbinds: got %v, want it forbidden", err)
	}

	b.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "Everything", false)
	if _, err := b.App.Binding.Unbind(t.Context(), work.Viewer{Login: "julia"}, made.ID, ""); !fault.Is(err,
		fault.NotFound) {
		t.Errorf("a stranger unbinds: got %v, want not found", err)
	}

	b.CheckBound("Publish", b.Workspace)
}

// A bind that failed can be retried; when the name has been taken since, it
// says so and leaves nothing behind.
func TestRetryOfABindThatLostItsName(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	stop := b.Frameio.Faults().Add(faults.Rule{
		Method: "POST",
		Path:   "/actions$",
		Status: 403,
		Body:   `{"errors":[{"detail":"no"}]}`,
	})

	ask := binding.Request{Folder: b.Folder, ActionName: "Publish to Nuxeo", Workspaces: []string{b.Workspace}}
	first, item, err := b.App.Binding.Bind(t.Context(), "josh", ask)
	if err != nil {
		t.Fatal(err)
	}

	if v := b.Await(item); v.State != work.Failed || v.Code != string(fault.Forbidden) {
		t.Fatalf("the item is %s with %s, %q; want it failed as forbidden", v.State, v.Code, v.Message)
	}

	stop()
	second := b.Bind("Publish to Nuxeo")
	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, item); err != nil {
		t.Fatal(err)
	}

	if v := b.Await(item); v.State != work.Failed || v.Code != string(fault.Conflict) {
		t.Errorf("the retry: %s with %s, %q; want it failed with a conflict", v.State, v.Code, v.Message)
	}

	if n := len(b.Frameio.Actions(b.Workspace)); n != 1 {
		t.Errorf("%d custom actions, want 1", n)
	}

	unbind, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, second.ID, "")
	if err != nil {
		t.Fatal(err)
	}

	b.Await(unbind)
	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, item); err != nil {
		t.Fatal(err)
	}

	if v := b.Await(item); v.State != work.Done {
		t.Errorf("the retry of a free name: %s with %q, want it done", v.State, v.Message)
	}

	got, err := b.App.Binding.Get(t.Context(), testenv.Viewer, first.ID)
	if err != nil || got.State != binding.Bound || got.Reason != "" {
		t.Errorf("the first binding is %+v, %v; want it bound without a reason", got, err)
	}
}
