package sim

import (
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// items are all items, oldest first.
func (w *world) items() []work.View {
	list, _, err := w.nodes[0].app.Engine.Items(w.T.Context(), testenv.Viewer, work.Filter{Limit: 500})
	if err != nil {
		w.violate("reading the items: %v", err)
	}
	slices.Reverse(list)
	return list
}

// checkAll compares everything with the model, at a time when all is settled.
func (w *world) checkAll() {
	w.checkItems()
	w.checkHistories()
	w.checkDocuments()
	w.checkAccepted()
	w.checkBatches()
	w.checkMails()
	w.checkForgotten()
}

// checkItems: whatever failed says why, and there was a reason for it.
func (w *world) checkItems() {
	for _, it := range w.items() {
		if it.State == work.Done || it.Kind == "unbind" {
			continue
		}

		code := it.Code
		if code == "not_connected" && w.chaos.signInMayBeLost() {
			continue
		}

		// crashes are drawn, and may befall an item three times
		if strings.HasPrefix(it.Message, "The connector ended ") {
			continue
		}

		if it.Message == "" || !w.story.excused(code) {
			w.violate("reason: %s %q %s at %q: %s: %q %q", it.Kind, it.Title, it.State, it.Step, code,
				it.Message, it.Remedy)
		}
	}
}

// documents are those of each asset.
func (w *world) documents() map[*asset][]nuxeosim.DocView {
	out := map[*asset][]nuxeosim.DocView{}
	for path, docs := range w.Tree() {
		for _, d := range docs {
			a := w.story.owner(d)
			if a == nil {
				w.violate("no document too many: %q belongs to nothing", path)
				continue
			}
			out[a] = append(out[a], d)
		}
	}

	return out
}

func (w *world) checkDocuments() {
	s := w.story
	all := w.documents()
	for _, a := range s.assets {
		docs := all[a]
		if len(docs) > 1 {
			w.violate("exactly one: %q has %d documents", a.name, len(docs))
			continue
		}

		fresh := s.arrivedSince(a)
		if len(docs) == 0 {
			if fresh {
				w.violate("exactly one: %q is done and has no document", a.name)
			}
			continue
		}

		w.checkDocument(a, docs[0], fresh)
	}
}

func (w *world) checkDocument(a *asset, d nuxeosim.DocView, fresh bool) {
	digest := ""
	if d.Content != nil {
		digest = d.Content.Digest
	}

	switch {
	case !a.all[digest] && digest != "" && w.story.locked[d.UID]:
		// Damaged on its way, and then locked: it cannot be put right.
	case !a.all[digest] && digest != "":
		w.violate("identical: %q holds %q, which is no content of it (%v bytes)", a.name, digest, d.Content)
	case fresh && digest != a.digest:
		w.violate("up to date: %q holds %.8s although a publish of %.8s is done", a.name, digest, a.digest)
	}

	if w.story.locked[d.UID] != (d.LockOwner == "olga") || d.LockOwner != "" && d.LockOwner != "olga" {
		w.violate("locks: %q is locked by %q; by olga: %v", a.name, d.LockOwner, w.story.locked[d.UID])
	}

	w.checkVersions(a, d)
}

func (w *world) checkVersions(a *asset, d nuxeosim.DocView) {
	w.watch.mu.Lock()
	h, damaged := w.watch.docs[d.UID], w.watch.damaged
	w.watch.mu.Unlock()
	var got []string
	for _, v := range w.Nuxeo.Versions(d.UID) {
		digest := ""
		if v.Content != nil {
			digest = v.Content.Digest
		}
		got = append(got, digest)
	}

	if h == nil || damaged || w.story.putBack(a) { // what was put back is a version too
		return
	}

	if want := h.versions(); !w.explained(got, want, h) {
		w.violate("one version a change: %q has the versions %.8q, not %.8q, of %+v", a.name, got, want, h.contents)
	}
}

// explained reports whether the versions are those that must be there. One more is
// fine when it was made to keep a content and then the write did not come: by a
// cancel, a lock, another edit; when Nuxeo had dropped the upload, leaves the
// content, and counts the write as a change nevertheless; or when an item came
// to nothing after its write and no digest tells the next one that it was made.
func (w *world) explained(got, want []string, h *history) bool {
	s, i := w.story, 0
	for j, g := range got {
		switch {
		case i < len(want) && g == want[i]:
			i++
		case s.purged && (j == 0 && g == "" || j > 0 && g == got[j-1]), s.excused("canceled", "gone", "locked"),
			h.byPerson(g), h.replacedByPerson(g), w.shape.verify == "parts" && h.had(g):
		default:
			return false
		}
	}

	return i == len(want)
}

// versions counts the versions of everything.
func (w *world) versions() (n int) {
	for _, docs := range w.Tree() {
		for _, d := range docs {
			n += len(w.Nuxeo.Versions(d.UID))
		}
	}
	return n
}

// arrivedSince reports whether an item of the asset is done that was accepted after
// the last change.
func (s *story) arrivedSince(a *asset) bool {
	for _, it := range s.itemsOf(a) {
		at, ok := s.w.askedAt(it.interaction)
		if ok && it.state == string(work.Done) && at.After(a.changed) {
			return true
		}
	}
	return false
}

// putBack reports whether something of the asset was put back, as it is when a
// person comes between a write and the look at it.
func (s *story) putBack(a *asset) bool {
	return slices.ContainsFunc(s.itemsOf(a), func(r row) bool { return r.code == "refused" })
}

type row struct{ interaction, state, code string }

// itemsOf are the publish items of an asset, by what they were asked for.
func (s *story) itemsOf(a *asset) (out []row) {
	rows, err := s.w.nodes[0].app.DB.Reader.QueryContext(s.w.T.Context(), `SELECT n.interaction_id, i.state,
		i.code, i.subject
		FROM items i JOIN interactions n ON n.id = i.parent WHERE i.kind = 'publish'`)
	if err != nil {
		s.w.violate("reading the items: %v", err)
		return nil
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		var subject string
		if err := rows.Scan(&r.interaction, &r.state, &r.code, &subject); err != nil {
			s.w.violate("reading the items: %v", err)
		}
		_, id, _ := strings.Cut(subject, " ")
		if id == a.stack || slices.Contains(a.files, id) {
			out = append(out, r)
		}
	}

	if rows.Err() != nil {
		s.w.violate("reading the items: %v", rows.Err())
	}

	return out
}

// checkAccepted: what was answered well is there, once, and has ended.
func (w *world) checkAccepted() {
	w.mu.Lock()
	var ids []string
	for id := range w.accepted {
		ids = append(ids, id)
	}

	w.mu.Unlock()
	for _, id := range ids {
		var n, items int
		err := w.nodes[0].app.DB.Reader.QueryRowContext(w.T.Context(), `SELECT COUNT(DISTINCT n.id), COUNT(i.id)
			FROM interactions n LEFT JOIN items i ON i.parent = n.id WHERE n.interaction_id = $1`, id).Scan(&n, &items)
		if err != nil || n != 1 || items == 0 {
			w.violate("accepted means kept: %s has %d rows and %d items: %v", id, n, items, err)
		}
	}
}

// checkBatches: what upload batches are left, nobody could have known.
func (w *world) checkBatches() {
	left := w.watch.leftBatches()
	var told int
	if err := w.nodes[0].app.DB.Reader.QueryRowContext(w.T.Context(), `SELECT COUNT(*) FROM item_history
		WHERE event IN ('left behind', 'clean-up failed')`).Scan(&told); err != nil {
		w.violate("reading the history: %v", err)
	}

	if len(left) > told && !w.story.excused("not_connected") && !w.chaos.signInMayBeLost() {
		w.violate("no orphan: %d upload batches with content are left, %d are told of: %v", len(left), told, left)
	}
}

// checkRound: without faults everything is done, and what is not new makes no
// version.
func (w *world) checkRound(round string, items []work.View, versions int) {
	for _, it := range items {
		if it.State != work.Done {
			w.violate("convergence: %s, %s %q is %s: %s", round, it.Kind, it.Title, it.State, it.Message)
		}
	}

	if round != "when nothing is new" {
		return
	}

	if now := w.versions(); now != versions {
		w.violate("convergence: %s, there are %d versions more", round, now-versions)
	}

	for _, it := range items {
		if it.Kind == "publish" && it.Outcome != "unchanged" {
			w.violate("convergence: %s, %q is %s", round, it.Title, it.Outcome)
		}
	}
}

// checkComplete: in the end each asset is one document with its comments.
func (w *world) checkComplete() {
	all := w.documents()
	for _, a := range w.story.assets {
		docs := all[a]
		if len(docs) != 1 {
			w.violate("exactly one: in the end %q has %d documents", a.name, len(docs))
			continue
		}

		entities, words := map[string]int{}, map[string]int{}
		for _, c := range w.Nuxeo.Comments(docs[0].UID) {
			entities[c.EntityID]++
			text, _, _ := strings.Cut(testenv.Words(c), "\n") // what else it carries comes after it
			words[text]++
		}

		for id, n := range entities {
			if n != 1 {
				w.violate("comments: %q has the comment %s %d times", a.name, id, n)
			}
		}

		for _, text := range a.comments {
			if words[text] != 1 {
				w.violate("comments: %q has %q %d times", a.name, text, words[text])
			}
		}
	}
}

// checkLog: no secret is in the log.
func (w *world) checkLog() {
	log := w.log.String()
	secrets := append(w.chaos.secrets(), testenv.Secret)
	for _, a := range w.Frameio.Actions(w.Workspace) {
		secrets = append(secrets, a.Secret)
	}

	for _, s := range secrets {
		if s != "" && strings.Contains(log, s) {
			w.violate("secrets: %.6s… is in the log", s)
		}
	}
}
