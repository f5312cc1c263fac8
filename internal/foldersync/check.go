package foldersync

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Sign says how one thing is on both sides.
type Sign string

// The signs of a comparison.
const (
	Same        Sign = "="
	OnlyFrameio Sign = "+" // a refresh brings it
	OnlyNuxeo   Sign = "-" // it is gone from Frame.io
	Differs     Sign = "*"
	Broken      Sign = "!" // it could not be brought, or is in conflict
)

// Difference is a thing that is not the same on both sides, and what is not.
type Difference struct {
	Sign      Sign
	Key, Kind string
	Name      string
	Document  string
	What      string

	about told
}

// Check begins a run that only compares. What it finds is kept until the next run.
func (s *Service) Check(ctx context.Context, who work.Viewer, id string) (Sync, error) {
	q, err := s.changeable(ctx, who, id)
	if err != nil {
		return q, err
	}
	if err := s.People.Usable(ctx, q.Owner); err != nil {
		return q, err
	}
	var ids []string
	err = s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		ids, err = s.begin(ctx, tx, q, Check, who.Login, false)
		return err
	})
	if store.Duplicate(err) {
		return q, busy(q, err)
	}
	if err != nil {
		return q, err
	}
	s.Engine.Wake(ids...)
	return get(ctx, s.DB.Reader, id)
}

// looked are entries whose documents are looked at in one search.
const looked = 50

// check looks at the documents of a sync in Nuxeo, many in one call, and notes those
// that are not what the sync made of them.
func (r *run) check(ctx context.Context) (work.Next, error) {
	for !r.t.SliceOver() {
		some, err := r.entries(ctx, r.st.After)
		if err != nil {
			return work.Next{}, err
		}
		if len(some) == 0 {
			return work.Next{Done: true, Outcome: outcomeChecked}, nil
		}
		if err := r.lookAt(ctx, some); err != nil {
			return work.Next{}, err
		}
	}
	return work.Next{Step: stepCheck, After: time.Millisecond}, nil
}

// held is an entry with what its document got from Frame.io last.
type held struct {
	Entry
	digest   string
	parentIn string
}

func (r *run) entries(ctx context.Context, after string) ([]held, error) {
	rows, err := r.DB.Reader.QueryContext(ctx, `SELECT e.key, e.kind, e.name, e.document_uid, e.title, COALESCE(l.digest, ''), COALESCE(p.document_uid, '')
		FROM sync_entries e LEFT JOIN links l ON l.document_uid = e.document_uid LEFT JOIN sync_entries p ON p.sync_id = e.sync_id AND p.key = e.parent
		WHERE e.sync_id = $1 AND e.key > $2 AND e.document_uid <> '' AND NOT e.gone AND e.parent <> '' ORDER BY e.key LIMIT $3`, r.sync.ID, after, looked)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []held
	for rows.Next() {
		var h held
		if err := rows.Scan(&h.Key, &h.Kind, &h.Name, &h.Document, &h.title, &h.digest, &h.parentIn); err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, rows.Err()
}

func (r *run) lookAt(ctx context.Context, some []held) error {
	uids := make([]string, 0, len(some))
	for _, h := range some {
		uids = append(uids, h.Document)
	}
	found, err := documents(ctx, r.nx, uids, "dublincore", "file")
	if err != nil {
		return err
	}
	r.st.After = some[len(some)-1].Key
	return r.commit(ctx, func(tx *sql.Tx) error {
		for _, h := range some {
			if wrong := h.wrong(found[h.Document]); wrong != "" {
				if _, err := tx.ExecContext(ctx, `UPDATE sync_seen SET nuxeo = $1 WHERE run_id = $2 AND key = $3`, wrong, r.st.Run, h.Key); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// missing is how a document differs that is not there.
const missing = "missing in Nuxeo"

// wrong says how a document is not what the sync made of it; nothing: it is.
func (h held) wrong(doc *nuxeo.Document) string {
	var all []string
	switch {
	case doc == nil:
		return missing
	case doc.ParentRef != h.parentIn:
		all = append(all, "moved in Nuxeo")
	}
	if !h.ours(doc.Title) {
		all = append(all, "renamed in Nuxeo")
	}
	if h.rewritten(doc.Blob("file:content")) {
		all = append(all, "changed in Nuxeo")
	}
	return strings.Join(all, ", ")
}

// rewritten reports whether a document has another content than it was brought. Digests of
// different algorithms do not tell.
func (h held) rewritten(b *nuxeo.Blob) bool {
	if h.Kind == kindFolder || b == nil || h.digest == "" {
		return h.Kind != kindFolder && (b == nil) != (h.digest == "")
	}
	same, known := nuxeo.SameDigest(b.Digest, h.digest)
	return known && !same
}

// Differences lists what the last run that only compared has found, by key. After is the
// key of the last one of the page before.
func (s *Service) Differences(ctx context.Context, who work.Viewer, id, after string, most int) (page work.Page[Difference], err error) {
	q, err := s.Get(ctx, who, id)
	if err != nil {
		return page, err
	}
	if q.Check == nil || q.Check.State != Done {
		return page, notChecked()
	}
	all, err := s.differences(ctx, q, after, most+1)
	if err != nil {
		return page, err
	}
	if len(all) > most {
		all = all[:most]
		page.Next = all[most-1].Key
	}
	list := make([]told, 0, len(all))
	for _, d := range all {
		list = append(list, d.about)
	}
	sees, err := s.sees(ctx, who, q, list)
	if err != nil {
		return page, err
	}
	page.List = slices.DeleteFunc(slices.Clone(all), func(d Difference) bool { return !sees(d.about) })
	page.Hidden = len(all) - len(page.List)
	return page, nil
}

func (s *Service) differences(ctx context.Context, q Sync, after string, most int) ([]Difference, error) {
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT key, kind, name, uid, known, there, renamed, moved, changed, nuxeo, problem, conflict, not_ready, parent FROM (
			SELECT sync_seen.key AS key, sync_seen.kind AS kind, sync_seen.name AS name, COALESCE(e.document_uid, '') AS uid, COALESCE(e.document_uid, '') <> '' AND NOT e.gone AS known,
				TRUE AS there, COALESCE(e.name <> sync_seen.name, FALSE) AS renamed, COALESCE(e.parent <> sync_seen.parent, FALSE) AS moved,
				COALESCE(e.kind <> 'folder' AND e.print <> sync_seen.print, FALSE) AS changed,
				sync_seen.nuxeo AS nuxeo, COALESCE(e.problem, '') AS problem, COALESCE(e.conflict, '') AS conflict, sync_seen.not_ready AS not_ready, sync_seen.parent AS parent
			FROM sync_seen LEFT JOIN sync_entries e ON e.sync_id = $1 AND e.key = sync_seen.key WHERE sync_seen.run_id = $2 AND sync_seen.depth > 0
			UNION ALL
			SELECT key, kind, name, document_uid, TRUE, FALSE, FALSE, FALSE, FALSE, '', '', '', '', parent FROM sync_entries WHERE sync_id = $1 AND NOT gone
				AND NOT EXISTS (SELECT 1 FROM sync_seen WHERE run_id = $2 AND sync_seen.key = sync_entries.key)
		) AS d WHERE key > $3 AND (NOT known OR NOT there OR renamed OR moved OR changed OR nuxeo <> '' OR problem <> '' OR conflict <> '' OR not_ready <> '') ORDER BY key LIMIT $4`, q.ID, q.Check.ID, after, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []Difference{}
	for rows.Next() {
		d, err := scanDifference(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// notReadyWords tell people why an asset cannot be brought yet.
var notReadyWords = map[string]string{uploading: "still being uploaded to Frame.io", isEmpty: "empty on Frame.io", unreadable: "what Frame.io tells of it cannot be read"}

func scanDifference(row scanner) (d Difference, err error) {
	var known, there, renamed, moved, changed bool
	var inNuxeo, problem, conflict, why string
	err = row.Scan(&d.Key, &d.Kind, &d.Name, &d.Document, &known, &there, &renamed, &moved, &changed, &inNuxeo, &problem, &conflict, &why, &d.about.parent)
	d.about.document, d.about.lost = d.Document, inNuxeo == missing
	switch {
	case problem != "" || conflict != "":
		d.Sign, d.What = Broken, listed(problem, conflict)
	case why != "":
		d.Sign, d.What = Differs, notReadyWords[why]
		if !known {
			d.Sign = OnlyFrameio
		}
	case !there:
		d.Sign, d.What = OnlyNuxeo, "not on Frame.io"
	case !known:
		d.Sign, d.What = OnlyFrameio, "not in Nuxeo"
	default:
		d.Sign, d.What = Differs, listed(when(renamed, "renamed on Frame.io"), when(moved, "moved on Frame.io"), when(changed, "changed on Frame.io"), inNuxeo)
	}
	return d, err
}

func when(is bool, what string) string {
	if is {
		return what
	}
	return ""
}

// listed are those that are not empty.
func listed(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), ", ")
}
