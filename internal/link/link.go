// Package link keeps the lasting link between one Nuxeo document and one Frame.io asset.
//
// It owns the tables links and link_files. Invariants: below one folder an asset has one link, and a
// document has at most one; an item acquires a link before it works on the document, and another item
// waits; when files are stacked, their link follows the stack; a file taken off a stack has no part in
// the stack's link. The database is authoritative; the facet on the document is a copy. Ingest deals
// with the documents and assets themselves.
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

// An Asset names an asset. Key is the id of its stack if it is on one, else of its file. Files are
// files that belong to it now, and Complete says that these are all.
type Asset struct {
	Account, Key string
	Files        []string
	Complete     bool
	// From is the id of the link that it takes over from an asset that does not exist any
	// more, if any; see FormerLinks.
	From string
}

// A Link links an asset to a document below a folder. DocumentUID is empty until the document
// exists. FileID, Size and Digest describe the content that the document last got from Frame.io;
// Described is a hash of its metadata.
type Link struct {
	ID, FolderUID, AssetKey, Account string
	DocumentUID                      string
	FileID                           string
	Size                             int64
	Digest, Described                string
	Updated                          time.Time // when any of it changed
	// Modified is Nuxeo's modification time of the document after our last write.
	Modified time.Time
}

const columns = `id, folder_uid, asset_key, account_id, COALESCE(document_uid, ''), links.file_id, size, digest, ` +
	`described, links.updated, links.modified`

func scan(row store.Row) (Link, error) {
	var l Link
	var updated, modified int64
	err := row.Scan(&l.ID, &l.FolderUID, &l.AssetKey, &l.Account, &l.DocumentUID, &l.FileID, &l.Size, &l.Digest,
		&l.Described, &updated, &modified)
	l.Updated, l.Modified = store.Time(updated), store.Time(modified)
	return l, err
}

// heldRetry is how soon an item tries again to acquire a link that another holds.
const heldRetry = 2 * time.Second

// Acquire finds or creates the link of an asset below a folder and acquires it for an item, in the
// caller's transaction. It returns a NotReady error if another item holds it.
func Acquire(ctx context.Context, tx *sql.Tx, now time.Time, folder string, a Asset, item string) (Link, error) {
	l, err := find(ctx, tx, folder, a)
	if errors.Is(err, sql.ErrNoRows) {
		l, err = create(ctx, tx, now, folder, a)
	}

	if err != nil {
		return l, fmt.Errorf("the link of asset %s: %w", a.Key, err)
	}

	if err := Hold(ctx, tx, l.ID, item); err != nil {
		return l, err
	}

	err = recordFiles(ctx, tx, now, &l, a)
	return l, err
}

// find looks for a link by key, then by a file that was an asset on its own and is on this stack by
// now, then for the link that is taken over.
func find(ctx context.Context, tx store.Queryer, folder string, a Asset) (Link, error) {
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

	// Another asset may have taken that one over by now.
	for _, file := range a.Files {
		l, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE folder_uid = $1 AND id = $2
			AND id IN (SELECT link_id FROM link_files WHERE file_id = $3)`, folder, a.From, file))
		if !errors.Is(err, sql.ErrNoRows) {
			return l, err
		}
	}

	return Link{}, sql.ErrNoRows
}

// FormerLinks returns the links below a folder of other assets that files of this one last belonged
// to, unless the asset has a link itself. Only Frame.io knows whether the files left such an asset,
// or the asset does not exist any more.
func FormerLinks(ctx context.Context, db *store.DB, folder string, a Asset) (all []Link, err error) {
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

// Hold lets an item hold a link. It returns a NotReady error if another item does.
func Hold(ctx context.Context, tx *sql.Tx, id, item string) error {
	res, err := tx.ExecContext(ctx, `UPDATE links SET holder = $1 WHERE id = $2 AND holder IN ('', $1)`, item, id)
	return requireOne(res, err)
}

// requireOne returns a NotReady error if an update did not change a row.
func requireOne(res sql.Result, err error) error {
	if err != nil {
		return err
	}

	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}

	f := fault.New(fault.NotReady, "Another transfer of the same asset is under way.")
	f.RetryAfter = heldRetry
	return f
}

// recordFiles records the files of the asset, which then belong to no other asset, and its current
// key.
func recordFiles(ctx context.Context, tx *sql.Tx, now time.Time, l *Link, a Asset) error {
	// Files that left the asset have no part in the link any more.
	if a.Complete && len(a.Files) > 0 {
		args := []any{l.ID}
		// Take the others from the assets that they were part of.
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

	// The key changes when a file is put on a stack.
	if l.AssetKey == a.Key {
		return nil
	}

	l.AssetKey = a.Key
	_, err := tx.ExecContext(ctx, `UPDATE links SET asset_key = $1, updated = $2
		WHERE id = $3`, a.Key, store.Millis(now), l.ID)
	return err
}

// Release releases all links that an item holds.
func Release(ctx context.Context, tx *sql.Tx, item string) error {
	_, err := tx.ExecContext(ctx, `UPDATE links SET holder = '' WHERE holder = $1`, item)
	return err
}

// ReleaseStale releases links held by items that are no longer under way: they ended without
// releasing them, or were deleted. It returns how many.
func ReleaseStale(ctx context.Context, db *store.DB) (n int64, err error) {
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

// SetDocument records the document of a link, which is empty if the document is gone.
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

// SetContent records which content the document has got.
func SetContent(ctx context.Context, tx *sql.Tx, now time.Time, l *Link, file string, size int64, digest string) error {
	l.FileID, l.Size, l.Digest = file, size, digest
	_, err := tx.ExecContext(ctx, `UPDATE links SET file_id = $1, size = $2, digest = $3, updated = $4 WHERE id = $5`,
		file, size, digest, store.Millis(now), l.ID)
	return err
}

// SetLock records the lock that an item has taken on the document, or is about to take: its owner
// and its creation time, which is empty while unknown. An empty owner means no lock.
func SetLock(ctx context.Context, tx *sql.Tx, id, owner, created string) error {
	_, err := tx.ExecContext(ctx, `UPDATE links SET lock_owner = $1, lock_created = $2
		WHERE id = $3`, owner, created, id)
	return err
}

// RecordedLock returns what SetLock recorded last.
func RecordedLock(ctx context.Context, db *store.DB, id string) (owner, created string, err error) {
	err = db.Reader.QueryRowContext(ctx, `SELECT lock_owner, lock_created FROM links
		WHERE id = $1`, id).Scan(&owner, &created)
	return owner, created, err
}

// AcquireLocked acquires a link in order to remove the lock of its document, so that no item
// interferes. It returns a NotReady error if another holds the link or the lock is not the recorded
// one any more.
func AcquireLocked(ctx context.Context, tx *sql.Tx, id, owner, created, holder string) error {
	res, err := tx.ExecContext(ctx, `UPDATE links SET holder = $1 WHERE id = $2 AND holder = '' AND lock_owner = $3
		AND lock_created = $4`,
		holder, id, owner, created)
	return requireOne(res, err)
}

// SetModified records Nuxeo's modification time of the document, read after a write of ours. A
// later time means that another wrote.
func SetModified(ctx context.Context, tx *sql.Tx, id string, at time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE links SET modified = $1 WHERE id = $2`, store.Millis(at), id)
	return err
}

// SetDescribed records the hash of the document's metadata.
func SetDescribed(ctx context.Context, tx *sql.Tx, now time.Time, l *Link, hash string) error {
	l.Described = hash
	_, err := tx.ExecContext(ctx, `UPDATE links SET described = $1, updated = $2
		WHERE id = $3`, hash, store.Millis(now), l.ID)
	return err
}

// OfAsset returns the link of an asset below a folder, found by its key or its files; ok is false
// if there is none.
func OfAsset(ctx context.Context, db *store.DB, folder, key string, files []string) (l Link, ok bool, err error) {
	l, err = find(ctx, db.Reader, folder, Asset{Key: key, Files: files})
	if errors.Is(err, sql.ErrNoRows) {
		return l, false, nil
	}
	return l, err == nil, err
}

// RecordDocument records the document of a link together with its metadata hash and the file they
// are of.
func RecordDocument(ctx context.Context, tx *sql.Tx, now time.Time, l Link, document, described string) error {
	_, err := tx.ExecContext(ctx, `UPDATE links SET document_uid = $1, file_id = $2, described = $3, updated = $4
		WHERE id = $5`,
		document, l.FileID, described, store.Millis(now), l.ID)
	if store.Duplicate(err) {
		return fault.New(fault.Conflict, "The document belongs to another asset already.").Because(err)
	}
	return err
}

// Restore creates the link that a document's facet describes, unless the document or the asset has
// one already. If another document has the asset's link, taken is its uid.
func Restore(ctx context.Context, tx *sql.Tx, now time.Time, l Link) (made bool, taken string, err error) {
	// Has the document a link?
	var id string
	err = tx.QueryRowContext(ctx, `SELECT id FROM links WHERE document_uid = $1`, l.DocumentUID).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return false, "", err
	}

	// Has the asset one with another document?
	existing, err := find(ctx, tx, l.FolderUID, Asset{Key: l.AssetKey, Files: []string{l.FileID}})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		existing, err = create(ctx, tx, now, l.FolderUID, Asset{Account: l.Account, Key: l.AssetKey})
	case err == nil && existing.DocumentUID != "":
		return false, existing.DocumentUID, nil
	}

	if err != nil {
		return false, "", err
	}

	// Record it.
	a := Asset{Key: existing.AssetKey, Files: []string{l.FileID}}
	if err := recordFiles(ctx, tx, now, &existing, a); err != nil {
		return false, "", err
	}

	existing.FileID, existing.Size, existing.Digest = l.FileID, l.Size, l.Digest
	return true, "", SetDocument(ctx, tx, now, &existing, l.DocumentUID)
}

// Get reads a link by id.
func Get(ctx context.Context, db *store.DB, id string) (Link, error) {
	return scan(db.Reader.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE id = $1`, id))
}

// OtherDocument returns a document besides one that a file belongs to as well, or the empty string.
func OtherDocument(ctx context.Context, db *store.DB, file, document string) (other string, err error) {
	err = db.Reader.QueryRowContext(ctx, `SELECT COALESCE(MAX(document_uid), '') FROM links
		JOIN link_files ON link_files.link_id = links.id
		WHERE link_files.file_id = $1 AND document_uid <> $2`, file, document).Scan(&other)
	return other, err
}

// IDOfDocument returns the id of the link of a document, or the empty string.
func IDOfDocument(ctx context.Context, db *store.DB, document string) (string, error) {
	var id string
	err := db.Reader.QueryRowContext(ctx, `SELECT id FROM links WHERE document_uid = $1`, document).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// OfDocument returns the link of a document, or sql.ErrNoRows.
func OfDocument(ctx context.Context, db *store.DB, document string) (Link, error) {
	return scan(db.Reader.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE document_uid = $1`, document))
}

// HasFile reports whether a file belongs to the link's asset.
func (l Link) HasFile(ctx context.Context, db *store.DB, file string) (bool, error) {
	var n int
	err := db.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM link_files
		WHERE link_id = $1 AND file_id = $2`, l.ID, file).Scan(&n)
	return n > 0, err
}

// AcquireByDocument acquires the link of a document for an item, in the caller's transaction; ok is
// false if the document has none. It returns a NotReady error if another item holds the link.
func AcquireByDocument(ctx context.Context, tx *sql.Tx, document, item string) (l Link, ok bool, err error) {
	l, err = scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE document_uid = $1`, document))
	if errors.Is(err, sql.ErrNoRows) {
		return l, false, nil
	}
	if err != nil {
		return l, false, err
	}
	return l, true, Hold(ctx, tx, l.ID, item)
}

// An Attachment is what a document was sent to Frame.io as.
type Attachment struct {
	Folder, Document string
	Asset            Asset
	File             string // the newest file of the asset
	Size             int64
	Digest           string
}

// Attach links a document to the asset that it was sent as, in place of the asset it was linked to
// before. It returns a Conflict error if the asset belongs to another document.
func Attach(ctx context.Context, tx *sql.Tx, now time.Time, s Attachment) (Link, error) {
	// Find the link of the document, or of the asset, or create one.
	l, err := scan(tx.QueryRowContext(ctx, `SELECT `+columns+` FROM links WHERE document_uid = $1`, s.Document))
	if errors.Is(err, sql.ErrNoRows) {
		if l, err = find(ctx, tx, s.Folder, s.Asset); errors.Is(err, sql.ErrNoRows) {
			l, err = create(ctx, tx, now, s.Folder, s.Asset)
		}
	}

	// An asset has one document.
	switch {
	case err != nil:
		return l, err
	case l.DocumentUID != "" && l.DocumentUID != s.Document:
		return l, fault.New(fault.Conflict, "The asset belongs to another document already.")
	}

	// Record it.
	if err := recordFiles(ctx, tx, now, &l, s.Asset); err != nil {
		return l, err
	}

	l.FileID, l.Size, l.Digest, l.Described = s.File, s.Size, s.Digest, ""
	err = SetDocument(ctx, tx, now, &l, s.Document)
	return l, err
}
