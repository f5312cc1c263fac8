package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
)

// mirrors are trees of Frame.io that folders of Nuxeo follow while people work in
// them. The model is what Frame.io has itself, and which comments were made.
type mirrors struct {
	node    *node
	project string
	rng     *rand.Rand
	trees   []*tree
	now     *tree // that people work in
	deeds   int   // of people on Frame.io

	digests     map[string]string // of files whose bytes were read
	proxies     map[string]*pattern.Content
	remarks     map[string][]string // by file
	differences int                 // that checks have found
	runs        int                 // that were begun
	failedRuns  int
	failures    map[string]int // of items, by what they said
}

// tree is one of them.
type tree struct {
	root   string // on Frame.io
	folder string // in Nuxeo
	sync   string
	form   api.SyncForm
}

const (
	listLatency = 15 * time.Millisecond
	// between is the longest pause between two things that people do.
	between = 300
)

func newMirrors(n *node, seed uint64) *mirrors {
	return &mirrors{
		node: n, rng: rand.New(rand.NewPCG(seed, 3)), digests: map[string]string{},
		proxies: map[string]*pattern.Content{}, remarks: map[string][]string{}, failures: map[string]int{},
	}
}

// plant makes a tree and returns how its first run begins, and what people do
// meanwhile.
func (m *mirrors) plant() func(context.Context) error {
	m.now = m.node.newTree(len(m.trees), m.project)
	m.trees = append(m.trees, m.now)
	for range 12 {
		m.grow()
	}

	m.version()
	m.version()
	m.file(m.now.root, "large.mov", medium)
	return func(ctx context.Context) error {
		if err := m.add(ctx); err != nil {
			return err
		}
		if err := m.hook(ctx); err != nil {
			return err
		}
		return m.busy(ctx)
	}
}

// fetches are what trees get of their assets, by turns.
var fetches = []api.SyncFormFetch{api.SyncFormFetchOriginal, api.SyncFormFetchMetadata, api.SyncFormFetchProxy}

// newTree is the i-th tree: in every second one what is gone is put into the trash, and
// earlier versions are fetched, if there is content.
func (n *node) newTree(i int, project string) *tree {
	w, name := n.world, fmt.Sprintf("Tree %d", i)
	t := &tree{
		root: w.frameio.AddFolder(w.root, name),
		folder: w.nuxeo.MkDoc("/default-domain/workspaces/"+name, "Folder",
			map[string]any{"dc:title": name, "dc:creator": "josh"}),
	}

	gone, fetch := []api.SyncFormGone{api.SyncFormGoneTrash, api.SyncFormGoneKeep}[i%2], fetches[i%len(fetches)]
	earlier := i%2 == 0 && fetch != api.SyncFormFetchMetadata
	t.form = api.SyncForm{
		Folder:          t.folder,
		Team:            w.workspace,
		Project:         project,
		FrameioFolder:   &t.root,
		Gone:            &gone,
		Fetch:           &fetch,
		EarlierVersions: &earlier,
	}

	return t
}

// withContent has people work in the last tree whose originals are fetched.
func (m *mirrors) withContent() {
	for _, t := range m.trees {
		if *t.form.Fetch == api.SyncFormFetchOriginal {
			m.now = t
		}
	}
}

// hook has Frame.io tell of changes from now on, and not only within an hour.
func (m *mirrors) hook(ctx context.Context) error {
	if len(m.node.world.frameio.Webhooks(m.node.world.workspace)) > 0 {
		return nil
	}
	return answered(ctx, "making the webhook", func() error {
		return m.node.driver.Chore(ctx, "webhooks")
	})
}

// work returns how a refresh begins, and what people did before and do meanwhile.
func (m *mirrors) work() func(context.Context) error {
	for range 4 + m.rng.IntN(6) {
		m.do()
	}

	m.file(m.place(), fmt.Sprintf("large %d.mov", m.deeds), medium)
	return func(ctx context.Context) error {
		if err := m.refresh(ctx); err != nil {
			return err
		}
		return m.busy(ctx)
	}
}

// busy has people work for a while.
func (m *mirrors) busy(ctx context.Context) error {
	for range 3 + m.rng.IntN(5) {
		if err := sleep(ctx, time.Duration(m.rng.IntN(between))*time.Millisecond); err != nil {
			return err
		}
		m.do()
	}
	return nil
}

// add has the tree synchronized, once, however often it has to be asked.
func (m *mirrors) add(ctx context.Context) error {
	t := m.now
	err := answered(ctx, "synchronizing", func() error {
		_, err := m.node.driver.API.AddSync(ctx, t.form)
		return err
	})
	if err == nil {
		t.sync, err = m.node.text(ctx, `SELECT id FROM syncs WHERE folder_uid = '`+t.folder+`' AND state <> 'removed'`)
	}

	return err
}

// refresh begins a run, unless one is under way.
func (m *mirrors) refresh(ctx context.Context) error {
	sure := true
	return answered(ctx, "refreshing", func() error {
		_, err := m.node.driver.API.RefreshSync(ctx, m.now.sync, api.RefreshSyncJSONRequestBody{Sure: &sure})
		return err
	})
}

// there is what is in the tree on Frame.io, folders before what is in them.
func (t *tree) there(all []frameiosim.StateAsset, kinds ...string) (out []frameiosim.StateAsset) {
	in := map[string]bool{t.root: true}
	for _, a := range all { // parents come first
		if !in[a.ParentID] {
			continue
		}
		in[a.ID] = a.Type == "folder"
		if len(kinds) == 0 || slices.Contains(kinds, a.Type) {
			out = append(out, a)
		}
	}

	return out
}

// headOf is the file that people see of an asset.
func headOf(all []frameiosim.StateAsset, a frameiosim.StateAsset) frameiosim.StateAsset {
	head := a
	for _, f := range all {
		if f.ParentID == a.ID {
			head = f // the newest comes last
		}
	}
	return head
}

func (m *mirrors) all() []frameiosim.StateAsset {
	return m.node.world.frameio.State().Accounts[0].Workspaces[0].Projects[0].Assets
}

// some is one of a kind; ok is false when there is none.
func (m *mirrors) some(kinds ...string) (a frameiosim.StateAsset, ok bool) {
	all := m.now.there(m.all(), kinds...)
	if len(all) == 0 {
		return a, false
	}
	return all[m.rng.IntN(len(all))], true
}

// place is the root or a folder below it.
func (m *mirrors) place() string {
	if f, ok := m.some("folder"); ok && m.rng.IntN(3) > 0 {
		return f.ID
	}
	return m.now.root
}

// file adds a file; of some there is a proxy.
func (m *mirrors) file(parent, name string, size int64) string {
	options := []frameiosim.FileOption{frameiosim.WithCreator(m.node.world.josh)}
	var proxy *pattern.Content
	if size >= medium || m.rng.IntN(2) == 0 { // the simulated one makes the same for all films
		proxy = pattern.New(m.rng.Uint64(), size/2)
		options = append(options, frameiosim.WithRenditions(proxy, frameiosim.RenditionEfficient,
			frameiosim.RenditionHighQuality))
	}

	id := m.node.world.frameio.AddFile(parent, name, pattern.New(m.rng.Uint64(), size), options...)
	if proxy != nil {
		m.proxies[id] = proxy
	}

	return id
}

// do is one thing that somebody does on Frame.io.
func (m *mirrors) do() {
	m.deeds++
	deeds := []struct {
		weight int
		do     func()
	}{{30, m.grow}, {12, m.version}, {12, m.rename}, {14, m.move}, {8, m.remove}, {12, m.remark}}

	at := m.rng.IntN(88)
	for _, d := range deeds {
		if at -= d.weight; at < 0 {
			d.do()
			return
		}
	}
}

// grow adds a file or a folder somewhere.
func (m *mirrors) grow() {
	m.deeds++
	if m.rng.IntN(3) == 0 {
		m.node.world.frameio.AddFolder(m.place(), fmt.Sprintf("folder %d", m.deeds))
		return
	}
	m.file(m.place(), fmt.Sprintf("file %d.jpg", m.deeds), int64(small+m.deeds))
}

// version gives an asset a newer file.
func (m *mirrors) version() {
	a, ok := m.some("file", "version_stack")
	if !ok {
		return
	}

	name := fmt.Sprintf("version %d.jpg", m.deeds)
	if a.Type == "version_stack" {
		m.file(a.ID, name, int64(small+m.deeds))
		return
	}

	m.node.world.frameio.Stack(a.ID, m.file(a.ParentID, name, int64(small+m.deeds)))
}

func (m *mirrors) rename() {
	if a, ok := m.some("file", "folder"); ok {
		m.node.world.frameio.Rename(a.ID, fmt.Sprintf("renamed %d.jpg", m.deeds))
	}
}

// move puts something into a folder that is not in it.
func (m *mirrors) move() {
	a, ok := m.some()
	if !ok {
		return
	}

	to := m.place()
	below := &tree{root: a.ID}
	if to == a.ID || slices.ContainsFunc(below.there(m.all(), "folder"), func(f frameiosim.StateAsset) bool {
		return f.ID == to
	}) {
		return
	}

	m.node.world.frameio.Move(a.ID, to)
}

func (m *mirrors) remove() {
	if a, ok := m.some(); ok {
		m.node.world.frameio.Delete(a.ID)
	}
}

// remark comments on an asset and says where it stands: the listing shows that.
func (m *mirrors) remark() {
	a, ok := m.some("file", "version_stack")
	if !ok {
		return
	}

	statuses := []string{"Approved", "In Progress", "Needs Review"}
	file := headOf(m.all(), a).ID
	if n := len(m.remarks[file]); n < len(statuses) {
		text := fmt.Sprintf("remark %d", m.deeds)
		m.node.world.frameio.AddComment(file, frameiosim.CommentSpec{Text: text, OwnerID: m.node.world.josh})
		m.node.world.frameio.SetStatus(file, statuses[n])
		m.remarks[file] = append(m.remarks[file], text)
	}
}
