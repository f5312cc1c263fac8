package publish

import (
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Places are the documents and folders in Nuxeo that the items of this package tell of,
// by the id of the item: who may not see all of an item's is not to be told of it. An
// item that has no document yet tells of the one that its asset had before, and of the
// folder that it brings something into.
func (s *Service) Places(ctx context.Context, items []work.Item) (map[string][]string, error) {
	places, open := map[string][]string{}, map[asset][]string{}
	for _, it := range items {
		var st state
		if it.Kind != KindPublish && it.Kind != KindExpand {
			continue
		}

		if err := it.Load(&st); err != nil {
			return nil, err
		}

		switch {
		case st.Job.Document != "":
			places[it.ID] = []string{st.Job.Document}
		case st.Tree != nil && len(st.Tree.Folders) > 0 && st.Tree.Folders[0].UID != "":
			places[it.ID] = []string{st.Job.Target.Folder, st.Tree.Folders[0].UID}
		default:
			places[it.ID] = []string{st.Job.Target.Folder}
			a := asset{st.Job.Asset.ID, st.Job.Target.Scope}
			open[a] = append(open[a], it.ID)
		}
	}

	return places, s.before(ctx, open, places)
}

// asset is one as it is published into a bound folder.
type asset struct{ id, scope string }

// askedAtOnce bounds the parameters of one query.
const askedAtOnce = 500

// before adds the documents that assets had before: those of their links, and of pushes
// that wait for them, wherever these began.
func (s *Service) before(ctx context.Context, items map[asset][]string, places map[string][]string) error {
	scopes := map[string][]string{}
	for a := range items {
		scopes[a.scope] = append(scopes[a.scope], a.id)
	}

	for scope, ids := range scopes {
		for some := range slices.Chunk(ids, askedAtOnce) {
			if err := s.tied(ctx, scope, some, func(id, document string) {
				for _, item := range items[asset{id, scope}] {
					places[item] = append(places[item], document)
				}
			}); err != nil {
				return err
			}
		}
	}

	return nil
}

func (s *Service) tied(ctx context.Context, scope string, ids []string, found func(id, document string)) error {
	marks := store.Marks(2, len(ids))
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT asset_key, document_uid FROM links WHERE folder_uid = $1
		AND document_uid IS NOT NULL AND asset_key IN (`+marks+`)
		UNION SELECT f.file_id, l.document_uid FROM link_files f JOIN links l ON l.id = f.link_id
			WHERE l.folder_uid = $1 AND l.document_uid IS NOT NULL AND f.file_id IN (`+marks+`)
		UNION SELECT file_id, document_uid FROM pushes WHERE state IN ('sending', 'open') AND file_id IN (`+marks+`)`,
		append([]any{scope}, store.Anys(ids)...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, document string
		if err := rows.Scan(&id, &document); err != nil {
			return err
		}
		found(id, document)
	}

	return rows.Err()
}
