package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/figures"
)

// syncFigures are those of TestSync and TestSyncOriginal, which run in fake time.
var syncFigures = []string{
	"sync-first-calls", "sync-first-time", "sync-first-original-shows", "sync-first-original", "sync-unchanged-writes",
	"sync-unchanged-calls",
	"sync-hundred", "sync-hundred-audit", "sync-hundred-lost", "sync-refused", "sync-fair",
}

// syncTime mirrors a tree in fake time: 100,000 assets in 2,000 folders, and with
// contents 5,000 in 100, whose bound is of the same kind.
func (b *bench) syncTime(ctx context.Context) error {
	if !b.wanted(syncFigures...) {
		return nil
	}

	for _, args := range [][]string{
		{
			"-run", "^TestSync$", "./test/bench", "-args", "-changes", "-assets",
			fmt.Sprint(50 * b.folders), "-folders",
			fmt.Sprint(b.folders),
		},
		{"-run", "^TestSyncOriginal$", "./test/bench", "-args", "-originals", fmt.Sprint(min(5000, 50*b.folders))},
		{"-run", "^TestSyncFair$", "./test/bench", "-args", "-originals", fmt.Sprint(min(1000, 50*b.folders))},
	} {
		seen, missed, err := figures.FromTest(ctx, "short", append([]string{"-timeout", "3h"}, args...)...)
		if b.short += missed; missed > 0 { // that is no failure of the run
			continue
		}
		if err == nil && seen == 0 {
			err = errors.New("it has no figures")
		}
		if err != nil {
			return fmt.Errorf("the tree: %w", err)
		}
	}

	return nil
}
