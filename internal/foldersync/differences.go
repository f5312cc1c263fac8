package foldersync

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
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

// Difference is a thing that is not the same on both sides, what is not, and what a
// refresh does about it.
type Difference struct {
	Sign      Sign
	Key, Kind string
	Name      string
	Document  string
	What      string
	Acts      []Act

	about told
}

// Differences lists, by key, what a refresh would do something about, or leaves as people
// changed it in Nuxeo, as the last run has found that only compared. After is the key of
// the last one of the page before.
func (s *Service) Differences(
	ctx context.Context, who work.Viewer, id, after string, most int,
) (page work.Page[Difference], err error) {
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

// differences are up to most of them, after a key.
func (s *Service) differences(ctx context.Context, q Sync, after string, most int) (out []Difference, err error) {
	for len(out) < most {
		some, err := s.compared(ctx, q, after, most)
		if err != nil {
			return nil, err
		}

		for _, c := range some {
			after = c.Key
			if d := q.difference(c); len(d.Acts) > 0 && len(out) < most {
				out = append(out, d)
			}
		}

		if len(some) < most {
			break
		}
	}
	return out, nil
}

// compared is what a run found of a thing that may differ.
type compared struct {
	Key, Kind, Name string
	standing
}

func (s *Service) compared(ctx context.Context, q Sync, after string, most int) (all []compared, err error) {
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT d.key, d.kind, d.name, d.listed, d.not_ready, d.parent, d.print,
		d.takes, d.nuxeo,
			COALESCE(e.name, ''), COALESCE(e.parent, ''), COALESCE(e.print, ''), COALESCE(e.document_uid, ''),
			COALESCE(e.gone, FALSE),
			COALESCE(e.problem, ''), COALESCE(e.conflict, ''), COALESCE(l.file_id, '') <> d.head,
			EXISTS (SELECT 1 FROM sync_seen o WHERE o.run_id = $2 AND o.takes = d.key)
		FROM (SELECT key, kind, name, TRUE AS listed, not_ready, parent, print, takes <> '' AS takes, nuxeo, head
		FROM sync_seen WHERE run_id = $2 AND depth > 0
			UNION ALL SELECT key, kind, name, FALSE, '', '', '', FALSE, '', '' FROM sync_entries
			WHERE sync_id = $1 AND NOT gone AND parent <> ''
				AND NOT EXISTS (SELECT 1 FROM sync_seen WHERE run_id = $2 AND sync_seen.key = sync_entries.key)) AS d
			LEFT JOIN sync_entries e ON e.sync_id = $1 AND e.key = d.key
			LEFT JOIN links l ON l.document_uid = e.document_uid
		WHERE d.key > $3 AND (NOT listed OR not_ready <> '' OR d.nuxeo <> '' OR e.key IS NULL OR e.document_uid = ''
		OR e.gone OR e.problem <> '' OR e.conflict <> ''
			OR e.name <> d.name OR e.parent <> d.parent OR e.kind <> 'folder' AND e.print <> d.print)
		ORDER BY d.key LIMIT $4`, q.ID, q.Check.ID, after, most)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c compared
		var nuxeo string
		if err := rows.Scan(&c.Key, &c.Kind, &c.Name, &c.listed, &c.notReady, &c.parent, &c.print, &c.takes, &nuxeo,
			&c.had.Name, &c.had.Parent, &c.had.print,
			&c.had.Document, &c.had.Gone, &c.had.Problem, &c.had.Conflict, &c.another, &c.taken); err != nil {
			return nil, err
		}
		c.kind, c.name, c.drift = c.Kind, c.Name, driftOf(nuxeo)
		all = append(all, c)
	}

	return all, rows.Err()
}

// difference says what differs of a thing, and what a refresh does about it.
func (q Sync) difference(c compared) Difference {
	d := Difference{
		Sign:     Differs,
		Key:      c.Key,
		Kind:     c.Kind,
		Name:     c.Name,
		Document: c.had.Document,
		Acts:     q.decide(c.standing),
	}

	d.about = told{document: c.had.Document, lost: c.drift.missing, parent: cmp.Or(c.parent, c.had.Parent)}
	does := func(a ...Act) bool { return does(d.Acts, a...) }
	switch {
	case does(Await):
		d.What = notReadyWords[c.notReady]
		if c.had.Document == "" {
			d.Sign = OnlyFrameio
		}
	case does(Lose):
		d.Sign, d.What = OnlyNuxeo, "not on Frame.io"
		if c.notReady == filtered {
			d.What = "not chosen by the filter any more"
		}
	case does(Create) && c.had.Document == "":
		d.Sign, d.What = OnlyFrameio, "not in Nuxeo"
	case does(Return):
		d.Sign, d.What = OnlyFrameio, "on Frame.io again"
	case c.takes:
		d.What = "changed on Frame.io"
	default:
		changed := does(Update, Create, Conflict, Part) && c.had.print != c.print && c.kind != kindFolder
		d.What = listed(when(c.had.Name != c.Name, "renamed on Frame.io"),
			when(c.had.Parent != c.parent, "moved on Frame.io"),
			when(changed, "changed on Frame.io"), c.drift.String())
	}

	if c.had.Problem != "" || c.had.Conflict != "" {
		d.Sign, d.What = Broken, listed(c.had.Problem, c.had.Conflict)
	}

	return d
}

// notReadyWords tell people why an asset cannot be brought yet.
var notReadyWords = map[string]string{
	uploading:  "still being uploaded to Frame.io",
	isEmpty:    "empty on Frame.io",
	unreadable: "what Frame.io tells of it cannot be read",
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
