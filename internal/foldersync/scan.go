package foldersync

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

const kindFolder = string(frameio.KindFolder)

// A rowSeq yields rows as Frame.io lists them, page by page.
type rowSeq = iter.Seq2[seenRow, error]

// A seenRow is a row of a listing.
type seenRow struct {
	Key, Kind, Parent, Name string
	Depth                   int
	Size                    int64
	fingerprint             string
	changedAt               int64  // when it changed, in milliseconds
	metadata                string // what a document without content shows of it
	notReady                string // why it cannot be imported; empty if it can
	head                    string // id of the newest file
}

// Why an asset cannot be imported: for now, or because the filter leaves it out.
const (
	uploading  = "uploading"
	isEmpty    = "empty"
	filtered   = "filtered"
	unreadable = "unreadable" // Frame.io's response is malformed
)

// notReadyReason returns why a file cannot be imported yet, or the empty string. Such a file still
// exists, and its document is not gone.
func notReadyReason(f frameio.File) string {
	switch {
	case f.Unreadable:
		return unreadable
	case !f.Uploaded():
		return uploading
	case f.Size <= 0:
		return isEmpty
	}
	return ""
}

// listConcurrency is how many folders are listed at once: enough to use what Frame.io allows, few
// enough that none waits long.
const listConcurrency = 12

// listTree lists the folders that have not been listed, until the slice is over. Listing one adds
// its subfolders to those that wait.
func (r *run) listTree(ctx context.Context) (work.Next, error) {
	for !r.t.SliceOver() {
		some, err := r.unlistedFolders(ctx)
		if err != nil || len(some) == 0 {
			return work.Next{Step: stepCompare}, err
		}

		g, in := errgroup.WithContext(ctx)
		for _, f := range some {
			g.Go(func() error { return r.listFolder(in, f) })
		}

		if err := g.Wait(); err != nil {
			return work.Next{}, err
		}
	}
	return work.Next{Step: stepList, After: time.Millisecond}, nil
}

func (r *run) unlistedFolders(ctx context.Context) (all []seenRow, err error) {
	return store.All(ctx, r.DB.Reader, func(row store.Row) (f seenRow, err error) {
		err = row.Scan(&f.Key, &f.Depth, &f.Parent)
		return f, err
	}, `SELECT key, depth, parent FROM sync_seen
		WHERE run_id = $1 AND kind = 'folder' AND NOT listed AND NOT skip ORDER BY depth, key LIMIT $2`,
		r.st.Run, listConcurrency)
}

// listFolder records the content of a folder. A folder that has disappeared since its parent was
// listed was being moved or deleted: the next run finds out.
func (r *run) listFolder(ctx context.Context, f seenRow) error {
	// List subfolders, files and stacks at once.
	p := &seenWriter{run: r}
	g, in := errgroup.WithContext(ctx)
	for _, part := range []rowSeq{r.subfolders(in, f), r.files(in, f), r.stacks(in, f)} {
		g.Go(func() error { return p.writeAll(in, part) })
	}

	// Wait for all of them.
	if err := g.Wait(); v4.NotFound(err) {
		return r.noteVanished(ctx, f)
	} else if err != nil {
		return err
	}

	// Record the last rows, and that the folder is listed.
	return r.commit(ctx, func(tx *sql.Tx) error {
		if err := r.recordSeen(ctx, tx, p.rows); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE sync_seen SET listed = TRUE
			WHERE run_id = $1 AND key = $2`, r.st.Run, f.Key)
		return err
	})
}

// noteVanished records that a folder has disappeared. If the listing began with it, the next run
// has to look at its parent to find it gone.
func (r *run) noteVanished(ctx context.Context, f seenRow) error {
	return r.commit(ctx, func(tx *sql.Tx) error {
		if !r.partial || f.Depth > 0 {
			_, err := tx.ExecContext(ctx, `UPDATE sync_seen SET listed = TRUE
				WHERE run_id = $1 AND key = $2`, r.st.Run, f.Key)
			return err
		}
		if err := recordChange(ctx, tx, r.sync.ID, f.Parent, r.Now()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM sync_seen WHERE run_id = $1 AND key = $2`, r.st.Run, f.Key)
		return err
	})
}

// A seenWriter collects rows and writes them in batches.
type seenWriter struct {
	*run
	mu   sync.Mutex
	rows []seenRow
}

// insertBatch is how many rows one transaction writes.
const insertBatch = 500

func (p *seenWriter) writeAll(ctx context.Context, all rowSeq) error {
	for s, err := range all {
		if err != nil {
			return err
		}
		if err := p.write(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *seenWriter) write(ctx context.Context, s seenRow) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows = append(p.rows, s)
	if len(p.rows) < insertBatch {
		return nil
	}

	err := p.commit(ctx, func(tx *sql.Tx) error { return p.recordSeen(ctx, tx, p.rows) })
	p.rows = p.rows[:0]
	return err
}

// recordSeen records rows of the listing. Metadata is kept only for assets whose fingerprint has
// changed, and a partial run does not list folders that the sync has.
func (r *run) recordSeen(ctx context.Context, tx *sql.Tx, rows []seenRow) error {
	add, err := tx.PrepareContext(ctx, `INSERT INTO sync_seen (run_id, key, kind, parent, depth, name, size, print,
		stamp, skip, facts, not_ready, head)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9,
			$10 AND EXISTS (SELECT 1 FROM sync_entries e WHERE e.sync_id = $11 AND e.key = $2 AND e.document_uid <> ''
			AND NOT e.gone),
			CASE WHEN EXISTS (SELECT 1 FROM sync_entries e WHERE e.sync_id = $11 AND e.key = $2 AND e.document_uid <> ''
			AND e.print = $8 AND e.problem = '') THEN '' ELSE $12 END, $13, $14)
		ON CONFLICT (run_id, key) DO UPDATE SET parent = excluded.parent, depth = excluded.depth, name = excluded.name,
		size = excluded.size, print = excluded.print,
			stamp = excluded.stamp, facts = excluded.facts, not_ready = excluded.not_ready, head = excluded.head`)
	if err != nil {
		return err
	}
	defer add.Close()
	for _, s := range rows {
		_, err := add.ExecContext(ctx, r.st.Run, s.Key, s.Kind, s.Parent, s.Depth, s.Name, s.Size, s.fingerprint,
			s.changedAt, r.partial && s.Kind == kindFolder, r.sync.ID, s.metadata, s.notReady, s.head)
		if err != nil {
			return err
		}
	}

	return nil
}

func (r *run) subfolders(ctx context.Context, f seenRow) rowSeq {
	return func(yield func(seenRow, error) bool) {
		for sub, err := range r.fio.Folders(ctx, r.sync.Account, f.Key) {
			s := seenRow{Key: sub.ID, Kind: kindFolder, Parent: f.Key, Depth: f.Depth + 1, Name: sub.Name}
			if err == nil && sub.Unreadable {
				s = s.asUnreadable()
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

func (r *run) files(ctx context.Context, f seenRow) rowSeq {
	return func(yield func(seenRow, error) bool) {
		for file, err := range r.fio.FolderFiles(ctx, r.sync.Account, f.Key, false) {
			if !r.yieldAsset(ctx, f, file.ID, frameio.KindFile, file, err, yield) {
				return
			}
		}
	}
}

func (r *run) stacks(ctx context.Context, f seenRow) rowSeq {
	return func(yield func(seenRow, error) bool) {
		for stack, err := range r.fio.FolderStacks(ctx, r.sync.Account, f.Key, false) {
			if !r.yieldAsset(ctx, f, stack.ID, frameio.KindStack, headOf(stack), err, yield) {
				return
			}
		}
	}
}

// yieldAsset yields the rows of an asset, or the error; more reports whether to go on.
func (r *run) yieldAsset(
	ctx context.Context, folder seenRow, key string, kind frameio.Kind, head frameio.File, err error,
	yield func(seenRow, error) bool,
) (more bool) {
	var rows []seenRow
	if err == nil {
		rows, err = r.rowsFor(ctx, folder, key, kind, head)
	}

	for _, s := range rows {
		if !yield(s, nil) {
			return false
		}
	}

	if err != nil {
		yield(seenRow{}, err)
	}

	return err == nil
}

// rowsFor returns the rows of an asset. An asset that the filter leaves out has a row only if the
// sync has it, to say why it goes. A stack whose newest file cannot be imported yet also has a row
// for each of its files that the sync has imported separately, since those are not gone.
func (r *run) rowsFor(
	ctx context.Context, folder seenRow, key string, kind frameio.Kind, head frameio.File,
) ([]seenRow, error) {
	// An unreadable asset always counts, so that it is reported.
	wanted := r.sync.Filter.matches(head, r.approvalStatus(head))
	s := r.newRow(folder, key, kind, head)
	if head.Unreadable {
		s, wanted = s.asUnreadable(), true
	}

	// An asset that is ready has one row.
	if s.notReady = notReadyReason(head); s.notReady == "" {
		if wanted {
			return []seenRow{s}, nil
		}
		s.notReady, s.metadata = filtered, ""
		if has, err := r.hasEntry(ctx, key); !has || err != nil {
			return nil, err
		}
		return []seenRow{s}, nil
	}

	// One that is not ready has a row that says so.
	s.metadata = ""
	var rows []seenRow
	has, err := r.hasEntry(ctx, key)
	if err != nil {
		return nil, err
	}

	if has || wanted {
		rows = append(rows, s)
	}

	// The files of such a stack are not gone.
	if kind != frameio.KindStack || key == "" {
		return rows, nil
	}

	for member, err := range r.fio.StackFiles(ctx, r.sync.Account, key) {
		if err != nil {
			return rows, err
		}

		has, err := r.hasEntry(ctx, member.ID)
		if err != nil {
			return rows, err
		}

		if has {
			m := r.newRow(folder, member.ID, frameio.KindFile, member)
			m.notReady, m.metadata = s.notReady, ""
			rows = append(rows, m)
		}
	}

	return rows, nil
}

// hasEntry reports whether the sync has an entry with a key.
func (r *run) hasEntry(ctx context.Context, key string) (bool, error) {
	if r.DB == nil || r.sync.ID == "" { // a preview
		return false, nil
	}
	var n int
	err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sync_entries
		WHERE sync_id = $1 AND key = $2`, r.sync.ID, key).Scan(&n)
	return n > 0, err
}

// isSelected reports whether an asset is mirrored: the filter matches it, and its original is
// ready.
func (r *run) isSelected(f frameio.File) bool {
	return notReadyReason(f) == "" && r.sync.Filter.matches(f, r.approvalStatus(f))
}

func (r *run) approvalStatus(f frameio.File) string {
	return r.Ingest.Set.StatusField.In(f.Metadata).Value
}

func (r *run) newRow(folder seenRow, key string, kind frameio.Kind, f frameio.File) seenRow {
	s := seenRow{
		Key:         key,
		Kind:        string(kind),
		Parent:      folder.Key,
		Depth:       folder.Depth + 1,
		Name:        f.Name,
		Size:        f.Size,
		fingerprint: fingerprintOf(f, r.rows),
		changedAt:   store.Millis(f.Updated),
		head:        f.ID,
	}
	if r.sync.Fetch == Metadata {
		s.metadata = metadataOf(s, f)
	}

	return s
}

// fingerprintOf returns a digest of what a document shows of a file, except for name and folder,
// which are compared on their own. rows is the fingerprint of the metadata map: when that changes, so does what
// documents show.
func fingerprintOf(f frameio.File, rows string) string {
	shown := []any{f.ID, f.Size, f.MediaType, f.Metadata}
	if rows != "" {
		shown = append(shown, rows)
	}

	b, err := json.Marshal(shown)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}

// A malformed entry of a listing is a state of its own, neither gone nor changed. Its document
// stays as it is, the content of a folder is still listed, and a new asset waits until it can be
// read. Without an id it could be any asset, so that the run takes nothing for gone.

// unknownKeyPrefix begins the key of a row without an id.
const unknownKeyPrefix = "?"

// asUnreadable returns the row of something that cannot be read. Without an id it counts as a file,
// since it cannot be listed.
func (s seenRow) asUnreadable() seenRow {
	s.notReady, s.metadata, s.fingerprint = unreadable, "", ""
	if s.Key == "" {
		s.Key, s.Kind = unknownKeyPrefix+s.Parent+" "+s.Kind, string(frameio.KindFile)
		s.Name = cmp.Or(s.Name, "(unknown)")
	}
	s.Name = cmp.Or(s.Name, s.Key)
	return s
}

// headOf returns the newest file of a stack. That of an unreadable stack is unreadable as well.
func headOf(s frameio.Stack) frameio.File {
	if s.Unreadable {
		return frameio.File{Name: s.Name, Unreadable: true}
	}
	return s.Head
}

// countUnreadable returns how many rows could not be read, and how many of these have no id.
func (r *run) countUnreadable(ctx context.Context) (unread, nameless int, err error) {
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN key LIKE '?%' THEN 1 END) FROM sync_seen
		WHERE run_id = $1 AND not_ready = $2`,
		r.st.Run, unreadable).Scan(&unread, &nameless)
	return unread, nameless, err
}

// reportUnreadable makes the run's message say how much could not be read.
func (r *run) reportUnreadable(ctx context.Context) error {
	unread, nameless, err := r.countUnreadable(ctx)
	if err != nil || unread == 0 {
		return err
	}

	message := fmt.Sprintf("What Frame.io tells of %s cannot be read. What Nuxeo has of it stays as it is.",
		plain.Count(unread, "asset or folder"))
	if unread > 1 {
		message = fmt.Sprintf("What Frame.io tells of %d assets or folders cannot be read. What Nuxeo has of them "+
			"stays as it is.", unread)
	}

	if nameless > 0 {
		message += " Nothing is taken for gone."
	}

	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sync_runs SET message = $1 WHERE id = $2`, message, r.st.Run)
		return err
	})
}
