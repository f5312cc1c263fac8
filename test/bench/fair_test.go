package main

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// often is how many assets are published one after the other, of which the one in the
// middle counts.
const often = 5

// TestSyncFair publishes single assets while somebody else's tree is brought with its
// contents, and compares how long that takes with an idle connector.
func TestSyncFair(t *testing.T) {
	if *originals < fewFolders {
		t.Skip("a tree of so few would be there before the others are published: -args -originals 1000")
	}
	synctest.Test(t, func(t *testing.T) {
		m, b := newMirror(t, *originals, max(1, *originals/50)), &bench{}
		m.Connect(m.app.Load(), "julia")
		folder := m.bound(t)
		idle := m.published(t, folder, m.some(often))
		m.begin(t, foldersync.Original)
		for m.brought(t) == 0 {
			time.Sleep(time.Second)
		}

		busy := m.published(t, folder, m.some(2 * often)[often:])
		if m.brought(t) >= *originals {
			t.Fatalf("originals in the tree before the mirror: got %d or more, want fewer", *originals)
		}

		b.report("sync-fair", busy.Seconds()/idle.Seconds(), 2, false)
		b.verdict(t)
	})
}

// bound makes a folder that assets are published into.
func (m *mirror) bound(t *testing.T) string {
	t.Helper()
	folder := m.Nuxeo.MkDoc("/default-domain/workspaces/bound", "Folder",
		map[string]any{"dc:title": "Bound", "dc:creator": "josh"})
	m.Grant("/default-domain/workspaces/bound")
	a := m.app.Load()
	_, item, err := a.Binding.Bind(t.Context(), "josh", binding.Request{
		Folder:     folder,
		ActionName: "Publish",
		Workspaces: []string{m.Workspace},
	})
	if err != nil {
		t.Fatal(err)
	}

	if v, err := a.Engine.Await(t.Context(), testenv.Viewer, item, time.Hour); err != nil || v.State != work.Done {
		t.Fatalf("binding: got %+v, %v, want it done", v.Item, err)
	}

	return folder
}

// published publishes files as julia, one after the other, and says how long one takes
// until its document is there.
func (m *mirror) published(t *testing.T, folder string, files []string) time.Duration {
	t.Helper()
	var all []time.Duration
	for _, file := range files {
		before, start := len(m.Nuxeo.Children(folder)), time.Now()
		if _, err := m.Frameio.RunAction(t.Context(), m.Frameio.Actions(m.Workspace)[0].ID, m.Julia,
			[]string{file}); err != nil {
			t.Fatal(err)
		}

		for len(m.Nuxeo.Children(folder)) == before {
			if time.Since(start) > time.Hour {
				t.Fatal("after an hour: got nothing, want it to have arrived")
			}
			time.Sleep(10 * time.Millisecond)
		}

		all = append(all, time.Since(start))
		time.Sleep(5 * time.Second)
	}

	slices.Sort(all)
	return all[len(all)/2]
}

// brought is how many assets of the tree have arrived.
func (m *mirror) brought(t *testing.T) int {
	t.Helper()
	s, err := m.app.Load().Sync.Get(t.Context(), testenv.Viewer, m.sync)
	if err != nil {
		t.Fatal(err)
	}
	return s.Last.Created
}
