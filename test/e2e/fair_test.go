package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// Whoever publishes many deep folders does not hold up the single file beside them.
func TestDeepFoldersMakeRoom(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	b.Bind("Publish")
	const many, deep = 24, 40
	var folders []string
	for i := range many {
		top := b.Frameio.AddFolder(b.Root, fmt.Sprintf("Deep %d", i))
		folders = append(folders, top)
		for range deep {
			top = b.Frameio.AddFolder(top, "Deeper")
		}
	}

	file := b.Add(b.Root, "Single.mov", testenv.Bytes('s', 100))
	b.Frameio.Faults().Add(faults.Rule{Path: "/children$", Latency: 5 * time.Millisecond})
	b.Run(b.Josh, folders...)
	b.Until(func(v work.View) bool { return v.Kind == "expand" && v.State == work.Running && v.Step == "list" })
	b.Run(b.Josh, file)
	b.Until(func(v work.View) bool { return v.Title == "Single.mov" && v.State == work.Done })
	open := 0
	items, _, err := b.App.Engine.Items(t.Context(), testenv.Viewer, work.Filter{Kind: "expand", Limit: 500})
	if err != nil {
		t.Fatal(err)
	}

	for _, v := range items {
		if !v.State.Final() {
			open++
		}
	}

	if open < many/2 {
		t.Errorf("the single file came when %d of %d folders were left, want at least half of them left", open, many)
	}

	b.AllDone()
}
