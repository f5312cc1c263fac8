package foldersync_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/webhook"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// later moves the clock of synchronizations on.
func later(m *testenv.Mirror, by time.Duration) {
	before := m.App.Sync.Now
	m.App.Sync.Now = func() time.Time { return before().Add(by) }
}

// hinted hands hints on, lets time pass, and waits for what they bring.
func hinted(m *testenv.Mirror, files ...string) foldersync.Run {
	m.T.Helper()
	for _, id := range files {
		if err := m.App.Webhooks.Handle(m.T.Context(), webhook.Hint{
			Kind:      webhook.File,
			Resource:  id,
			Account:   m.Account,
			Workspace: m.Workspace,
		}); err != nil {
			m.T.Fatal(err)
		}
	}

	m.Settle()
	later(m, foldersync.MinEvery)
	var r maintenance.Report
	if err := m.App.Sync.RunDue(m.T.Context(), &r); err != nil {
		m.T.Fatal(err)
	}

	m.Settle()
	return *m.Get().Last
}

// What came, moved, was renamed or went is dealt with although no run has seen it:
// only the folders are looked at in which it happened.
func TestChangesAreFollowed(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	var folders, files []string
	want := map[string][]byte{}
	for i := range 6 {
		name := fmt.Sprintf("Day %d", i)
		folders = append(folders, b.Frameio.AddFolder(b.Root, name))
		files = append(files, b.Add(folders[i], fmt.Sprintf("Cut %d.mov", i), testenv.Bytes(byte('a'+i), 300)))
		want["/"+name], want[fmt.Sprintf("/%s/Cut %d", name, i)] = nil, testenv.Bytes(byte('a'+i), 300)
	}

	m := b.Mirrored(func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	m.Is(want)
	moved := m.At(m.Folder, "Cut 0").UID

	b.Frameio.Move(files[0], folders[1])
	b.Frameio.Rename(files[2], "Take 2.mov")
	b.Frameio.Delete(files[3])
	fresh := b.Add(folders[4], "New.mov", testenv.Bytes('n', 200))
	listed := b.Frameio.Calls("files.index") + b.Frameio.Calls("files.list")
	r := hinted(m, files[0], files[2], files[3], fresh)
	if r.Why != foldersync.Changes || !r.Partial || r.Created != 1 || r.Moved != 0 || r.Renamed != 1 ||
		r.Gone != 1 || r.Failed != 0 {
		t.Errorf("the run of the changes is %+v, want a partial one for changes: 1 created, 1 renamed, 1 gone, none "+
			"moved or failed", r)
	}

	if now := b.Frameio.Calls("files.index") + b.Frameio.Calls("files.list"); now-listed > 5 {
		t.Errorf("%d folders were listed, want at most 5", now-listed)
	}

	if r := hinted(m); r.Moved != 1 { // where it is now is known since
		t.Errorf("the next run is %+v, want 1 moved", r)
	}

	delete(want, "/Day 0/Cut 0")
	delete(want, "/Day 2/Cut 2")
	delete(want, "/Day 3/Cut 3")
	want["/Day 1/Cut 0"], want["/Day 2/Take 2"], want["/Day 4/New"] = testenv.Bytes('a', 300), testenv.Bytes('c', 300),
		testenv.Bytes('n', 200)
	m.Is(want)
	if m.At(m.Folder, "Cut 0").UID != moved {
		t.Errorf("the moved document: got %s, want %s as before", m.At(m.Folder, "Cut 0").UID, moved)
	}

	m.Settled(want)
}

// A new folder with all that is in it, one that was renamed, and one that went with
// what was in it.
func TestChangedFoldersAreFollowed(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	old, lost := b.Frameio.AddFolder(b.Root, "Old"), b.Frameio.AddFolder(b.Root, "Lost")
	inner := b.Frameio.AddFolder(lost, "Inner")
	b.Add(old, "Cut.mov", testenv.Bytes('a', 300))
	gone := b.Add(inner, "Gone.mov", testenv.Bytes('g', 300))
	for i := range 6 {
		b.Add(old, fmt.Sprintf("Take %d.mov", i), testenv.Bytes(byte('b'+i), 300))
	}

	m := b.Mirrored(func(q *foldersync.Request) { q.Gone = foldersync.Trash })

	deep := b.Frameio.AddFolder(b.Frameio.AddFolder(b.Root, "New"), "Deep")
	b.Add(deep, "Cut 2.mov", testenv.Bytes('n', 300))
	b.Frameio.Rename(old, "Renamed")
	b.Frameio.Delete(lost)
	_ = gone
	for _, id := range []string{deep, old, lost} { // deep tells nothing: its parent is not known either
		if err := b.App.Sync.OnFolderChanged(t.Context(), m.Account, m.Workspace, id); err != nil {
			t.Fatal(err)
		}
	}

	if r := hinted(m); r.Why != foldersync.Changes || r.Created != 1 || r.Renamed != 1 || r.Gone != 1 {
		t.Errorf("the run is %+v, want one for changes: 1 created, 1 renamed and 1 gone", r)
	}

	want := map[string][]byte{
		"/New":            nil,
		"/New/Deep":       nil,
		"/New/Deep/Cut 2": testenv.Bytes('n', 300),
		"/Renamed":        nil,
		"/Renamed/Cut":    testenv.Bytes('a', 300),
	}

	for i := range 6 {
		want[fmt.Sprintf("/Renamed/Take %d", i)] = testenv.Bytes(byte('b'+i), 300)
	}

	m.Is(want)
	m.Settled(want)
}

// Nothing is begun for syncs that do not follow events.
func TestChangesAreNotFollowedUnlessWanted(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	m := b.Mirrored(func(q *foldersync.Request) { q.Events = false })
	if r := hinted(m, b.Add(b.Root, "New.mov", testenv.Bytes('n', 200))); r.Why != foldersync.First {
		t.Errorf("without events the last run is for %q, want %q", r.Why, foldersync.First)
	}

	m.Is(map[string][]byte{"/Cut": testenv.Bytes('a', 300)})
	m.Settled(map[string][]byte{"/Cut": testenv.Bytes('a', 300), "/New": testenv.Bytes('n', 200)})
}

// Comments that nobody told of are found by the next round.
func TestCommentsAreLookedAtAgain(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	m := b.Mirrored()
	uid := m.At(m.Folder, "Cut").UID
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	m.Refresh(false)
	if b.Says(uid, "Too long.")() {
		t.Fatal("an asset that has not changed: got its comments imported, want it left alone")
	}

	later(m, b.App.Config.Sync.CommentsEvery)
	hinted(m)
	if !b.Says(uid, "Too long.")() {
		t.Error("the comments: got no \"Too long.\", want it")
	}
}

// Nobody has looked at comments while the owner was signed out.
func TestCommentsWaitForTheOwner(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	refuse := b.Frameio.Faults().Add(faults.Rule{
		Method: "GET",
		Path:   "/files/.*/comments",
		Status: http.StatusUnauthorized,
	})

	forget := b.Frameio.Faults().Add(faults.Rule{
		Method: "POST",
		Path:   "/ims/token",
		Status: http.StatusBadRequest,
		Body:   `{"error":"invalid_grant"}`,
	})

	m := b.Mirrored()
	uid := m.At(m.Folder, "Cut").UID
	refuse()
	forget()

	b.Connect("josh")
	m.Refresh(false)
	if !b.Says(uid, "Too long.")() {
		t.Error("the comments after the owner has signed in again: got no \"Too long.\", want it")
	}
}

// After a time of which nothing tells, everything is compared.
func TestAGapIsComparedWhole(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := b.Mirrored()
	b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 300))
	if err := b.App.Webhooks.OnEventsMissed(t.Context(),
		webhook.WatchedWorkspace{Account: m.Account, Workspace: m.Workspace}); err != nil {
		t.Fatal(err)
	}

	if r := hinted(m); r.Partial || r.Created != 1 {
		t.Errorf("the run is %+v, want a whole one with 1 created", r)
	}

	m.Is(map[string][]byte{"/Cut": testenv.Bytes('a', 300)})
}

// What is said about a mirrored asset arrives between two runs, and so do its status
// and a new version.
func TestAMirroredAssetIsFollowed(t *testing.T) {
	t.Parallel()
	b := testenv.New(t, testenv.Telling(frameiosim.Healthy))
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
	m := b.Mirrored()
	uid := m.At(m.Folder, "Cut").UID
	if err := b.App.Webhooks.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}

	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	b.Comes("the comment", b.Says(uid, "Too long."))
	b.Frameio.SetStatus(file, "Approved")
	now := m.App.Sync.Now
	b.Comes("the status", func() bool {
		m.App.Sync.Now = now // if time went on with each look, an event that comes late would be one of the future
		hinted(m)
		return b.StatusIs(uid, "Approved")()
	})

	b.Settle()
	if s := m.Get(); s.Troubled != 0 || s.Last.Waiting != 0 {
		t.Errorf("the synchronization is %+v, want nothing in trouble or waiting", s)
	}

	if r := m.Refresh(false); r.Created+r.Updated+r.Failed+r.Gone != 0 {
		t.Errorf("the next run is %+v, want nothing created, updated, failed or gone", r)
	}
}
