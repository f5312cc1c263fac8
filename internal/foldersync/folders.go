package foldersync

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/schema"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// folderType is the document type of folders.
const folderType = "Folder"

// syncFolders creates, renames and moves folders, parents first.
func (r *run) syncFolders(ctx context.Context) (work.Next, error) {
	for !r.t.SliceOver() {
		// Take the next page of differences.
		some, err := r.changedFolders(ctx)
		if err != nil {
			return work.Next{}, err
		}

		if len(some) == 0 {
			r.st.rewind()
			return work.Next{Step: stepAssets}, r.t.Save(ctx, r.st)
		}

		// Apply it up to a folder whose parent was still missing when the page was read: what follows
		// is read again. If that is the first one already, it is skipped.
		for i, c := range some {
			switch {
			case c.parentUID != "":
				err = r.syncFolder(ctx, c)
			case i == 0:
				err = r.skipOrphanFolder(ctx, c)
			}

			if err != nil {
				return work.Next{}, err
			}

			if c.parentUID == "" {
				break
			}
		}
	}
	return work.Next{Step: stepFolders, After: time.Millisecond}, nil
}

// skipOrphanFolder skips a folder whose parent does not exist in Nuxeo and is not looked at by this
// run, and requests a full run.
func (r *run) skipOrphanFolder(ctx context.Context, c change) error {
	r.st.Depth, r.st.After = c.Depth, c.Key
	return r.commit(ctx, func(tx *sql.Tx) error { return r.requestFullRun(ctx, tx) })
}

// requestFullRun makes the next run a full one and due at once, unless this is a full run.
func (r *run) requestFullRun(ctx context.Context, tx *sql.Tx) error {
	if !r.partial {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE syncs SET due = $1
		WHERE id = $2 AND state = 'active'`, store.Millis(r.Now()), r.sync.ID)
	return err
}

// syncFolder creates or changes the Nuxeo folder of one on Frame.io, and records it.
func (r *run) syncFolder(ctx context.Context, c change) error {
	// Rename and move an existing folder.
	e := c.had
	var err error
	if e.Document != "" {
		e.Document, err = r.renameAndMove(ctx, &c)
		e.title = c.had.title
	}

	// Nuxeo may refuse that; the others go on.
	if why := refusalMessage(cannotArrange, err); why != "" {
		return r.skipFolder(ctx, c, why)
	}

	// Create one that does not exist, or was deleted.
	if err == nil && e.Document == "" {
		e.Document, err = r.createFolder(ctx, c)
		e.title = c.title()
	}

	if err != nil {
		return err
	}

	// Record it with the cursor.
	e.Parent, e.Name, e.Gone, e.Problem = c.Parent, c.Name, false, ""
	r.st.Depth, r.st.After = c.Depth, c.Key
	return r.commit(ctx, func(tx *sql.Tx) error {
		if err := r.countPosition(ctx, tx, c); err != nil {
			return err
		}
		return putEntry(ctx, tx, r.t.Now(), r.sync.ID, e)
	})
}

// countPosition adds a renamed or moved document to the counts of the run.
func (r *run) countPosition(ctx context.Context, tx *sql.Tx, c change) error {
	if !c.hasEntry || c.had.Document == "" {
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

const cannotArrange = "It cannot be renamed or moved as on Frame.io"

// renameAndMove gives a document the title and folder of its asset and returns its uid, or the
// empty string if it was deleted or trashed in Nuxeo. A title that a person has given it stays.
func (r *run) renameAndMove(ctx context.Context, c *change) (string, error) {
	// Read it.
	doc, err := r.nx.Get(ctx, c.had.Document, nuxeo.Fetch{Schemas: []string{"dublincore", "file", "frameio"}})
	if nuxeo.NotFound(err) || err == nil && doc.IsTrashed {
		return "", nil
	}

	if err != nil {
		return "", err
	}

	// In a conflict, name and folder stay as well.
	c.drift.rewritten = r.isEdited(c.Kind, doc, c.content)
	if hasAny(r.sync.decide(c.situation()), Conflict) {
		return doc.UID, nil
	}

	// Rename, and move.
	if err := r.updateTitle(ctx, c, doc); err != nil {
		return "", err
	}

	if doc.ParentRef != c.parentUID && (c.had.Parent != c.Parent || c.had.Gone) {
		return doc.UID, r.nx.Move(ctx, doc.UID, c.parentUID)
	}

	return doc.UID, nil
}

// updateTitle gives a document the current name of its asset, if we gave it its title.
func (r *run) updateTitle(ctx context.Context, c *change, doc *nuxeo.Document) error {
	title := c.title()
	switch {
	case ingest.SameTitle(doc.Title, title):
	case c.had.Name == c.Name || !c.had.isOurTitle(doc.Title):
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

// title returns the title of a document for a name on Frame.io.
func (s seenRow) title() string {
	if s.Kind == kindFolder {
		return ingest.FolderTitle(s.Name)
	}
	return ingest.Title(s.Name)
}

// isOurTitle reports whether we gave a document its title.
func (e Entry) isOurTitle(title string) bool {
	gave := func(given string) bool { return ingest.SameTitle(title, given) }
	return gave(e.title) || gave(ingest.Title(e.Name)) || gave(ingest.FolderTitle(e.Name))
}

// createFolder returns the uid of the folder with the right dc:source, which it creates if there is
// none.
func (r *run) createFolder(ctx context.Context, c change) (string, error) {
	// An earlier attempt may have created it.
	found, _, err := r.nx.QueryPage(ctx, r.sourceQuery(c.Key)+" AND ecm:mixinType = 'Folderish' ORDER BY ecm:uuid", 0,
		1, nuxeo.Fetch{})
	if err != nil {
		return "", err
	}

	if len(found) > 0 {
		return found[0].UID, r.correctTitle(ctx, found[0], c)
	}

	// Create it.
	doc, err := r.nx.Create(ctx, c.parentUID, nuxeo.NewDocument{
		Name: ingest.PathName(c.Name), Type: folderType, Properties: map[string]any{
			"dc:title":  ingest.FolderTitle(c.Name),
			"dc:source": r.sourceKey(c.Key),
		},
	}, nuxeo.WriteOptions{IdempotencyKey: r.t.Key("folder", c.Key), Source: ingest.SourceMetadata})
	if nuxeo.StatusOf(err) == 409 {
		return "", fault.New(fault.NotReady, "Nuxeo is still making the folder.").Because(err)
	}

	// A repeated request is answered with the same document, which may have changed since.
	if err == nil {
		err = ingest.Expected{Parent: c.parentUID, Type: folderType, Creator: r.t.Actor}.Check(doc)
	}

	if err != nil {
		return "", err
	}

	return doc.UID, nil
}

// correctTitle gives a folder that an earlier attempt created the current name, unless a person has
// renamed it.
func (r *run) correctTitle(ctx context.Context, doc *nuxeo.Document, c change) error {
	title := c.title()
	if ingest.SameTitle(doc.Title, title) || !ingest.HasFirstTitle(doc) {
		return nil
	}
	return r.nx.Update(ctx, doc.UID, "", map[string]any{"dc:title": title},
		nuxeo.WriteOptions{Source: ingest.SourceMetadata})
}

// sourceKey returns the dc:source that a document has from its creation.
func (r *run) sourceKey(key string) string { return "frameio:" + r.sync.Account + "/" + key }

// sourceQuery returns a query for documents in the tree that were created for keys.
func (r *run) sourceQuery(keys ...string) string {
	var sources []string
	for _, key := range keys {
		sources = append(sources, nuxeo.Quote(r.sourceKey(key)))
	}
	return "SELECT * FROM Document WHERE dc:source IN (" + strings.Join(sources, ", ") + ") AND ecm:ancestorId = " +
		nuxeo.Quote(r.sync.FolderUID) +
		schema.AndLive
}
