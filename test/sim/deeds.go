package sim

import (
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// edit is a person who replaces the content in Nuxeo.
func (s *story) edit(a *asset) {
	d, ok := s.document(a)
	if !ok {
		return
	}

	mine := s.content()
	if d.Content == nil && !s.w.seed.ofUnrest() {
		return // it was made this very moment: nobody has seen it
	}

	a.all[digestOf(mine)] = true
	if err := s.w.Nuxeo.Edit("olga", d.UID, map[string]any{
		"file:content": nuxeosim.Blob{Name: "mine.mov", Data: mine},
	}); err == nil {
		s.excuse("refused") // when it comes between our write and our look
		a.changed = time.Now()
		s.w.watch.byPerson()
	}
}

// purge lets all open uploads expire. An item begins again a few times only.
func (s *story) purge() {
	s.purged = true
	s.w.hit("batches purged", "")
	s.w.Nuxeo.ExpireBatches()
	s.excuse("refused")
}

func (s *story) lock(a *asset) {
	d, ok := s.document(a)
	if !ok || s.w.Nuxeo.Lock(d.UID, "olga") != nil {
		return
	}
	s.locked[d.UID] = true
	s.excuse("locked")
}

func (s *story) cancel(n *node) {
	a := n.current.Load()
	if a == nil {
		return
	}

	items, _, err := a.Engine.Items(s.w.T.Context(), testenv.Viewer, work.Filter{Limit: 50})
	if err != nil {
		return
	}

	for _, it := range items {
		if !it.State.Final() && it.Kind == "publish" {
			// it may have ended, or the node
			s.wg.Go(func() { _ = a.Engine.Cancel(s.w.T.Context(), testenv.Viewer, it.ID) })
			s.excuse("canceled")
			return
		}
	}
}

func (s *story) unbind(n *node) {
	a := n.current.Load()
	if a == nil || s.unbound {
		return
	}

	s.unbound = true
	s.excuse("gone")
	s.fate = []binding.Fate{binding.Release, binding.Await}[s.w.seed%2]
	s.excuse("refused") // what is new, while it ends
	if s.fate != binding.Await {
		s.excuse("canceled") // what was on its way
	}

	// the node may be dead
	s.wg.Go(func() { _, _ = a.Binding.Unbind(s.w.T.Context(), testenv.Viewer, s.binding.ID, s.fate) })
}

func (s *story) revoke() {
	s.w.hit("tokens revoked", "")
	s.excuse("not_connected")
	s.w.Frameio.RevokeTokens(s.w.Josh)
}

func (s *story) damage() {
	if s.w.shape.verify != "digest" { // sizes do not tell
		return
	}
	s.w.hit("damaged join", "")
	s.w.watch.damage()
	s.w.Nuxeo.DamageUploads(1)
	s.excuse("refused")
}

func (s *story) freeze(n *node) {
	s.w.hit("freeze", n.name)
	n.freezeAt(1+s.d.IntN(12), time.Duration(s.d.Int64N(int64(100*time.Second))))
}

func (s *story) jump(n *node) {
	if !s.w.shape.skews {
		return
	}

	by := []time.Duration{
		0, 30 * time.Second, -30 * time.Second, 10 * time.Minute, -10 * time.Minute, time.Hour,
		time.Hour, -time.Hour,
	}[s.d.IntN(8)]

	s.w.hit("clock jump", fmt.Sprint(n.name, " ", by))
	n.skew.Store(int64(by))
}
