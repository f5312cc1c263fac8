package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// A Trouble is an entry that needs attention, with both sides of it to compare.
type Trouble struct {
	Entry
	// Cursor is the position in the list, from which the next page follows.
	Cursor string
	// FrameioName is the name of the asset on Frame.io; in a conflict the entry keeps the name of
	// the document.
	FrameioName string
	// Changed is when the asset changed on Frame.io, if known.
	Changed time.Time
	// Item is the id of the failed item, if the viewer may retry it.
	Item string
	// Nuxeo is the document, if the viewer may see it.
	Nuxeo *Side
}

// A Side is what Nuxeo has of an entry. ViewURL is where its asset can be seen.
type Side struct {
	Title, By, ViewURL string
	Changed            time.Time
	Size               int64 // negative if it has no content
}

// ranks are the kinds of trouble in their order: what waits for a decision, what could not be
// imported, and what is gone. A cursor begins with the number of the rank.
var ranks = []string{
	`conflict <> ''`,
	`conflict = '' AND problem <> ''`,
	`conflict = '' AND problem = '' AND gone`,
}

// Troubles lists the entries of a sync that need attention: in conflict, not imported, or gone on
// Frame.io. After is the cursor of the last one of the page before.
func (s *Service) Troubles(
	ctx context.Context, who work.Viewer, id, after string, limit int,
) (page work.Page[Trouble], err error) {
	q, err := s.Get(ctx, who, id)
	if err != nil {
		return page, err
	}

	// Read one more than asked for, to know whether there is another page.
	all, err := s.listTroubles(ctx, id, after, limit+1)
	if err != nil {
		return page, err
	}

	if len(all) > limit {
		all = all[:limit]
		page.Next = all[limit-1].Cursor
	}

	// Leave out what the viewer may not see.
	list := make([]subject, 0, len(all))
	for _, e := range all {
		list = append(list, e.subject())
	}

	sees, err := s.visibleTo(ctx, who, q, list)
	if err != nil {
		return page, err
	}

	page.List = slices.DeleteFunc(slices.Clone(all), func(e Trouble) bool { return !sees(e.subject()) })
	page.Hidden = len(all) - len(page.List)
	// Add items and documents.
	if err := s.addItems(ctx, who, id, page.List); err != nil {
		return page, err
	}

	s.addDocuments(ctx, who, page.List)
	return page, nil
}

func (e Trouble) subject() subject { return subject{document: e.Document, parent: e.Parent} }

func (s *Service) listTroubles(ctx context.Context, id, after string, limit int) ([]Trouble, error) {
	out := []Trouble{}
	for rank, which := range ranks {
		// Where in this rank does the page begin?
		prefix := string(rune('1' + rank))
		if after != "" && prefix < after[:1] {
			continue
		}

		key, _ := strings.CutPrefix(after, prefix)
		if after != "" && prefix > after[:1] {
			key = ""
		}

		// Read from there.
		some, err := s.queryEntries(ctx, `SELECT `+entryColumns+` FROM sync_entries WHERE sync_id = $1 AND key > $2
			AND `+which+` ORDER BY key LIMIT $3`, id, key, limit-len(out))
		if err != nil {
			return nil, err
		}

		for _, e := range some {
			name, err := s.frameioName(ctx, id, e)
			if err != nil {
				return nil, err
			}
			out = append(
				out,
				Trouble{Entry: e, Cursor: prefix + e.Key, FrameioName: name, Changed: store.Time(e.changedAt)},
			)
		}
	}

	return out, nil
}

// frameioName returns the name of an entry's asset as listed last.
func (s *Service) frameioName(ctx context.Context, id string, e Entry) (name string, err error) {
	if e.Conflict == "" {
		return e.Name, nil
	}

	err = s.DB.Reader.QueryRowContext(ctx, `SELECT name FROM sync_seen WHERE key = $1 AND run_id IN (SELECT id
		FROM sync_runs WHERE sync_id = $2) ORDER BY run_id DESC LIMIT 1`,
		e.Key, id).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return e.Name, nil
	}

	return name, err
}

// itemRuns is in how many of the last runs an item is looked for.
const itemRuns = 50

// addItems adds the ids of the failed items, if the viewer may retry them.
func (s *Service) addItems(ctx context.Context, who work.Viewer, id string, all []Trouble) error {
	for i := range all {
		e := &all[i]
		if e.Problem == "" {
			continue
		}

		// An item outside of a run belongs to the sync, and has a time behind its subject.
		subject := e.Kind + " " + e.Key
		// An item for a single change is below the sync, or has a time behind its subject.
		var it work.Item
		err := s.DB.Reader.QueryRowContext(ctx, `SELECT id, state, owner, actor, requester FROM items
			WHERE (parent = $1 OR parent IN (SELECT id FROM sync_runs WHERE sync_id = $1 ORDER BY id DESC LIMIT $2))
			AND kind = $3 AND (subject = $4 OR subject > $5 AND subject < $6)
			ORDER BY id DESC LIMIT 1`, id, itemRuns, KindAsset, subject, subject+" at ", subject+" b").Scan(&it.ID,
			&it.State, &it.Owner, &it.Actor, &it.Requester)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}

		if (it.State == work.Failed || it.State == work.Canceled) && who.May(it) {
			e.Item = it.ID
		}
	}
	return nil
}

// addDocuments adds what the viewer sees of the documents in Nuxeo. What cannot be read is left
// out: the rest is of use without it.
func (s *Service) addDocuments(ctx context.Context, who work.Viewer, all []Trouble) {
	nx, err := s.People.Nuxeo(ctx, who.Login)
	if err != nil {
		return
	}

	// Read the documents page by page, with the times of our own last writes.
	for from := 0; from < len(all); from += lookupBatch {
		some := all[from:min(from+lookupBatch, len(all))]
		var uids []string
		for _, e := range some {
			if e.Document != "" {
				uids = append(uids, e.Document)
			}
		}

		found, err := documents(ctx, nx, uids, "dublincore", "file", "frameio")
		if err != nil {
			return
		}

		links, err := link.OfDocuments(ctx, s.DB, uids)
		if err != nil {
			return
		}

		ours := map[string]time.Time{}
		for _, l := range links {
			ours[l.DocumentUID] = l.Modified
		}

		for i := range some {
			some[i].Nuxeo = sideOf(found[some[i].Document], ours[some[i].Document])
		}
	}
}

// sideOf returns what Nuxeo has. It names the last contributor unless the last write was ours, at
// the given time: who wrote before that is unknown.
func sideOf(doc *nuxeo.Document, ours time.Time) *Side {
	if doc == nil {
		return nil
	}

	side := Side{Title: doc.Title, ViewURL: doc.Text(schema.ViewURL), Changed: doc.Time("dc:modified"), Size: -1}
	if !side.Changed.Equal(ours) {
		side.By = doc.Text("dc:lastContributor")
	}

	if b := doc.Blob("file:content"); b != nil {
		side.Size = b.Length
	}

	return &side
}

// documents reads documents by their uids, many in one search. It leaves out those in the trash and
// those that may not be seen.
func documents(
	ctx context.Context, nx *nuxeo.Client, uids []string, schemas ...string,
) (map[string]*nuxeo.Document, error) {
	found := map[string]*nuxeo.Document{}
	if len(uids) == 0 {
		return found, nil
	}

	for some := range slices.Chunk(uids, 100) {
		docs, err := nx.ByIDs(ctx, some, nuxeo.Fetch{Schemas: schemas})
		if err != nil {
			return nil, err
		}
		for _, doc := range docs {
			if !doc.IsTrashed {
				found[doc.UID] = doc
			}
		}
	}

	return found, nil
}

// recordProblem records the problem of an entry and leaves the rest as it is, so that the next run
// tries again.
func (r *run) recordProblem(ctx context.Context, tx *sql.Tx, e Entry, why string) error {
	if _, err := tx.ExecContext(ctx, `UPDATE sync_runs SET refused = refused + 1 WHERE id = $1`, r.st.Run); err != nil {
		return err
	}
	e.Problem = why
	return putEntry(ctx, tx, r.t.Now(), r.sync.ID, e)
}

// skipFolder skips a folder that Nuxeo refuses to rename or move.
func (r *run) skipFolder(ctx context.Context, c change, why string) error {
	r.st.Depth, r.st.After = c.Depth, c.Key
	return r.commit(ctx, func(tx *sql.Tx) error { return r.recordProblem(ctx, tx, c.had, why) })
}

// skipMissing skips a document that Nuxeo refuses to trash.
func (r *run) skipMissing(ctx context.Context, e Entry, why string) error {
	return r.commit(ctx, func(tx *sql.Tx) error {
		if err := r.markChecked(ctx, tx, e); err != nil {
			return err
		}
		return r.recordProblem(ctx, tx, e, why)
	})
}
