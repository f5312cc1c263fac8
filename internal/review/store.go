package review

import (
	"context"
	"crypto/sha256"
	"database/sql"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

func (i *Importer) loadImported(ctx context.Context, t Target) (map[string]importedComment, error) {
	return store.Map(ctx, i.DB.Reader, func(row store.Row) (string, importedComment, error) {
		var k importedComment
		var shown sql.RawBytes
		err := row.Scan(&k.commentID, &k.parentID, &k.kind, &k.nuxeoID, &k.hash, &k.writer, &shown)
		k.shown = sha256.Sum256(shown)
		return k.commentID, k, err
	}, `SELECT comment_id, parent_id, kind, nuxeo_id, hash, writer, shown FROM imported_comments
		WHERE link_id = $1 AND file_id = $2`, t.LinkID, t.FileID)
}

// record records a comment that was written, together with what else does.
func (i *Importer) record(
	ctx context.Context, t Target, k importedComment, shown string, also func(*sql.Tx) error,
) error {
	return i.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO imported_comments (link_id, comment_id, file_id, parent_id, kind,
			nuxeo_id, hash, writer, updated, shown)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (link_id, comment_id) DO UPDATE SET parent_id = excluded.parent_id, kind = excluded.kind,
			nuxeo_id = excluded.nuxeo_id,
				hash = excluded.hash, writer = excluded.writer, updated = excluded.updated, shown = excluded.shown`,
			t.LinkID, k.commentID, t.FileID, k.parentID, k.kind, k.nuxeoID, k.hash, k.writer,
			store.Millis(i.Now()), shown)
		if err != nil {
			return err
		}
		return also(tx)
	})
}

// HasImported reports whether comments of a file were imported for a link.
func HasImported(ctx context.Context, db *store.DB, linkID, fileID string) (yes bool, err error) {
	err = db.Reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM imported_comments
		WHERE link_id = $1 AND file_id = $2)`, linkID, fileID).Scan(&yes)
	return yes, err
}

// Forget deletes the rows of a link's comments, when its document is gone.
func Forget(ctx context.Context, tx *sql.Tx, linkID string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM imported_comments WHERE link_id = $1`, linkID)
	return err
}

// ImportedIDs returns the ids on Frame.io of the comments of a file that were imported for a link.
func ImportedIDs(ctx context.Context, db *store.DB, linkID, fileID string) (map[string]bool, error) {
	return store.Map(ctx, db.Reader, func(row store.Row) (id string, is bool, err error) {
		err = row.Scan(&id)
		return id, true, err
	}, `SELECT comment_id FROM imported_comments WHERE link_id = $1 AND file_id = $2`, linkID, fileID)
}
