package foldersync

import (
	"context"
	"database/sql"
)

// atOnce is how many rows are read before they are worked on.
const atOnce = 200

// change is a row of the listing beside what the sync has of it.
type change struct {
	seen
	known    bool
	had      Entry
	refused  string // why the document could not be renamed or moved
	parentIn string // the uid of the folder in Nuxeo that its parent is; empty: not there yet
	digest   string // of the content that its document got from Frame.io; empty: none
	file     string // the file that content is of
	drift    drift  // of its document, once somebody looked
}

// standing is what is known of a thing that is listed.
func (c change) standing() standing {
	return standing{
		kind: c.Kind, listed: true, notReady: c.notReady, name: c.Name, parent: c.Parent, print: c.print, had: c.had,
		drift: c.drift, another: c.file != c.head,
	}
}

const changeColumns = `sync_seen.key, sync_seen.kind, sync_seen.parent, sync_seen.depth, sync_seen.name, sync_seen.size, sync_seen.print, sync_seen.stamp, sync_seen.facts, sync_seen.head,
	e.key IS NOT NULL, COALESCE(e.parent, ''), COALESCE(e.name, ''), COALESCE(e.print, ''), COALESCE(e.document_uid, ''), COALESCE(e.title, ''), COALESCE(e.gone, FALSE),
	COALESCE(e.problem, ''), COALESCE(e.conflict, ''), COALESCE(p.document_uid, ''), COALESCE(l.digest, ''), COALESCE(l.file_id, '')`

// differing are the rows that differ from what the sync has: SQL leaves out what has
// not changed.
const differing = ` FROM sync_seen LEFT JOIN sync_entries e ON e.sync_id = $1 AND e.key = sync_seen.key
		LEFT JOIN sync_entries p ON p.sync_id = $1 AND p.key = sync_seen.parent
		LEFT JOIN links l ON l.document_uid = e.document_uid
	WHERE sync_seen.run_id = $2 AND sync_seen.not_ready = '' AND (e.key IS NULL OR e.document_uid = '' OR e.gone
	OR e.problem <> '' OR e.parent <> sync_seen.parent OR e.name <> sync_seen.name
		OR e.print <> sync_seen.print)`

// changedFolders are folders that differ, those above first, after a place in the
// list.
func (r *run) changedFolders(ctx context.Context) ([]change, error) {
	return r.changed(ctx, ` AND sync_seen.kind = 'folder' AND sync_seen.parent <> '' AND (sync_seen.depth > $3
		OR sync_seen.depth = $3 AND sync_seen.key > $4)
		ORDER BY sync_seen.depth, sync_seen.key LIMIT $5`, r.st.Depth)
}

// changedAssets are assets that differ, folder by folder, after a place in the list.
func (r *run) changedAssets(ctx context.Context) ([]change, error) {
	return r.changed(ctx, ` AND sync_seen.kind <> 'folder' AND (sync_seen.parent > $3 OR sync_seen.parent = $3
		AND sync_seen.key > $4)
		ORDER BY sync_seen.parent, sync_seen.key LIMIT $5`, r.st.In)
}

func (r *run) changed(ctx context.Context, of string, from any) ([]change, error) {
	rows, err := r.DB.Reader.QueryContext(ctx, `SELECT `+changeColumns+differing+of, r.sync.ID, r.st.Run, from,
		r.st.After, atOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []change
	for rows.Next() {
		c, err := scanChange(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}

	return all, rows.Err()
}

func scanChange(rows *sql.Rows) (c change, err error) {
	err = rows.Scan(&c.Key, &c.Kind, &c.Parent, &c.Depth, &c.Name, &c.Size, &c.print, &c.stamp, &c.facts, &c.head,
		&c.known, &c.had.Parent, &c.had.Name, &c.had.print,
		&c.had.Document, &c.had.title, &c.had.Gone, &c.had.Problem, &c.had.Conflict, &c.parentIn, &c.digest, &c.file)
	c.had.Key, c.had.Kind, c.had.Size, c.had.stamp = c.Key, c.Kind, c.Size, c.stamp
	return c, err
}
