package e2e

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// Whoever asked for something sees what comes of it, also when the binder acts.
func TestWhoAskedSeesTheItems(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish to Nuxeo")
	b.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "ReadWrite", false)
	b.Nuxeo.SetACL("/default-domain/workspaces/videos", "julia", "Read", true)
	folder := b.Frameio.AddFolder(b.Root, "Reels")
	for i := range 3 {
		b.Frameio.AddFile(folder, fmt.Sprintf("reel %d.mov", i), frameiosim.Bytes([]byte("frames")))
	}

	b.Run(b.Julia, folder)
	b.Settle()
	seen, _, err := b.App.Engine.Items(t.Context(), work.Viewer{Login: "julia"}, work.Filter{})
	if err != nil {
		t.Fatal(err)
	}

	kinds := map[string]int{}
	for _, v := range seen {
		kinds[v.Kind]++
	}

	if kinds["publish"] != 3 || kinds["expand"] != 1 || kinds["notice"] != 1 || kinds["bind"] != 0 {
		t.Errorf("julia sees %v, want 3 publish, 1 expand, 1 notice and no bind", kinds)
	}

	for _, v := range seen {
		if v.Kind == "publish" && v.Actor != "josh" {
			t.Errorf("%s acted as %s, want josh", v.Title, v.Actor)
		}
	}

	others, _, err := b.App.Engine.Items(t.Context(), work.Viewer{Login: "olga"}, work.Filter{})
	if err != nil || len(others) != 0 {
		t.Errorf("olga sees %d items, %v; want none", len(others), err)
	}
}

func TestManyUnbindAtOnceAndOneDoes(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish to Nuxeo")
	var done, refused atomic.Int64
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			_, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, "")
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
	if done.Load() != 1 || refused.Load() != 11 {
		t.Errorf("%d unbound it and %d were refused, want 1 and 11", done.Load(), refused.Load())
	}

	b.Settle()
	if n := len(b.Frameio.Actions(b.Workspace)); n != 0 {
		t.Errorf("%d custom actions are left, want none", n)
	}
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
