package main

import (
	"context"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// published is what is published while the process is killed.
type published struct {
	*killing
	mix *mix
}

// killPublish kills the connector while it publishes.
func (e *endurance) killPublish(ctx context.Context) error {
	return e.killed(ctx, &plan{
		part: "kill-publish",
		moments: []moment{
			"publish -", "publish resolve", "publish link", "publish refresh", "publish transfer", "publish attach",
			"publish verify", "publish describe", "publish comments",
			"expand -", "expand list", "expand folders", "expand items",
			"notice -",
		},
		single:   []moment{"publish refresh", "expand -", "expand list", "expand folders", "expand items", "notice -"},
		partSize: 16 << 20,
		options:  frameiosim.Options{ActionTries: 400},
		begin:    func(k *killing) prey { return &published{k, &mix{world: k.node.world, seed: 100}} },
	}, e.scaled(600, 80))
}

func (p *published) ready() {
	p.node.world.frameio.Faults().Add(faults.Rule{Path: "^/assets/", BytesPerSecond: 40 << 20})
}

// more is published as Frame.io does it, again and again until it is answered.
func (p *published) more(i int) func(context.Context) error {
	assets := p.mix.more(i % 2)
	return func(ctx context.Context) error { return p.node.world.publish(ctx, assets...) }
}

func (p *published) alone(ctx context.Context, i int) error {
	id, content := p.mix.file(p.node.world.root, fmt.Sprintf("resumed %d.mov", i), resumeSize)
	p.mix.clips = append(p.mix.clips, &clip{head: id, contents: []*pattern.Content{content}})
	return p.node.world.publish(ctx, id)
}

func (p *published) check(ctx context.Context) (damage, error) {
	failed, err := p.node.failures(ctx)
	if err != nil {
		return damage{}, err
	}
	d, err := p.mix.check(ctx, p.node)
	d.lost += failed
	p.mix.settle()
	return d, err
}

func (p *published) count() int { return len(p.mix.clips) }

func (p *published) tell(d damage) { p.atMost(p.name+"-orphans", float64(d.orphans), 0) }

// publish runs the custom action on assets.
func (w *world) publish(ctx context.Context, assets ...string) error {
	a, err := w.action()
	if err != nil {
		return err
	}

	r, err := w.frameio.DeliverAction(ctx, frameiosim.DeliverSpec{
		ActionID: a.ID, PersonID: w.josh,
		ResourceIDs: assets,
	})
	if err == nil && (!r.OK() || r.Title != "Success") {
		err = fmt.Errorf("the action was answered %d %s %s", r.Status, r.Title, r.Error)
	}

	return err
}
