package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

const (
	resumeSize = 80 << 20
	// callsBefore is how many calls a side may get before the transfer goes on.
	callsBefore = 1
	// slack is what a socket swallows that nobody reads any more.
	slack = 8 << 20
)

// moment is a step at which a process can end itself: kind and step, where - is
// the first one.
type moment string

// plan is how a part kills: the moments are drawn off one deck for all databases.
type plan struct {
	part     string
	moments  []moment
	single   []moment // that come once while the process lives
	partSize int64    // bytes of a part, which may have to be sent again
	options  frameiosim.Options
	begin    func(*killing) prey

	deck  []moment
	drawn map[moment]int // kills by the step that was drawn
}

// prey is the work during which the process is killed, and the model of what must
// come of it.
type prey interface {
	// ready prepares the two systems when the folder is bound.
	ready()
	// more adds what the i-th kill befalls; do has all of it accepted.
	more(i int) (do func(context.Context) error)
	// alone begins the transfer of resumeSize bytes and nothing else.
	alone(ctx context.Context, i int) error
	// check compares all that ever was begun with what has come of it, at rest.
	check(ctx context.Context) (damage, error)
	// count is how many things were begun.
	count() int
	// tell reports figures of its own.
	tell(damage)
}

// killing is one series of kills on one database.
type killing struct {
	*endurance
	*plan
	prey
	node  *node
	name  string
	under map[string]int // kills by the steps that were under way
	wrong damage
	times []float64 // seconds to the first new byte
	calls []int     // of the busier side before it
	again []int64   // bytes sent again by each kill
}

// killed kills the connector while it works, half of the times at a random moment
// and half of them at a step that is drawn, on both databases.
func (e *endurance) killed(ctx context.Context, p *plan, kills int) error {
	p.drawn = map[moment]int{}
	for _, database := range []string{"sqlite", "postgresql"} {
		k := &killing{endurance: e, plan: p, name: p.part + "-" + database, under: map[string]int{}}
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
	for _, at := range p.moments {
		least = min(least, p.drawn[at])
	}

	e.atLeast(p.part+"-least-hit-step", float64(least), float64(min(5, e.scaled(15, 1))))
	return nil
}

func (k *killing) prepare(ctx context.Context, database string) error {
	w, err := newWorld(nuxeosim.Options{}, k.options)
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

	k.prey = k.begin(k)
	if err := k.node.start(ctx); err != nil {
		return err
	}

	if err := k.node.bind(ctx); err != nil {
		return err
	}

	k.ready()
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
			k.say("%s: %d kills, %d begun, %d wrong", k.name, i+1, k.count(), k.wrong.all())
		}
	}

	for i := range resumes {
		if err := k.resume(ctx, i); err != nil {
			return fmt.Errorf("resume %d: %w", i, err)
		}
	}

	k.report(kills)
	return nil
}

// once begins work and kills the process, then starts it again.
func (k *killing) once(ctx context.Context, i int) error {
	at := moment("")
	if i%2 == 1 {
		at = k.draw()
		if err := k.doom(ctx, at); err != nil {
			return err
		}
	}

	accepted := make(chan error, 1)
	do := k.more(i)
	go func() { accepted <- do(ctx) }()
	wait := time.Duration(k.rng.IntN(2500)) * time.Millisecond
	if at != "" {
		wait = 20 * time.Second
	}

	switch hit := k.node.dead(ctx, wait); {
	case at == "":
	case hit:
		k.drawn[at]++
	default: // it did not come by this time
		k.deck = append(k.deck, at)
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

// doom starts the process anew, to end itself at a moment.
func (k *killing) doom(ctx context.Context, at moment) error {
	k.node.kill() // nothing is under way that was not killed before
	before := 0
	if !slices.Contains(k.single, at) {
		before = k.rng.IntN(3)
	}
	return k.node.start(ctx, fmt.Sprintf("%s=%s %s %d", dieAt, at, []string{"start", "end"}[k.rng.IntN(2)], before))
}

// draw takes a moment off a shuffled deck, so that each comes equally often.
func (k *killing) draw() moment {
	if len(k.deck) == 0 {
		k.deck = slices.Clone(k.moments)
		k.rng.Shuffle(len(k.deck), func(a, b int) { k.deck[a], k.deck[b] = k.deck[b], k.deck[a] })
	}
	at := k.deck[0]
	k.deck = k.deck[1:]
	return at
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

	var err error
	k.wrong, err = k.check(ctx) // it sees all that ever was begun
	for _, s := range k.wrong.said {
		k.say("%s: %s", k.name, s)
	}

	return err
}

// resume kills a transfer that is alone and measures how it goes on.
func (k *killing) resume(ctx context.Context, i int) error {
	w := k.node.world
	before, _ := w.meter.bytes()
	if err := k.alone(ctx, i); err != nil {
		return err
	}

	target := before + k.partSize*5/4 + int64(k.rng.IntN(resumeSize/2)) // a part is there
	if err := until(ctx, time.Minute, "in the middle of the transfer", func() (bool, error) {
		now, open := w.meter.bytes()
		return open > 0 && now > target, nil
	}); err != nil {
		return err
	}

	k.node.kill()
	if err := until(ctx, time.Minute, "the end of what the dead one moved", func() (bool, error) {
		_, open := w.meter.bytes()
		return open == 0, nil
	}); err != nil {
		return err
	}

	if err := k.goesOn(ctx); err != nil {
		return err
	}

	if err := k.settled(ctx); err != nil {
		return err
	}

	after, _ := w.meter.bytes()
	k.again = append(k.again, after-before-resumeSize)
	k.say("%s: first new byte after %.2f s and %d calls; %.1f MiB again", k.name, k.times[i], k.calls[i],
		float64(k.again[i])/(1<<20))
	return nil
}

// goesOn starts the process again and waits for the next byte.
func (k *killing) goesOn(ctx context.Context) error {
	next, begin := k.node.world.meter.next(), time.Now()
	if err := k.node.start(ctx); err != nil {
		return err
	}

	select {
	case f := <-next:
		k.times = append(k.times, f.at.Sub(begin).Seconds())
		k.calls = append(k.calls, max(f.on("nuxeo"), f.on("frameio")))
		if k.calls[len(k.calls)-1] > callsBefore {
			k.say("calls before the first byte: %s", strings.Join(f.calls, ", "))
		}
		return nil
	case <-time.After(time.Minute):
		return fmt.Errorf("no byte came after the restart")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *killing) report(kills int) {
	for _, at := range sorted(k.under) {
		k.say("%s: under way at a kill: %-18s %d", k.name, at, k.under[at])
	}

	for _, at := range k.moments {
		k.say("drawn so far: %-18s %d", at, k.drawn[at])
	}

	k.atLeast(k.name+"-kills", float64(kills), float64(kills))
	k.atMost(k.name+"-lost", float64(k.wrong.lost), 0)
	k.atMost(k.name+"-doubled", float64(k.wrong.doubled), 0)
	k.tell(k.wrong)
	k.atMost(k.name+"-mib-again-per-kill", float64(slices.Max(k.again))/(1<<20), float64(k.partSize+slack)/(1<<20))
	k.atMost(k.name+"-first-byte-seconds", median(k.times), 2)
	k.atMost(k.name+"-calls-before-first-byte", float64(slices.Max(k.calls)), callsBefore)
}
