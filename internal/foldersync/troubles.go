package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/link"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Trouble is an entry that wants attention, with both sides of it to compare.
type Trouble struct {
	Entry
	// Place is where it stands in the list, for the page that follows.
	Place string
	// There is what the asset is called on Frame.io: in a conflict the entry keeps the name
	// that the document has.
	There string
	// Changed is when the asset changed on Frame.io; zero: not known.
	Changed time.Time
	// Item is the one that could not bring it, when the viewer may start it again.
	Item string
	// Nuxeo is the document as the viewer sees it; nil when they cannot.
	Nuxeo *Side
}

// Side is what Nuxeo has of an entry. ViewURL is where its asset is seen.
type Side struct {
	Title, By, ViewURL string
	Changed            time.Time
	Size               int64 // negative: it has no content
}

// ranks are the kinds of trouble in their order: what waits for a decision, what
// could not be brought, and what is gone. The place of an entry begins with the number
// of its rank.
var ranks = []string{
	`conflict <> ''`,
	`conflict = '' AND problem <> ''`,
	`conflict = '' AND problem = '' AND gone`,
}

// Troubles lists entries of a sync that want attention: that are in conflict, could
// not be brought, or whose asset is gone. After is the place of the last one of the
// page before.
func (s *Service) Troubles(
	ctx context.Context, who work.Viewer, id, after string, most int,
) (page work.Page[Trouble], err error) {
	q, err := s.Get(ctx, who, id)
	if err != nil {
		return page, err
	}

	all, err := s.troubles(ctx, id, after, most+1)
	if err != nil {
		return page, err
	}

	if len(all) > most {
		all = all[:most]
		page.Next = all[most-1].Place
	}

	list := make([]told, 0, len(all))
	for _, e := range all {
		list = append(list, e.told())
	}

	sees, err := s.sees(ctx, who, q, list)
	if err != nil {
		return page, err
	}

	page.List = slices.DeleteFunc(slices.Clone(all), func(e Trouble) bool { return !sees(e.told()) })
	page.Hidden = len(all) - len(page.List)
	if err := s.items(ctx, who, id, page.List); err != nil {
		return page, err
	}

	s.look(ctx, who, page.List)
	return page, nil
}

func (e Trouble) told() told { return told{document: e.Document, parent: e.Parent} }

func (s *Service) troubles(ctx context.Context, id, after string, most int) ([]Trouble, error) {
	out := []Trouble{}
	for rank, which := range ranks {
		place := string(rune('1' + rank))
		if after != "" && place < after[:1] {
			continue
		}

		key, _ := strings.CutPrefix(after, place)
		if after != "" && place > after[:1] {
			key = ""
		}

		some, err := s.entriesOf(ctx, `SELECT `+entryColumns+` FROM sync_entries WHERE sync_id = $1 AND key > $2
			AND `+which+` ORDER BY key LIMIT $3`, id, key, most-len(out))
		if err != nil {
			return nil, err
		}

		for _, e := range some {
			there, err := s.nameThere(ctx, id, e)
			if err != nil {
				return nil, err
			}
			out = append(out, Trouble{Entry: e, Place: place + e.Key, There: there, Changed: store.Time(e.stamp)})
		}
	}

	return out, nil
}

// nameThere is what the asset of an entry was called when it was listed last.
func (s *Service) nameThere(ctx context.Context, id string, e Entry) (name string, err error) {
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

// itemsOf is in how many of the last runs an item is looked for.
const itemsOf = 50

// items names the items that could not bring entries, where these were the last to
// try and the viewer may start them again.
func (s *Service) items(ctx context.Context, who work.Viewer, id string, all []Trouble) error {
	for i := range all {
		e := &all[i]
		if e.Problem == "" {
			continue
		}

		subject := e.Kind + " " + e.Key
		// An item for a single change is below the sync, or has a time behind its subject.
		var it work.Item
		err := s.DB.Reader.QueryRowContext(ctx, `SELECT id, state, owner, actor, requester FROM items
			WHERE (parent = $1 OR parent IN (SELECT id FROM sync_runs WHERE sync_id = $1 ORDER BY id DESC LIMIT $2))
			AND kind = $3 AND (subject = $4 OR subject > $5 AND subject < $6)
			ORDER BY id DESC LIMIT 1`, id, itemsOf, KindAsset, subject, subject+" at ", subject+" b").Scan(&it.ID,
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

// look adds what the viewer sees of the documents in Nuxeo. What cannot be read is
// left out: the rest helps without it.
func (s *Service) look(ctx context.Context, who work.Viewer, all []Trouble) {
	nx, err := s.People.Nuxeo(ctx, who.Login)
	if err != nil {
		return
	}

	for from := 0; from < len(all); from += looked {
		some := all[from:min(from+looked, len(all))]
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

// sideOf is what Nuxeo has. Who changed it last is told unless that was a write of ours,
// after which it was modified at the given time: then it is not known who did before.
func sideOf(doc *nuxeo.Document, ours time.Time) *Side {
	if doc == nil {
		return nil
	}

	side := Side{Title: doc.Title, ViewURL: doc.Text("frameio:viewUrl"), Changed: doc.Time("dc:modified"), Size: -1}
	if !side.Changed.Equal(ours) {
		side.By = doc.Text("dc:lastContributor")
	}

	if b := doc.Blob("file:content"); b != nil {
		side.Size = b.Length
	}

	return &side
}

// documents reads documents that are not in the trash in one search, by their uids;
// those that may not be seen are not among them.
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
