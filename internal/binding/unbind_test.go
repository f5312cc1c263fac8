package binding_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// A workspace that is gone took its actions along.
func TestUnbindWhenTheWorkspaceIsGone(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	made := b.Bind("Publish")
	b.Frameio.Faults().Add(faults.Rule{Path: "/actions", Status: 404})
	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, ""); err != nil {
		t.Fatal(err)
	}

	b.AllDone()
	if d, _ := b.Nuxeo.Doc(b.Folder); strings.Contains(strings.Join(d.Facets, " "), "FrameioBinding") {
		t.Errorf("the folder has the facets %v, want no FrameioBinding", d.Facets)
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

func TestUnboundFolderTakesNothing(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock))
	made := b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000))
	b.Frameio.Faults().Add(faults.Rule{Method: "DELETE", Path: "/actions/", Status: 503})
	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, ""); err != nil {
		t.Fatal(err)
	}

	res := b.Run(b.Josh, file)
	if res.Description != "This folder is no longer bound to Frame.io." {
		t.Errorf("the answer says %q, want %q", res.Description, "This folder is no longer bound to Frame.io.")
	}

	if n := b.Interactions(); n != 0 || len(b.Documents()) != 0 {
		t.Errorf("%d interactions and %d documents, want none", n, len(b.Documents()))
	}

	b.Until(func(v work.View) bool { return v.Kind == binding.KindUnbind && v.Code == "not_ready" })
	b.Frameio.Faults().Clear()
	clock.Move(time.Hour)
	b.AllDone()
	if left := b.Frameio.Actions(b.Workspace); len(left) != 0 {
		t.Errorf("the custom actions %+v are left, want none", left)
	}
}

func TestBindingThatEndsAfterTheCallTakesNothing(t *testing.T) {
	t.Parallel()
	clock := new(testenv.Clock)
	b := testenv.New(t, testenv.By(clock))
	made := b.Bind("Publish")
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('1', 1000), frameiosim.NotUploadedYet())
	b.Run(b.Josh, file)
	b.Until(func(v work.View) bool { return v.Title == "Cut.mov" && v.Code == "not_ready" })
	if _, err := b.App.Binding.Unbind(t.Context(), testenv.Viewer, made.ID, ""); err != nil {
		t.Fatal(err)
	}

	b.Frameio.FinishUpload(file)
	clock.Move(time.Minute)
	for _, v := range b.Settle() {
		if v.Kind == "publish" &&
			(v.State != work.Failed || v.Message != "This folder is no longer bound to Frame.io.") {
			t.Errorf("the item is %s with %q, want it failed, since the folder is no longer bound", v.State, v.Message)
		}
	}

	if len(b.Documents()) != 0 || b.Nuxeo.Batches() != 0 {
		t.Errorf("%d documents and %d upload batches, want none", len(b.Documents()), b.Nuxeo.Batches())
	}

	if text := b.LastMail(); !strings.Contains(text, "no longer bound") {
		t.Errorf("the mail says %q, want no longer bound in it", text)
	}
}
