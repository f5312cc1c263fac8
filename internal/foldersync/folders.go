package foldersync

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// folderType is what a folder of Frame.io becomes.
const folderType = "Folder"

// folders makes, renames and moves folders, those above first.
func (r *run) folders(ctx context.Context) (work.Next, error) {
	for !r.t.SliceOver() {
		some, err := r.changedFolders(ctx)
		if err != nil {
			return work.Next{}, err
		}

		if len(some) == 0 {
			r.st.rewind()
			return work.Next{Step: stepAssets}, r.t.Save(ctx, r.st)
		}

		for i, c := range some {
			switch {
			case c.parentIn != "":
				err = r.folderIs(ctx, c)
			case i == 0:
				err = r.unplaced(ctx, c)
			}

			if err != nil {
				return work.Next{}, err
			}

			if c.parentIn == "" { // it was made just now, by a row before
				break
			}
		}
	}
	return work.Next{Step: stepFolders, After: time.Millisecond}, nil
}

// unplaced leaves out a folder that cannot be made since the one that it is in has none
// in Nuxeo, and the run does not look at that one: a run that looks at everything is to
// come at once.
func (r *run) unplaced(ctx context.Context, c change) error {
	r.st.Depth, r.st.After = c.Depth, c.Key
	return r.commit(ctx, func(tx *sql.Tx) error { return r.whole(ctx, tx) })
}

// whole has everything looked at by the next run, if this one does not.
func (r *run) whole(ctx context.Context, tx *sql.Tx) error {
	if !r.partial {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE syncs SET due = $1
		WHERE id = $2 AND state = 'active'`, store.Millis(r.Now()), r.sync.ID)
	return err
}

// folderIs makes a folder of Nuxeo be what one of Frame.io is, and records it.
func (r *run) folderIs(ctx context.Context, c change) error {
	e := c.had
	var err error
	if e.Document != "" {
		e.Document, err = r.arrange(ctx, &c)
		e.title = c.had.title
	}

	if why := refusal(notArranged, err); why != "" {
		return r.leaveFolder(ctx, c, why)
	}

	if err == nil && e.Document == "" {
		e.Document, err = r.makeFolder(ctx, c)
		e.title = c.title()
	}

	if err != nil {
		return err
	}

	e.Parent, e.Name, e.Gone, e.Problem = c.Parent, c.Name, false, ""
	r.st.Depth, r.st.After = c.Depth, c.Key
	return r.commit(ctx, func(tx *sql.Tx) error {
		if err := r.counted(ctx, tx, c); err != nil {
			return err
		}
		return put(ctx, tx, r.t.Now(), r.sync.ID, e)
	})
}

// counted adds what was arranged to the run's figures.
func (r *run) counted(ctx context.Context, tx *sql.Tx, c change) error {
	if !c.known || c.had.Document == "" {
		return nil
	}

	renamed, moved := 0, 0
	if c.had.Name != c.Name {
		renamed = 1
	}

	if c.had.Parent != c.Parent {
		moved = 1
	}

	if renamed+moved == 0 {
		return nil
	}

	_, err := tx.ExecContext(ctx, `UPDATE sync_runs SET renamed = renamed + $1, moved = moved + $2
		WHERE id = $3`, renamed, moved, r.st.Run)
	return err
}

const notArranged = "It cannot be renamed or moved as on Frame.io"

// arrange renames and moves a document as its asset was, and says which it is;
// nothing when it was deleted or trashed in Nuxeo. A title that a person gave it
// since stays.
func (r *run) arrange(ctx context.Context, c *change) (string, error) {
	doc, err := r.nx.Get(ctx, c.had.Document, nuxeo.Fetch{Schemas: []string{"dublincore", "file"}})
	if nuxeo.NotFound(err) || err == nil && doc.IsTrashed {
		return "", nil
	}

	if err != nil {
		return "", err
	}

	c.drift.rewritten = rewritten(c.Kind, c.digest, doc.Blob("file:content"))
	if does(r.sync.decide(c.standing()), Conflict) {
		return doc.UID, nil
	}

	if err := r.entitle(ctx, c, doc); err != nil {
		return "", err
	}

	if doc.ParentRef != c.parentIn && (c.had.Parent != c.Parent || c.had.Gone) {
		return doc.UID, r.nx.Move(ctx, doc.UID, c.parentIn)
	}

	return doc.UID, nil
}

// entitle calls a document as its asset is called now, if its title is ours.
func (r *run) entitle(ctx context.Context, c *change, doc *nuxeo.Document) error {
	title := c.title()
	switch {
	case ingest.SameTitle(doc.Title, title):
	case c.had.Name == c.Name || !c.had.ours(doc.Title):
		return nil
	default:
		if err := r.nx.Update(ctx, doc.UID, "", map[string]any{"dc:title": title},
			nuxeo.WriteOptions{Source: ingest.SourceMetadata}); err != nil {
			return err
		}
	}

	c.had.title = title
	return nil
}

// title is what a thing of Frame.io is called in Nuxeo.
func (s seen) title() string {
	if s.Kind == kindFolder {
		return ingest.FolderTitle(s.Name)
	}
	return ingest.Title(s.Name)
}

// ours reports whether a title is one that we gave.
func (e Entry) ours(title string) bool {
	gave := func(given string) bool { return ingest.SameTitle(title, given) }
	return gave(e.title) || gave(ingest.Title(e.Name)) || gave(ingest.FolderTitle(e.Name))
}

// makeFolder finds the folder by what it carries in dc:source, else makes it.
func (r *run) makeFolder(ctx context.Context, c change) (string, error) {
	found, _, err := r.nx.QueryPage(ctx, r.sourced(c.Key)+" AND ecm:mixinType = 'Folderish' ORDER BY ecm:uuid", 0,
		1, nuxeo.Fetch{})
	if err != nil {
		return "", err
	}

	if len(found) > 0 {
		return found[0].UID, r.callAsNow(ctx, found[0], c)
	}

	doc, err := r.nx.Create(ctx, c.parentIn, nuxeo.NewDocument{
		Name: ingest.PathName(c.Name), Type: folderType, Properties: map[string]any{
			"dc:title":  ingest.FolderTitle(c.Name),
			"dc:source": r.sourceKey(c.Key),
		},
	}, nuxeo.WriteOptions{IdempotencyKey: r.t.Key("folder", c.Key), Source: ingest.SourceMetadata})
	if nuxeo.StatusOf(err) == 409 {
		return "", fault.New(fault.NotReady, "Nuxeo is still making the folder.").Because(err)
	}

	if err == nil {
		err = ingest.Wanted{Parent: c.parentIn, Type: folderType, Maker: r.t.Actor}.Check(doc)
	}

	if err != nil {
		return "", err
	}

	return doc.UID, nil
}

// callAsNow gives a folder that an attempt made and did not record the name that Frame.io's
// has by now, unless a person gave it one.
func (r *run) callAsNow(ctx context.Context, doc *nuxeo.Document, c change) error {
	title := c.title()
	if ingest.SameTitle(doc.Title, title) || !ingest.HasFirstTitle(doc) {
		return nil
	}
	return r.nx.Update(ctx, doc.UID, "", map[string]any{"dc:title": title},
		nuxeo.WriteOptions{Source: ingest.SourceMetadata})
}

// sourceKey is what a document carries in dc:source from its first moment.
func (r *run) sourceKey(key string) string { return "frameio:" + r.sync.Account + "/" + key }

// sourced searches for what was made of things of Frame.io within the tree.
func (r *run) sourced(keys ...string) string {
	var sources []string
	for _, key := range keys {
		sources = append(sources, nuxeo.Quote(r.sourceKey(key)))
	}
	return "SELECT * FROM Document WHERE dc:source IN (" + strings.Join(sources, ", ") + ") AND ecm:ancestorId = " +
		nuxeo.Quote(r.sync.FolderUID) +
		" AND ecm:isVersion = 0 AND ecm:isProxy = 0 AND ecm:isTrashed = 0"
}
