package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// Whatever somebody does that others may ask for later leaves one entry, with who did it and
// to what; the chain of all of them is whole.
func TestEveryDeedLeavesAnEntry(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	ctx, boss, josh := t.Context(), work.Viewer{Login: "Administrator", Admin: true}, work.Viewer{Login: "josh"}
	b.SignIn("josh")
	made := b.Bind("Publish")

	// did has something done, and looks what entries that leaves.
	did := func(who, what, about string, fn func() error) {
		t.Helper()
		before := entries(b)
		if err := fn(); err != nil {
			t.Fatalf("%s does %s: %v", who, what, err)
		}

		var left []string
		for _, e := range entries(b)[len(before):] {
			if e.What == what {
				left = append(left, e.Who+" "+e.What+" "+e.About)
			}
		}

		if want := who + " " + what + " " + about; !slices.Equal(left, []string{want}) {
			t.Errorf("it leaves %q, want %q once", left, want)
		}
	}

	for _, want := range []string{"josh " + audit.SignedIn, "josh " + audit.Connected, "josh " + audit.Bound} {
		if !slices.ContainsFunc(entries(b), func(e audit.Entry) bool { return e.Who+" "+e.What == want }) {
			t.Errorf("the audit log has no entry %q, want one", want)
		}
	}

	did("Administrator", audit.Paused, "", func() error { return b.App.Engine.Pause(ctx, boss.Login, "a new disk") })
	did("Administrator", audit.Resumed, "", func() error { return b.App.Engine.Resume(ctx, boss.Login) })

	p := b.Pushed(b.Kept("Teaser", testenv.Bytes('a', 500))).Pushes[0]
	did("Administrator", audit.LockReleased, "Teaser", func() error {
		_, err := b.App.Push.Release(ctx, boss, p.ID, "She is away.")
		return err
	})

	folder, _ := b.Nuxeo.Doc(b.Folder)
	uid := b.Nuxeo.MkDoc(folder.Path+"/Mirror", "Folder", map[string]any{"dc:creator": "josh"})
	file := b.Add(b.Root, "Cut.mov", testenv.Bytes('a', 500))
	m := b.Mirrored(func(q *foldersync.Request) { q.Folder = uid })
	cut := m.At(uid, "Cut").UID
	edited := nuxeosim.Blob{Name: "Cut.mov", MimeType: "video/quicktime", Data: testenv.Bytes('x', 900)}
	if err := b.Nuxeo.Edit("josh", cut, map[string]any{"file:content": edited}); err != nil {
		t.Fatal(err)
	}

	b.Frameio.Stack(file, b.Add(b.Root, "Cut 2.mov", testenv.Bytes('n', 700)))
	m.Refresh(false)
	page, err := b.App.Sync.Troubles(ctx, testenv.Viewer, m.ID, "", 10)
	if err != nil || len(page.List) != 1 {
		t.Fatalf("%d conflicts, %v, want 1", len(page.List), err)
	}

	did("josh", audit.ConflictSettled, "Cut.mov", func() error {
		_, err := b.App.Sync.ResolveConflict(ctx, josh, m.ID, page.List[0].Key, foldersync.NuxeoWins)
		return err
	})

	b.Settle()
	mirror, _ := b.Nuxeo.Doc(uid)
	synced := func(do func(context.Context, work.Viewer, string) (foldersync.Sync, error)) func() error {
		return func() error {
			_, err := do(ctx, josh, m.ID)
			return err
		}
	}
	if !slices.ContainsFunc(entries(b), func(e audit.Entry) bool {
		return e.Who == "josh" && e.What == audit.SyncAdded && e.About == mirror.Path
	}) {
		t.Errorf("no entry tells that josh added the synchronization of %s, want one", mirror.Path)
	}

	did("josh", audit.SyncPaused, mirror.Path, synced(b.App.Sync.Pause))
	did("josh", audit.SyncResumed, mirror.Path, synced(b.App.Sync.Resume))
	did("josh", audit.LossConfirmed, mirror.Path, func() error {
		_, err := b.App.Sync.Refresh(ctx, josh, m.ID, true)
		return err
	})

	b.Settle()
	did("josh", audit.SyncRemoved, mirror.Path, func() error { return b.App.Sync.Remove(ctx, josh, m.ID) })
	b.Settle()

	did("josh", audit.Unbound, made.FolderPath, func() error {
		_, err := b.App.Binding.Unbind(ctx, josh, made.ID, "")
		return err
	})

	b.Settle() // as josh, while that can be
	did("josh", audit.Disconnected, "", func() error { return b.App.Identity.Disconnect(ctx, "josh") })
	did("Administrator", audit.Revoked, "josh", func() error {
		_, err := b.App.Identity.Revoke(ctx, "josh", boss.Login)
		return err
	})

	did("Administrator", audit.Lifted, "josh", func() error {
		return b.App.Identity.Lift(ctx, "josh", boss.Login, false)
	})

	did("", audit.ProviderChanged, "frameio", func() error { return b.App.Identity.DeleteProvider(ctx) })

	b.Settle()
	found, err := b.App.Audit.Verify(ctx)
	if err != nil || len(found.Problems) > 0 {
		t.Errorf("the chain has %v, %v, want no problem", found.Problems, err)
	}
}

// entries are those of the audit, oldest first.
func entries(b *testenv.Bed) []audit.Entry {
	b.T.Helper()
	all, _, err := b.App.Audit.List(b.T.Context(), audit.Filter{Limit: 500})
	if err != nil {
		b.T.Fatal(err)
	}
	slices.SortStableFunc(all, func(a, b audit.Entry) int { return strings.Compare(a.ID, b.ID) })
	return all
}
