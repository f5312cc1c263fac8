package sim

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func compare(a, b string) int { return cmp.Compare(a, b) }

// check holds at any time when all is settled: nothing is there twice, nothing of a
// person's is lost.
func (m *mirrors) check() {
	m.checkOnce()
	m.checkKept()
	m.checkOwn()
	m.checkAsked()
	m.w.checkHistories()
	m.w.checkBatches()
	m.w.checkItems()
}

// keyOf is the asset that a document says it is of.
func keyOf(d nuxeosim.DocView) string {
	key, _ := d.Properties["frameio:stackId"].(string)
	if key == "" {
		key, _ = d.Properties["frameio:fileId"].(string)
	}
	return key
}

// checkOnce: no asset and no folder has two documents.
func (m *mirrors) checkOnce() {
	seen := map[string]string{}
	for _, d := range m.documents() {
		key := keyOf(d)
		if key != "" && seen[key] != "" {
			m.w.violate("exactly one: %q and %q are both of %s", d.Path, seen[key], key)
		}
		seen[key] = d.Path
	}

	folders := map[string]string{}
	m.walk(m.w.Folder, func(d nuxeosim.DocView) {
		source, _ := d.Properties["dc:source"].(string)
		if d.Type != "Folder" || source == "" || d.IsTrashed {
			return
		}
		if folders[source] != "" {
			m.w.violate("exactly one: the folders %q and %q are the same", d.Path, folders[source])
		}
		folders[source] = d.Path
	})
}

// checkKept: what is on Frame.io has not lost its document, to the trash or to another
// asset.
func (m *mirrors) checkKept() {
	there := map[string]bool{}
	for _, a := range m.there() {
		there[a.ID] = true
	}

	m.walk(m.w.Folder, func(d nuxeosim.DocView) { // what is in the trash, too
		source, _ := d.Properties["dc:source"].(string)
		if key := keyOf(d); d.IsTrashed && !m.listedTwice(d) && (there[key] || there[m.stacks[key]]) &&
			!m.trashed[path.Base(source)] && !m.trashed[d.UID] && m.edited[d.UID] == "" {
			m.w.violate("kept: %q is in the trash, and %s is on Frame.io", d.Path, key)
		}
	})

	for stack, uid := range m.keeps {
		d, ok := m.w.Nuxeo.Doc(uid)
		if key := keyOf(d); ok && !d.IsTrashed && m.edited[uid] == "" && there[stack] && key != "" && key != stack {
			m.w.violate("kept: %q was the document of the stack %s, which is there, and is that of %s",
				d.Path, stack, key)
		}
	}
}

func (m *mirrors) walk(folder string, do func(nuxeosim.DocView)) {
	for _, d := range m.w.Nuxeo.Children(folder) {
		do(d)
		if d.Type == "Folder" {
			m.walk(d.UID, do)
		}
	}
}

// checkOwn: what people put there is where they put it.
func (m *mirrors) checkOwn() {
	for uid, folder := range m.byHand {
		if d, ok := m.w.Nuxeo.Doc(uid); !ok || d.IsTrashed || d.ParentUID != folder {
			m.w.violate("by hand: %q is not where a person put it", d.Path)
		}
	}
}

// checkAsked: no run lets everything go that nobody has agreed to. What failed counts for
// nothing, though an answer that was lost may have left an empty document of it.
func (m *mirrors) checkAsked() {
	failed := slices.ContainsFunc(m.w.items(), func(it work.View) bool {
		return it.Kind == foldersync.KindAsset && it.State == work.Failed
	})

	runs, err := m.w.nodes[0].app.Sync.Runs(m.w.T.Context(), testenv.Viewer, m.sync, 500)
	if err != nil {
		m.w.violate("asked: %v", err)
	}

	for _, r := range runs {
		// what is not ready is no asset yet
		if !r.Sure && !r.Partial && r.Gone > 0 && r.Assets == 0 && len(m.slowly) == 0 && !failed {
			m.w.violate("asked: all %d assets were let go, and nobody was asked", r.Gone)
		}
	}
}

// again refreshes without faults until nothing is left to do: both sides are equal,
// and once more writes nothing.
func (m *mirrors) again() {
	m.w.signIn()
	for _, when := range []string{"when all is refreshed", "when all is refreshed again"} {
		if !m.refreshed(when) {
			return
		}
	}

	m.check()
	m.checkEqual()
	m.checkDifferences()
	before := m.w.watch.written()
	if m.refreshed("when nothing is new") && m.w.watch.written() != before {
		m.w.violate("no write when nothing is new: %d writes", m.w.watch.written()-before)
	}
}

// checkDifferences: what a comparison finds is what people did in Nuxeo.
func (m *mirrors) checkDifferences() {
	a := m.w.nodes[0].app
	if _, err := a.Sync.Check(m.w.T.Context(), testenv.Viewer, m.sync); err != nil {
		m.w.violate("check: %v", err)
		return
	}

	if !m.w.settle("when it is checked") {
		return
	}

	found, err := a.Sync.Differences(m.w.T.Context(), testenv.Viewer, m.sync, "", 500)
	if err != nil {
		m.w.violate("check: %v", err)
	}

	for _, d := range found.List {
		if m.edited[d.Document] == "" && m.retitled[d.Document] == "" &&
			!m.wasTrashed(frameiosim.StateAsset{ID: d.Key}) {
			m.w.violate("check: both sides are equal, and it finds %+v", d)
		}
	}
}

func (m *mirrors) refreshed(when string) bool {
	m.wg.Wait()
	_, err := m.w.nodes[0].app.Sync.Refresh(m.w.T.Context(), work.Viewer{Login: "josh"}, m.sync, true)
	if fault.Is(err, fault.Conflict) { // a run has begun by itself, and may end with a question
		if !m.w.settle("for a run that has begun by itself") {
			return false
		}
		_, err = m.w.nodes[0].app.Sync.Refresh(m.w.T.Context(), work.Viewer{Login: "josh"}, m.sync, true)
	}

	if err != nil {
		m.w.violate("convergence: %s: %v", when, err)
	}

	if !m.w.settle(when) {
		return false
	}

	s, err := m.w.nodes[0].app.Sync.Get(m.w.T.Context(), testenv.Viewer, m.sync)
	if err != nil || s.State != foldersync.Active || s.Last == nil || s.Last.State != foldersync.Done {
		m.w.violate("convergence: %s: %+v %+v %v", when, s, s.Last, err)
		return false
	}

	return true
}

// checkEqual: each folder and asset is where it is on Frame.io, with its content.
func (m *mirrors) checkEqual() {
	uids := map[string]string{m.root: m.w.Folder}
	live := map[string]bool{}
	for _, a := range m.there() {
		d, ok := m.documentOf(a)
		if !ok && m.wasTrashed(a) {
			continue
		}

		if !ok {
			m.w.violate("equal: %q of Frame.io has no document", a.Name)
			continue
		}

		uids[a.ID], live[d.UID] = d.UID, true
		if d.ParentUID != uids[a.ParentID] && m.edited[d.UID] == "" { // in a conflict it stays where it was
			m.w.violate("equal: %q is in %q, not where it is on Frame.io", d.Path, d.ParentUID)
		}

		if a.Type != "folder" {
			m.checkAsset(a, d)
		}
	}

	for _, d := range m.documents() {
		unknown := keyOf(d) == "" && m.excused("not_connected") // made, and nobody could be asked what became of it
		if !live[d.UID] && !d.IsTrashed && m.request.Gone == foldersync.Trash && m.edited[d.UID] == "" && !unknown {
			m.w.violate("gone: %q is still there, and on Frame.io it is not (%s, of %s)", d.Path, d.UID, keyOf(d))
		}
	}
}

// wasTrashed: a person put the document into the trash, which is only seen when the
// asset changes.
func (m *mirrors) wasTrashed(a frameiosim.StateAsset) bool {
	for file := range m.trashed {
		if file == a.ID || m.stacks[file] == a.ID {
			return true
		}
	}
	return false
}

// documentOf finds the document of an asset by what it says of itself; in a conflict one
// tells of the file that it was of.
func (m *mirrors) documentOf(a frameiosim.StateAsset) (found nuxeosim.DocView, ok bool) {
	var before nuxeosim.DocView
	m.walk(m.w.Folder, func(d nuxeosim.DocView) {
		if d.IsTrashed || ok {
			return
		}

		text := func(name string) string { s, _ := d.Properties[name].(string); return s }
		from := path.Base(text("dc:source"))
		was := a.ID == from
		switch a.Type {
		case "folder":
			ok, was = d.Type == "Folder" && from == a.ID, false
		case "version_stack":
			ok, was = text("frameio:stackId") == a.ID, m.stacks[from] == a.ID
		default:
			ok = text("frameio:fileId") == a.ID && text("frameio:stackId") == ""
		}

		if ok {
			found = d
		} else if was && m.edited[d.UID] != "" && before.UID == "" {
			before = d
		}
	})
	if !ok {
		found, ok = before, before.UID != ""
	}

	return found, ok
}

// nameOf is what people see of an asset: the name of its newest file.
func (m *mirrors) nameOf(a frameiosim.StateAsset) string {
	if a.Type == "version_stack" {
		return m.names[m.heads[a.ID]]
	}
	return a.Name
}

func (m *mirrors) checkAsset(a frameiosim.StateAsset, d nuxeosim.DocView) {
	head := m.headOf(a)
	mine := m.edited[d.UID]
	switch {
	case m.request.Fetch == foldersync.Metadata:
		if d.Content != nil && mine == "" {
			m.w.violate("metadata only: %q has content", d.Path)
		}
	case d.Content == nil:
		m.w.violate("identical: %q has no content", d.Path)
	case d.Content.Digest == mine:
	case d.Content.Digest != m.digests[head]:
		m.w.violate("identical: %q holds %.8s, not %.8s", d.Path, d.Content.Digest, m.digests[head])
	}

	if want := ingest.Title(m.nameOf(a)); m.retitled[d.UID] == "" && mine == "" && d.Title != want {
		m.w.violate("equal: %q is called %q, not %q", d.Path, d.Title, want)
	}

	var texts []string
	for _, c := range m.w.Nuxeo.Comments(d.UID) {
		texts = append(texts, testenv.Words(c))
	}

	for _, words := range m.remarks[head] {
		if mine == "" && !slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(t, words) }) {
			m.w.violate("comments: %q does not have %q", d.Path, words)
		}
	}
}

// listedTwice reports whether a document was made by a run that saw a file where it was,
// and again on the stack that it was put on while the tree was listed: the stack has
// another one, made by the same run.
func (m *mirrors) listedTwice(d nuxeosim.DocView) bool {
	stack, made := m.stacks[keyOf(d)], d.Properties["dc:created"].(time.Time)
	return stack != "" && slices.ContainsFunc(m.documents(), func(other nuxeosim.DocView) bool {
		at, _ := other.Properties["dc:created"].(time.Time)
		return keyOf(other) == stack && !other.IsTrashed && at.Sub(made).Abs() < 10*time.Second
	})
}
