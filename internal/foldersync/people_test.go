package foldersync_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func TestASyncRunsByItsSchedule(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := b.Mirrored(func(q *foldersync.Request) { q.Every = time.Hour })
	mails := len(b.Mail.Messages())
	b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
	b.App.Sync.Now = func() time.Time { return time.Now().Add(50 * time.Minute) }
	var r maintenance.Report
	if err := b.App.Sync.RunDue(t.Context(), &r); err != nil || len(r.Lines) != 0 {
		t.Errorf("what is due before the hour: %v, %v; want nothing", r.Lines, err)
	}

	b.App.Sync.Now = func() time.Time { return time.Now().Add(61 * time.Minute) }
	if err := b.App.Sync.RunDue(t.Context(), &r); err != nil || len(r.Lines) != 1 {
		t.Errorf("what is due after the hour: %v, %v; want one", r.Lines, err)
	}

	b.Settle()
	m.Is(map[string][]byte{"/Cut": testenv.Bytes('a', 500)})
	if s := m.Get(); s.Last.Why != foldersync.Schedule || !s.Due.After(time.Now().Add(100*time.Minute)) {
		t.Errorf("the synchronization is %+v after %+v, want a run by schedule, and the next one in 100 minutes or "+
			"later", s, s.Last)
	}

	if n := len(b.Mail.Messages()) - mails; n != 0 {
		t.Errorf("%d mails, want none", n)
	}
}

func TestPausedSyncsDoNotRun(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := b.Mirrored(func(q *foldersync.Request) { q.Every = time.Hour })
	josh := work.Viewer{Login: "josh"}
	if s, err := b.App.Sync.Pause(t.Context(), josh, m.ID); err != nil || s.State != foldersync.Paused ||
		!s.Due.IsZero() || !strings.Contains(s.Reason, "josh") {
		t.Fatalf("paused it is %+v, %v; want it paused by josh, and not due", s, err)
	}

	b.App.Sync.Now = func() time.Time { return time.Now().Add(61 * time.Minute) }
	var r maintenance.Report
	if err := b.App.Sync.RunDue(t.Context(), &r); err != nil || len(r.Lines) != 0 {
		t.Errorf("what is due while it is paused: %v, %v; want nothing", r.Lines, err)
	}

	if s, err := b.App.Sync.Resume(t.Context(), josh, m.ID); err != nil || s.State != foldersync.Active ||
		s.Due.IsZero() || s.Reason != "" {
		t.Errorf("resumed it is %+v, %v; want it active and due, without a reason", s, err)
	}
}

func TestWhoMaySynchronize(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := b.Mirrored()
	olga := work.Viewer{Login: "olga"}
	for name, do := range map[string]func() error{
		"see":    func() error { _, err := b.App.Sync.Get(t.Context(), olga, m.ID); return err },
		"pause":  func() error { _, err := b.App.Sync.Pause(t.Context(), olga, m.ID); return err },
		"remove": func() error { return b.App.Sync.Remove(t.Context(), olga, m.ID) },
	} {
		if err := do(); !fault.Is(err, fault.NotFound) {
			t.Errorf("olga, who may not see the folder, does %s: got %v, want not found", name, err)
		}
	}

	if list, _, err := b.App.Sync.List(t.Context(), olga, ""); err != nil || len(list) != 0 {
		t.Errorf("olga sees %v, %v; want nothing", list, err)
	}
}

// What stands in the way pauses a sync, which says why and what to do, and changes
// nothing.
func TestWhatPausesASync(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		harm func(*testenv.Mirror)
		says string
	}{
		"the folder is in the trash": {func(m *testenv.Mirror) { _ = m.Nuxeo.Trash(m.Folder) }, "gone in Nuxeo"},
		"the root is gone on Frame.io": {func(m *testenv.Mirror) {
			m.Frameio.Delete(m.Get().Root)
		}, "gone on Frame.io"},
		"the owner signed out of Frame.io": {func(m *testenv.Mirror) {
			_ = m.App.Identity.Disconnect(m.T.Context(), "josh")
		}, "not connected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t)
			day := b.Frameio.AddFolder(b.Root, "Day")
			b.Add(day, "Cut.mov", testenv.Bytes('a', 500))
			m := b.Mirrored(func(q *foldersync.Request) { q.Root, q.Every, q.Gone = day, time.Hour, foldersync.Trash })
			c.harm(m)
			b.App.Sync.Now = func() time.Time { return time.Now().Add(61 * time.Minute) }
			var r maintenance.Report
			if err := b.App.Sync.RunDue(t.Context(), &r); err != nil {
				t.Fatal(err)
			}

			b.Settle()
			s := m.Get()
			if s.State != foldersync.Paused || !strings.Contains(s.Reason, c.says) || s.Remedy == "" ||
				!s.Due.IsZero() {
				t.Errorf("it is %s with %q and the remedy %q, due at %s; want it paused for %q, with a remedy, and "+
					"not due", s.State, s.Reason, s.Remedy, s.Due, c.says)
			}

			if d := m.At(m.Folder, "Cut"); d.Content == nil || s.Missing != 0 {
				t.Errorf("the document is %+v, with %d missing; want it with its content, and none", d, s.Missing)
			}
		})
	}
}

func TestBindAndSyncExcludeEachOther(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	m := b.Mirrored()
	q := binding.Request{Folder: b.Folder, ActionName: "Publish", Workspaces: []string{b.Workspace}}
	if _, _, err := b.App.Binding.Bind(t.Context(), "josh", q); fault.From(err).Field != "folder" ||
		!strings.Contains(err.Error(), "synchronized") {
		t.Errorf("binding a synchronized folder: got %v, want the field folder refused", err)
	}

	if err := b.App.Sync.Remove(t.Context(), testenv.Viewer, m.ID); err != nil {
		t.Fatal(err)
	}

	b.Bind("Publish")
	if _, err := b.App.Sync.Add(t.Context(), "josh", b.SyncRequest()); !fault.Is(err, fault.Conflict) ||
		!strings.Contains(err.Error(), "Publish") {
		t.Errorf("synchronizing a bound folder: got %v, want a conflict with Publish", err)
	}
}

// A list of synchronizations asks Nuxeo once what a person may do with all their folders,
// shows those that they may read, and says of each whether they may change it.
func TestAListOfSyncsAsksOnce(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	const below = "/default-domain/workspaces/"
	folders := map[string]string{} // uids by name
	for _, name := range []string{"open", "readable", "closed"} {
		folders[name] = b.Nuxeo.MkDoc(below+name, "Folder", map[string]any{"dc:creator": "josh"})
		b.Nuxeo.SetACL(below+name, "josh", "Everything", true)
		day := b.Frameio.AddFolder(b.Root, name)
		b.Mirrored(func(q *foldersync.Request) { q.Folder, q.Root = folders[name], day })
	}

	b.Nuxeo.SetACL(below+"open", "olga", "Everything", true)
	b.Nuxeo.SetACL(below+"readable", "olga", "Read", true)
	b.Nuxeo.SetACL(below+"closed", "olga", "Everything", false)
	b.SignIn("olga")

	before, olga := len(b.Nuxeo.Requests()), work.Viewer{Login: "olga"}
	list, may, err := b.App.Sync.List(t.Context(), olga, "")
	if err != nil {
		t.Fatal(err)
	}

	got := map[string]bool{}
	for _, q := range list {
		got[q.FolderPath] = foldersync.MayChange(olga, q, may)
	}

	want := map[string]bool{below + "open": true, below + "readable": false}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("olga may see and change %v, want %v", got, want)
	}

	if asked := b.Nuxeo.Requests()[before:]; len(asked) != 1 {
		t.Errorf("Nuxeo was asked %d times, want once: %+v", len(asked), asked)
	}
}
