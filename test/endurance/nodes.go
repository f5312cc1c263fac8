package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// takeOver is how soon another node must have what one left behind.
const takeOver = 30.0

// pair is two nodes on one PostgreSQL; what the first one says to it goes
// through a wire that can be cut.
type pair struct {
	*endurance
	world         *world
	mix           *mix
	first, second *node
	wire          *wire
}

// losses are the ways in which the first node goes away, and how it comes back.
var losses = []struct {
	name       string
	lose, heal func(context.Context, *pair) error
}{
	{
		"killed", func(_ context.Context, p *pair) error { p.first.kill(); return nil },
		func(ctx context.Context, p *pair) error { return p.first.start(ctx) },
	},
	{
		"stopped", func(_ context.Context, p *pair) error { return p.first.signal(syscall.SIGSTOP) },
		func(_ context.Context, p *pair) error { return p.first.signal(syscall.SIGCONT) },
	},
	{
		"cut-off", func(_ context.Context, p *pair) error { return p.wire.silence() },
		func(ctx context.Context, p *pair) error { return p.wire.clear(ctx) },
	},
	{
		"refused", func(_ context.Context, p *pair) error { p.wire.proxy.Stop(); return nil },
		func(_ context.Context, p *pair) error { return p.wire.proxy.Start() },
	},
}

// twoNodes loses one of two nodes in every way, again and again.
func (e *endurance) twoNodes(ctx context.Context) error {
	p, err := e.pair(ctx)
	if err != nil {
		return err
	}
	defer func() { p.first.kill(); p.second.kill(); p.wire.close(); _ = p.world.close() }()
	took := map[string][]float64{}
	var wrong damage
	rounds := 0
	for end := time.Now().Add(e.budget); rounds == 0 || time.Now().Before(end) && ctx.Err() == nil; rounds++ {
		for _, l := range losses {
			s, err := p.lose(ctx, l.lose, l.heal)
			if err != nil {
				return fmt.Errorf("%s: %w\n%s\n%s", l.name, err, p.first.tail(), p.second.tail())
			}

			took[l.name] = append(took[l.name], s)
			if wrong, err = p.mix.check(ctx, p.second); err != nil {
				return err
			}

			p.mix.settle()
			e.say("%s: taken over after %.1f s; %d assets, %d lost, %d doubled", l.name, s, len(p.mix.clips),
				wrong.lost, wrong.doubled)
			for _, s := range wrong.said {
				e.say("%s", s)
			}
		}
	}

	for _, l := range losses {
		longest := 0.0
		for _, s := range took[l.name] {
			longest = max(longest, s)
		}
		e.atMost("two-nodes-take-over-seconds-"+l.name, longest, takeOver)
	}

	e.atMost("two-nodes-doubled", float64(wrong.doubled), 0)
	e.atMost("two-nodes-lost", float64(wrong.lost), 0)
	e.atMost("two-nodes-orphans", float64(wrong.orphans), 0)
	return nil
}

func (e *endurance) pair(ctx context.Context) (*pair, error) {
	w, err := newWorld(nuxeosim.Options{}, frameiosim.Options{ActionTries: 400})
	if err != nil {
		return nil, err
	}

	address, err := e.schema(ctx)
	if err != nil {
		return nil, err
	}

	_, server, _ := strings.Cut(address, "@")
	server, _, _ = strings.Cut(server, "/")
	p := &pair{endurance: e, world: w, mix: &mix{world: w, seed: 5000}}
	if p.wire, err = newWire("postgresql", server); err != nil {
		return nil, err
	}

	if p.first, err = e.newNode(w, e.product, strings.Replace(address, server, p.wire.proxy.Listen, 1)); err != nil {
		return nil, err
	}

	if p.second, err = e.newNode(w, e.product, address, "--public-url", "http://"+p.first.address); err != nil {
		return nil, err
	}

	if err := p.first.start(ctx); err != nil {
		return nil, err
	}

	if err := p.first.bind(ctx); err != nil {
		return nil, err
	}

	// What Frame.io calls is the first one; both answer for the same binding.
	return p, p.second.start(ctx)
}

// lose gives both nodes work, takes the first one away, and tells how long it
// took until the second one had everything that the first one held.
func (p *pair) lose(ctx context.Context, lose, heal func(context.Context, *pair) error) (float64, error) {
	slow := p.world.frameio.Faults().Add(faults.Rule{Path: "^/assets/", BytesPerSecond: 4 << 20})
	defer slow()
	if err := p.world.publish(ctx, p.mix.more(6)...); err != nil {
		return 0, err
	}

	name, err := p.held(ctx)
	if err != nil {
		return 0, err
	}

	if err := lose(ctx, p); err != nil {
		return 0, err
	}

	lost := time.Now()
	err = until(ctx, 2*time.Minute, "taken over", func() (bool, error) {
		n, err := p.second.number(ctx, `SELECT COUNT(*) FROM items WHERE state = 'running' AND node = '`+name+`'`)
		return n == 0, err
	})

	took := time.Since(lost).Seconds()
	if err != nil {
		return took, err
	}

	slow()
	// Back it comes while the other one is in the middle of what it took over.
	if err := heal(ctx, p); err != nil {
		return took, err
	}

	if err := p.second.rest(ctx, 3*time.Minute); err != nil {
		return took, err
	}

	if n, err := p.second.failures(ctx); n > 0 || err != nil {
		return took, fmt.Errorf("%d items failed: %w", n, err)
	}

	// The first one works again.
	return took, until(ctx, time.Minute, "at work again", func() (bool, error) {
		resp, err := p.first.driver.Client.Get("http://" + p.first.address + "/readyz")
		if err != nil {
			return false, nil
		}
		return resp.StatusCode == 200, resp.Body.Close()
	})
}

// held waits until the first node holds transfers, and returns its name.
func (p *pair) held(ctx context.Context) (name string, err error) {
	file := p.first.data + "/node"
	err = until(ctx, time.Minute, "in the middle of transfers on the first node", func() (bool, error) {
		b, err := os.ReadFile(file)
		if err != nil {
			return false, err
		}
		name = string(b)
		n, err := p.second.number(ctx, `SELECT COUNT(*) FROM items WHERE state = 'running' AND step = 'transfer'
			AND node = '`+name+`'`)
		return n > 0, err
	})

	return name, err
}
