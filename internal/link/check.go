package link

import (
	"context"
	"database/sql"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// DueForCheck returns up to limit links whose documents are due for a check: not checked since
// before, or changed since their last check. Links that changed after settled, or that an item
// holds, can wait; links without a file have nothing to check. Times after latest, written by a
// clock that was ahead, count as unset.
func DueForCheck(ctx context.Context, db *store.DB, latest, before, settled time.Time, limit int) ([]Link, error) {
	return store.All(ctx, db.Reader, scan, `SELECT `+columns+` FROM links WHERE id IN (
			SELECT id FROM links WHERE looked < $1 OR looked > $4 UNION SELECT id FROM links WHERE looked <= updated
			AND (updated <= $2 OR updated > $4))
		AND holder = '' AND document_uid IS NOT NULL AND file_id <> '' AND (updated <= $2 OR updated > $4)
		ORDER BY looked LIMIT $3`,
		store.Millis(before), store.Millis(settled), limit, store.Millis(latest))
}

// OfDocuments returns the links of documents, in no particular order. Documents without a link are
// left out.
func OfDocuments(ctx context.Context, db *store.DB, documents []string) ([]Link, error) {
	if len(documents) == 0 {
		return nil, nil
	}

	return store.All(ctx, db.Reader, scan, `SELECT `+columns+` FROM links
		WHERE document_uid IN (`+store.Marks(1, len(documents))+`)`, store.Anys(documents)...)
}

// FilesOf returns the files that are recorded for an asset below a folder.
func FilesOf(ctx context.Context, db *store.DB, folder, key string) ([]string, error) {
	return store.Strings(ctx, db.Reader, `SELECT f.file_id FROM links JOIN link_files f ON f.link_id = links.id
		WHERE folder_uid = $1 AND asset_key = $2 ORDER BY f.file_id`, folder, key)
}

// MarkChecked records, in the caller's transaction, that the documents of links were checked.
// Changes after latest count as made now.
func MarkChecked(ctx context.Context, tx *sql.Tx, now, latest time.Time, links []Link) error {
	if len(links) == 0 {
		return nil
	}

	args := []any{store.Millis(now), store.Millis(latest)}
	for _, l := range links {
		args = append(args, l.ID)
	}

	_, err := tx.ExecContext(ctx, `UPDATE links SET looked = $1, updated = CASE WHEN updated > $2 THEN $1
		ELSE updated END
		WHERE id IN (`+store.Marks(3, len(links))+`)`, args...)
	return err
}

// CheckAgain makes the document of a link due for a check, in the caller's transaction.
func CheckAgain(ctx context.Context, tx *sql.Tx, now time.Time, id string) error {
	_, err := tx.ExecContext(ctx, `UPDATE links SET updated = $1 WHERE id = $2`, store.Millis(now), id)
	return err
}
