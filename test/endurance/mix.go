package main

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// mix is what was published and so must be there, once: the model that the
// documents are compared with.
type mix struct {
	world *world
	clips []*clip
	seed  uint64
	round int
}

// clip is an asset. Its contents are those that it had when it was published,
// the newest last.
type clip struct {
	head, stack string
	contents    []*pattern.Content
	comments    []string // of the head
	settled     bool
}

const (
	small  = 20 << 10
	medium = 40 << 20 // three parts
)

// file adds a file with bytes of its own.
func (m *mix) file(parent, name string, size int64) (id string, content *pattern.Content) {
	m.seed++
	content = pattern.New(m.seed, size)
	return m.world.frameio.AddFile(parent, name, content), content
}

// more adds assets of every kind and returns what to publish: small files, one
// with comments, one that takes a while, a folder, a stack, and a new version of
// a stack that is settled.
func (m *mix) more(mediums int) (selected []string) {
	m.round++
	for i := range 3 {
		id, content := m.file(m.world.root, fmt.Sprintf("small %d-%d.jpg", m.round, i), small+int64(i))
		c := &clip{head: id, contents: []*pattern.Content{content}}
		if i == 0 {
			m.comment(c, "first")
			m.comment(c, "second")
		}
		m.clips, selected = append(m.clips, c), append(selected, id)
	}

	for i := range mediums {
		id, content := m.file(m.world.root, fmt.Sprintf("medium %d-%d.mov", m.round, i), medium)
		m.clips, selected = append(m.clips, &clip{head: id, contents: []*pattern.Content{content}}),
			append(selected, id)
	}

	folder := m.world.frameio.AddFolder(m.world.root, fmt.Sprintf("folder %d", m.round))
	for i := range 2 {
		id, content := m.file(folder, fmt.Sprintf("inside %d-%d.jpg", m.round, i), small)
		m.clips = append(m.clips, &clip{head: id, contents: []*pattern.Content{content}})
	}

	return append(selected, folder, m.stack(), m.version())
}

func (m *mix) comment(c *clip, text string) {
	text = fmt.Sprintf("%s, round %d", text, m.round)
	m.world.frameio.AddComment(c.head, frameiosim.CommentSpec{Text: text, OwnerID: m.world.josh})
	c.comments = append(c.comments, text)
}

func (m *mix) stack() (id string) {
	older, _ := m.file(m.world.root, fmt.Sprintf("stack %d v1.mov", m.round), small)
	head, content := m.file(m.world.root, fmt.Sprintf("stack %d v2.mov", m.round), small+7)
	c := &clip{head: head, stack: m.world.frameio.Stack(older, head), contents: []*pattern.Content{content}}
	m.comment(c, "on the stack")
	m.clips = append(m.clips, c)
	return c.stack
}

// version gives a settled stack a new head; without one it makes a stack.
func (m *mix) version() (id string) {
	for _, c := range m.clips {
		if c.stack == "" || !c.settled || len(c.contents) > 2 {
			continue
		}
		head, content := m.file(m.world.root, fmt.Sprintf("stack again %d.mov", m.round), small+int64(m.round))
		m.world.frameio.AddToStack(c.stack, head)
		c.head, c.contents, c.comments, c.settled = head, append(c.contents, content), nil, false
		m.comment(c, "on the new version")
		return c.stack
	}
	return m.stack()
}

// settle says that everything was published and compared.
func (m *mix) settle() {
	for _, c := range m.clips {
		c.settled = true
	}
}

// damage is what is wrong.
type damage struct {
	lost, doubled, orphans int
	// Of pushes: documents that are locked and on their way to nowhere, and those
	// that are under review and not locked.
	locked, unlocked int
	said             []string
}

func (d damage) all() int { return d.lost + d.doubled + d.orphans + d.locked + d.unlocked }

func (d *damage) add(n *int, format string, args ...any) {
	*n++
	if len(d.said) < 20 {
		d.said = append(d.said, fmt.Sprintf(format, args...))
	}
}

// check compares every document with the model.
func (m *mix) check(ctx context.Context, n *node) (damage, error) {
	var d damage
	byFile := map[string][]nuxeosim.DocView{}
	m.walk(m.world.folder, func(v nuxeosim.DocView) {
		id, _ := v.Properties["frameio:fileId"].(string)
		byFile[id] = append(byFile[id], v)
	})

	for _, c := range m.clips {
		docs := byFile[c.head]
		delete(byFile, c.head)
		switch {
		case len(docs) == 0:
			d.add(&d.lost, "no document of %s", c.head)
			continue
		case len(docs) > 1:
			d.add(&d.doubled, "%d documents of %s", len(docs), docs[0].Title)
		}
		m.compare(c, docs[0], &d)
	}

	for id, docs := range byFile {
		d.add(&d.doubled, "%d documents of %q that nobody published, such as %s", len(docs), id, docs[0].Title)
	}

	err := n.leftovers(ctx, &d)
	return d, err
}

func (m *mix) walk(folder string, each func(nuxeosim.DocView)) {
	for _, v := range m.world.nuxeo.Children(folder) {
		if v.Type == "Folder" {
			m.walk(v.UID, each)
		} else if !v.IsTrashed {
			each(v)
		}
	}
}

func (m *mix) compare(c *clip, v nuxeosim.DocView, d *damage) {
	if err := equal(m.world.nuxeo, v, c.contents[len(c.contents)-1]); err != nil {
		d.add(&d.lost, "%s: %v", v.Title, err)
	}

	held := map[string]int{}
	for _, old := range m.world.nuxeo.Versions(v.UID) {
		if old.Content != nil {
			held[old.Content.Digest]++
		}
	}

	for digest, n := range held {
		if n > 1 {
			d.add(&d.doubled, "%s has %d versions with the same content %s", v.Title, n, digest)
		}
	}

	if len(held) < len(c.contents)-1 {
		d.add(&d.lost, "%s has %d versions of %d contents before", v.Title, len(held), len(c.contents)-1)
	}

	words := map[string]int{}
	for _, k := range m.world.nuxeo.Comments(v.UID) {
		text := testenv.Words(k)
		words[text]++
		if words[text] == 2 {
			d.add(&d.doubled, "%s has the comment %q twice", v.Title, text)
		}
	}

	for _, text := range c.comments {
		if words[text] == 0 {
			d.add(&d.lost, "%s lacks the comment %q of %v", v.Title, text, words)
		}
	}

	if v.LockOwner != "" {
		d.add(&d.orphans, "%s is locked by %s", v.Title, v.LockOwner)
	}
}

// leftovers counts what a finished transfer must not leave behind. A batch whose
// name no database ever knew, since the process ended between Nuxeo's answer and
// the next line, is empty, and Nuxeo removes it by itself.
func (n *node) leftovers(ctx context.Context, d *damage) error {
	if batches := n.world.nuxeo.FilledBatches(); batches > 0 {
		d.orphans += batches
		d.said = append(d.said, fmt.Sprintf("%d upload batches with bytes are left", batches))
	}
	return n.query(ctx, `SELECT asset_key FROM links WHERE holder <> ''`, func(r *sql.Rows) error {
		var key string
		err := r.Scan(&key)
		d.add(&d.orphans, "the link of %s is held", key)
		return err
	})
}

// equal compares a document's content byte by byte.
func equal(nx *nuxeosim.Server, v nuxeosim.DocView, want *pattern.Content) error {
	if v.Content == nil || v.Content.Length != want.Size() {
		return fmt.Errorf("the content is %+v", v.Content)
	}

	r, err := nx.OpenBlob(v.UID, "")
	if err != nil {
		return err
	}
	defer r.Close()
	buf := make([]byte, 1<<20)
	for off := int64(0); ; {
		n, err := r.Read(buf)
		if !want.Matches(buf[:n], off) {
			return fmt.Errorf("other bytes at %d", off)
		}
		if off += int64(n); err != nil {
			if off != want.Size() {
				return fmt.Errorf("it ends at %d", off)
			}
			return nil
		}
	}
}

// sorted lists a histogram by its names.
func sorted(hist map[string]int) []string {
	var names []string
	for name := range hist {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
