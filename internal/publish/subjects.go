package publish

import (
	"context"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// Subjects returns, by the id of the item, the Nuxeo documents and folders that an item is about.
// An item is shown only to people who may see all of them. An item without a document yet is about
// the document that its asset had before, and the folder it publishes into.
func (s *Service) Subjects(ctx context.Context, items []work.Item) (map[string][]string, error) {
	subjects, open := map[string][]string{}, map[asset][]string{}
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
			subjects[it.ID] = []string{st.Job.Document}
		case st.Tree != nil && len(st.Tree.Folders) > 0 && st.Tree.Folders[0].UID != "":
			subjects[it.ID] = []string{st.Job.Target.Folder, st.Tree.Folders[0].UID}
		default:
			subjects[it.ID] = []string{st.Job.Target.Folder}
			a := asset{st.Job.Asset.ID, st.Job.Target.Scope}
			open[a] = append(open[a], it.ID)
		}
	}

	return subjects, s.addFormerDocuments(ctx, open, subjects)
}

// An asset is an asset as published into a bound folder.
type asset struct{ id, scope string }

// queryBatch bounds the parameters of one query.
const queryBatch = 500

// addFormerDocuments adds the documents that assets had before: those of their links, and of pushes
// that wait for them, whichever folder these began in.
func (s *Service) addFormerDocuments(
	ctx context.Context, items map[asset][]string, subjects map[string][]string,
) error {
	scopes := map[string][]string{}
	for a := range items {
		scopes[a.scope] = append(scopes[a.scope], a.id)
	}

	for scope, ids := range scopes {
		for some := range slices.Chunk(ids, queryBatch) {
			if err := s.linkedDocuments(ctx, scope, some, func(id, document string) {
				for _, item := range items[asset{id, scope}] {
					subjects[item] = append(subjects[item], document)
				}
			}); err != nil {
				return err
			}
		}
	}

	return nil
}

func (s *Service) linkedDocuments(
	ctx context.Context, scope string, ids []string, found func(id, document string),
) error {
	marks := store.Marks(2, len(ids))
	return store.Each(ctx, s.DB.Reader, func(row store.Row) error {
		var id, document string
		if err := row.Scan(&id, &document); err != nil {
			return err
		}
		found(id, document)
		return nil
	}, `SELECT asset_key, document_uid FROM links WHERE folder_uid = $1
		AND document_uid IS NOT NULL AND asset_key IN (`+marks+`)
		UNION SELECT f.file_id, l.document_uid FROM link_files f JOIN links l ON l.id = f.link_id
			WHERE l.folder_uid = $1 AND l.document_uid IS NOT NULL AND f.file_id IN (`+marks+`)
		UNION SELECT file_id, document_uid FROM pushes WHERE state IN ('sending', 'open') AND file_id IN (`+marks+`)`,
		append([]any{scope}, store.Anys(ids)...)...)
}
