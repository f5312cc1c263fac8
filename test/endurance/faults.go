package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// disturbed is a connector whose four ways out lead through wires.
type disturbed struct {
	*endurance
	world  *world
	node   *node
	mix    *mix
	relays []*relay
	legs   []disturbedLeg
}

type disturbedLeg struct {
	name string
	wire *wire
	leg  *leg
}

// disturbance is what befalls a leg. One that ends connections, or lets them
// hang, lasts until the connector has begun some more of them.
type disturbance struct {
	name, kind, attributes string
	both                   bool // in both directions
	deadly                 bool
	silent                 bool
}

var disturbances = []disturbance{
	{name: "latency and jitter", kind: "latency", attributes: `"latency":120,"jitter":80`, both: true},
	{name: "bandwidth", kind: "bandwidth", attributes: `"rate":6000`, both: true},
	{name: "slicer", kind: "slicer", attributes: `"average_size":1000,"size_variation":500,"delay":10`, both: true},
	{name: "limit data", kind: "limit_data", attributes: `"bytes":1500`, both: true, deadly: true},
	{name: "reset peer", kind: "reset_peer", attributes: `"timeout":20`, deadly: true},
	{name: "half open", kind: "timeout", attributes: `"timeout":0`, both: true, deadly: true, silent: true},
	{name: "silent answers", kind: "timeout", attributes: `"timeout":0`, deadly: true, silent: true},
	{name: "slow close", kind: "slow_close", attributes: `"delay":1500`, both: true},
}

// The times of the node are short, so that the part is; the defaults are what is
// in the settings.
const (
	idle    = 5 * time.Second
	patient = 15 * time.Second
	notice  = 30.0
)

// networkFaults disturbs each leg in each way while assets are published.
func (e *endurance) networkFaults(ctx context.Context) error {
	d, err := e.disturbed(ctx)
	if err != nil {
		return err
	}
	defer d.close()
	longest, scenes, incomplete := 0.0, 0, 0
	for end := time.Now().Add(e.budget); scenes == 0 || time.Now().Before(end) && ctx.Err() == nil; {
		for _, what := range disturbances {
			for _, l := range d.legs {
				scenes++
				silence, took, err := d.scene(ctx, l, what)
				if err != nil {
					incomplete++
					e.say("%s on %s: %v\n%s", what.name, l.name, err, d.node.tail())
				}

				if what.silent {
					longest = max(longest, silence)
					e.say("%-18s %-15s done after %5.1f s, noticed after %.1f s of silence", what.name,
						l.name, took, silence)
				} else {
					e.say("%-18s %-15s done after %5.1f s", what.name, l.name, took)
				}
			}
		}
	}

	if err := d.node.rest(ctx, time.Minute); err != nil {
		return err
	}

	wrong, err := d.mix.check(ctx, d.node)
	for _, s := range wrong.said {
		e.say("%s", s)
	}

	e.atMost("network-faults-incomplete", float64(incomplete), 0)
	e.atLeast("network-faults-complete-percent", 100*float64(scenes-incomplete)/float64(scenes), 100)
	e.atMost("network-faults-lost", float64(wrong.lost), 0)
	e.atMost("network-faults-doubled", float64(wrong.doubled), 0)
	e.atMost("network-faults-orphans", float64(wrong.orphans), 0)
	e.atMost("network-faults-silence-seconds", longest, notice)
	return err
}

func (e *endurance) disturbed(ctx context.Context) (*disturbed, error) {
	w, err := newWorld(nuxeosim.Options{}, frameiosim.Options{})
	if err != nil {
		return nil, err
	}

	d := &disturbed{endurance: e, world: w, mix: &mix{world: w, seed: 70000}}
	nx, err := d.relay("Nuxeo", strings.TrimPrefix(strings.TrimSuffix(w.nx, "/nuxeo"), "http://"), isUpload)
	if err != nil {
		return nil, err
	}

	fio, err := d.relay("Frame.io", strings.TrimPrefix(w.fio, "http://"), isDownload)
	if err != nil {
		return nil, err
	}

	if d.node, err = e.newNode(w, e.product, "", "--transfer-idle", idle.String(), "--nuxeo-call-timeout",
		patient.String(), "--frameio-call-timeout", patient.String(),
		"--nuxeo-url", "http://"+nx.address()+"/nuxeo", "--frameio-url", "http://"+fio.address()); err != nil {
		return nil, err
	}

	w.frameio.SetURL("http://" + fio.address()) // signed addresses lead through the relay as well
	w.nuxeo.SetURL("http://" + nx.address() + "/nuxeo")
	return d, errors.Join(d.node.start(ctx), d.node.bind(ctx))
}

func isUpload(line string) bool {
	return strings.HasPrefix(line, "POST ") && strings.Contains(line, "/upload/batchId")
}

func isDownload(line string) bool { return strings.Contains(line, " /assets/") }

// relay puts two wires before a system.
func (d *disturbed) relay(name, to string, isBytes func(string) bool) (*relay, error) {
	calls, err := newWire(name+" calls", to)
	if err != nil {
		return nil, err
	}

	bytes, err := newWire(name+" bytes", to)
	if err != nil {
		return nil, err
	}

	r, err := newRelay(calls.proxy.Listen, bytes.proxy.Listen, isBytes, nil)
	if err != nil {
		return nil, err
	}

	d.relays = append(d.relays, r)
	d.legs = append(d.legs, disturbedLeg{name + " calls", calls, r.calls},
		disturbedLeg{name + " bytes", bytes, r.bytes})
	return r, nil
}

func (d *disturbed) close() {
	d.node.kill()
	for _, r := range d.relays {
		r.close()
	}
	for _, l := range d.legs {
		l.wire.close()
	}
	_ = d.world.close()
}

// scene publishes while a leg is disturbed, and tells how long a silence went
// unnoticed and how long everything took.
func (d *disturbed) scene(ctx context.Context, l disturbedLeg, what disturbance) (silence, took float64, err error) {
	begin := time.Now()
	since := func() float64 { return time.Since(begin).Seconds() }
	if err := d.disturb(l, what); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, l.wire.clear(ctx)) }()
	opened, _, _ := l.leg.seen()
	for i := range 2 {
		size := []int64{20 << 20, 3000}[i]
		id, content := d.mix.file(d.world.root, fmt.Sprintf("film %d.mov", d.mix.seed), size)
		d.mix.clips = append(d.mix.clips, &clip{head: id, contents: []*pattern.Content{content}})
		if err := d.world.publish(ctx, id); err != nil {
			return 0, since(), err
		}
	}

	if what.deadly {
		if silence, err = d.noticed(ctx, l.leg, opened); err != nil {
			return silence, since(), err
		}
		if err := l.wire.clear(ctx); err != nil {
			return silence, since(), err
		}
	}

	if err := d.node.rest(ctx, 3*time.Minute); err != nil {
		return silence, since(), err
	}

	if n, err := d.node.failures(ctx); n > 0 || err != nil {
		return silence, since(), errors.Join(err, fmt.Errorf("%d items failed", n))
	}

	return silence, since(), nil
}

func (d *disturbed) disturb(l disturbedLeg, what disturbance) error {
	if what.both {
		if err := l.wire.toxic(what.kind, "upstream", what.attributes); err != nil {
			return err
		}
	}
	return l.wire.toxic(what.kind, "downstream", what.attributes)
}

// noticed waits until the connector has begun two more connections than the first
// ones, and tells the longest time in which nothing moved and nothing was done.
// The wait before a repetition is part of it.
func (d *disturbed) noticed(ctx context.Context, l *leg, opened int) (longest float64, err error) {
	last := time.Time{}
	err = until(ctx, 90*time.Second, "noticed", func() (bool, error) {
		n, moved, begun := l.seen()
		now := moved
		if begun.After(now) {
			now = begun
		}

		if !last.IsZero() && n > opened {
			longest = max(longest, now.Sub(last).Seconds(), time.Since(now).Seconds())
		}

		if n > opened {
			last = now
		}

		return n >= opened+4, nil
	})

	return longest, err
}
