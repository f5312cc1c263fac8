package sim

import (
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// newHeadOf uploads a version of the asset on Frame.io.
func (p *pushes) newHeadOf(c *clip, file string) {
	parent, inStack := p.parentOf(file)
	data := p.content()
	c.all[digestOf(data)], c.plain = true, false
	id := p.w.Frameio.AddFile(parent, c.name+" newer.mov", frameiosim.Bytes(data), frameiosim.WithCreator(p.w.Josh))
	p.heads[id] = true
	if !inStack {
		p.w.Frameio.Stack(file, id)
	}
}

// parentOf is where a file is, and whether that is a stack.
func (p *pushes) parentOf(file string) (parent string, inStack bool) {
	for _, a := range p.assetsThere() {
		if a.ID == file {
			parent = a.ParentID
		}
	}

	for _, a := range p.assetsThere() {
		inStack = inStack || a.ID == parent && a.Type == "version_stack"
	}

	return parent, inStack
}

func (p *pushes) assetsThere() []frameiosim.StateAsset {
	return p.w.Frameio.State().Accounts[0].Workspaces[0].Projects[0].Assets
}

// files are all files on Frame.io.
func (p *pushes) files() (out []frameiosim.StateAsset) {
	for _, a := range p.assetsThere() {
		if a.Type == "file" {
			out = append(out, a)
		}
	}
	return out
}

// edit is a person who may write even what is locked: an administrator.
func (p *pushes) edit(c *clip) {
	mine := p.content()
	c.all[digestOf(mine)], c.plain = true, false
	p.excuse("refused") // it may come between a write and the look at it
	if p.w.Nuxeo.Edit(nobody, c.uid, map[string]any{
		"file:content": nuxeosim.Blob{Name: "mine.mov", MimeType: "video/quicktime", Data: mine},
	}) == nil {
		p.w.watch.byPerson()
	}
}

// move puts the document into another folder below the bound one.
func (p *pushes) move(c *clip) {
	folder, _ := p.w.Nuxeo.Doc(p.w.Folder)
	to := p.w.Nuxeo.MkDoc(folder.Path+"/Elsewhere", "Folder", nil)
	_ = p.w.Nuxeo.Move(c.uid, to, "") // it may be gone
	p.w.watch.byPerson()
}

// copy makes a document that says of itself what another one says of itself.
func (p *pushes) copy(c *clip) {
	d, ok := p.w.Nuxeo.Doc(c.uid)
	if !ok || d.Content == nil {
		return
	}

	data := p.content()
	folder, _ := p.w.Nuxeo.Doc(p.w.Folder)
	uid := p.w.Nuxeo.MkDoc(fmt.Sprintf("%s/%s copy %d", folder.Path, c.name, p.d.Uint32()), "Video", map[string]any{
		"dc:title": c.name, "file:content": nuxeosim.Blob{
			Name:     c.name + ".mov",
			MimeType: "video/quicktime", Data: data,
		},
	})

	props := map[string]any{}
	for _, name := range []string{"frameio:accountId", "frameio:fileId", "frameio:documentUid", "frameio:pushedBy"} {
		if v := d.Properties[name]; v != nil {
			props[name] = v
		}
	}

	if len(props) > 0 && p.w.Nuxeo.AddFacet(uid, "FrameioAsset") == nil {
		_ = p.w.Nuxeo.SetProps(uid, props)
	}

	p.copies[uid] = digestOf(data)
	p.w.watch.byPerson()
}

// trash puts the document into the trash; what comes back is a new one.
func (p *pushes) trash(c *clip) {
	p.excuse("refused")
	p.excuse("gone")
	c.plain = false
	if p.w.Nuxeo.Trash(c.uid) == nil {
		c.trashed = true
		p.w.watch.byPerson()
	}
}

// lockByHand locks a document that is free: as olga, or as somebody who pushes
// too. The latter only while no push may be about to take the same lock, since no
// one could tell the two apart.
func (p *pushes) lockByHand(c *clip, n *node) {
	d, ok := p.w.Nuxeo.Doc(c.uid)
	if !ok || d.LockOwner != "" {
		return
	}

	who := "olga"
	if r := p.last(n, c); n.current.Load() != nil && r.State != push.Sending && !p.wanted() && p.d.IntN(2) == 0 {
		who = []string{"josh", "julia"}[p.d.IntN(2)]
	}

	for _, code := range []string{"locked", "conflict"} {
		p.excuse(code)
	}

	if p.w.Nuxeo.Lock(c.uid, who) == nil {
		c.hand = who
		p.w.trace("%q is locked by hand by %s", c.name, who)
	}
}

func (p *pushes) wanted() bool {
	p.asked.Lock()
	defer p.asked.Unlock()
	return p.wants > 0
}

// unlockByHand is an administrator who takes any lock away.
func (p *pushes) unlockByHand(c *clip) {
	if p.w.Nuxeo.Unlock(c.uid) == nil {
		c.hand, c.unlocked = "", true
	}
}
