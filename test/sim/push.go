package sim

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// ofPushes reports whether a seed tells of documents that are pushed: every seventh
// ten thousand does, so that all other seeds tell what they always told.
func (c chance) ofPushes() bool { return c/10_000%10 == 7 }

// pushes is a story of documents that go to Frame.io and come back.
type pushes struct {
	*story
	clips  []*clip
	heads  map[string]bool   // files that people uploaded on Frame.io
	talked map[string]bool   // files that people said something about
	copies map[string]string // documents that people made of others, and their digests

	deleted   bool // a person deleted a file on Frame.io
	connected bool // everybody is signed in again for good

	asked sync.Mutex
	taken map[string]bool // pushes that were accepted
	wants int             // requests under way
}

// clip is a document as the model knows it.
type clip struct {
	uid, name string
	proxy     string          // digest of its rendition
	all       map[string]bool // digests of what may be its content
	hand      string          // who has locked it beside the connector
	unlocked  bool            // a person took a lock away
	plain     bool            // nobody changed its content
	trashed   bool
}

// set puts documents into the bound folder, some with a rendition.
func (p *pushes) set() {
	folder, _ := p.w.Nuxeo.Doc(p.w.Folder)
	for i := range 2 + p.d.IntN(3) {
		c := &clip{name: fmt.Sprintf("Clip %d", i+1), all: map[string]bool{}, plain: true}
		data := p.content()
		c.all[digestOf(data)] = true
		props := map[string]any{
			"dc:title":     c.name,
			"file:content": nuxeosim.Blob{Name: c.name + ".mov", MimeType: "video/quicktime", Data: data},
		}
		if p.d.IntN(2) == 0 {
			small := p.content()
			c.proxy = digestOf(small)
			props["vid:transcodedVideos"] = []any{map[string]any{
				"name":    testenv.Proxy,
				"content": nuxeosim.Blob{Name: c.name + ".mp4", MimeType: "video/mp4", Data: small},
			}}
		}

		c.uid = p.w.Nuxeo.MkDoc(folder.Path+"/"+c.name, "Video", props)
		p.clips = append(p.clips, c)
	}
}

// deed is what a person can do with a document that is pushed, and how often.
type deed struct {
	name   string
	weight int
	do     func(p *pushes, c *clip, n *node)
}

var deeds = []deed{
	{"push", 26, func(p *pushes, c *clip, n *node) { p.push(n, push.Master, false, c) }},
	{"push several", 8, func(p *pushes, _ *clip, n *node) { p.push(n, push.Master, false, p.clips...) }},
	{"push twice at once", 5, func(p *pushes, c *clip, n *node) {
		p.push(n, push.Master, false, c)
		p.push(n, push.Master, false, c)
	}},
	{"push a rendition", 12, func(p *pushes, c *clip, n *node) { p.push(n, testenv.Proxy, false, c) }},
	{"push separately", 6, func(p *pushes, c *clip, n *node) { p.push(n, push.Master, true, c) }},
	{"publish back", 26, func(p *pushes, c *clip, n *node) { p.back(p.last(n, c)) }},
	{"approve", 6, func(p *pushes, c *clip, n *node) { p.onFile(p.last(n, c), p.approve) }},
	{"new head", 4, func(p *pushes, c *clip, n *node) { p.onFile(p.last(n, c), func(f string) { p.newHeadOf(c, f) }) }},
	{"comment on it", 4, func(p *pushes, c *clip, n *node) { p.onFile(p.last(n, c), p.remark) }},
	{"rename there", 2, func(p *pushes, c *clip, n *node) {
		p.onFile(p.last(n, c), func(f string) { p.w.Frameio.Rename(f, "Another name.mov") })
	}},
	{"delete there", 2, func(p *pushes, c *clip, n *node) {
		p.onFile(p.last(n, c), func(f string) { p.deleted = true; p.w.Frameio.Delete(f) })
	}},
	{"edit", 5, func(p *pushes, c *clip, _ *node) { p.edit(c) }},
	{"rename", 3, func(p *pushes, c *clip, _ *node) {
		_ = p.w.Nuxeo.SetProps(c.uid, map[string]any{"dc:title": c.name + " again"}) // an edit would be a version
	}},
	{"move", 3, func(p *pushes, c *clip, _ *node) { p.move(c) }},
	{"copy", 3, func(p *pushes, c *clip, _ *node) { p.copy(c) }},
	{"trash", 2, func(p *pushes, c *clip, _ *node) { p.trash(c) }},
	{"lock by hand", 6, func(p *pushes, c *clip, n *node) { p.lockByHand(c, n) }},
	{"unlock by hand", 4, func(p *pushes, c *clip, _ *node) { p.unlockByHand(c) }},
	{"release", 4, func(p *pushes, c *clip, n *node) { p.release(c, n) }},
	{"cancel a push", 6, func(p *pushes, c *clip, n *node) { p.cancelPush(c, n) }},
	{"unbind", 1, func(p *pushes, _ *clip, n *node) { p.unbind(n); p.excuse("conflict") }},
}

// nobody is an administrator who works beside the connector.
const nobody = "Administrator"

// befalls are the happenings of the other stories that make sense here too.
var befalls = []string{
	"tokens expired", "tokens revoked", "freeze", "clock jump", "crash at a commit",
	"crash before a call", "crash after a call",
}

// tell does the whole story.
func (p *pushes) tell() {
	end := time.Now().Add(p.w.shape.story)
	// What is published may meet the lock of another push, or a file that a push
	// which ends removes.
	p.excuse("locked")
	p.excuse("gone")
	p.push(p.w.nodes[0], push.Master, false, p.clips[0])
	for _, at := range append(p.times(), p.times()...) {
		if at = min(at/2, time.Until(end)); at > 0 {
			time.Sleep(at)
		}
		p.next()
	}

	time.Sleep(max(0, time.Until(end)))
	p.wg.Wait()
}

func (p *pushes) next() {
	c, n := p.clips[p.d.IntN(len(p.clips))], p.w.nodes[p.d.IntN(len(p.w.nodes))]
	all := slices.Clone(deeds)
	for _, h := range happenings {
		if slices.Contains(befalls, h.name) {
			all = append(all, deed{h.name, h.weight / 2, func(p *pushes, _ *clip, n *node) { h.do(p.story, nil, n) }})
		}
	}

	total := 0
	for _, d := range all {
		total += d.weight
	}

	at := p.d.IntN(total)
	for _, d := range all {
		if at -= d.weight; at < 0 {
			p.w.trace("story: %s (%s, %s)", d.name, c.name, n.name)
			d.do(p, c, n)
			return
		}
	}
}

// push asks a node to push, as a person does.
func (p *pushes) push(n *node, what string, separate bool, clips ...*clip) {
	a, who := n.current.Load(), []string{"josh", "julia"}[p.d.IntN(2)]
	if a == nil || p.unbound {
		return
	}

	r := push.Request{Workspace: p.w.Workspace, Project: p.w.Project, Folder: p.w.Root, What: what, Separate: separate}
	for _, c := range clips {
		r.Documents = append(r.Documents, c.uid)
	}

	p.count(1)
	p.wg.Go(func() {
		defer p.count(-1)
		got, err := a.Push.Accept(p.w.T.Context(), who, r)
		if err != nil { // it is said to whoever asks
			p.w.trace("not pushed: %v", err)
			return
		}

		p.asked.Lock()
		defer p.asked.Unlock()
		for _, one := range got.Pushes {
			p.taken[one.ID] = true
		}
	})
}

func (p *pushes) count(n int) {
	p.asked.Lock()
	defer p.asked.Unlock()
	p.wants += n
}

// rows are all pushes, newest first, as a node tells of them.
func (p *pushes) rows(n *node) []push.Push {
	a := n.current.Load()
	if a == nil {
		return nil
	}

	page, err := a.Push.List(p.w.T.Context(), testenv.Viewer, push.Filter{Limit: 500})
	if err != nil {
		return nil
	}

	return page.List
}

// last is the newest push of a document; the zero one when there is none.
func (p *pushes) last(n *node, c *clip) push.Push {
	all := p.rows(n)
	if i := slices.IndexFunc(all, func(r push.Push) bool { return r.Document == c.uid }); i >= 0 {
		return all[i]
	}
	return push.Push{}
}

// onFile does something with the file of a push, if it is there still.
func (p *pushes) onFile(r push.Push, do func(file string)) {
	if slices.ContainsFunc(p.files(), func(f frameiosim.StateAsset) bool {
		return f.ID == r.File && f.Status != "created"
	}) {
		do(r.File)
	}
}

// back publishes the asset of a push, and sometimes again.
func (p *pushes) back(r push.Push) {
	if p.unbound || r.File == "" {
		return
	}
	p.onFile(r, func(file string) {
		who := []string{p.w.Josh, p.w.Julia}[p.d.IntN(2)]
		spec := frameiosim.DeliverSpec{
			ActionID:      p.action,
			PersonID:      who,
			ResourceIDs:   []string{file},
			InteractionID: fmt.Sprintf("back-%08x", p.d.Uint64()),
		}

		p.deliver(spec, 0)
		if p.d.IntN(3) == 0 {
			p.deliver(spec, time.Duration(p.d.Int64N(int64(40*time.Second))))
		}
	})
}

func (p *pushes) approve(file string) {
	p.w.Frameio.SetStatus(file, []string{"Approved", "In Progress"}[p.d.IntN(2)])
}

func (p *pushes) remark(file string) {
	p.commentN++
	p.talked[file] = true
	p.w.Frameio.AddComment(file, frameiosim.CommentSpec{Text: fmt.Sprintf("remark %d", p.commentN), OwnerID: p.w.Julia})
}

// cancelPush ends a push that is being sent.
func (p *pushes) cancelPush(c *clip, n *node) {
	r, a := p.last(n, c), n.current.Load()
	if a == nil || r.State != push.Sending {
		return
	}
	p.excuse("canceled")
	p.wg.Go(func() { _ = a.Engine.Cancel(p.w.T.Context(), testenv.Viewer, r.Item) }) // it may have ended, or the node
}

func (p *pushes) release(c *clip, n *node) {
	r, a := p.last(n, c), n.current.Load()
	if a == nil || r.State != push.Open {
		return
	}
	// or the node died
	p.wg.Go(func() { _, _ = a.Push.Release(p.w.T.Context(), work.Viewer{Login: r.By}, r.ID, "it took too long") })
}
