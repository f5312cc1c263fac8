package foldersync

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

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
	rows, err := r.DB.Reader.QueryContext(ctx, `SELECT e.key, e.kind, e.name, e.document_uid, e.title,
		COALESCE(l.digest, ''), COALESCE(p.document_uid, '')
		FROM sync_entries e LEFT JOIN links l ON l.document_uid = e.document_uid
		LEFT JOIN sync_entries p ON p.sync_id = e.sync_id AND p.key = e.parent
		WHERE e.sync_id = $1 AND e.key > $2 AND e.document_uid <> '' AND NOT e.gone AND e.parent <> ''
		ORDER BY e.key LIMIT $3`, r.sync.ID, after, looked)
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
			if wrong := h.drifted(found[h.Document]).String(); wrong != "" {
				if _, err := tx.ExecContext(ctx, `UPDATE sync_seen SET nuxeo = $1
					WHERE run_id = $2 AND key = $3`, wrong, r.st.Run, h.Key); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// drifted says how a document is not what the sync made of it.
func (h held) drifted(doc *nuxeo.Document) drift {
	if doc == nil {
		return drift{missing: true}
	}
	return drift{
		moved: doc.ParentRef != h.parentIn, retitled: !h.ours(doc.Title),
		rewritten: ingest.InColdStorage(doc) == nil && rewritten(h.Kind, h.digest, doc.Blob("file:content")),
	}
}

// rewritten reports whether a document has another content than it was brought. Digests of
// different algorithms do not tell.
func rewritten(kind, digest string, b *nuxeo.Blob) bool {
	if kind == kindFolder || b == nil || digest == "" {
		return kind != kindFolder && (b == nil) != (digest == "")
	}
	same, known := nuxeo.SameDigest(b.Digest, digest)
	return known && !same
}

// drifts are the words for how a document drifted, in the order in which they are told.
var drifts = []string{"missing in Nuxeo", "moved in Nuxeo", "renamed in Nuxeo", "changed in Nuxeo"}

// String is for people and for the database; empty: it did not.
func (d drift) String() string {
	var all []string
	for i, is := range []bool{d.missing, d.moved, d.retitled, d.rewritten} {
		if is {
			all = append(all, drifts[i])
		}
	}
	return strings.Join(all, ", ")
}

// driftOf reads what String says.
func driftOf(words string) drift {
	is := func(i int) bool { return strings.Contains(words, drifts[i]) }
	return drift{missing: is(0), moved: is(1), retitled: is(2), rewritten: is(3)}
}
