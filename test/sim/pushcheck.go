package sim

import (
	"io"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// chores does what is done every hour and every day.
func (p *pushes) chores() {
	for _, name := range []string{"clean-ups", "uploads", "update-locks", "locks"} {
		if r, err := p.w.nodes[0].app.Maintenance.DoNow(p.w.T.Context(), name); err != nil {
			p.w.violate("chore: %s: %v %v", name, err, r)
		}
	}
}

// check compares all with the model, when everything is settled.
func (p *pushes) check() {
	p.chores()
	all := p.rows(p.w.nodes[0])
	p.checkKept(all)
	for _, r := range all {
		p.checkRow(r)
	}

	for _, c := range p.clips {
		p.checkClip(c, all)
	}

	p.checkFiles(all)
	p.checkCopies()
	p.w.checkHistories()
	p.w.checkBatches()
	p.w.checkItems()
}

// checkKept: what was accepted is there.
func (p *pushes) checkKept(all []push.Push) {
	p.asked.Lock()
	defer p.asked.Unlock()
	for id := range p.taken {
		if !slices.ContainsFunc(all, func(r push.Push) bool { return r.ID == id }) {
			p.w.violate("accepted means kept: the push %s is not there", id)
		}
	}
}

// checkRow: a push has ended, or is open with the whole file there.
func (p *pushes) checkRow(r push.Push) {
	switch {
	case r.State == push.Sending:
		p.w.violate("pushes end: %q is still being sent", r.Title)
	case r.State == push.Open:
		p.checkSent(r)
	case r.HoldsLock():
		p.w.violate("locks: %q is %s and its lock %s", r.Title, r.State, r.Lock)
	case r.Reason == "" && (r.State == push.Failed || r.State == push.Released):
		p.w.violate("reason: %q is %s and nothing says why", r.Title, r.State)
	}
}

// checkSent: the bytes on Frame.io are those of the document.
func (p *pushes) checkSent(r push.Push) {
	there := false
	p.onFile(r, func(string) { there = true })
	if !there {
		if !p.deleted {
			p.w.violate("sent: %q is open and has no file", r.Title)
		}
		return
	}

	content := p.w.Frameio.Uploaded(r.File)
	b, err := io.ReadAll(io.NewSectionReader(content, 0, content.Size()))
	if err != nil || digestOf(b) != r.Digest {
		p.w.violate("identical: %q was sent as %.8s, and Frame.io holds %.8s: %v", r.Title, r.Digest, digestOf(b), err)
	}
}

// checkClip: one push at a time, the lock of whoever must have it, and no proxy in
// the master's place.
func (p *pushes) checkClip(c *clip, all []push.Push) {
	var open []push.Push
	returned, released := 0, 0
	for _, r := range all {
		if r.Document != c.uid {
			continue
		}

		if r.State == push.Open {
			open = append(open, r)
		}

		if r.State == push.Returned {
			returned++
		}

		if r.State == push.Released { // perhaps when it was just coming back
			released++
		}
	}

	if len(open) > 1 {
		p.w.violate("one at a time: %q is open %d times", c.name, len(open))
	}

	d, ok := p.w.Nuxeo.Doc(c.uid)
	if !ok {
		p.w.violate("kept: %q is gone from Nuxeo", c.name)
		return
	}

	p.checkLock(c, d, open)
	if d.Content == nil || d.Content.Digest == c.proxy || !c.all[d.Content.Digest] {
		p.w.violate("identical: %q holds %+v, which is no content of it; its proxy is %.8s", c.name, d.Content, c.proxy)
	}

	if n := len(p.w.Nuxeo.Versions(c.uid)); c.plain && (n < returned || n > returned+released) {
		p.w.violate("one version a return: %q came back %d times and has %d versions", c.name, returned, n)
	}
}

func (p *pushes) checkLock(c *clip, d nuxeosim.DocView, open []push.Push) {
	want := c.hand
	if want == "" && len(open) == 1 && open[0].Lock == push.Ours && !c.unlocked {
		want = open[0].By
	}

	switch {
	case d.LockOwner == want:
	case c.unlocked && c.hand == "" && len(open) == 1 && d.LockOwner == open[0].By: // it was taken after that
	case c.hand != "":
		p.w.violate("foreign locks: %q was locked by %s by hand, and is locked by %q", c.name, c.hand, d.LockOwner)
	default:
		p.w.violate("locks: %q is locked by %q, not by %q; open: %v", c.name, d.LockOwner, want, open)
	}
}

// checkFiles: nothing is half made, and whatever is there belongs to a push that came
// to something or was uploaded by a person. Of somebody who is signed out nothing can
// be removed, and what people talk about by then stays.
func (p *pushes) checkFiles(all []push.Push) {
	away := p.w.chaos.signInMayBeLost() || p.excused("not_connected")
	for _, f := range p.files() {
		known := p.heads[f.ID] || away && p.talked[f.ID] ||
			slices.ContainsFunc(all, func(r push.Push) bool {
				return r.File == f.ID && r.State != push.Failed && r.State != push.Canceled
			})
		if f.Status == "created" {
			p.w.violate("nothing half made: %q is left on Frame.io (known: %v)", f.Name, known)
		} else if !known && (p.connected || !away) {
			p.w.violate("nothing too many: %q on Frame.io belongs to no push", f.Name)
		}
	}
}

// checkCopies: what says of itself that it is another document is left alone.
func (p *pushes) checkCopies() {
	for uid, digest := range p.copies {
		d, _ := p.w.Nuxeo.Doc(uid)
		if d.Content == nil || d.Content.Digest != digest || len(p.w.Nuxeo.Versions(uid)) > 0 || d.LockOwner != "" {
			p.w.violate("copies: %q was touched: %+v", d.Title, d)
		}
	}
}

// again lets everything come back and pushes it once more, without faults.
func (p *pushes) again() {
	if p.unbound {
		p.ended()
		return
	}

	for _, c := range p.clips {
		_ = p.w.Nuxeo.Untrash(c.uid) // it is not in the trash, mostly
		c.trashed = false
	}

	p.w.watch.byPerson()
	p.freeAll()
	p.w.signIn()
	p.connected = true
	if !p.allBack("when all comes back") {
		return
	}

	p.push(p.w.nodes[0], push.Master, true, p.clips...)
	p.wg.Wait()
	if !p.w.settle("when all is pushed again") {
		return
	}

	p.check()
	for _, c := range p.clips {
		if r := p.last(p.w.nodes[0], c); r.State != push.Open || r.Lock != push.Ours {
			p.w.violate("convergence: %q is %s, lock %q: %s", c.name, r.State, r.Lock, r.Reason)
		}
	}

	if p.allBack("when that comes back") {
		p.check()
	}
}

// ended lets what is under review come back to a folder that is being unbound: then it is
// unbound.
func (p *pushes) ended() {
	if p.fate != binding.Await {
		return
	}

	p.unbound = false // for those that come back
	defer func() { p.unbound = true }()
	p.freeAll()
	p.w.signIn()
	p.connected = true
	if !p.allBack("when all comes back to a folder that is being unbound") {
		return
	}

	state := binding.Ending
	// a clock may be ahead
	for end := time.Now().Add(3 * time.Hour); state == binding.Ending &&
		time.Now().Before(end); time.Sleep(2 * time.Minute) {
		b, err := p.w.nodes[0].app.Binding.Get(p.w.T.Context(), testenv.Viewer, p.binding.ID)
		if err != nil {
			p.w.violate("unbound: %v", err)
			return
		}
		state = b.State
	}

	if state == binding.Ending {
		p.w.violate("unbound: all is back, and the binding has not ended")
	}

	p.w.settle("when it is unbound")
}

// freeAll takes away what people have locked by hand.
func (p *pushes) freeAll() {
	for _, c := range p.clips {
		if c.hand != "" {
			_ = p.w.Nuxeo.Unlock(c.uid)
			c.hand = ""
		}
	}
}

// allBack publishes or, where the asset is gone, releases all that is open.
func (p *pushes) allBack(when string) bool {
	for _, f := range p.files() { // heads too
		p.w.Frameio.SetStatus(f.ID, "Approved")
	}

	for _, r := range p.rows(p.w.nodes[0]) {
		if r.State != push.Open {
			continue
		}

		there := false
		p.onFile(r, func(string) { there = true })
		if there {
			p.back(r)
		} else if _, err := p.w.nodes[0].app.Push.Release(p.w.T.Context(), work.Viewer{Login: r.By}, r.ID,
			"it is gone"); err != nil {
			p.w.violate("release: %q: %v", r.Title, err)
		}
	}

	p.wg.Wait()
	if !p.w.settle(when) {
		return false
	}

	for _, r := range p.rows(p.w.nodes[0]) {
		if r.State == push.Open {
			p.w.violate("convergence: %s, %q is still open", when, r.Title)
		}
	}

	return true
}
