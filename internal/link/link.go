// Package link keeps the lasting tie between one Nuxeo document and one
// Frame.io asset.
//
// It owns the tables links and link_files. Invariants: below one folder an
// asset has one link and a document at most one; of two items that want the
// same link one holds it and the other waits; when files are stacked their link
// follows the stack; a file that left a stack has no part in the stack's link.
// The database decides; the facet on the document is its shadow. It leaves
// documents and assets themselves to ingest.
package link

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Asset names an asset: its key is its stack's id if it is in one, else its
// file's; Files are files that belong to it now, and Whole says that they are all.
type Asset struct {
	Account, Key string
	Files        []string
	Whole        bool
	// From is the link that it takes over from an asset that is not there any more,
	// see Formers; empty: none.
	From string
}

// Link ties an asset to a document below a folder. DocumentUID is empty until
// the document exists. FileID, Size and Digest tell what content the document
// got from Frame.io last; Described is a hash of the metadata it got.
type Link struct {
	ID, FolderUID, AssetKey, Account string
	DocumentUID                      string
	FileID                           string
	Size                             int64
	Digest, Described                string
	Updated                          time.Time // when something of it changed
	// Modified is when Nuxeo said that the document was changed, after the last write of ours.
	Modified time.Time
}

const columns = `id, folder_uid, asset_key, account_id, COALESCE(document_uid, ''), links.file_id, size, digest, ` +
	`described, links.updated, links.modified`

func scan(row interface{ Scan(...any) error }) (Link, error) {
	var l Link
	var updated, modified int64
	err := row.Scan(&l.ID, &l.FolderUID, &l.AssetKey, &l.Account, &l.DocumentUID, &l.FileID, &l.Size, &l.Digest,
		&l.Described, &updated, &modified)
	l.Updated, l.Modified = store.Time(updated), store.Time(modified)
	return l, err
}

// retryHeld is how soon an item looks again for a link that another holds.
const retryHeld = 2 * time.Second

// Claim finds or makes the link of an asset below a folder and holds it for an
// item, in the caller's transaction. NotReady means that another item holds it.
func Claim(ctx context.Context, tx *sql.Tx, now time.Time, folder string, a Asset, item string) (Link, error) {
	l, err := find(ctx, tx, folder, a)
	if errors.Is(err, sql.ErrNoRows) {
		l, err = create(ctx, tx, now, folder, a)
	}

	if err != nil {
		return l, fmt.Errorf("the link of asset %s: %w", a.Key, err)
	}

	if err := hold(ctx, tx, l, item); err != nil {
		return l, err
	}

	return l, learn(ctx, tx, now, &l, a)
}

type asker interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// find looks by key, then for a file that was an asset by itself and is on this stack
// by now, then for the link that is taken over.
func find(ctx context.Context, tx asker, folder string, a Asset) (Link, error) {
	for _, key := range append([]string{a.Key}, a.Files...) {
		l, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE folder_uid = $1
			AND asset_key = $2`, folder, key))
		if !errors.Is(err, sql.ErrNoRows) {
			return l, err
		}
	}

	if a.From == "" {
		return Link{}, sql.ErrNoRows
	}

	for _, file := range a.Files { // unless another has taken it over by now
		l, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE folder_uid = $1 AND id = $2
			AND id IN (SELECT link_id FROM link_files WHERE file_id = $3)`, folder, a.From, file))
		if !errors.Is(err, sql.ErrNoRows) {
			return l, err
		}
	}

	return Link{}, sql.ErrNoRows
}

// Formers are the links below a folder of other assets that files of this one belonged
// to when they were last seen, unless it has one itself. Whether it left such an asset,
// or that is not there any more, only Frame.io knows.
func Formers(ctx context.Context, db *store.DB, folder string, a Asset) (all []Link, err error) {
	if _, err := find(ctx, db.Reader, folder, a); !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}

	for _, file := range a.Files {
		// The join is in this order for the planner: a file has few links, a folder many.
		l, err := scan(db.Reader.QueryRowContext(ctx, `SELECT `+columns+` FROM link_files f CROSS JOIN links
			WHERE f.file_id = $2 AND links.id = f.link_id AND folder_uid = $1 ORDER BY created LIMIT 1`, folder, file))
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}

		if err != nil {
			return nil, err
		}

		if !slices.ContainsFunc(all, func(o Link) bool { return o.ID == l.ID }) {
			all = append(all, l)
		}
	}

	return all, nil
}

func create(ctx context.Context, tx *sql.Tx, now time.Time, folder string, a Asset) (Link, error) {
	l := Link{ID: uuid.NewString(), FolderUID: folder, AssetKey: a.Key, Account: a.Account}
	_, err := tx.ExecContext(ctx, `INSERT INTO links (id, folder_uid, asset_key, account_id, created, updated)
		VALUES ($1, $2, $3, $4, $5, $5)`,
		l.ID, folder, a.Key, a.Account, store.Millis(now))
	return l, err
}

func hold(ctx context.Context, tx *sql.Tx, l Link, item string) error {
	res, err := tx.ExecContext(ctx, `UPDATE links SET holder = $1 WHERE id = $2 AND holder IN ('', $1)`, item, l.ID)
	return onlyOne(res, err)
}

// onlyOne is NotReady when a link was not there to be held.
func onlyOne(res sql.Result, err error) error {
	if err != nil {
		return err
	}

	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}

	f := fault.New(fault.NotReady, "Another transfer of the same asset is under way.")
	f.RetryAfter = retryHeld
	return f
}

// learn records the files of the asset, which are no other asset's then, and its newest key.
func learn(ctx context.Context, tx *sql.Tx, now time.Time, l *Link, a Asset) error {
	if a.Whole && len(a.Files) > 0 {
		args := []any{l.ID}
		for _, file := range a.Files {
			args = append(args, file)
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM link_files
			WHERE link_id = $1 AND file_id NOT IN (`+store.Marks(2, len(a.Files))+`)`, args...); err != nil {
			return err
		}
	}

	for _, file := range a.Files {
		if _, err := tx.ExecContext(ctx, `DELETE FROM link_files WHERE file_id = $1 AND link_id IN (
			SELECT f.link_id FROM link_files f CROSS JOIN links WHERE f.file_id = $1 AND links.id = f.link_id
			AND folder_uid = $2 AND links.id <> $3)`,
			file, l.FolderUID, l.ID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO link_files (link_id, file_id) VALUES ($1, $2)
			ON CONFLICT DO NOTHING`, l.ID, file); err != nil {
			return err
		}
	}

	if l.AssetKey == a.Key {
		return nil
	}

	l.AssetKey = a.Key
	_, err := tx.ExecContext(ctx, `UPDATE links SET asset_key = $1, updated = $2
		WHERE id = $3`, a.Key, store.Millis(now), l.ID)
	return err
}

// Release lets go of whatever links an item holds.
func Release(ctx context.Context, tx *sql.Tx, item string) error {
	_, err := tx.ExecContext(ctx, `UPDATE links SET holder = '' WHERE holder = $1`, item)
	return err
}

// ReleaseLost lets go of links whose item is no longer under way: it ended
// without doing so, or was forgotten. It says how many.
func ReleaseLost(ctx context.Context, db *store.DB) (n int64, err error) {
	err = db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE links SET holder = '' WHERE holder <> ''
			AND NOT EXISTS (SELECT 1 FROM items WHERE items.id = links.holder AND state IN ('waiting', 'running'))`)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})
	return n, err
}

// SetDocument records the link's document; empty when it is gone.
func SetDocument(ctx context.Context, tx *sql.Tx, now time.Time, l *Link, document string) error {
	l.DocumentUID = document
	if document == "" {
		l.FileID, l.Size, l.Digest, l.Described = "", 0, "", ""
	}

	var uid any
	if document != "" {
		uid = document
	}

	_, err := tx.ExecContext(ctx, `UPDATE links SET document_uid = $1, file_id = $2, size = $3, digest = $4,
		described = $5, updated = $6 WHERE id = $7`,
		uid, l.FileID, l.Size, l.Digest, l.Described, store.Millis(now), l.ID)
	if store.Duplicate(err) {
		return fault.New(fault.Conflict, "The document belongs to another asset already.").Because(err)
	}

	return err
}

// SetContent records what content the document has got.
func SetContent(ctx context.Context, tx *sql.Tx, now time.Time, l *Link, file string, size int64, digest string) error {
	l.FileID, l.Size, l.Digest = file, size, digest
	_, err := tx.ExecContext(ctx, `UPDATE links SET file_id = $1, size = $2, digest = $3, updated = $4 WHERE id = $5`,
		file, size, digest, store.Millis(now), l.ID)
	return err
}

// SetLock records which lock an item took on the link's document, or is about to take:
// whose, and when it was made, empty while that is not known. No owner: there is none.
func SetLock(ctx context.Context, tx *sql.Tx, id, owner, created string) error {
	_, err := tx.ExecContext(ctx, `UPDATE links SET lock_owner = $1, lock_created = $2
		WHERE id = $3`, owner, created, id)
	return err
}

// LockOf is what SetLock recorded last; no owner: there is none.
func LockOf(ctx context.Context, db *store.DB, id string) (owner, created string, err error) {
	err = db.Reader.QueryRowContext(ctx, `SELECT lock_owner, lock_created FROM links
		WHERE id = $1`, id).Scan(&owner, &created)
	return owner, created, err
}

// HoldLocked holds a link for whoever gives the lock of its document back, so that no item
// comes in between. It fails with NotReady when another holds it, or there is another lock
// by now.
func HoldLocked(ctx context.Context, tx *sql.Tx, id, owner, created, holder string) error {
	res, err := tx.ExecContext(ctx, `UPDATE links SET holder = $1 WHERE id = $2 AND holder = '' AND lock_owner = $3
		AND lock_created = $4`,
		holder, id, owner, created)
	return onlyOne(res, err)
}

// SetModified records when Nuxeo says that the document was changed, read after a write of
// ours: another time is another's write.
func SetModified(ctx context.Context, tx *sql.Tx, id string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE links SET modified = $1 WHERE id = $2`, store.Millis(at), id)
	return err
}

// SetDescribed records the hash of the metadata that the document has got.
func SetDescribed(ctx context.Context, tx *sql.Tx, now time.Time, l *Link, hash string) error {
	l.Described = hash
	_, err := tx.ExecContext(ctx, `UPDATE links SET described = $1, updated = $2
		WHERE id = $3`, hash, store.Millis(now), l.ID)
	return err
}

// OfFiles is the link that an asset has below a folder, by its key or by its files;
// ok is false when there is none.
func OfFiles(ctx context.Context, db *store.DB, folder, key string, files []string) (l Link, ok bool, err error) {
	l, err = find(ctx, db.Reader, folder, Asset{Key: key, Files: files})
	if errors.Is(err, sql.ErrNoRows) {
		return l, false, nil
	}
	return l, err == nil, err
}

// Lay records the document of a link, what it tells, and the file that it tells of,
// in one go.
func Lay(ctx context.Context, tx *sql.Tx, now time.Time, l Link, document, described string) error {
	_, err := tx.ExecContext(ctx, `UPDATE links SET document_uid = $1, file_id = $2, described = $3, updated = $4
		WHERE id = $5`,
		document, l.FileID, described, store.Millis(now), l.ID)
	if store.Duplicate(err) {
		return fault.New(fault.Conflict, "The document belongs to another asset already.").Because(err)
	}
	return err
}

// Restore makes the link that a document's facet tells of, unless the document
// or the asset has one already. taken is the document that has the asset's link,
// when it is another.
func Restore(ctx context.Context, tx *sql.Tx, now time.Time, l Link) (made bool, taken string, err error) {
	var id string
	err = tx.QueryRowContext(ctx, `SELECT id FROM links WHERE document_uid = $1`, l.DocumentUID).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return false, "", err
	}

	known, err := find(ctx, tx, l.FolderUID, Asset{Key: l.AssetKey, Files: []string{l.FileID}})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		known, err = create(ctx, tx, now, l.FolderUID, Asset{Account: l.Account, Key: l.AssetKey})
	case err == nil && known.DocumentUID != "":
		return false, known.DocumentUID, nil
	}

	if err != nil {
		return false, "", err
	}

	if err := learn(ctx, tx, now, &known, Asset{Key: known.AssetKey, Files: []string{l.FileID}}); err != nil {
		return false, "", err
	}

	known.FileID, known.Size, known.Digest = l.FileID, l.Size, l.Digest
	return true, "", SetDocument(ctx, tx, now, &known, l.DocumentUID)
}

// Get reads a link by id.
func Get(ctx context.Context, db *store.DB, id string) (Link, error) {
	return scan(db.Reader.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE id = $1`, id))
}

// Owner is the id of the link that has the document; empty when none has.
func Owner(ctx context.Context, db *store.DB, document string) (string, error) {
	var id string
	err := db.Reader.QueryRowContext(ctx, `SELECT id FROM links WHERE document_uid = $1`, document).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// OfDocument is the link that has a document; sql.ErrNoRows when none has.
func OfDocument(ctx context.Context, db *store.DB, document string) (Link, error) {
	return scan(db.Reader.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE document_uid = $1`, document))
}

// Has reports whether a file belongs to the link's asset.
func (l Link) Has(ctx context.Context, db *store.DB, file string) (bool, error) {
	var n int
	err := db.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM link_files
		WHERE link_id = $1 AND file_id = $2`, l.ID, file).Scan(&n)
	return n > 0, err
}

// HoldDocument holds the link of a document for an item, in the caller's
// transaction; ok is false when it has none. NotReady means that another item
// holds it.
func HoldDocument(ctx context.Context, tx *sql.Tx, document, item string) (l Link, ok bool, err error) {
	l, err = scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE document_uid = $1`, document))
	if errors.Is(err, sql.ErrNoRows) {
		return l, false, nil
	}
	if err != nil {
		return l, false, err
	}
	return l, true, hold(ctx, tx, l, item)
}

// Sent is what a document was sent to Frame.io as.
type Sent struct {
	Folder, Document string
	Asset            Asset
	File             string // the newest of the asset's
	Size             int64
	Digest           string
}

// Tie makes the link of a document that of the asset it was sent as. A document
// that had another asset lets go of it. Conflict means that the asset belongs to
// another document.
func Tie(ctx context.Context, tx *sql.Tx, now time.Time, s Sent) (Link, error) {
	l, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE document_uid = $1`, s.Document))
	if errors.Is(err, sql.ErrNoRows) {
		if l, err = find(ctx, tx, s.Folder, s.Asset); errors.Is(err, sql.ErrNoRows) {
			l, err = create(ctx, tx, now, s.Folder, s.Asset)
		}
	}

	switch {
	case err != nil:
		return l, err
	case l.DocumentUID != "" && l.DocumentUID != s.Document:
		return l, fault.New(fault.Conflict, "The asset belongs to another document already.")
	}

	if err := learn(ctx, tx, now, &l, s.Asset); err != nil {
		return l, err
	}

	l.FileID, l.Size, l.Digest, l.Described = s.File, s.Size, s.Digest, ""
	return l, SetDocument(ctx, tx, now, &l, s.Document)
}
