package main

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"io"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// sent is a push as the database tells of it.
type sent struct {
	document, file, reason string
	state                  push.State
	lock                   push.Lock
}

// arrived reports whether its file is to be on Frame.io.
func (s sent) arrived() bool { return s.state == push.Open || s.state == push.Returned }

// check compares every document and every file with the model, at rest.
func (m *pushes) check(ctx context.Context) (damage, error) {
	var d damage
	rows := map[string][]sent{}
	m.ended = map[push.State]int{}
	err := m.node.query(ctx, `SELECT document_uid, file_id, reason, state, lock_state FROM pushes
		ORDER BY id`, func(r *sql.Rows) error {
		var s sent
		err := r.Scan(&s.document, &s.file, &s.reason, &s.state, &s.lock)
		rows[s.document] = append(rows[s.document], s)
		m.ended[s.state]++
		return err
	})
	if err != nil {
		return d, err
	}

	files := m.files()
	for _, p := range m.papers {
		m.compare(p, rows[p.uid], files, &d)
		delete(rows, p.uid)
	}

	for uid := range rows {
		d.add(&d.doubled, "a push of %s, which nobody pushed", uid)
	}

	for _, f := range files {
		d.add(&d.orphans, "%q on Frame.io, %s, belongs to no push", f.Name, f.Status)
	}

	err = m.node.leftovers(ctx, &d)
	return d, err
}

// files are all files on Frame.io, by their ids.
func (m *pushes) files() map[string]frameiosim.StateAsset {
	out := map[string]frameiosim.StateAsset{}
	for _, a := range m.node.world.frameio.State().Accounts[0].Workspaces[0].Projects[0].Assets {
		if a.Type == "file" {
			out[a.ID] = a
		}
	}
	return out
}

// compare looks at a document and takes its files off the list.
func (m *pushes) compare(p *paper, rows []sent, files map[string]frameiosim.StateAsset, d *damage) {
	doc, _ := m.node.world.nuxeo.Doc(p.uid)
	if n := len(rows); n < len(p.digests) {
		d.add(&d.lost, "%s was pushed %d times, and %d are known", p.title, len(p.digests), n)
		return
	} else if n > len(p.digests) {
		d.add(&d.doubled, "%s was pushed %d times, and %d are known", p.title, len(p.digests), n)
		return
	}

	open := m.states(p, rows, d)
	locks(p, doc, rows, open, d)
	m.bytesOf(p, rows, files, d)
	m.document(p, doc, rows, d)
	p.settled = true
}

// states: the last push is open, has come back, or was cancelled as it was told;
// all before have come back.
func (m *pushes) states(p *paper, rows []sent, d *damage) (open int) {
	back := 0
	for i, r := range rows {
		last := i == len(rows)-1
		switch {
		case r.state == push.Open && last && !p.coming:
			open++
		case r.state == push.Returned && (!last || p.coming || p.settled && p.returned == len(rows)):
			back++
		case r.state == push.Canceled && last && p.canceled:
		case r.state == push.Open && !last:
			open++
			d.add(&d.doubled, "%s is open more than once", p.title)
		default:
			d.add(&d.lost, "%s, push %d of %d, is %s: %s", p.title, i+1, len(rows), r.state, r.reason)
		}
	}

	p.returned, p.coming = back, false
	return open
}

// locks: whoever pushed holds the document for as long as a push is open.
func locks(p *paper, doc nuxeosim.DocView, rows []sent, open int, d *damage) {
	switch {
	case open == 0 && doc.LockOwner != "":
		d.add(&d.locked, "%s is locked by %s, and its push is %s", p.title, doc.LockOwner, rows[len(rows)-1].state)
	case open > 0 && doc.LockOwner != "josh":
		d.add(&d.unlocked, "%s is under review and locked by %q", p.title, doc.LockOwner)
	}
	for _, r := range rows {
		if held := r.lock != "" && r.lock != push.Free; held != (r.state == push.Open) || r.lock == push.Own {
			d.add(&d.locked, "the push of %s is %s and its lock %q", p.title, r.state, r.lock)
		}
	}
}

// bytesOf: each push that arrived has its file, whole, and all of a document are
// the versions of one asset, in their order.
func (m *pushes) bytesOf(p *paper, rows []sent, files map[string]frameiosim.StateAsset, d *damage) {
	parents := map[string]int{}
	for i, r := range rows {
		if !r.arrived() {
			continue
		}
		f, ok := files[r.file]
		delete(files, r.file)
		if parents[f.ParentID]++; !ok || f.Status == "created" {
			d.add(&d.lost, "%s is %s, and its file %q is %q", p.title, r.state, r.file, f.Status)
		} else if got := m.digestOf(r.file, p.digests[i]); got != p.digests[i] {
			d.add(&d.lost, "%s was sent as %s, and Frame.io holds %s", p.title, p.digests[i], got)
		}
	}

	if len(parents) > 1 {
		d.add(&d.lost, "the versions of %s are in %d places", p.title, len(parents))
	}
}

// digestOf reads a file, unless that was done before.
func (m *pushes) digestOf(file, want string) string {
	if m.whole[file] {
		return want
	}

	content, h := m.node.world.frameio.Uploaded(file), md5.New()
	if _, err := io.Copy(h, io.NewSectionReader(content, 0, content.Size())); err != nil {
		return err.Error()
	}

	got := hex.EncodeToString(h.Sum(nil))
	m.whole[file] = got == want
	return got
}

// document: what it holds is the person's, it has one version for each return, and
// tells of the file that arrived last, or of none.
func (m *pushes) document(p *paper, doc nuxeosim.DocView, rows []sent, d *damage) {
	if doc.Content == nil || doc.Content.Digest != p.digest {
		d.add(&d.lost, "%s holds %+v, not %s", p.title, doc.Content, p.digest)
	}

	if n := len(m.node.world.nuxeo.Versions(p.uid)); n > p.returned {
		d.add(&d.doubled, "%s came back %d times and has %d versions", p.title, p.returned, n)
	} else if n < p.returned {
		d.add(&d.lost, "%s came back %d times and has %d versions", p.title, p.returned, n)
	}

	file := ""
	for _, r := range rows {
		if r.arrived() {
			file = r.file
		}
	}

	if tells, _ := doc.Properties["frameio:fileId"].(string); tells != file ||
		slices.Contains(doc.Facets, "FrameioAsset") != (file != "") {
		d.add(&d.orphans, "%s tells of the file %q, not of %q; facets %v", p.title, tells, file, doc.Facets)
	}
}
