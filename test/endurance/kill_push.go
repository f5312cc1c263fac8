package main

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

// pushed is what is pushed while the process is killed.
type pushed struct {
	*killing
	model *pushes
}

// killPush kills the connector while it pushes.
func (e *endurance) killPush(ctx context.Context) error {
	return e.killed(ctx, &plan{
		part: "kill-push",
		moments: []moment{
			"push -", "push lock", "push create", "push transfer", "push confirm", "push place",
			"push describe", "push undo",
			"push-notice -", "push-notice mail",
			"publish link", "publish describe", "publish comments", "publish unlock", // of what comes back
		},
		single: []moment{
			"push undo", "push-notice -", "push-notice mail", "publish link", "publish describe",
			"publish comments", "publish unlock",
		},
		partSize: pushPart,
		options:  frameiosim.Options{ActionTries: 400, PartSize: pushPart},
		begin: func(k *killing) prey {
			return &pushed{k, newPushes(k.node, k.rng.Uint64())}
		},
	}, e.scaled(600, 60))
}

func (p *pushed) ready() {
	w := p.node.world
	p.model.project = w.frameio.State().Accounts[0].Workspaces[0].Projects[0].ID
	w.nuxeo.Faults().Add(faults.Rule{Path: "/@blob/", BytesPerSecond: 24 << 20})
}

func (p *pushed) more(i int) func(context.Context) error { return p.model.more(i) }
func (p *pushed) alone(ctx context.Context, i int) error { return p.model.alone(ctx, i) }
func (p *pushed) count() int                             { return len(p.model.papers) }

func (p *pushed) check(ctx context.Context) (damage, error) {
	d, err := p.model.check(ctx)
	if err != nil {
		return d, err
	}
	failed, err := p.node.ended(ctx, `'failed'`)
	d.lost += failed
	return d, err
}

func (p *pushed) tell(d damage) {
	p.say("%s: pushes by what became of them: %v", p.name, p.model.ended)
	p.atMost(p.name+"-locked-without-push", float64(d.locked), 0)
	p.atMost(p.name+"-pushed-without-lock", float64(d.unlocked), 0)
	p.atMost(p.name+"-abandoned", float64(d.orphans), 0)
}
