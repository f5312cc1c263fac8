package binding_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

var josh = work.Viewer{Login: "josh"}

func ptr[T any](v T) *T { return &v }

// edit starts an edit by josh and returns its item.
func edit(b *testenv.Bed, id string, c binding.Change) string {
	b.T.Helper()
	item, err := b.App.Binding.Edit(b.T.Context(), josh, id, c)
	if err != nil || item == "" {
		b.T.Fatalf("editing gives the item %q, %v; want one and no error", item, err)
	}
	return item
}

// edited edits and waits until it is done.
func edited(b *testenv.Bed, id string, c binding.Change) binding.Binding {
	b.T.Helper()
	if v := b.Await(edit(b, id, c)); v.State != work.Done || v.Outcome != "edited" {
		b.T.Fatalf("the edit is %s %q with %q, want it done and edited", v.State, v.Outcome, v.Message)
	}
	return known(b, id)
}

func known(b *testenv.Bed, id string) binding.Binding {
	b.T.Helper()
	one, err := b.App.Binding.Get(b.T.Context(), testenv.Viewer, id)
	if err != nil {
		b.T.Fatal(err)
	}
	return one
}

// shown is what the folder shows of its only binding.
func shown(b *testenv.Bed) map[string]any {
	b.T.Helper()
	d, _ := b.Nuxeo.Doc(b.Folder)
	all, _ := d.Properties["frameiobinding:bindings"].([]any)
	if len(all) != 1 {
		b.T.Fatalf("the folder shows the bindings %v, want one", all)
	}
	return all[0].(map[string]any)
}

// What is previewed is what is done, on both sides.
func TestEditDoesWhatItsPreviewSays(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	second, third := b.Frameio.AddWorkspace(b.Account, "Zebra"), b.Frameio.AddWorkspace(b.Account, "Yak")
	made := b.Bind("Publish")
	made = edited(b, made.ID, binding.Change{Version: made.Version, Workspaces: []string{b.Workspace, second}})
	b.CheckBound("Publish", b.Workspace, second)
	secret := b.Frameio.Actions(b.Workspace)[0].ID

	change := binding.Change{
		Version: made.Version, ActionName: ptr(" Send to Nuxeo "), Workspaces: []string{third, b.Workspace, third},
		DocumentType: ptr("Video"), Publishers: ptr(binding.Connected),
	}
	p, err := b.App.Binding.PreviewEdit(t.Context(), josh, made.ID, change)
	if err != nil {
		t.Fatal(err)
	}

	var says []string
	for _, e := range p.Effects() {
		says = append(says, string(e.Side)+": "+e.String())
	}

	team := made.Actions[0].WorkspaceName
	diff.Equal(t, "the preview", strings.Join(says, "\n"), strings.Join([]string{
		`frameio: The custom action "Send to Nuxeo" is created in the team "Yak".`,
		`frameio: The custom action "Publish" of the team "` + team + `" is renamed to "Send to Nuxeo".`,
		`frameio: The custom action "Publish" is deleted from the team "Zebra"; what is on its way from there and has ` +
			`no document yet does not arrive.`,
		`nuxeo: New documents are of type Video instead of File; existing ones keep their type.`,
		`nuxeo: Only people who have connected Nuxeo may publish.`,
		`nuxeo: The folder shows the change in its tab and its properties.`,
	}, "\n"))
	b.CheckBound("Publish", b.Workspace, second) // a preview changes nothing

	got := edited(b, made.ID, change)
	b.CheckBound("Send to Nuxeo", b.Workspace, third)
	if n := len(b.Frameio.Actions(second)); n != 0 || b.Frameio.Actions(b.Workspace)[0].ID != secret {
		t.Errorf("the team that goes has %d actions, and the other a new one; want none, and the same renamed", n)
	}

	if got.DocumentType != "Video" || got.Publishers != binding.Connected || got.Version != made.Version+1 ||
		got.Editing != "" {
		t.Errorf("the binding is %+v, want Video, connected people, the next version, and nobody editing", got)
	}

	if is := shown(b); is["documentType"] != "Video" || is["actionName"] != "Send to Nuxeo" {
		t.Errorf("the folder shows %v, want Video and the new name", is)
	}

	// A team that was removed can come back.
	got = edited(b, made.ID, binding.Change{Version: got.Version, Workspaces: []string{b.Workspace, second}})
	b.CheckBound("Send to Nuxeo", b.Workspace, second)
	if n := len(b.Frameio.Actions("")); n != 2 {
		t.Errorf("%d custom actions, want 2", n)
	}

	item, err := b.App.Binding.Edit(t.Context(), josh, made.ID, binding.Change{Version: got.Version})
	if item != "" || err != nil {
		t.Errorf("nothing to change: got the item %q, %v; want neither", item, err)
	}
}

func TestEditRefuses(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	other := b.Nuxeo.MkDoc("/default-domain/workspaces/other", "Folder", nil)
	b.Grant("/default-domain/workspaces/other")
	_, item, err := b.App.Binding.Bind(t.Context(), "josh", binding.Request{
		Folder: other, ActionName: "Taken", Workspaces: []string{b.Workspace},
	})
	if err != nil {
		t.Fatal(err)
	}

	b.Await(item)
	made := b.Bind("Publish")
	for _, c := range []struct {
		name, field, says string
		code              fault.Code
		change            binding.Change
	}{
		{"no version", "version", "missing", fault.Invalid, binding.Change{}},
		{"an older version", "", "changed meanwhile", fault.Conflict, binding.Change{Version: 9}},
		{"no name", "action_name", "missing", fault.Invalid, binding.Change{Version: 1, ActionName: ptr(" ")}},
		{"a taken name", "action_name", "already", fault.Invalid, binding.Change{Version: 1, ActionName: ptr("Taken")}},
		{
			"a long name", "action_name", "too long", fault.Invalid,
			binding.Change{Version: 1, ActionName: ptr(strings.Repeat("ä", 256))},
		},
		{"no team", "workspaces", "No team", fault.Invalid, binding.Change{Version: 1, Workspaces: []string{}}},
		{
			"an unknown team", "workspaces", "No team of yours", fault.Invalid,
			binding.Change{Version: 1, Workspaces: []string{"nonsense"}},
		},
		{
			"an unknown type", "document_type", "no document type", fault.Invalid,
			binding.Change{Version: 1, DocumentType: ptr("Nonsense")},
		},
		{
			"a type without a file", "document_type", "hold no file", fault.Invalid,
			binding.Change{Version: 1, DocumentType: ptr("Folder")},
		},
		{
			"nobody", "publishers", "does not say who", fault.Invalid,
			binding.Change{Version: 1, Publishers: ptr("nobody")},
		},
	} {
		_, err := b.App.Binding.Edit(t.Context(), josh, made.ID, c.change)
		_, preview := b.App.Binding.PreviewEdit(t.Context(), josh, made.ID, c.change)
		for _, err := range []error{err, preview} {
			var f *fault.Error
			if !errors.As(err, &f) || f.Code != c.code || f.Field != c.field || !strings.Contains(f.Message, c.says) ||
				f.Remedy == "" {
				t.Errorf("%s: got %v, want %s at the field %q with %q, and a remedy", c.name, err, c.code, c.field,
					c.says)
			}
		}
	}

	if got := known(b, made.ID); got.Version != 1 || got.ActionName != "Publish" || got.Editing != "" {
		t.Errorf("the binding is %+v, want it unchanged", got)
	}
}

// Whoever may not end a binding may not change it, and only who answers for what others publish lets
// more of them do so.
func TestWhoMayEdit(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish")
	made = edited(b, made.ID, binding.Change{Version: made.Version, Publishers: ptr(binding.Connected)})
	julia := work.Viewer{Login: "julia"}
	path := "/default-domain/workspaces/videos"
	for _, c := range []struct {
		grant  string
		change binding.Change
		want   fault.Code
	}{
		{"", binding.Change{ActionName: ptr("Mine")}, fault.NotFound},
		{"Read", binding.Change{ActionName: ptr("Mine")}, fault.Forbidden},
		{"ReadWrite", binding.Change{Publishers: ptr(binding.Everyone)}, fault.Forbidden},
		{"ReadWrite", binding.Change{ActionName: ptr("Ours")}, ""},
	} {
		b.Nuxeo.SetACL(path, "julia", "Everything", false)
		if c.grant != "" {
			b.Nuxeo.SetACL(path, "julia", c.grant, true)
		}

		c.change.Version = made.Version
		_, err := b.App.Binding.PreviewEdit(t.Context(), julia, made.ID, c.change)
		if c.want == "" && err != nil || c.want != "" && !fault.Is(err, c.want) {
			t.Errorf("julia with %q: got %v, want %q", c.grant, err, c.want)
		}
	}
}

// Of many who have seen the same version, one changes it, and the others hear of it.
func TestManyEditAtOnceAndOneDoes(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish")
	var done, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			name := "Publish " + string(rune('A'+i))
			_, err := b.App.Binding.Edit(t.Context(), josh, made.ID,
				binding.Change{Version: 1, ActionName: &name})
			switch {
			case err == nil:
				done.Add(1)
			case fault.Is(err, fault.Conflict):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}

	wg.Wait()
	b.Settle()
	if done.Load() != 1 || refused.Load() != 7 {
		t.Errorf("%d changed it and %d were refused, want 1 and 7", done.Load(), refused.Load())
	}

	if got := known(b, made.ID); got.Version != 2 || got.Editing != "" {
		t.Errorf("the binding has version %d, edited by %q; want 2 by nobody", got.Version, got.Editing)
	}
}

// What fails half way is taken back, and can be tried again.
func TestEditThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says string
		rule       faults.Rule
	}{
		{
			"a team refuses the action", "does not accept it",
			faults.Rule{Method: "POST", Path: "/actions$", Status: 422},
		},
		{
			"the second team refuses the name", "may not rename",
			faults.Rule{Method: "PATCH", Path: "/actions/", Skip: 1, Times: 1, Status: 403},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			second, third := b.Frameio.AddWorkspace(b.Account, "Zebra"), b.Frameio.AddWorkspace(b.Account, "Yak")
			made := b.Bind("Publish")
			made = edited(b, made.ID, binding.Change{Version: 1, Workspaces: []string{b.Workspace, second}})
			b.Frameio.Faults().Add(c.rule)
			item := edit(b, made.ID, binding.Change{
				Version: made.Version, ActionName: ptr("Send"), Workspaces: []string{b.Workspace, second, third},
			})
			if v := b.Await(item); v.State != work.Failed || !strings.Contains(v.Message, c.says) {
				t.Errorf("the edit is %s with %q, want it failed with %q", v.State, v.Message, c.says)
			}

			b.CheckBound("Publish", b.Workspace, second)
			if n := len(b.Frameio.Actions(third)); n != 0 {
				t.Errorf("%d custom actions are left in the team that was to be added, want none", n)
			}

			b.Frameio.Faults().Clear()
			if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, item); err != nil {
				t.Fatal(err)
			}
			if v := b.Await(item); v.State != work.Done {
				t.Errorf("the retry is %s with %q, want it done", v.State, v.Message)
			}
			b.CheckBound("Send", b.Workspace, second, third)
		})
	}
}

// An edit that failed is not tried again over what somebody else has changed since.
func TestRetryOfAnEditThatCameTooLate(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish")
	stop := b.Frameio.Faults().Add(faults.Rule{Method: "PATCH", Path: "/actions/", Status: 403, Times: 1})
	late := edit(b, made.ID, binding.Change{Version: 1, ActionName: ptr("Late")})
	if v := b.Await(late); v.State != work.Failed {
		t.Fatalf("the edit is %s, want it failed", v.State)
	}

	stop()
	edited(b, made.ID, binding.Change{Version: 1, ActionName: ptr("Early")})
	if err := b.App.Engine.Retry(t.Context(), testenv.Viewer, late); err != nil {
		t.Fatal(err)
	}

	if v := b.Await(late); v.State != work.Failed || v.Code != string(fault.Conflict) {
		t.Errorf("the retry is %s with %q, want it failed with a conflict", v.State, v.Message)
	}

	b.CheckBound("Early", b.Workspace)
}

// A team with documents under review stays, also if they come there while the edit is under way.
func TestEditKeepsATeamWithReviews(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	second := b.Frameio.AddWorkspace(b.Account, "Zebra")
	made := b.Bind("Publish")
	made = edited(b, made.ID, binding.Change{Version: 1, Workspaces: []string{b.Workspace, second}})
	away := binding.Change{Version: made.Version, ActionName: ptr("Send"), Workspaces: []string{second}}
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	if err := b.App.Engine.Pause(t.Context(), "josh", "The push comes first."); err != nil {
		t.Fatal(err)
	}

	item := edit(b, made.ID, away)
	sent, err := b.App.Push.Accept(t.Context(), "josh", push.Request{
		Documents: []string{uid}, Workspace: b.Workspace, Project: b.Project,
	})
	if err != nil {
		t.Fatal(err)
	}

	if err := b.App.Engine.Resume(t.Context(), "josh"); err != nil {
		t.Fatal(err)
	}

	v := b.Await(item)
	if v.State != work.Failed || !strings.Contains(v.Message, "1 document of this folder is under review in the team") {
		t.Errorf("the edit is %s with %q, want it failed because of 1 document", v.State, v.Message)
	}

	b.Settle()
	if p := b.OnePush(sent.Pushes[0].ID); p.State != push.Open {
		t.Errorf("the push is %s, want %s", p.State, push.Open)
	}

	// Now it is refused at once, and the preview says so too.
	_, err = b.App.Binding.PreviewEdit(t.Context(), josh, made.ID, away)
	if !fault.Is(err, fault.Conflict) || fault.From(err).Remedy == "" {
		t.Errorf("the preview: got %v, want a conflict and a remedy", err)
	}

	b.CheckBound("Publish", b.Workspace, second)
}

// What is on its way from a team that goes ends as it does when the folder is unbound.
func TestEditEndsWhatIsOnItsWay(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock))
	second := b.Frameio.AddWorkspace(b.Account, "Zebra")
	made := b.Bind("Publish")
	made = edited(b, made.ID, binding.Change{Version: 1, Workspaces: []string{b.Workspace, second}})
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000), frameiosim.NotUploadedYet())
	b.Run(b.Josh, file)
	b.Until(func(v work.View) bool { return v.Title == "Cut.mov" && v.Code == "not_ready" })

	// The custom action cannot be deleted yet, and takes nothing all the same.
	b.Frameio.Faults().Add(faults.Rule{Method: "DELETE", Path: "/actions/", Status: 503})
	item := edit(b, made.ID, binding.Change{Version: made.Version, Workspaces: []string{second}})
	b.Until(func(v work.View) bool { return v.ID == item && v.Code == "not_ready" })
	if res := b.Run(b.Josh, file); !strings.Contains(res.Description, "not bound to this team") {
		t.Errorf("the action answers %q, want that the folder is not bound to this team", res.Description)
	}

	b.Frameio.Faults().Clear()
	b.Frameio.FinishUpload(file)
	v := b.Until(func(v work.View) bool {
		clock.Move(5 * time.Second) // it may just be looking, and then waits once more
		return v.Title == "Cut.mov" && v.State.Final()
	})
	if v.State != work.Failed || !strings.Contains(v.Message, "no longer bound to the team") {
		t.Errorf("what was on its way is %s with %q, want it failed, since the team is gone", v.State, v.Message)
	}

	b.Until(func(v work.View) bool {
		clock.Move(5 * time.Second)
		return v.ID == item && v.State.Final()
	})
	if n := len(b.Documents()); n != 0 {
		t.Errorf("%d documents, want none", n)
	}

	if left := b.Frameio.Actions(""); len(left) != 1 || len(b.Frameio.Actions(second)) != 1 {
		t.Errorf("the custom actions are %+v, want only that of the second team", left)
	}
}

// Who unbinds while an edit is under way has the last word.
func TestUnbindDuringAnEdit(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock))
	second := b.Frameio.AddWorkspace(b.Account, "Zebra")
	made := b.Bind("Publish")
	b.Frameio.Faults().Add(faults.Rule{Method: "PATCH", Path: "/actions/", Status: 503})
	item := edit(b, made.ID, binding.Change{
		Version: 1, ActionName: ptr("Send"), Workspaces: []string{b.Workspace, second},
	})
	b.Until(func(v work.View) bool { return v.ID == item && v.Attempt > 0 })
	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, ""); err != nil {
		t.Fatal(err)
	}

	b.Frameio.Faults().Clear()
	v := b.Until(func(v work.View) bool {
		clock.Move(5 * time.Second)
		return v.ID == item && v.State.Final()
	})
	b.Settle()
	if v.State != work.Failed {
		t.Errorf("the edit is %s, want it failed", v.State)
	}

	if got := known(b, made.ID); got.State != binding.Unbound || len(b.Frameio.Actions("")) != 0 {
		t.Errorf("the binding is %s with %d custom actions, want it unbound without any", got.State,
			len(b.Frameio.Actions("")))
	}
}

// What an edit could not delete takes nothing any more, is not shown, and is cleaned up later.
func TestCleanUpAfterAnEdit(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	second := b.Frameio.AddWorkspace(b.Account, "Zebra")
	made := b.Bind("Publish")
	made = edited(b, made.ID, binding.Change{Version: 1, Workspaces: []string{b.Workspace, second}})
	b.Frameio.Faults().Add(faults.Rule{Method: "DELETE", Path: "/actions/", Status: 403})
	item := edit(b, made.ID, binding.Change{Version: made.Version, Workspaces: []string{second}})
	if v := b.Await(item); v.State != work.Failed {
		t.Errorf("the edit is %s, want it failed: an action cannot be deleted", v.State)
	}

	got := known(b, made.ID)
	if len(got.Actions) != 1 || got.Actions[0].WorkspaceID != second || got.Editing != "" ||
		len(shown(b)["workspaces"].([]any)) != 1 || len(b.Frameio.Actions(b.Workspace)) != 1 {
		t.Errorf("the binding is %+v and the folder shows %v, want the second team alone", got, shown(b))
	}

	b.Frameio.Faults().Clear()
	if _, err := b.App.Maintenance.DoNow(t.Context(), "actions"); err != nil {
		t.Fatal(err)
	}

	if n := len(b.Frameio.Actions(b.Workspace)); n != 0 {
		t.Errorf("%d custom actions are left in the team that went, want none", n)
	}

	b.CheckBound("Publish", second)
}
