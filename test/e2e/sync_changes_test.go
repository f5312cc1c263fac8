package e2e

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
func (m *mirror) later(by time.Duration) {
	before := m.App.Sync.Now
	m.App.Sync.Now = func() time.Time { return before().Add(by) }
}

// told hands hints on, lets time pass, and waits for what they bring.
func (m *mirror) told(files ...string) foldersync.Run {
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
	m.later(foldersync.MinEvery)
	var r maintenance.Report
	if err := m.App.Sync.RunDue(m.T.Context(), &r); err != nil {
		m.T.Fatal(err)
	}

	m.Settle()
	return *m.get().Last
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
		files = append(files, add(b, folders[i], fmt.Sprintf("Cut %d.mov", i), content(byte('a'+i), 300)))
		want["/"+name], want[fmt.Sprintf("/%s/Cut %d", name, i)] = nil, content(byte('a'+i), 300)
	}

	m := mirrored(b, func(q *foldersync.Request) { q.Gone = foldersync.Trash })
	m.is(want)
	moved := m.at(m.Folder, "Cut 0").UID

	b.Frameio.Move(files[0], folders[1])
	b.Frameio.Rename(files[2], "Take 2.mov")
	b.Frameio.Delete(files[3])
	fresh := add(b, folders[4], "New.mov", content('n', 200))
	listed := b.Frameio.Calls("files.index") + b.Frameio.Calls("files.list")
	r := m.told(files[0], files[2], files[3], fresh)
	if r.Why != foldersync.Changes || !r.Partial || r.Created != 1 || r.Moved != 0 || r.Renamed != 1 ||
		r.Gone != 1 || r.Failed != 0 {
		t.Errorf("the run of the changes is %+v, want a partial one for changes: 1 created, 1 renamed, 1 gone, none "+
			"moved or failed", r)
	}

	if now := b.Frameio.Calls("files.index") + b.Frameio.Calls("files.list"); now-listed > 5 {
		t.Errorf("%d folders were listed, want at most 5", now-listed)
	}

	if r := m.told(); r.Moved != 1 { // where it is now is known since
		t.Errorf("the next run is %+v, want 1 moved", r)
	}

	delete(want, "/Day 0/Cut 0")
	delete(want, "/Day 2/Cut 2")
	delete(want, "/Day 3/Cut 3")
	want["/Day 1/Cut 0"], want["/Day 2/Take 2"], want["/Day 4/New"] = content('a', 300), content('c', 300),
		content('n', 200)
	m.is(want)
	if m.at(m.Folder, "Cut 0").UID != moved {
		t.Error("it was copied")
	}

	m.settled(want)
}

// A new folder with all that is in it, one that was renamed, and one that went with
// what was in it.
func TestChangedFoldersAreFollowed(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	old, lost := b.Frameio.AddFolder(b.Root, "Old"), b.Frameio.AddFolder(b.Root, "Lost")
	inner := b.Frameio.AddFolder(lost, "Inner")
	add(b, old, "Cut.mov", content('a', 300))
	gone := add(b, inner, "Gone.mov", content('g', 300))
	for i := range 6 {
		add(b, old, fmt.Sprintf("Take %d.mov", i), content(byte('b'+i), 300))
	}

	m := mirrored(b, func(q *foldersync.Request) { q.Gone = foldersync.Trash })

	deep := b.Frameio.AddFolder(b.Frameio.AddFolder(b.Root, "New"), "Deep")
	add(b, deep, "Cut 2.mov", content('n', 300))
	b.Frameio.Rename(old, "Renamed")
	b.Frameio.Delete(lost)
	_ = gone
	for _, id := range []string{deep, old, lost} { // deep tells nothing: its parent is not known either
		if err := b.App.Sync.OnFolderChanged(t.Context(), m.Account, m.Workspace, id); err != nil {
			t.Fatal(err)
		}
	}

	if r := m.told(); r.Why != foldersync.Changes || r.Created != 1 || r.Renamed != 1 || r.Gone != 1 {
		t.Errorf("the run is %+v, want one for changes: 1 created, 1 renamed and 1 gone", r)
	}

	want := map[string][]byte{
		"/New":            nil,
		"/New/Deep":       nil,
		"/New/Deep/Cut 2": content('n', 300),
		"/Renamed":        nil,
		"/Renamed/Cut":    content('a', 300),
	}

	for i := range 6 {
		want[fmt.Sprintf("/Renamed/Take %d", i)] = content(byte('b'+i), 300)
	}

	m.is(want)
	m.settled(want)
}

// Nothing is begun for syncs that do not follow events.
func TestChangesAreNotFollowedUnlessWanted(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	add(b, b.Root, "Cut.mov", content('a', 300))
	m := mirrored(b, func(q *foldersync.Request) { q.Events = false })
	if r := m.told(add(b, b.Root, "New.mov", content('n', 200))); r.Why != foldersync.First {
		t.Errorf("without events the last run is for %q, want %q", r.Why, foldersync.First)
	}

	m.is(map[string][]byte{"/Cut": content('a', 300)})
	m.settled(map[string][]byte{"/Cut": content('a', 300), "/New": content('n', 200)})
}

// Comments that nobody told of are found by the next round.
func TestCommentsAreLookedAtAgain(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := add(b, b.Root, "Cut.mov", content('a', 300))
	m := mirrored(b)
	uid := m.at(m.Folder, "Cut").UID
	b.Frameio.AddComment(file, frameiosim.CommentSpec{Text: "Too long.", OwnerID: b.Julia})
	m.refresh(false)
	if says(b, uid, "Too long.")() {
		t.Fatal("an asset that has not changed was looked at")
	}

	m.later(b.App.Config.Sync.CommentsEvery)
	m.told()
	if !says(b, uid, "Too long.")() {
		t.Error("the comment is not there")
	}
}

// Nobody has looked at comments while the owner was signed out.
func TestCommentsWaitForTheOwner(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	file := add(b, b.Root, "Cut.mov", content('a', 300))
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

	m := mirrored(b)
	uid := m.at(m.Folder, "Cut").UID
	refuse()
	forget()

	b.Connect("josh")
	m.refresh(false)
	if !says(b, uid, "Too long.")() {
		t.Error("the comment is not there after the owner has signed in again")
	}
}

// After a time of which nothing tells, everything is compared.
func TestAGapIsComparedWhole(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := mirrored(b)
	add(b, b.Root, "Cut.mov", content('a', 300))
	if err := b.App.Webhooks.OnEventsMissed(t.Context(),
		webhook.WatchedWorkspace{Account: m.Account, Workspace: m.Workspace}); err != nil {
		t.Fatal(err)
	}

	if r := m.told(); r.Partial || r.Created != 1 {
		t.Errorf("the run is %+v, want a whole one with 1 created", r)
	}

	m.is(map[string][]byte{"/Cut": content('a', 300)})
}
