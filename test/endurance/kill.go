package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
)

// moments are the steps at which a process can end itself: kind and step, where
// - is the first one.
var moments = []string{
	"publish -", "publish resolve", "publish link", "publish refresh", "publish transfer", "publish attach",
	"publish verify", "publish describe", "publish comments",
	"expand -", "expand list", "expand folders", "expand items",
	"notice -",
}

const (
	partSize   = 16 << 20
	resumeSize = 80 << 20
	// callsBefore is how many calls a side may get before the transfer goes on.
	callsBefore = 1
	// slack is what a socket swallows that nobody reads any more.
	slack = 8 << 20
)

// killing is one series of kills on one database.
type killing struct {
	*endurance
	node  *node
	mix   *mix
	name  string
	deck  *[]string      // drawn moments, for all series
	drawn map[string]int // kills by the step that was drawn
	under map[string]int // kills by the steps that were under way
	wrong damage
	times []float64 // seconds to the first new byte
	calls []int     // of the busier side before it
	again []int64   // bytes sent again by each kill
}

// killPublish kills the connector while it publishes, half of the times at a
// random moment and half of them at a step that is drawn.
func (e *endurance) killPublish(ctx context.Context) error {
	kills := e.scaled(600, 80)
	drawn, deck := map[string]int{}, []string{}
	for _, database := range []string{"sqlite", "postgresql"} {
		k := &killing{endurance: e, name: "kill-publish-" + database, drawn: drawn, deck: &deck, under: map[string]int{}}
		if err := k.prepare(ctx, database); err != nil {
			return err
		}
		err := k.all(ctx, kills/2)
		k.node.kill()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", database, err, k.node.tail())
		}
		if err := k.node.world.close(); err != nil {
			return err
		}
	}
	least := kills
	for _, at := range moments {
		least = min(least, drawn[at])
	}
	e.atLeast("kill-publish-least-hit-step", float64(least), float64(min(5, e.scaled(15, 1))))
	return nil
}

func (k *killing) prepare(ctx context.Context, database string) error {
	w, err := newWorld(nuxeosim.Options{}, frameiosim.Options{ActionTries: 400})
	if err != nil {
		return err
	}
	address := ""
	if database == "postgresql" {
		if address, err = k.schema(ctx); err != nil {
			return err
		}
	}
	if k.node, err = k.newNode(w, k.mortal, address); err != nil {
		return err
	}
	k.mix = &mix{world: w, seed: 100}
	if err := k.node.start(ctx); err != nil {
		return err
	}
	if err := k.node.bind(ctx); err != nil {
		return err
	}
	w.frameio.Faults().Add(faults.Rule{Path: "^/assets/", BytesPerSecond: 40 << 20})
	return nil
}

func (k *killing) all(ctx context.Context, kills int) error {
	resumes := max(5, kills/10)
	for i := range kills - resumes {
		if err := k.once(ctx, i); err != nil {
			return fmt.Errorf("kill %d: %w", i, err)
		}
		if i%5 == 4 || i == kills-resumes-1 {
			if err := k.settled(ctx); err != nil {
				return fmt.Errorf("after kill %d: %w", i, err)
			}
			k.say("%s: %d kills, %d assets, %d wrong", k.name, i+1, len(k.mix.clips), k.wrong.lost+k.wrong.doubled+k.wrong.orphans)
		}
	}
	for i := range resumes {
		if err := k.resume(ctx, i); err != nil {
			return fmt.Errorf("resume %d: %w", i, err)
		}
	}
	k.tell(kills)
	return nil
}

// once publishes a mix and kills the process, then starts it again.
func (k *killing) once(ctx context.Context, i int) error {
	at := ""
	if i%2 == 1 {
		at = k.draw()
		k.node.kill() // nothing is under way that was not killed before
		before := 0
		if strings.HasPrefix(at, "publish ") && at != "publish refresh" { // the others come once in a mix
			before = k.rng.IntN(3)
		}
		env := fmt.Sprintf("%s=%s %s %d", dieAt, at, []string{"start", "end"}[k.rng.IntN(2)], before)
		if err := k.node.start(ctx, env); err != nil {
			return err
		}
	}
	accepted := make(chan error, 1)
	go k.deliver(ctx, k.mix.more(i%2), accepted)
	wait := time.Duration(k.rng.IntN(2500)) * time.Millisecond
	if at != "" {
		wait = 20 * time.Second
	}
	switch hit := k.node.dead(ctx, wait); {
	case at == "":
	case hit:
		k.drawn[at]++
	default: // it did not come by this time
		*k.deck = append(*k.deck, at)
	}
	k.node.kill()
	if err := k.look(ctx); err != nil {
		return err
	}
	if err := k.node.start(ctx); err != nil {
		return err
	}
	return <-accepted
}

// draw takes a moment off a shuffled deck, so that each comes equally often.
func (k *killing) draw() string {
	if len(*k.deck) == 0 {
		*k.deck = slices.Clone(moments)
		k.rng.Shuffle(len(moments), func(a, b int) { (*k.deck)[a], (*k.deck)[b] = (*k.deck)[b], (*k.deck)[a] })
	}
	at := (*k.deck)[0]
	*k.deck = (*k.deck)[1:]
	return at
}

// deliver runs the custom action as Frame.io does, again and again until it is
// answered.
func (k *killing) deliver(ctx context.Context, assets []string, accepted chan<- error) {
	accepted <- k.node.world.publish(ctx, assets...)
}

// publish runs the custom action on assets.
func (w *world) publish(ctx context.Context, assets ...string) error {
	a, err := w.action()
	if err != nil {
		return err
	}
	r, err := w.frameio.DeliverAction(ctx, frameiosim.DeliverSpec{ActionID: a.ID, PersonID: w.josh, ResourceIDs: assets})
	if err == nil && (!r.OK() || r.Title != "Success") {
		err = fmt.Errorf("the action was answered %d %s %s", r.Status, r.Title, r.Error)
	}
	return err
}

// look counts the steps that were under way when the process ended.
func (k *killing) look(ctx context.Context) error {
	return k.node.query(ctx, `SELECT DISTINCT kind, step FROM items WHERE state = 'running'`, func(r *sql.Rows) error {
		var kind, step string
		err := r.Scan(&kind, &step)
		if step == "" {
			step = "-"
		}
		k.under[kind+" "+step]++
		return err
	})
}

// settled lets everything come to its end and compares it.
func (k *killing) settled(ctx context.Context) error {
	if err := k.node.rest(ctx, 3*time.Minute); err != nil {
		return err
	}
	failed, err := k.node.failures(ctx)
	if err != nil {
		return err
	}
	d, err := k.mix.check(ctx, k.node)
	k.wrong = d // it sees all that ever was published
	k.wrong.lost += failed
	for _, s := range d.said {
		k.say("%s: %s", k.name, s)
	}
	k.mix.settle()
	return err
}

// resume kills a transfer that is alone and measures how it goes on.
func (k *killing) resume(ctx context.Context, i int) error {
	w := k.node.world
	before, _ := w.meter.bytes()
	id, content := k.mix.file(w.root, fmt.Sprintf("resumed %d.mov", i), resumeSize)
	if err := w.publish(ctx, id); err != nil {
		return err
	}
	target := before + partSize*5/4 + int64(k.rng.IntN(resumeSize/2)) // a part is there
	if err := until(ctx, time.Minute, "in the middle of the transfer", func() (bool, error) {
		now, open := w.meter.bytes()
		return open > 0 && now > target, nil
	}); err != nil {
		return err
	}
	k.node.kill()
	if err := until(ctx, 10*time.Second, "the end of what the dead one read", func() (bool, error) {
		_, open := w.meter.bytes()
		return open == 0, nil
	}); err != nil {
		return err
	}
	next, begin := w.meter.next(), time.Now()
	if err := k.node.start(ctx); err != nil {
		return err
	}
	select {
	case f := <-next:
		k.times = append(k.times, f.at.Sub(begin).Seconds())
		k.calls = append(k.calls, max(f.on("nuxeo"), f.on("frameio")))
		if k.calls[i] > callsBefore {
			k.say("calls before the first byte: %s", strings.Join(f.calls, ", "))
		}
	case <-time.After(time.Minute):
		return fmt.Errorf("no byte came after the restart")
	case <-ctx.Done():
		return ctx.Err()
	}
	k.mix.clips = append(k.mix.clips, &clip{head: id, contents: []*pattern.Content{content}})
	if err := k.settled(ctx); err != nil {
		return err
	}
	after, _ := w.meter.bytes()
	k.again = append(k.again, after-before-resumeSize)
	k.say("%s: first new byte after %.2f s and %d calls; %.1f MiB again", k.name, k.times[i], k.calls[i], float64(k.again[i])/(1<<20))
	return nil
}

func (k *killing) tell(kills int) {
	for _, at := range sorted(k.under) {
		k.say("%s: under way at a kill: %-18s %d", k.name, at, k.under[at])
	}
	for _, at := range moments {
		k.say("drawn so far: %-18s %d", at, k.drawn[at])
	}
	k.atLeast(k.name+"-kills", float64(kills), float64(kills))
	k.atMost(k.name+"-lost", float64(k.wrong.lost), 0)
	k.atMost(k.name+"-doubled", float64(k.wrong.doubled), 0)
	k.atMost(k.name+"-orphans", float64(k.wrong.orphans), 0)
	k.atMost(k.name+"-mib-again-per-kill", float64(slices.Max(k.again))/(1<<20), (partSize+slack)/(1<<20))
	k.atMost(k.name+"-first-byte-seconds", median(k.times), 2)
	k.atMost(k.name+"-calls-before-first-byte", float64(slices.Max(k.calls)), callsBefore)
}
