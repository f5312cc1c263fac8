package main

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"slices"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// refreshed refreshes once and counts what a check finds after it.
func (m *mirrors) refreshed(ctx context.Context) error {
	if err := m.refresh(ctx); err != nil {
		return err
	}

	if err := m.node.rest(ctx, 3*time.Minute); err != nil {
		return err
	}

	err := answered(ctx, "checking", func() error {
		_, err := m.node.driver.API.CheckSync(ctx, m.now.sync)
		return err
	})
	if err != nil {
		return err
	}

	if err := m.node.rest(ctx, 3*time.Minute); err != nil {
		return err
	}

	return m.differs(ctx)
}

// differs counts what the check of the tree has found.
func (m *mirrors) differs(ctx context.Context) error {
	got, err := m.node.driver.API.ListSyncDifferences(ctx, m.now.sync, &api.ListSyncDifferencesParams{})
	if err != nil {
		return fmt.Errorf("the differences are not told: %w", err)
	}

	for _, d := range got.Differences {
		m.differences++
		fmt.Printf("  a check finds: %s %s %q: %s\n", d.Sign, d.Kind, d.Name, d.What)
	}

	return nil
}

// check compares all trees with their folders, at rest.
func (m *mirrors) check(ctx context.Context) (damage, error) {
	var d damage
	all := m.all()
	for _, t := range m.trees {
		m.compare(t, all, &d)
	}

	if err := m.ended(ctx, &d); err != nil {
		return d, err
	}

	err := m.node.leftovers(ctx, &d)
	return d, err
}

// ended counts runs and items that came to nothing. That an asset was deleted
// between the listing and its turn is no failure.
func (m *mirrors) ended(ctx context.Context, d *damage) (err error) {
	if m.runs, err = m.node.number(ctx, `SELECT COUNT(*) FROM sync_runs`); err != nil {
		return err
	}

	m.failedRuns = 0
	err = m.node.query(ctx, `SELECT why, state, message FROM sync_runs WHERE state <> 'done'`, func(r *sql.Rows) error {
		var why, state, message string
		m.failedRuns++
		err := r.Scan(&why, &state, &message)
		d.add(&d.lost, "a run (%s) is %s: %s", why, state, message)
		return err
	})
	if err != nil {
		return err
	}

	clear(m.failures)
	return m.node.query(ctx, `SELECT kind, title, step, code, message FROM items
		WHERE state IN ('failed', 'canceled')`, func(r *sql.Rows) error {
		var kind, title, step, code, message string
		err := r.Scan(&kind, &title, &step, &code, &message)
		if m.failures[code]++; code != "gone" {
			d.add(&d.lost, "%s of %q ended at %q: %s", kind, title, step, message)
		}
		return err
	})
}

// mirrored is what a folder of Nuxeo has of a tree, by the keys on Frame.io.
type mirrored map[string][]nuxeosim.DocView

// keyOf is the asset or folder that a document says it is of; empty: none.
func keyOf(v nuxeosim.DocView) string {
	text := func(name string) string { s, _ := v.Properties[name].(string); return s }
	switch {
	case text("frameio:stackId") != "":
		return text("frameio:stackId")
	case text("frameio:fileId") != "":
		return text("frameio:fileId")
	}

	if source := text("dc:source"); source != "" {
		return path.Base(source)
	}

	return ""
}

// collect walks through a folder, without what is in the trash. No source may have
// two documents.
func (m *mirrors) collect(folder string, into mirrored, sources map[string]string, d *damage) {
	for _, v := range m.node.world.nuxeo.Children(folder) {
		if v.IsTrashed {
			continue
		}

		key := keyOf(v)
		into[key] = append(into[key], v)
		source, _ := v.Properties["dc:source"].(string)
		if other := sources[source]; other != "" && source != "" {
			d.add(&d.doubled, "%s and %s come from the same %s", other, v.Path, source)
		}

		sources[source] = v.Path
		if v.Type == "Folder" {
			m.collect(v.UID, into, sources, d)
		}
	}
}

// compare: each asset and folder has one document, in its place, under its name,
// with its content and comments; what is gone has none, if that was wished.
func (m *mirrors) compare(t *tree, all []frameiosim.StateAsset, d *damage) {
	has := mirrored{}
	m.collect(t.folder, has, map[string]string{}, d)
	uids := map[string]string{t.root: t.folder}
	for _, a := range t.there(all) {
		docs := has[a.ID]
		delete(has, a.ID)
		if len(docs) == 0 {
			d.add(&d.lost, "%s %q has no document", a.Type, a.Name)
			continue
		}

		if len(docs) > 1 {
			d.add(&d.doubled, "%s %q has %d documents: %s, %s", a.Type, a.Name, len(docs), docs[0].Path, docs[1].Path)
		}

		uids[a.ID] = docs[0].UID
		if docs[0].ParentUID != uids[a.ParentID] {
			d.add(&d.lost, "%s is not where %q is on Frame.io", docs[0].Path, a.Name)
		}

		m.same(t, a, headOf(all, a), docs[0], d)
	}

	m.left(t, has, d)
}

// left are documents of what is gone: they stay only where that was wished.
func (m *mirrors) left(t *tree, has mirrored, d *damage) {
	for key, docs := range has {
		if len(docs) > 1 {
			d.add(&d.doubled, "%d documents of %s, which is gone, such as %s", len(docs), key, docs[0].Path)
		}
		if *t.form.Gone == api.SyncFormGoneTrash {
			d.add(&d.orphans, "%s is of %s, which is gone", docs[0].Path, key)
		}
	}
}

func (m *mirrors) same(t *tree, a, head frameiosim.StateAsset, v nuxeosim.DocView, d *damage) {
	want := ingest.SafeName(a.Name)
	if a.Type != "folder" {
		want = ingest.Title(head.Name)
	}

	if v.Title != want {
		d.add(&d.lost, "%s is called %q, not %q", v.Path, v.Title, want)
	}

	if a.Type == "folder" {
		return
	}

	held := ""
	if v.Content != nil {
		held = v.Content.Digest
	}

	if digest := m.wanted(t, head.ID); held != digest {
		d.add(&d.lost, "%s holds %q, not %q (%s)", v.Path, held, digest, *t.form.Fetch)
	}

	m.said(head.ID, v, d)
	if v.LockOwner != "" {
		d.add(&d.orphans, "%s is locked by %s", v.Path, v.LockOwner)
	}
}

// said: each comment is there once.
func (m *mirrors) said(file string, v nuxeosim.DocView, d *damage) {
	var texts []string
	for _, c := range m.node.world.nuxeo.Comments(v.UID) {
		text := testenv.Words(c)
		if slices.Contains(texts, text) {
			d.add(&d.doubled, "%s has the comment %q twice", v.Path, text)
		}
		texts = append(texts, text)
	}

	for _, text := range m.remarks[file] {
		if !slices.Contains(texts, text) {
			d.add(&d.lost, "%s lacks the comment %q of %q", v.Path, text, texts)
		}
	}
}

// wanted is the digest of what a document is to hold of a file; empty: no content.
func (m *mirrors) wanted(t *tree, file string) string {
	switch proxy := m.proxies[file]; {
	case *t.form.Fetch == api.SyncFormFetchMetadata:
		return ""
	case *t.form.Fetch == api.SyncFormFetchProxy && proxy != nil:
		return m.digestOf("proxy of "+file, proxy)
	}
	return m.digestOf(file, m.node.world.frameio.Uploaded(file))
}

// digestOf reads a content, once.
func (m *mirrors) digestOf(name string, content frameiosim.Content) string {
	if m.digests[name] == "" {
		h := md5.New()
		if _, err := io.Copy(h, io.NewSectionReader(content, 0, content.Size())); err != nil {
			return err.Error()
		}
		m.digests[name] = hex.EncodeToString(h.Sum(nil))
	}
	return m.digests[name]
}
