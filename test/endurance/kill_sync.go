package main

import (
	"context"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

// synced is what is mirrored while the process is killed.
type synced struct {
	*killing
	model *mirrors
}

const (
	mirrorPart = 16 << 20
	// killsOfATree is how many kills befall one tree: the first its first run.
	killsOfATree = 5
	// mirrorMemory is what a connector may use at most, in MiB.
	mirrorMemory = 256
)

// killSync kills the connector while it mirrors trees that change.
func (e *endurance) killSync(ctx context.Context) error {
	return e.killed(ctx, &plan{
		part: "kill-sync",
		moments: []moment{
			"sync -", "sync sync-list", "sync sync-compare", "sync sync-folders", "sync sync-assets", "sync sync-wait",
			"sync sync-gone", "sync sync-facet",
			"sync-asset -", "sync-asset resolve", "sync-asset link", "sync-asset transfer", "sync-asset attach",
			"sync-asset verify",
			"sync-asset describe", "sync-asset comments", "sync-asset sync-earlier", "sync-asset sync-place",
			"sync-comments -", "sync-posters -", "sync-notice -",
		},
		single: []moment{
			"sync -", "sync sync-list", "sync sync-compare", "sync sync-folders", "sync sync-assets", "sync sync-gone",
			"sync sync-facet",
			"sync-asset sync-earlier", "sync-asset sync-place", "sync-comments -", "sync-posters -", "sync-notice -",
		},
		partSize: mirrorPart,
		options:  frameiosim.Options{ActionTries: 400, Events: frameiosim.Healthy},
		begin: func(k *killing) prey {
			return &synced{k, newMirrors(k.node, k.rng.Uint64())}
		},
	}, e.scaled(780, 100))
}

// ready makes Frame.io so slow that a kill can come in the middle of a listing or
// of a transfer.
func (s *synced) ready() {
	w := s.node.world
	s.model.project = w.frameio.State().Accounts[0].Workspaces[0].Projects[0].ID
	w.frameio.Faults().Add(faults.Rule{Path: "^/assets/", BytesPerSecond: 40 << 20})
	w.frameio.Faults().Add(faults.Rule{Path: "/folders/[^/]+/(files|folders|version_stacks)$", Latency: listLatency})
}

func (s *synced) more(i int) func(context.Context) error {
	if i%killsOfATree == 0 {
		return s.model.plant()
	}
	return s.model.work()
}

func (s *synced) alone(ctx context.Context, i int) error {
	s.model.withContent()
	s.model.file(s.model.now.root, fmt.Sprintf("resumed %d.mov", i), resumeSize)
	return s.model.refresh(ctx)
}

func (s *synced) count() int { return s.model.deeds }

func (s *synced) check(ctx context.Context) (damage, error) {
	if err := s.model.refreshed(ctx); err != nil {
		return damage{}, err
	}
	d, err := s.model.check(ctx)
	d.lost += s.model.differences
	return d, err
}

func (s *synced) tell(d damage) {
	s.say("%s: %d trees, %d runs, what items said that failed: %v", s.name, len(s.model.trees), s.model.runs,
		s.model.failures)
	s.atMost(s.name+"-differences", float64(s.model.differences), 0)
	s.atMost(s.name+"-left", float64(d.orphans), 0)
	s.atMost(s.name+"-failed-runs", float64(s.model.failedRuns), 0)
	s.atMost(s.name+"-peak-mib", s.node.peak, mirrorMemory)
}
