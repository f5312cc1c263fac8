package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
)

// callers are signed calls of the custom action that keep coming, whatever befalls
// the connector: each one an interaction of its own, about an asset of its own.
type callers struct {
	world   *world
	longest time.Duration // of any answer, good or not
	late    int           // answers after five seconds, or none
	good    map[string]bool
	refused int
	mu      sync.Mutex
	wg      sync.WaitGroup
	stop    context.CancelFunc
	mix     *mix
}

// frameioWaits is how long Frame.io waits for the answer.
const frameioWaits = 5 * time.Second

// call begins to call, from so many sides, with a pause between.
func (w *world) call(ctx context.Context, m *mix, sides int, pause time.Duration) (*callers, error) {
	a, err := w.action()
	if err != nil {
		return nil, err
	}

	ctx, stop := context.WithCancel(ctx)
	c := &callers{world: w, good: map[string]bool{}, stop: stop, mix: m}
	for side := range sides {
		c.wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				c.once(ctx, a, fmt.Sprintf("%s-%d-%d", a.ID, side, time.Now().UnixNano()))
				_ = sleep(ctx, pause) // the loop sees the end
			}
		})
	}

	return c, nil
}

func (c *callers) once(ctx context.Context, a frameiosim.ActionView, interaction string) {
	asset := c.asset()
	begin := time.Now()
	r, err := c.world.frameio.DeliverAction(ctx, frameiosim.DeliverSpec{
		ActionID: a.ID, PersonID: c.world.josh, ResourceIDs: []string{asset}, InteractionID: interaction, Tries: 1,
	})

	took := time.Since(begin)
	if ctx.Err() != nil || err != nil {
		return
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	c.longest = max(c.longest, took)
	if took > frameioWaits || r.Status == 0 {
		c.late++
	}

	if r.Status == http.StatusOK {
		c.good[interaction] = true
	} else {
		c.refused++
	}
}

func (c *callers) asset() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, _ := c.mix.file(c.world.root, fmt.Sprintf("call %d.jpg", c.mix.seed), 1000)
	return id
}

// end stops calling and returns how many calls were answered well and left no row.
func (c *callers) end(ctx context.Context, n *node) (without int, err error) {
	c.stop()
	c.wg.Wait()
	rows := map[string]bool{}
	err = n.query(ctx, `SELECT interaction_id FROM interactions`, func(r *sql.Rows) error {
		var id string
		err := r.Scan(&id)
		rows[id] = true
		return err
	})

	for id := range c.good {
		if !rows[id] {
			without++
		}
	}

	return without, err
}

// accepted is how many calls were answered well so far.
func (c *callers) accepted() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.good)
}

// verdict reports what came of the calls.
func (e *endurance) verdict(ctx context.Context, name string, c *callers, n *node) error {
	without, err := c.end(ctx, n)
	if err != nil {
		return err
	}

	e.say("%s: %d calls answered well, %d refused, the longest after %.2f s", name, len(c.good), c.refused,
		c.longest.Seconds())
	e.atMost(name+"-answers-over-5s", float64(c.late), 0)
	e.atMost(name+"-answered-without-row", float64(without), 0)
	e.atLeast(name+"-calls", float64(len(c.good)), 1)
	return nil
}
