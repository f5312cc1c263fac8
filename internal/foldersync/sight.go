package foldersync

import (
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Who may read the folder of a sync may not read everything below it: Nuxeo lets people
// close sub-folders. Of single assets the owner of the sync and administrators are told,
// and whoever may see the document, or the folder that it is to come into.

// told is what is needed to find out who may know of an asset or a folder.
type told struct {
	document string
	lost     bool   // it was not in Nuxeo when the owner looked
	parent   string // the folder on Frame.io
}

// sees tells of each whether the viewer may know of it, with one question to Nuxeo.
func (s *Service) sees(ctx context.Context, who work.Viewer, q Sync, all []told) (func(told) bool, error) {
	if who.Admin || who.Login == q.Owner || len(all) == 0 {
		return func(told) bool { return true }, nil
	}

	var parents []string
	for _, t := range all {
		if t.document == "" || t.lost {
			parents = append(parents, t.parent)
		}
	}

	folders, err := s.foldersFor(ctx, q, parents)
	if err != nil {
		return nil, err
	}

	at := func(t told) string {
		if t.document == "" || t.lost {
			return folders[t.parent]
		}
		return t.document
	}

	var uids []string
	for _, t := range all {
		uids = append(uids, at(t))
	}

	nx, err := s.People.Nuxeo(ctx, who.Login)
	if err != nil {
		return nil, err
	}

	seen, err := nx.Visible(ctx, uids)
	return func(t told) bool { return seen[at(t)] }, err
}

// maxDepth ends a chain of folders that closes upon itself.
const maxDepth = 200

// foldersFor are the folders in Nuxeo for folders of Frame.io: the nearest above that is
// there, by which rights will be inherited. Of a folder that nobody knows there is none.
func (s *Service) foldersFor(ctx context.Context, q Sync, keys []string) (map[string]string, error) {
	type folder struct{ uid, parent string }
	known := map[string]folder{}
	for next := keys; len(next) > 0; {
		slices.Sort(next)
		next = slices.Compact(next)
		found, err := s.above(ctx, q, next)
		if err != nil {
			return nil, err
		}

		next = nil
		for key, f := range found {
			known[key] = folder{f.Document, f.Parent}
			if _, ok := known[f.Parent]; f.Document == "" && !ok {
				next = append(next, f.Parent)
			}
		}
	}

	out := map[string]string{}
	for _, key := range keys {
		f := known[key]
		for range maxDepth {
			if f.uid != "" {
				break
			}
			f = known[f.parent]
		}
		out[key] = f.uid
	}

	return out, nil
}

// folderAt is where a folder of Frame.io is, on both sides.
type folderAt struct{ Document, Parent string }

// above reads folders as the last runs have seen them.
func (s *Service) above(ctx context.Context, q Sync, keys []string) (map[string]folderAt, error) {
	run := ""
	if q.Check != nil {
		run = q.Check.ID
	}

	found := map[string]folderAt{}
	for some := range slices.Chunk(keys, looked) {
		rows, err := s.DB.Reader.QueryContext(ctx, `SELECT key, document_uid, parent FROM sync_entries
			WHERE sync_id = $1 AND key IN (`+store.Marks(3, len(some))+`)
			UNION ALL SELECT key, '', parent FROM sync_seen WHERE run_id = $2 AND kind = 'folder'
			AND key IN (`+store.Marks(3, len(some))+`)
				AND NOT EXISTS (SELECT 1 FROM sync_entries e WHERE e.sync_id = $1 AND e.key = sync_seen.key)`,
			append([]any{q.ID, run}, store.Anys(some)...)...)
		if err != nil {
			return nil, err
		}

		for rows.Next() {
			var key string
			var f folderAt
			if err := rows.Scan(&key, &f.Document, &f.Parent); err != nil {
				_ = rows.Close()
				return nil, err
			}
			found[key] = f
		}

		if err := rows.Err(); err != nil {
			return nil, err
		}
	}

	return found, nil
}
