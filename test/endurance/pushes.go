package main

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// pushes is what was pushed and so must be on Frame.io, once: the model that both
// sides are compared with.
type pushes struct {
	node    *node
	project string
	rng     *rand.Rand
	random  *rand.ChaCha8 // of contents
	papers  []*paper
	whole   map[string]bool // files whose bytes were compared
	ended   map[push.State]int
	round   int
}

// paper is a document.
type paper struct {
	uid, title string
	digests    []string // of what each of its pushes sends
	digest     string   // of its content
	canceled   bool     // its last push was told to end
	coming     bool     // its asset was published back
	returned   int      // how often it has been
	settled    bool
}

const (
	pushPart = 8 << 20
	proxy    = "MP4 480p"
	many     = 12 // of a selection that nobody waits for
)

func newPushes(n *node, seed uint64) *pushes {
	return &pushes{
		node:   n,
		rng:    rand.New(rand.NewPCG(seed, 2)),
		random: rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)}),
		whole:  map[string]bool{},
	}
}

// blob makes content that no other document has; what is large is not kept in
// memory.
func (m *pushes) blob(name string, size int) nuxeosim.Blob {
	b := nuxeosim.Blob{Name: name, MimeType: "video/quicktime"}
	if size >= 1<<20 {
		b.Content = pattern.New(m.rng.Uint64(), int64(size))
		return b
	}
	b.Data = make([]byte, size)
	_, _ = m.random.Read(b.Data) // it never fails
	return b
}

// paper adds a document; a rendition of it is sent if there is one.
func (m *pushes) paper(name string, size int, rendition bool) *paper {
	w := m.node.world
	p := &paper{title: fmt.Sprintf("%s %d-%d", name, m.round, len(m.papers))}
	props := map[string]any{"dc:title": p.title, "dc:creator": "josh", "file:content": m.blob(p.title+".mov", size)}
	small := m.blob(p.title+".mp4", 30<<10+m.round)
	if rendition {
		props["vid:transcodedVideos"] = []any{map[string]any{"name": proxy, "content": small}}
	}

	folder, _ := w.nuxeo.Doc(w.folder)
	p.uid = w.nuxeo.MkDoc(folder.Path+"/"+p.title, "Video", props)
	doc, _ := w.nuxeo.Doc(p.uid)
	p.digest = doc.Content.Digest
	p.digests = append(p.digests, p.digest)
	if rendition {
		sum := md5.Sum(small.Data)
		p.digests[0] = hex.EncodeToString(sum[:])
	}

	m.papers = append(m.papers, p)
	return p
}

// more makes documents of every kind and returns how they are pushed: of several
// sizes, a rendition, a selection, next versions beside assets that came back, one
// that is cancelled; and some that are under review come back.
func (m *pushes) more(i int) func(context.Context) error {
	m.round++
	var all []func(context.Context) error
	send := func(what string, list ...*paper) {
		all = append(all, func(ctx context.Context) error { _, err := m.push(ctx, what, list...); return err })
	}

	if back := m.back(); len(back) > 0 {
		all = append(all, func(ctx context.Context) error { return m.node.world.publish(ctx, back...) })
	}

	for _, p := range m.next() {
		send(push.Master, p)
	}

	send(push.Master, m.paper("large", []int{pushPart * 5 / 2, pushPart, pushPart + 1}[i%3], false))
	send(push.Master, m.paper("small", 20<<10+i, false))
	send(proxy, m.paper("proxy", 2<<20+i, true))
	canceled, wait := m.paper("canceled", pushPart*3, false), time.Duration(m.rng.IntN(600))*time.Millisecond
	all = append(all, func(ctx context.Context) error { return m.cancel(ctx, canceled, wait) })
	send(push.Master, m.selection([]int{3, many}[i%2])...)
	return func(ctx context.Context) error { return inOrder(ctx, all) }
}

func inOrder(ctx context.Context, all []func(context.Context) error) error {
	for _, do := range all {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (m *pushes) selection(n int) (out []*paper) {
	for i := range n {
		out = append(out, m.paper("one of several", 10<<10+i, false))
	}
	return out
}

// back lets two assets that are under review come back, and says which.
func (m *pushes) back() (files []string) {
	for _, p := range m.papers {
		if len(files) < 2 && p.settled && !p.coming && !p.canceled && p.returned < len(p.digests) &&
			m.rng.IntN(4) == 0 {
			doc, _ := m.node.world.nuxeo.Doc(p.uid)
			p.coming, p.settled = true, false
			files = append(files, doc.Properties["frameio:fileId"].(string))
		}
	}
	return files
}

// next gives two documents that came back another content, which is to be the next
// version of their assets.
func (m *pushes) next() (out []*paper) {
	for _, p := range m.papers {
		if len(out) == 2 || !p.settled || p.canceled || p.returned != len(p.digests) || p.returned > 2 {
			continue
		}
		if m.node.world.nuxeo.Edit("josh", p.uid,
			map[string]any{"file:content": m.blob(p.title+".mov", 40<<10+m.round)}) != nil {
			continue // it stays as it is
		}
		doc, _ := m.node.world.nuxeo.Doc(p.uid)
		p.digest, p.digests, p.settled = doc.Content.Digest, append(p.digests, doc.Content.Digest), false
		out = append(out, p)
	}
	return out
}

// answered asks again and again until the connector is there and answers.
func answered(ctx context.Context, what string, ask func() error) error {
	return until(ctx, 3*time.Minute, what, func() (bool, error) {
		err := ask()
		switch status := api.StatusOf(err); {
		case err == nil || status == http.StatusConflict:
			return true, nil // or what was asked before had been accepted
		case status == 0:
			return false, ctx.Err() // it is away
		case status >= 500:
			return false, nil
		}

		return false, fmt.Errorf("%s: %w", what, err)
	})
}

// push pushes documents until that is accepted, and returns the items.
func (m *pushes) push(ctx context.Context, what string, list ...*paper) (items []string, err error) {
	r := api.PushJSONRequestBody{Team: m.node.world.workspace, Project: m.project, What: &what}
	for _, p := range list {
		r.Documents = append(r.Documents, p.uid)
	}

	err = answered(ctx, "pushing "+list[0].title, func() error {
		got, err := m.node.driver.API.Push(ctx, r)
		if err != nil {
			return err
		}
		for _, p := range got.Pushes {
			items = append(items, *p.Item)
		}
		return nil
	})

	return items, err
}

// cancel pushes a document and ends that while it is under way, or later.
func (m *pushes) cancel(ctx context.Context, p *paper, wait time.Duration) error {
	p.canceled = true
	items, err := m.push(ctx, push.Master, p)
	if err != nil {
		return err
	}

	if len(items) == 0 { // the answer was lost
		return nil
	}

	if err := sleep(ctx, wait); err != nil {
		return err
	}

	return answered(ctx, "cancelling "+p.title, func() error {
		_, err := m.node.driver.API.CancelItem(ctx, items[0])
		return err
	})
}

// alone pushes a large document and nothing else.
func (m *pushes) alone(ctx context.Context, _ int) error {
	_, err := m.push(ctx, push.Master, m.paper("resumed", resumeSize, false))
	return err
}
