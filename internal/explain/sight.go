package explain

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// reads reports whether the viewer may read a folder; none is no secret.
func (s *Service) reads(ctx context.Context, who work.Viewer, folder string) (bool, error) {
	if folder == "" || who.Admin {
		return true, nil
	}
	_, err := s.Nuxeo.Document(ctx, who.Login, folder)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// maxDepth ends a chain of folders that closes upon itself.
const maxDepth = 200

// into is the folder that an asset of a synchronization comes into: the nearest above it
// that is in Nuxeo; empty when it is no synchronization's.
func (s *Service) into(ctx context.Context, one subject) (string, error) {
	var sync, parent, uid string
	err := s.DB.Reader.QueryRowContext(ctx, `SELECT e.sync_id, e.parent FROM sync_entries e
		JOIN syncs q ON q.id = e.sync_id
		WHERE q.state <> 'removed' AND q.folder_uid = $1 AND e.key = $2`, one.folder, one.key).Scan(&sync, &parent)
	for range maxDepth {
		if err != nil || uid != "" {
			break
		}
		err = s.DB.Reader.QueryRowContext(ctx, `SELECT document_uid, parent FROM sync_entries
			WHERE sync_id = $1 AND key = $2`, sync, parent).Scan(&uid, &parent)
	}

	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}

	return uid, err
}
