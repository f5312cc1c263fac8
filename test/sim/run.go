package sim

import (
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// settleTime is how long after the faults everything must have come to an end:
// longer than the longest back-off and an hour's jump of a clock.
const settleTime = 6 * time.Hour

// Run plays one seed within a bubble and says what came of it. It ends the test
// only when the world cannot be built.
func Run(t testing.TB, seed uint64, tracing bool) Result {
	w := newWorld(t, seed, dir(t), tracing)
	w.story = &story{w: w, d: w.seed.stream("story"), excuses: map[string]bool{}, locked: map[string]bool{}}
	done := make(chan struct{})
	alive := make(chan struct{})
	end := sync.OnceFunc(func() { w.end(done, alive) })
	t.Cleanup(end) // also when the test ends in the middle
	for _, n := range w.nodes {
		n.start()
	}

	go func() { // a crash of one node does not keep others from starting again
		defer close(alive)
		w.keepAllAlive(done)
	}()

	w.prepare()
	w.trace("shape %+v", w.shape)
	w.chaos.on.Store(true)
	if last := w.nodes[len(w.nodes)-1]; w.shape.skews { // it has been wrong since ever
		w.story.jump(last)
	}

	told := w.tale()
	told.tell()
	w.heal()
	if w.settle("after the faults") {
		told.check()
		told.again()
	}

	for _, it := range w.items() {
		w.result.Ended[string(it.State)]++
	}

	w.result.Simulated = time.Since(w.began) // what follows simulates nothing
	end()
	w.checkLog()
	return w.finish()
}

// tale is one kind of story, and what must be true after it.
type tale interface {
	tell()
	check()
	again()
}

func (w *world) tale() tale {
	switch {
	case w.pushes != nil:
		return w.pushes
	case w.mirrors != nil:
		return w.mirrors
	}
	return w.story
}

func (s *story) check() { s.w.checkAll() }
func (s *story) again() { s.w.again() }

// end stops everything, so that nothing is left in the bubble.
func (w *world) end(done chan<- struct{}, alive <-chan struct{}) {
	close(done)
	w.chaos.on.Store(false)
	for _, n := range w.nodes {
		n.thaw()
	}

	<-alive
	for _, n := range w.nodes {
		n.die("at the end")
		n.bury()
	}

	time.Sleep(4 * time.Hour) // what half-open connections left ends
}

func (w *world) keepAllAlive(done <-chan struct{}) {
	ended := make(chan struct{})
	for _, n := range w.nodes {
		go func() { n.keepAlive(done); ended <- struct{}{} }()
	}
	for range w.nodes {
		<-ended
	}
}

// prepare connects people and binds the folder, before anything goes wrong.
func (w *world) prepare() {
	a := w.nodes[0].app
	w.Register(a)
	w.signIn()
	made, item, err := a.Binding.Bind(w.T.Context(), "josh", binding.Request{
		Folder:     w.Folder,
		ActionName: "Publish",
		Workspaces: []string{w.Workspace},
	})
	if err != nil {
		w.T.Fatal(err)
	}

	v, err := a.Engine.Await(w.T.Context(), testenv.Viewer, item, time.Hour)
	if err != nil || v.State != work.Done {
		w.T.Fatalf("bind: %+v %v", v.Item, err)
	}

	w.story.binding, w.story.action = made, w.Frameio.Actions(w.Workspace)[0].ID
	if w.seed.ofMirrors() {
		w.mirrors = &mirrors{
			story: w.story, heads: map[string]string{}, members: map[string][]string{}, stacks: map[string]string{},
			keeps: map[string]string{}, names: map[string]string{}, digests: map[string]string{},
			remarks: map[string][]string{}, edited: map[string]string{},
			retitled: map[string]string{}, trashed: map[string]bool{}, byHand: map[string]string{},
		}
		w.mirrors.set()
		return
	}

	if !w.seed.ofPushes() {
		w.story.set()
		return
	}

	w.pushes = &pushes{
		story:  w.story,
		heads:  map[string]bool{},
		talked: map[string]bool{},
		copies: map[string]string{},
		taken:  map[string]bool{},
	}

	w.pushes.set()
}

func (w *world) signIn() {
	w.Connect(w.nodes[0].app, "josh")
	w.Connect(w.nodes[0].app, "julia")
}

// heal ends everything that was going wrong.
func (w *world) heal() {
	w.chaos.on.Store(false)
	w.Nuxeo.DamageUploads(0)
	for _, n := range w.nodes {
		n.arm(0, 0, never)
		n.freezeAt(0, 0)
		n.skew.Store(0)
		n.thaw()
	}

	w.trace("the faults are over")
	for _, n := range w.nodes { // whoever died comes back
		for n.current.Load() == nil {
			time.Sleep(time.Second)
		}
	}

	w.signIn() // who was signed out connects again, and what waited for it goes on
}

// settle waits until every item is final.
func (w *world) settle(when string) bool {
	var open string
	for deadline := time.Now().Add(settleTime); time.Now().Before(deadline); time.Sleep(20 * time.Second) {
		if open = w.open(); open == "" {
			time.Sleep(20 * time.Second)
			if open = w.open(); open == "" {
				w.giveLocksBack()
				w.trace("settled %s", when)
				return true
			}
		}
	}

	w.violate("settling: %s there is still %s", when, open)
	return false
}

// giveLocksBack does now what is done every ten minutes: locks that Nuxeo did not let an item give
// back are given back.
func (w *world) giveLocksBack() {
	if _, err := w.nodes[0].app.Maintenance.DoNow(w.T.Context(), "update-locks"); err != nil {
		w.violate("giving locks back: %v", err)
	}
}

// open is an item that is not final; the end of a binding may wait for what is under review.
func (w *world) open() string {
	var what string
	err := w.nodes[0].app.DB.Reader.QueryRowContext(w.T.Context(), `SELECT kind || ' ' || title || ' ' || state
		|| ' at ' || step || ': ' || message
		FROM items WHERE state IN ('waiting', 'running') AND NOT (kind = 'unbind' AND code = 'not_ready'
		AND message LIKE '%to come back until%') ORDER BY id LIMIT 1`).Scan(&what)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err.Error()
	}

	return what
}

// again publishes everything once more, without faults: all arrives, and then a
// third time, which writes nothing.
func (w *world) again() {
	if w.story.unbound {
		return
	}

	for uid := range w.story.locked {
		if err := w.Nuxeo.Unlock(uid); err != nil {
			w.violate("unlocking: %v", err)
		}
		delete(w.story.locked, uid)
	}

	w.signIn()
	for _, round := range []string{"when all is published again", "when nothing is new"} {
		versions := w.versions()
		known := len(w.items())
		w.story.publish(w.story.assets...)
		w.story.wg.Wait()
		if !w.settle(round) {
			return
		}

		w.checkAll()
		w.checkRound(round, w.items()[known:], versions)
		if w.seed%2 == 0 { // the last round costs as much as a story
			break
		}
	}

	w.checkComplete()
}
