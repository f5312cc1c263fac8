package foldersync

import (
	"context"
	"maps"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/rights"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// People who may read the folder of a sync may not be allowed to read everything in it: Nuxeo lets
// people restrict subfolders. A single asset is shown to the owner of the sync, to administrators,
// and to people who may see its document, or the folder that the document will be in.

// A subject is what decides who may know of an asset or folder.
type subject struct {
	document string
	missing  bool   // the document was not in Nuxeo when the owner looked
	parent   string // the folder on Frame.io
}

// visibleTo returns a function that reports whether the viewer may know of a subject. It asks Nuxeo
// once for all of them.
func (s *Service) visibleTo(ctx context.Context, who work.Viewer, q Sync, all []subject) (func(subject) bool, error) {
	if who.Admin || who.Login == q.Owner || len(all) == 0 {
		return func(subject) bool { return true }, nil
	}

	// Without a document, the folder it would be in decides.
	var parents []string
	for _, t := range all {
		if t.document == "" || t.missing {
			parents = append(parents, t.parent)
		}
	}

	folders, err := s.nearestFolders(ctx, q, parents)
	if err != nil {
		return nil, err
	}

	at := func(t subject) string {
		if t.document == "" || t.missing {
			return folders[t.parent]
		}
		return t.document
	}

	// Ask Nuxeo as the viewer.
	var uids []string
	for _, t := range all {
		uids = append(uids, at(t))
	}

	seen, err := rights.Readable(ctx, s.People, who.Login, uids...)
	return func(t subject) bool { return seen[at(t)] }, err
}

// maxDepth ends a chain of folders that is a cycle.
const maxDepth = 200

// nearestFolders returns, for folders of Frame.io, the nearest one at or above it that exists in
// Nuxeo, from which a new document would inherit permissions. Folders that are not recorded have
// none.
func (s *Service) nearestFolders(ctx context.Context, q Sync, keys []string) (map[string]string, error) {
	// Load the folders level by level, up to those that exist.
	type folder struct{ uid, parent string }
	loaded := map[string]folder{}
	for next := keys; len(next) > 0; {
		slices.Sort(next)
		next = slices.Compact(next)
		found, err := s.folderPositions(ctx, q, next)
		if err != nil {
			return nil, err
		}

		next = nil
		for key, f := range found {
			loaded[key] = folder{f.Document, f.Parent}
			if _, ok := loaded[f.Parent]; f.Document == "" && !ok {
				next = append(next, f.Parent)
			}
		}
	}

	// Follow each one up.
	out := map[string]string{}
	for _, key := range keys {
		f := loaded[key]
		for range maxDepth {
			if f.uid != "" {
				break
			}
			f = loaded[f.parent]
		}
		out[key] = f.uid
	}

	return out, nil
}

// A folderPosition is where a folder of Frame.io is on both sides.
type folderPosition struct{ Document, Parent string }

// folderPositions reads folders as the last runs have recorded them.
func (s *Service) folderPositions(ctx context.Context, q Sync, keys []string) (map[string]folderPosition, error) {
	run := ""
	if q.Check != nil {
		run = q.Check.ID
	}

	found := map[string]folderPosition{}
	for some := range slices.Chunk(keys, lookupBatch) {
		positions, err := store.Map(ctx, s.DB.Reader, func(row store.Row) (key string, f folderPosition, err error) {
			err = row.Scan(&key, &f.Document, &f.Parent)
			return key, f, err
		}, `SELECT key, document_uid, parent FROM sync_entries
			WHERE sync_id = $1 AND key IN (`+store.Marks(3, len(some))+`)
			UNION ALL SELECT key, '', parent FROM sync_seen WHERE run_id = $2 AND kind = 'folder'
			AND key IN (`+store.Marks(3, len(some))+`)
				AND NOT EXISTS (SELECT 1 FROM sync_entries e WHERE e.sync_id = $1 AND e.key = sync_seen.key)`,
			append([]any{q.ID, run}, store.Anys(some)...)...)
		if err != nil {
			return nil, err
		}
		maps.Copy(found, positions)
	}

	return found, nil
}
