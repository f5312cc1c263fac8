package foldersync

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// A Sign says how a thing compares on both sides.
type Sign string

// The signs of a comparison.
const (
	Same        Sign = "="
	OnlyFrameio Sign = "+" // a refresh imports it
	OnlyNuxeo   Sign = "-" // it is gone from Frame.io
	Differs     Sign = "*"
	Broken      Sign = "!" // its import failed, or it is in conflict
)

// A Difference is an asset or folder that is not the same on both sides, with what differs and what
// a refresh does about it.
type Difference struct {
	Sign      Sign
	Key, Kind string
	Name      string
	Document  string
	What      string
	Acts      []Act

	subject subject
}

// Differences lists, by key, what a refresh would change and what it leaves as people changed it in
// Nuxeo, as found by the last check. After is the key of the last one of the page before.
func (s *Service) Differences(
	ctx context.Context, who work.Viewer, id, after string, limit int,
) (page work.Page[Difference], err error) {
	// There has to be a finished check.
	q, err := s.Get(ctx, who, id)
	if err != nil {
		return page, err
	}

	if q.Check == nil || q.Check.State != Done {
		return page, notChecked()
	}

	// Read one more than asked for, to know whether there is another page.
	all, err := s.changedThings(ctx, q, after, limit+1)
	if err != nil {
		return page, err
	}

	if len(all) > limit {
		all = all[:limit]
		page.Next = all[limit-1].Key
	}

	// Leave out what the viewer may not see.
	list := make([]subject, 0, len(all))
	for _, d := range all {
		list = append(list, d.subject)
	}

	sees, err := s.visibleTo(ctx, who, q, list)
	if err != nil {
		return page, err
	}

	page.List = slices.DeleteFunc(slices.Clone(all), func(d Difference) bool { return !sees(d.subject) })
	page.Hidden = len(all) - len(page.List)
	return page, nil
}

// changedThings returns up to limit differences after a key.
func (s *Service) changedThings(ctx context.Context, q Sync, after string, limit int) (out []Difference, err error) {
	for len(out) < limit {
		some, err := s.comparisons(ctx, q, after, limit)
		if err != nil {
			return nil, err
		}

		for _, c := range some {
			after = c.Key
			if d := q.difference(c); len(d.Acts) > 0 && len(out) < limit {
				out = append(out, d)
			}
		}

		if len(some) < limit {
			break
		}
	}
	return out, nil
}

// A comparison is what a run found of an asset or folder that may differ.
type comparison struct {
	Key, Kind, Name string
	situation
}

func (s *Service) comparisons(ctx context.Context, q Sync, after string, limit int) (all []comparison, err error) {
	return store.All(ctx, s.DB.Reader, func(row store.Row) (c comparison, err error) {
		var nuxeo string
		err = row.Scan(&c.Key, &c.Kind, &c.Name, &c.listed, &c.notReady, &c.parent, &c.fingerprint,
			&c.takesOver, &nuxeo,
			&c.had.Name, &c.had.Parent, &c.had.fingerprint,
			&c.had.Document, &c.had.Gone, &c.had.Problem, &c.had.Conflict, &c.had.refetch, &c.otherFile, &c.takenOver)
		c.kind, c.name, c.drift = c.Kind, c.Name, parseDrift(nuxeo)
		return c, err
	}, `SELECT d.key, d.kind, d.name, d.listed, d.not_ready, d.parent, d.print,
		d.takes, d.nuxeo,
			COALESCE(e.name, ''), COALESCE(e.parent, ''), COALESCE(e.print, ''), COALESCE(e.document_uid, ''),
			COALESCE(e.gone, FALSE),
			COALESCE(e.problem, ''), COALESCE(e.conflict, ''), COALESCE(e.refetch, FALSE), COALESCE(l.file_id, '') <> d.head,
			EXISTS (SELECT 1 FROM sync_seen o WHERE o.run_id = $2 AND o.takes = d.key)
		FROM (SELECT key, kind, name, TRUE AS listed, not_ready, parent, print, takes <> '' AS takes, nuxeo, head
		FROM sync_seen WHERE run_id = $2 AND depth > 0
			UNION ALL SELECT key, kind, name, FALSE, '', '', '', FALSE, '', '' FROM sync_entries
			WHERE sync_id = $1 AND NOT gone AND parent <> ''
				AND NOT EXISTS (SELECT 1 FROM sync_seen WHERE run_id = $2 AND sync_seen.key = sync_entries.key)) AS d
			LEFT JOIN sync_entries e ON e.sync_id = $1 AND e.key = d.key
			LEFT JOIN links l ON l.document_uid = e.document_uid
		WHERE d.key > $3 AND (NOT listed OR not_ready <> '' OR d.nuxeo <> '' OR e.key IS NULL OR e.document_uid = ''
		OR e.gone OR e.problem <> '' OR e.conflict <> '' OR e.refetch
			OR e.name <> d.name OR e.parent <> d.parent OR e.kind <> 'folder' AND e.print <> d.print)
		ORDER BY d.key LIMIT $4`, q.ID, q.Check.ID, after, limit)
}

// difference returns what differs, and what a refresh does about it.
func (q Sync) difference(c comparison) Difference {
	d := Difference{
		Sign:     Differs,
		Key:      c.Key,
		Kind:     c.Kind,
		Name:     c.Name,
		Document: c.had.Document,
		Acts:     q.decide(c.situation),
	}

	d.subject = subject{document: c.had.Document, missing: c.drift.missing, parent: cmp.Or(c.parent, c.had.Parent)}
	does := func(a ...Act) bool { return hasAny(d.Acts, a...) }
	switch {
	case does(Await):
		d.What = notReadyTexts[c.notReady]
		if c.had.Document == "" {
			d.Sign = OnlyFrameio
		}
	case does(MarkGone):
		d.Sign, d.What = OnlyNuxeo, "not on Frame.io"
		if c.notReady == filtered {
			d.What = "not chosen by the filter any more"
		}
	case does(Create) && c.had.Document == "":
		d.Sign, d.What = OnlyFrameio, "not in Nuxeo"
	case does(Restore):
		d.Sign, d.What = OnlyFrameio, "on Frame.io again"
	case c.takesOver:
		d.What = "changed on Frame.io"
	default:
		changed := does(Update, Create, Conflict, Split) && c.had.fingerprint != c.fingerprint && c.kind != kindFolder
		d.What = joinNonEmpty(textIf(c.had.Name != c.Name, "renamed on Frame.io"),
			textIf(c.had.Parent != c.parent, "moved on Frame.io"),
			textIf(changed, "changed on Frame.io"), textIf(c.had.refetch, "fetched otherwise from now on"),
			c.drift.String())
	}

	if c.had.Problem != "" || c.had.Conflict != "" {
		d.Sign, d.What = Broken, joinNonEmpty(c.had.Problem, c.had.Conflict)
	}

	return d
}

// notReadyTexts tell people why an asset cannot be imported yet.
var notReadyTexts = map[string]string{
	uploading:  "still being uploaded to Frame.io",
	isEmpty:    "empty on Frame.io",
	unreadable: "what Frame.io tells of it cannot be read",
}

// textIf returns text if is is true, else the empty string.
func textIf(is bool, what string) string {
	if is {
		return what
	}
	return ""
}

// joinNonEmpty joins those that are not empty.
func joinNonEmpty(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), ", ")
}

// rowBatch is how many rows are read at once.
const rowBatch = 200

// A change is a row of the listing with what the sync has of it.
type change struct {
	seenRow
	hasEntry  bool
	had       Entry
	refused   string    // why the document could not be renamed or moved
	parentUID string    // uid of the Nuxeo folder of its parent; empty if there is none yet
	content   link.Link // what its document's content came from; empty if it has none
	drift     drift     // of its document, once it was read
}

// situation returns what is known of a listed asset or folder.
func (c change) situation() situation {
	s := c.listedSituation()
	s.had, s.drift, s.otherFile = c.had, c.drift, c.content.FileID != c.head
	return s
}

const changeColumns = `sync_seen.key, sync_seen.kind, sync_seen.parent, sync_seen.depth, sync_seen.name, sync_seen.size,
	sync_seen.print, sync_seen.stamp, sync_seen.facts, sync_seen.head, e.key IS NOT NULL,
	COALESCE(e.parent, ''), COALESCE(e.name, ''), COALESCE(e.print, ''), COALESCE(e.document_uid, ''),
	COALESCE(e.title, ''), COALESCE(e.gone, FALSE), COALESCE(e.problem, ''), COALESCE(e.conflict, ''),
	COALESCE(e.refetch, FALSE),
	COALESCE(p.document_uid, ''), COALESCE(l.file_id, ''), COALESCE(l.size, 0), COALESCE(l.digest, '')`

// differingRows selects the rows that differ from what the sync has.
const differingRows = ` FROM sync_seen LEFT JOIN sync_entries e ON e.sync_id = $1 AND e.key = sync_seen.key
		LEFT JOIN sync_entries p ON p.sync_id = $1 AND p.key = sync_seen.parent
		LEFT JOIN links l ON l.document_uid = e.document_uid
	WHERE sync_seen.run_id = $2 AND sync_seen.not_ready = '' AND (e.key IS NULL OR e.document_uid = '' OR e.gone
	OR e.problem <> '' OR e.refetch OR e.parent <> sync_seen.parent OR e.name <> sync_seen.name
		OR e.print <> sync_seen.print)`

// changedFolders returns the next folders that differ, parents first.
func (r *run) changedFolders(ctx context.Context) ([]change, error) {
	return r.queryChanges(ctx, ` AND sync_seen.kind = 'folder' AND sync_seen.parent <> '' AND (sync_seen.depth > $3
		OR sync_seen.depth = $3 AND sync_seen.key > $4)
		ORDER BY sync_seen.depth, sync_seen.key LIMIT $5`, r.st.Depth)
}

// changedAssets returns the next assets that differ, folder by folder.
func (r *run) changedAssets(ctx context.Context) ([]change, error) {
	return r.queryChanges(ctx, ` AND sync_seen.kind <> 'folder' AND (sync_seen.parent > $3 OR sync_seen.parent = $3
		AND sync_seen.key > $4)
		ORDER BY sync_seen.parent, sync_seen.key LIMIT $5`, r.st.In)
}

func (r *run) queryChanges(ctx context.Context, of string, from any) ([]change, error) {
	return store.All(ctx, r.DB.Reader, scanChange, `SELECT `+changeColumns+differingRows+of, r.sync.ID, r.st.Run, from,
		r.st.After, rowBatch)
}

func scanChange(row store.Row) (c change, err error) {
	err = row.Scan(&c.Key, &c.Kind, &c.Parent, &c.Depth, &c.Name, &c.Size, &c.fingerprint, &c.changedAt, &c.metadata,
		&c.head, &c.hasEntry, &c.had.Parent, &c.had.Name, &c.had.fingerprint, &c.had.Document, &c.had.title,
		&c.had.Gone, &c.had.Problem, &c.had.Conflict, &c.had.refetch, &c.parentUID,
		&c.content.FileID, &c.content.Size, &c.content.Digest)
	c.had.Key, c.had.Kind, c.had.Size, c.had.changedAt = c.Key, c.Kind, c.Size, c.changedAt
	return c, err
}
