package sim

import (
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// mirrors tells of a folder of Nuxeo that mirrors a tree of Frame.io while people
// work on both. The model is the tree of Frame.io itself, and what people did in
// Nuxeo.
type mirrors struct {
	*story
	root    string // on Frame.io
	sync    string
	request foldersync.Request

	heads    map[string]string   // the newest file of a stack
	members  map[string][]string // the files of a stack, oldest first
	stacks   map[string]string   // that a file is in
	keeps    map[string]string   // the document that a stack had when a file was taken out of it
	coming   []string            // files that are still being uploaded
	slowly   []string            // and those that were
	names    map[string]string   // of files when they were uploaded
	digests  map[string]string   // of files on Frame.io
	remarks  map[string][]string
	edited   map[string]string // documents whose content a person changed last, and its digest
	retitled map[string]string // documents that a person renamed
	trashed  map[string]bool   // assets whose document a person put into the trash
	byHand   map[string]string // documents that people put into the tree, and their folder
}

// ofMirrors reports whether a seed tells of a mirrored tree.
func (c chance) ofMirrors() bool { return c/10_000%10 == 8 }

// set makes a tree and synchronizes a folder of its own with it.
func (m *mirrors) set() {
	w := m.w
	m.root = w.Frameio.AddFolder(w.Root, "Mirrored")
	w.Folder = w.Nuxeo.MkDoc("/default-domain/workspaces/mirror", "Folder",
		map[string]any{"dc:title": "Mirror", "dc:creator": "josh"})
	w.Grant("/default-domain/workspaces/mirror")
	for range 2 + m.d.IntN(4) {
		m.grow()
	}

	m.request = foldersync.Request{
		Folder: w.Folder, Workspace: w.Workspace, Project: w.Project, Root: m.root, Comments: true, Events: true,
		Gone:      []string{foldersync.Keep, foldersync.Trash}[m.d.IntN(2)],
		Conflicts: []string{foldersync.NuxeoWins, foldersync.FrameioWins}[m.d.IntN(2)],
	}

	m.vary(uint64(w.seed))
	s, err := w.nodes[0].app.Sync.Add(w.T.Context(), "josh", m.request)
	if err != nil {
		w.T.Fatal(err)
	}

	m.sync = s.ID
}

// vary chooses what is fetched, and what becomes of conflicts, in the upper half of the
// seeds.
func (m *mirrors) vary(seed uint64) {
	if seed%10_000 < 5_000 {
		return
	}
	switch seed % 4 {
	case 0, 1:
		m.request.Fetch = foldersync.Metadata
	case 2:
		m.request.Earlier = true
	case 3:
		m.request.Conflicts = foldersync.KeepBoth
	}
}

// there is what is below the root on Frame.io, folders before what is in them.
func (m *mirrors) there(kinds ...string) (out []frameiosim.StateAsset) {
	all := m.w.Frameio.State().Accounts[0].Workspaces[0].Projects[0].Assets
	in := []string{m.root}
	for i := 0; i < len(in); i++ {
		for _, a := range all {
			if a.ParentID != in[i] {
				continue
			}
			if a.Type == "folder" {
				in = append(in, a.ID)
			}
			if len(kinds) == 0 || slices.Contains(kinds, a.Type) {
				out = append(out, a)
			}
		}
	}

	return out
}

// some is one of a kind; ok is false when there is none.
func (m *mirrors) some(kinds ...string) (a frameiosim.StateAsset, ok bool) {
	all := m.there(kinds...)
	if len(all) == 0 {
		return a, false
	}
	return all[m.d.IntN(len(all))], true
}

// place is the root or a folder below it.
func (m *mirrors) place() string {
	if f, ok := m.some("folder"); ok && m.d.IntN(3) > 0 {
		return f.ID
	}
	return m.root
}

// grow adds a file or a folder somewhere.
func (m *mirrors) grow() {
	m.commentN++
	if m.d.IntN(3) == 0 {
		m.w.Frameio.AddFolder(m.place(), fmt.Sprintf("Folder %d", m.commentN))
		return
	}
	m.file(m.place())
}

func (m *mirrors) file(parent string, how ...frameiosim.FileOption) string {
	data := m.content()
	m.commentN++
	how = append(how, frameiosim.WithMedia(frameiosim.Media{FPS: 25, Duration: 4}), frameiosim.WithCreator(m.w.Josh))
	id := m.w.Frameio.AddFile(parent, fmt.Sprintf("File %d.mov", m.commentN), frameiosim.Bytes(data), how...)
	m.digests[id], m.names[id] = digestOf(data), fmt.Sprintf("File %d.mov", m.commentN)
	return id
}

// newer gives an asset another version, and says which; empty: there is no asset.
func (m *mirrors) newer(how ...frameiosim.FileOption) string {
	a, ok := m.some("file", "version_stack")
	if !ok {
		return ""
	}

	stack, head := a.ID, ""
	if a.Type == "version_stack" {
		head = m.file(stack, how...)
	} else {
		head = m.file(a.ParentID, how...)
		stack = m.w.Frameio.Stack(a.ID, head)
		m.stacks[a.ID], m.members[stack] = stack, []string{a.ID}
	}

	m.heads[stack], m.stacks[head], m.members[stack] = head, stack, append(m.members[stack], head)
	return head
}

// slow gives an asset another version that takes its time to be uploaded.
func (m *mirrors) slow() {
	if id := m.newer(frameiosim.NotUploadedYet()); id != "" {
		m.coming, m.slowly = append(m.coming, id), append(m.slowly, id)
	}
}

// arrive ends the first of the uploads that are under way.
func (m *mirrors) arrive() {
	if len(m.coming) == 0 {
		return
	}
	id := m.coming[0]
	m.coming = m.coming[1:]
	m.w.Frameio.FinishUpload(id)
}

// takeOut puts the newest version of a stack beside it.
func (m *mirrors) takeOut() {
	a, ok := m.some("version_stack")
	if !ok {
		return
	}

	if d, has := m.documentOf(a); has && m.keeps[a.ID] == "" {
		m.keeps[a.ID] = d.UID
	}

	files := m.members[a.ID]
	head := files[len(files)-1]
	m.w.Frameio.Move(head, a.ParentID)
	delete(m.stacks, head)
	if files = files[:len(files)-1]; len(files) > 0 {
		m.heads[a.ID] = files[len(files)-1]
	}

	m.members[a.ID] = files
}

func (m *mirrors) headOf(a frameiosim.StateAsset) string {
	if a.Type == "version_stack" {
		return m.heads[a.ID]
	}
	return a.ID
}

func (m *mirrors) rename() {
	if a, ok := m.some("file", "folder"); ok {
		m.commentN++
		m.names[a.ID] = fmt.Sprintf("Renamed %d.mov", m.commentN)
		m.w.Frameio.Rename(a.ID, m.names[a.ID])
	}
}

// move puts something into a folder that is not below it.
func (m *mirrors) move() {
	a, ok := m.some()
	to := m.place()
	for at := to; ok && at != m.root; at = m.parentOf(at) {
		if at == a.ID {
			return
		}
	}

	if ok {
		m.w.Frameio.Move(a.ID, to)
	}
}

func (m *mirrors) parentOf(id string) string {
	for _, a := range m.there() {
		if a.ID == id {
			return a.ParentID
		}
	}
	return m.root
}

func (m *mirrors) remove() {
	if a, ok := m.some(); ok {
		m.w.Frameio.Delete(a.ID)
	}
}

var statuses = []string{"Approved", "In Progress", "Needs Review"}

func (m *mirrors) plainComment(file string) (words string) {
	m.commentN++
	words = fmt.Sprintf("remark %d", m.commentN)
	m.w.Frameio.AddComment(file, frameiosim.CommentSpec{Text: words, OwnerID: m.w.Julia})
	return words
}

func (m *mirrors) remark(comment func(file string) (words string)) {
	a, ok := m.some("file", "version_stack")
	if !ok {
		return
	}

	file := m.headOf(a)
	words := comment(file)
	if len(m.remarks[file]) == len(statuses) {
		return
	}

	// The listing does not show comments, but this.
	m.w.Frameio.SetStatus(file, statuses[len(m.remarks[file])])
	m.remarks[file] = append(m.remarks[file], words)
}

// documents are those that came from Frame.io.
func (m *mirrors) documents() (out []nuxeosim.DocView) {
	for _, docs := range m.w.Tree() {
		for _, d := range docs {
			if m.byHand[d.UID] == "" {
				out = append(out, d)
			}
		}
	}

	slices.SortFunc(out, func(a, b nuxeosim.DocView) int { return compare(a.UID, b.UID) })
	return out
}

func (m *mirrors) someDocument() (d nuxeosim.DocView, ok bool) {
	all := m.documents()
	if len(all) == 0 {
		return d, false
	}
	return all[m.d.IntN(len(all))], true
}

// edit changes a document's content, which may come between a write and the look at
// it.
func (m *mirrors) edit() {
	d, ok := m.someDocument()
	if !ok {
		return
	}

	mine := m.content()
	if d.Content == nil && m.request.Fetch != foldersync.Metadata {
		return // it was made this very second: nobody has seen it
	}

	m.excuse("refused")
	if m.w.Nuxeo.Edit(nobody, d.UID, map[string]any{
		"file:content": nuxeosim.Blob{Name: "mine.mov", MimeType: "video/quicktime", Data: mine},
	}) == nil {
		m.edited[d.UID] = digestOf(mine)
		m.w.watch.byPerson()
	}
}

func (m *mirrors) retitle() {
	if d, ok := m.someDocument(); ok {
		m.commentN++
		title := fmt.Sprintf("Ours %d", m.commentN)
		if m.w.Nuxeo.SetProps(d.UID, map[string]any{"dc:title": title}) == nil {
			m.retitled[d.UID] = title
		}
	}
}

func (m *mirrors) discard() {
	if d, ok := m.someDocument(); ok {
		m.excuse("refused")
		m.excuse("gone")
		if m.w.Nuxeo.Trash(d.UID) == nil {
			source, _ := d.Properties["dc:source"].(string)
			m.trashed[path.Base(source)], m.trashed[d.UID], m.trashed[keyOf(d)] = true, true, true
			m.w.watch.byPerson()
		}
	}
}

// put puts a document of a person's own into the tree.
func (m *mirrors) put() {
	m.commentN++
	folder, _ := m.w.Nuxeo.Doc(m.w.Folder)
	uid := m.w.Nuxeo.MkDoc(fmt.Sprintf("%s/Own %d", folder.Path, m.commentN), "File", nil)
	m.byHand[uid] = m.w.Folder
	m.w.watch.byPerson()
}

// refresh begins a run, if none is under way; sure: as somebody who agrees to all.
func (m *mirrors) refresh(n *node, sure bool) {
	a := n.current.Load()
	if a == nil {
		return
	}

	m.wg.Go(func() {
		if _, err := a.Sync.Refresh(m.w.T.Context(), work.Viewer{Login: "josh"}, m.sync, sure); err != nil {
			m.w.trace("not refreshed: %v", err)
		}
	})
}

// pause stops it, and lets it go on sometimes.
func (m *mirrors) pause(n *node) {
	a := n.current.Load()
	if a == nil {
		return
	}

	m.excuse("canceled")
	m.excuse("gone") // what the items of a run say that was stopped
	go func() {
		_, err := a.Sync.Pause(m.w.T.Context(), testenv.Viewer, m.sync)
		m.w.trace("paused: %v", err)
	}()
}

type working struct {
	name   string
	weight int
	do     func(m *mirrors, n *node)
}

// workings are what people do on both sides of a mirror.
var workings = []working{
	{"refresh", 30, func(m *mirrors, n *node) { m.refresh(n, m.d.IntN(2) == 0) }},
	{"grow", 12, func(m *mirrors, _ *node) { m.grow() }},
	{"new version", 10, func(m *mirrors, _ *node) { m.newer() }},
	{"rename", 8, func(m *mirrors, _ *node) { m.rename() }},
	{"move", 10, func(m *mirrors, _ *node) { m.move() }},
	{"delete", 6, func(m *mirrors, _ *node) { m.remove() }},
	{"comment", 8, func(m *mirrors, _ *node) { m.remark(m.plainComment) }},
	{"edit in Nuxeo", 6, func(m *mirrors, _ *node) { m.edit() }},
	{"rename in Nuxeo", 4, func(m *mirrors, _ *node) { m.retitle() }},
	{"trash in Nuxeo", 3, func(m *mirrors, _ *node) { m.discard() }},
	{"put by hand", 3, func(m *mirrors, _ *node) { m.put() }},
	{"pause", 3, func(m *mirrors, n *node) { m.pause(n) }},
}

// restless are what more people do in the last fifth of the seeds.
var restless = []working{
	{"take out of a stack", 10, func(m *mirrors, _ *node) { m.takeOut() }},
	{"slow new version", 20, func(m *mirrors, _ *node) { m.slow() }},
	{"end of an upload", 4, func(m *mirrors, _ *node) { m.arrive() }},
}

func (m *mirrors) tell() {
	end := time.Now().Add(m.w.shape.story)
	m.excuse("gone")          // an asset may be deleted between the listing and its turn
	m.excuse("not_connected") // a node that freezes between a new token and its record loses the sign-in
	for _, at := range append(m.times(), m.times()...) {
		if at = min(at/2, time.Until(end)); at > 0 {
			time.Sleep(at)
		}
		m.next()
	}

	time.Sleep(max(0, time.Until(end)))
	for len(m.coming) > 0 {
		m.arrive()
	}

	m.wg.Wait()
}

func (m *mirrors) next() {
	all := slices.Clone(workings)
	if m.w.seed%10_000 >= 8_000 {
		all = append(all, restless...)
	}

	if m.w.seed%10_000 >= 9_000 {
		all = append(all, working{"odd comment", 10, func(m *mirrors, _ *node) { m.remark(m.oddComment) }})
	}

	for _, h := range happenings {
		if slices.Contains(befalls, h.name) {
			all = append(all, working{h.name, h.weight / 2, func(m *mirrors, n *node) { h.do(m.story, nil, n) }})
		}
	}

	total, n := 0, m.w.nodes[m.d.IntN(len(m.w.nodes))]
	for _, o := range all {
		total += o.weight
	}

	at := m.d.IntN(total)
	for _, o := range all {
		if at -= o.weight; at < 0 {
			m.w.trace("story: %s (%s)", o.name, n.name)
			o.do(m, n)
			return
		}
	}
}
