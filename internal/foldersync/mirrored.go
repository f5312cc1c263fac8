package foldersync

import (
	"context"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// MirroredIn returns the title of a folder that mirrors one of the assets, by the ids of files or version stacks,
// or the empty string.
func (s *Service) MirroredIn(ctx context.Context, account string, assets []string) (title string, err error) {
	args := append([]any{account}, store.Anys(assets)...)
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(syncs.folder_title), '') FROM sync_entries
		JOIN syncs ON syncs.id = sync_entries.sync_id WHERE syncs.account_id = $1 AND syncs.state <> 'removed'
		AND NOT sync_entries.gone AND sync_entries.kind <> 'folder'
		AND sync_entries.key IN (`+store.Marks(2, len(assets))+`)`, args...).Scan(&title)
	return title, err
}
