package copies_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/copies"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/diff"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

var (
	deleting = binding.Copies{Action: binding.DeleteCopy, Days: 30}
	atOnce   = binding.Copies{Action: binding.DeleteCopy}
	moving   = binding.Copies{Action: binding.MoveCopy, Folder: "Returned"}
)

func TestCopyIsDeletedWhenItsTimeHasCome(t *testing.T) {
	t.Parallel()
	s := setup(t, deleting)
	document, p := s.back("Cut")
	c := s.is(p.ID, copies.Waiting, "")
	if got := c.Due.Sub(c.Returned); got != 30*day {
		t.Errorf("it is due %s after the return, want 30 days", got)
	}

	s.later(29 * day)
	s.is(p.ID, copies.Waiting, "")
	s.later(2 * day)
	if s.is(p.ID, copies.Deleted, ""); s.files() != 0 {
		t.Errorf("%d files on Frame.io, want none", s.files())
	}

	// The document is not touched by it, nor by what looks after links.
	if n := len(s.Nuxeo.Versions(document)); n != 1 || s.LockOwner(document) != "" {
		t.Errorf("the document has %d versions and is locked by %q, want that of the return and nobody", n,
			s.LockOwner(document))
	}
	diff.Equal(t, "repairs", s.LookLater(), nil)
	if doc, _ := s.Nuxeo.Doc(document); doc.Properties["frameio:fileId"] != p.File {
		t.Errorf("the document tells of the file %v, want %s still", doc.Properties["frameio:fileId"], p.File)
	}

	// It can be pushed again, as a file of its own.
	again := s.again(document)
	if again.State != push.Returned {
		t.Errorf("pushed again it is %s for %q, want returned", again.State, again.Reason)
	}
}

func TestCopyIsMovedAndBack(t *testing.T) {
	t.Parallel()
	s := setup(t, moving)
	_, p := s.back("Cut")
	c := s.is(p.ID, copies.Moved, "")
	if s.parent(p.File) != c.FolderID || c.Home != s.Root {
		t.Errorf("the file is in %q and was in %q, want %q and %q", s.parent(p.File), c.Home, c.FolderID, s.Root)
	}

	// A second one goes to the same folder.
	_, second := s.back("Other")
	if s.is(second.ID, copies.Moved, ""); s.parent(second.File) != c.FolderID || len(s.Assets("folder")) != 1 {
		t.Errorf("the second is in %q of the folders %v, want the one folder %q", s.parent(second.File),
			s.Assets("folder"), c.FolderID)
	}

	// Only who answers for it takes it back.
	if _, err := s.App.Copies.Revert(t.Context(), julia, p.ID); !fault.Is(err, fault.Forbidden) {
		t.Errorf("julia takes it back: %v, want forbidden", err)
	}
	if _, err := s.App.Copies.Revert(t.Context(), josh, p.ID); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if s.is(p.ID, copies.Restored, ""); s.parent(p.File) != s.Root {
		t.Errorf("the file is in %q, want %q again", s.parent(p.File), s.Root)
	}
}

// Whatever is not certain leaves the copy, and says why.
func TestCopyIsLeft(t *testing.T) {
	t.Parallel()
	type befall func(s stage, document string, p push.Push)
	for name, tc := range map[string]struct {
		befalls befall
		reason  string
	}{
		"gone": {
			func(s stage, d string, _ push.Push) { must(s, s.Nuxeo.Remove(d)) },
			"The document was deleted in Nuxeo",
		},
		"in the trash": {
			func(s stage, d string, _ push.Push) { must(s, s.Nuxeo.Trash(d)) },
			"The document is in the trash.",
		},
		"in cold storage": {
			func(s stage, d string, _ push.Push) { must(s, s.Nuxeo.AddFacet(d, "ColdStorage")) },
			"The document is in cold storage",
		},
		"changed": {func(s stage, d string, p push.Push) {
			must(s, s.Nuxeo.Edit("josh", d, map[string]any{"file:content": nuxeosim.Blob{
				Name: "Cut.mov", MimeType: "video/quicktime", Data: testenv.Bytes('x', int(p.Size)),
			}}))
		}, "The document has another content than the copy."},
		"commented on": {func(s stage, _ string, p push.Push) {
			s.Frameio.AddComment(p.File, frameiosim.CommentSpec{Text: "one more thing", OwnerID: s.Julia})
		}, "There is a new comment on Frame.io that Nuxeo does not have"},
		"judged": {
			func(s stage, _ string, p push.Push) { s.Frameio.SetStatus(p.File, "In Progress") },
			`Its status on Frame.io was changed to "In Progress".`,
		},
		"stacked": {func(s stage, _ string, p push.Push) {
			s.Frameio.Stack(p.File, s.Add(s.Root, "Cut v2.mov", []byte("two")))
		}, "It is one of 2 versions on a version stack on Frame.io."},
		"deleted there": {
			func(s stage, _ string, p push.Push) { s.Frameio.Delete(p.File) },
			"It is not on Frame.io any more",
		},
		"under review again": {func(s stage, d string, _ push.Push) { s.Pushed(d) }, "The document was pushed again."},
		"mirrored": {func(s stage, _ string, _ push.Push) {
			doc, _ := s.Nuxeo.Doc(s.Folder)
			other := s.Nuxeo.MkDoc(doc.Path+"-mirror", "Folder", nil)
			s.Nuxeo.SetACL(doc.Path+"-mirror", "josh", "Everything", true)
			s.Mirrored(func(q *foldersync.Request) { q.Folder = other })
		}, "The synchronization of the folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, deleting)
			document, p := s.back("Cut")
			tc.befalls(s, document, p)
			before := s.files()
			s.later(31 * day)
			c, err := s.App.Copies.Get(t.Context(), testenv.Viewer, p.ID)
			if err != nil || c.State != copies.Left || !strings.HasPrefix(c.Reason, tc.reason) {
				t.Errorf("the copy is %s for %q, %v; want left for %q", c.State, c.Reason, err, tc.reason)
			}
			if s.files() != before {
				t.Errorf("%d files on Frame.io, want %d as before", s.files(), before)
			}
		})
	}
}

func must(s stage, err error) {
	s.T.Helper()
	if err != nil {
		s.T.Fatal(err)
	}
}

// Bytes that Nuxeo tells of and does not have are no reason to delete the last that there are.
func TestCopyIsLeftOfWhatNuxeoHasLost(t *testing.T) {
	t.Parallel()
	var lost atomic.Bool
	s := setup(t, deleting, testenv.AroundNuxeo(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if lost.Load() && strings.Contains(r.URL.Path, "/file:content") {
				http.Error(w, "no such blob", http.StatusNotFound)
				return
			}
			next.ServeHTTP(w, r)
		})
	}))
	_, p := s.back("Cut")
	lost.Store(true)
	s.later(31 * day)
	if s.is(p.ID, copies.Left, "Nuxeo does not give the content of the document."); s.files() != 1 {
		t.Errorf("%d files on Frame.io, want the one that was sent", s.files())
	}
}

func TestDigestOfAnotherAlgorithmLeavesTheCopy(t *testing.T) {
	t.Parallel()
	s := setup(t, deleting)
	_, p := s.back("Cut")
	must(s, s.Nuxeo.Redigest("SHA-256"))
	s.later(31 * day)
	s.is(p.ID, copies.Left, "Whether the document has the content of the copy cannot be verified: Nuxeo has no digest "+
		"of it, or one of another algorithm.")
}

func TestPersonKeepsACopyAndAsksAgain(t *testing.T) {
	t.Parallel()
	s := setup(t, deleting)
	_, p := s.back("Cut")
	if _, err := s.App.Copies.Keep(t.Context(), julia, p.ID); !fault.Is(err, fault.Forbidden, fault.NotFound) {
		t.Errorf("julia keeps it: %v, want that she may not", err)
	}
	if _, err := s.App.Copies.Keep(t.Context(), josh, p.ID); err != nil {
		t.Fatal(err)
	}

	s.later(31 * day)
	if c := s.is(p.ID, copies.Kept, ""); c.EndedBy != "josh" || s.files() != 1 {
		t.Errorf("kept by %q with %d files, want josh and 1", c.EndedBy, s.files())
	}

	if _, err := s.App.Copies.Again(t.Context(), josh, p.ID); err != nil {
		t.Fatal(err)
	}
	s.Settle()
	if s.is(p.ID, copies.Deleted, ""); s.files() != 0 {
		t.Errorf("%d files on Frame.io, want none", s.files())
	}
}

// Frame.io has no operation that restores: people do, and say so.
func TestDeletedCopyIsRestoredByHand(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*frameiosim.Options){
		"listed":     func(*frameiosim.Options) {},
		"not listed": func(o *frameiosim.Options) { o.NoRecentlyDeleted = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, atOnce, testenv.Frameio(change))
			_, p := s.back("Cut")
			if c := s.is(p.ID, copies.Deleted, ""); c.RestorableUntil.IsZero() {
				t.Error("it is not said until when it can be restored, want 30 days from now")
			}

			_, err := s.App.Copies.Revert(t.Context(), josh, p.ID)
			if !fault.Is(err, fault.Conflict) || !strings.Contains(fault.From(err).Remedy, "Recently Deleted") {
				t.Errorf("undone before it is restored: %v, want how to restore it", err)
			}

			if !s.Frameio.Restore(p.File) {
				t.Fatal("Frame.io does not have it, want it for 30 days")
			}
			if _, err := s.App.Copies.Revert(t.Context(), josh, p.ID); err != nil {
				t.Fatal(err)
			}
			s.is(p.ID, copies.Restored, "")
		})
	}
}

func TestWhatIsGoneForGoodCannotBeUndone(t *testing.T) {
	t.Parallel()
	s := setup(t, atOnce, testenv.Frameio(func(o *frameiosim.Options) { o.KeptDeleted = time.Nanosecond }))
	_, p := s.back("Cut")
	s.clock.Move(31 * day)
	if _, err := s.App.Copies.Revert(t.Context(), josh, p.ID); !fault.Is(err, fault.Gone) {
		t.Errorf("undone: %v, want gone", err)
	}
}

// Copies that wait follow their binding; those that came back before only when that is asked for.
func TestCopiesFollowTheirBinding(t *testing.T) {
	t.Parallel()
	s := setup(t, binding.Copies{Action: binding.LeaveCopy})
	_, early := s.back("Early")
	if _, err := s.App.Copies.Get(t.Context(), josh, early.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the copy of what is left: %v, want none", err)
	}

	s.choose(deleting)
	_, late := s.back("Late")
	s.choose(binding.Copies{Action: binding.DeleteCopy, Days: 5})
	if c := s.is(late.ID, copies.Waiting, ""); c.Due.Sub(c.Returned) != 5*day {
		t.Errorf("it is due after %s, want 5 days", c.Due.Sub(c.Returned))
	}

	// What would become of all of them.
	choice := copies.Choice{Action: copies.Delete, Days: 5}
	p, err := s.App.Copies.Preview(t.Context(), josh, s.binding, choice)
	if err != nil || p.Waiting.Count != 1 || p.Earlier.Count != 1 || p.Earlier.Bytes != early.Size ||
		len(p.Copies) != 2 {
		t.Fatalf("the preview has %d waiting, %d earlier of %d bytes, and %d copies, %v; want 1, 1, %d and 2",
			p.Waiting.Count, p.Earlier.Count, p.Earlier.Bytes, len(p.Copies), err, early.Size)
	}
	for _, c := range p.Copies {
		if c.State != copies.Waiting || c.Reason != "" {
			t.Errorf("%s would be %s for %q, want waiting", c.Title, c.State, c.Reason)
		}
	}

	if n, err := s.App.Copies.Include(t.Context(), josh, s.binding); n != 1 || err != nil {
		t.Errorf("%d earlier ones included, %v; want 1", n, err)
	}
	s.is(early.ID, copies.Waiting, "")
	s.choose(binding.Copies{Action: binding.LeaveCopy})
	s.later(31 * day)
	s.is(late.ID, copies.Kept, "The binding leaves copies on Frame.io now.")
	s.is(early.ID, copies.Kept, "The binding leaves copies on Frame.io now.")
}

// A person whose access has ended is replaced by who answers for the binding; without one the copy is left.
func TestNobodyToActAs(t *testing.T) {
	t.Parallel()
	s := setup(t, deleting)
	_, p := s.back("Cut")
	if err := s.App.Identity.Disconnect(t.Context(), "josh"); err != nil {
		t.Fatal(err)
	}
	s.later(31 * day)
	if s.is(p.ID, copies.Left, "The connector cannot act as josh on both sides any more."); s.files() != 1 {
		t.Errorf("%d files on Frame.io, want 1", s.files())
	}
}

// Two copies that are moved at once get one folder.
func TestManyCopiesGetOneFolder(t *testing.T) {
	t.Parallel()
	s := setup(t, moving, testenv.Twice())
	var uids []string
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		uids = append(uids, s.Kept(name, []byte("the pictures of "+name)))
	}

	var files []string
	for _, p := range s.Pushed(uids...).Pushes {
		files = append(files, p.File)
	}
	s.Run(s.Julia, files...)
	s.Settle()
	if folders := s.Assets("folder"); len(folders) != 1 {
		t.Errorf("the folders are %v, want one", folders)
	}
	for _, f := range files {
		if s.parent(f) == s.Root {
			t.Errorf("the file %s is where it was, want it moved", f)
		}
	}
}

// Several nodes find the same that is due: one begins.
func TestNodesBeginOnce(t *testing.T) {
	t.Parallel()
	s := setup(t, deleting)
	_, one := s.back("one")
	_, two := s.back("two")
	s.clock.Move(31 * day)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := s.App.Copies.BeginDue(t.Context(), new(maintenance.Report)); err != nil {
				t.Errorf("beginning what is due: %v", err)
			}
		})
	}
	all.Wait()
	n := 0
	for _, v := range s.Settle() {
		if v.Kind == copies.KindCopy {
			n++
		}
	}
	s.is(one.ID, copies.Deleted, "")
	if s.is(two.ID, copies.Deleted, ""); n != 2 || s.files() != 0 {
		t.Errorf("%d items and %d files on Frame.io, want 2 and none", n, s.files())
	}
}
