package foldersync

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"iter"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

const kindFolder = string(frameio.KindFolder)

// assetsOf are rows as Frame.io gives them, page by page.
type assetsOf = iter.Seq2[seen, error]

// seen is a row of what a run lists.
type seen struct {
	Key, Kind, Parent, Name string
	Depth                   int
	Size                    int64
	print                   string
	stamp                   int64  // when it changed, as the database has it
	facts                   string // what a document shows of it
	notReady                string // why it cannot be brought; empty: it can
	head                    string // the newest file
}

// Why an asset that is on Frame.io cannot be brought, for now or since it is not chosen.
const (
	uploading  = "uploading"
	isEmpty    = "empty"
	filtered   = "filtered"
	unreadable = "unreadable" // what Frame.io tells of it is not what it should tell
)

// notReady tells why a file cannot be brought yet; empty when it can. It is there all
// the same: nothing is to be taken for gone because of it.
func notReady(f frameio.File) string {
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

// listedAtOnce is how many folders are listed at the same time: enough to use what
// Frame.io allows, few enough that none waits long for its turn.
const listedAtOnce = 12

// list lists the folders that are not listed yet, until the slice is over. They
// are taken from the database, where listing one adds those in it.
func (r *run) list(ctx context.Context) (work.Next, error) {
	for !r.t.SliceOver() {
		some, err := r.unlisted(ctx)
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

func (r *run) unlisted(ctx context.Context) (all []seen, err error) {
	rows, err := r.DB.Reader.QueryContext(ctx, `SELECT key, depth, parent FROM sync_seen
		WHERE run_id = $1 AND kind = 'folder' AND NOT listed AND NOT skip ORDER BY depth, key LIMIT $2`,
		r.st.Run, listedAtOnce)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var f seen
		if err := rows.Scan(&f.Key, &f.Depth, &f.Parent); err != nil {
			return nil, err
		}
		all = append(all, f)
	}

	return all, rows.Err()
}

// listFolder writes down what is in a folder; what is of one kind comes page by
// page. A folder that is gone since its parent was listed was in the middle of being
// moved or deleted: the next run tells.
func (r *run) listFolder(ctx context.Context, f seen) error {
	p := &page{run: r}
	g, in := errgroup.WithContext(ctx)
	for _, part := range []assetsOf{r.subfolders(in, f), r.files(in, f), r.stacks(in, f)} {
		g.Go(func() error { return p.take(in, part) })
	}

	if err := g.Wait(); v4.NotFound(err) {
		return r.vanished(ctx, f)
	} else if err != nil {
		return err
	}

	return r.commit(ctx, func(tx *sql.Tx) error {
		if err := r.note(ctx, tx, p.rows); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE sync_seen SET listed = TRUE
			WHERE run_id = $1 AND key = $2`, r.st.Run, f.Key)
		return err
	})
}

// vanished notes that a folder is not there any more. Where the listing began with it,
// it takes the next one to see that it is gone from where it was.
func (r *run) vanished(ctx context.Context, f seen) error {
	return r.commit(ctx, func(tx *sql.Tx) error {
		if !r.partial || f.Depth > 0 {
			_, err := tx.ExecContext(ctx, `UPDATE sync_seen SET listed = TRUE
				WHERE run_id = $1 AND key = $2`, r.st.Run, f.Key)
			return err
		}
		if err := tell(ctx, tx, r.sync.ID, f.Parent, r.Now()); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM sync_seen WHERE run_id = $1 AND key = $2`, r.st.Run, f.Key)
		return err
	})
}

// page gathers what is in a folder until it is enough for a transaction.
type page struct {
	*run
	mu   sync.Mutex
	rows []seen
}

// notedAtOnce is how many rows one transaction writes.
const notedAtOnce = 500

func (p *page) take(ctx context.Context, all assetsOf) error {
	for s, err := range all {
		if err != nil {
			return err
		}
		if err := p.add(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (p *page) add(ctx context.Context, s seen) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rows = append(p.rows, s)
	if len(p.rows) < notedAtOnce {
		return nil
	}

	err := p.commit(ctx, func(tx *sql.Tx) error { return p.note(ctx, tx, p.rows) })
	p.rows = p.rows[:0]
	return err
}

// note writes down what was seen. What a document is to show is kept only of assets
// that show something else, and folders that are known are not listed by a run that
// looks at some only.
func (r *run) note(ctx context.Context, tx *sql.Tx, rows []seen) error {
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
		_, err := add.ExecContext(ctx, r.st.Run, s.Key, s.Kind, s.Parent, s.Depth, s.Name, s.Size, s.print, s.stamp,
			r.partial && s.Kind == kindFolder, r.sync.ID, s.facts, s.notReady, s.head)
		if err != nil {
			return err
		}
	}

	return nil
}

func (r *run) subfolders(ctx context.Context, f seen) assetsOf {
	return func(yield func(seen, error) bool) {
		for sub, err := range r.fio.Folders(ctx, r.sync.Account, f.Key) {
			s := seen{Key: sub.ID, Kind: kindFolder, Parent: f.Key, Depth: f.Depth + 1, Name: sub.Name}
			if err == nil && sub.Unreadable {
				s = s.unread()
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

func (r *run) files(ctx context.Context, f seen) assetsOf {
	return func(yield func(seen, error) bool) {
		for file, err := range r.fio.FolderFiles(ctx, r.sync.Account, f.Key, false) {
			if !r.offer(ctx, f, file.ID, frameio.KindFile, file, err, yield) {
				return
			}
		}
	}
}

func (r *run) stacks(ctx context.Context, f seen) assetsOf {
	return func(yield func(seen, error) bool) {
		for stack, err := range r.fio.FolderStacks(ctx, r.sync.Account, f.Key, false) {
			if !r.offer(ctx, f, stack.ID, frameio.KindStack, headOf(stack), err, yield) {
				return
			}
		}
	}
}

// offer yields the rows for an asset, unless it could not be read; more reports whether to go on.
func (r *run) offer(
	ctx context.Context, folder seen, key string, kind frameio.Kind, head frameio.File, err error,
	yield func(seen, error) bool,
) (more bool) {
	var rows []seen
	if err == nil {
		rows, err = r.listed(ctx, folder, key, kind, head)
	}

	for _, s := range rows {
		if !yield(s, nil) {
			return false
		}
	}

	if err != nil {
		yield(seen{}, err)
	}

	return err == nil
}

// listed are the rows for an asset of a folder. One that the filter leaves out has a row
// only if the sync has it, to tell why it goes.
// A stack whose newest file cannot be brought yet also has a row for each file on it
// that the sync has brought by itself, since that one is not gone.
func (r *run) listed(
	ctx context.Context, folder seen, key string, kind frameio.Kind, head frameio.File,
) ([]seen, error) {
	wanted := r.sync.Filter.takes(head, r.status(head))
	s := r.asset(folder, key, kind, head)
	if head.Unreadable {
		s, wanted = s.unread(), true // so that it is told of
	}

	if s.notReady = notReady(head); s.notReady == "" {
		if wanted {
			return []seen{s}, nil
		}
		s.notReady, s.facts = filtered, ""
		if has, err := r.has(ctx, key); !has || err != nil {
			return nil, err
		}
		return []seen{s}, nil
	}

	s.facts = ""
	var rows []seen
	has, err := r.has(ctx, key)
	if err != nil {
		return nil, err
	}

	if has || wanted {
		rows = append(rows, s)
	}

	if kind != frameio.KindStack || key == "" {
		return rows, nil
	}

	for member, err := range r.fio.StackFiles(ctx, r.sync.Account, key) {
		if err != nil {
			return rows, err
		}

		has, err := r.has(ctx, member.ID)
		if err != nil {
			return rows, err
		}

		if has {
			m := r.asset(folder, member.ID, frameio.KindFile, member)
			m.notReady, m.facts = s.notReady, ""
			rows = append(rows, m)
		}
	}

	return rows, nil
}

// has reports whether the sync has an entry for a key.
func (r *run) has(ctx context.Context, key string) (bool, error) {
	if r.DB == nil || r.sync.ID == "" { // it is being previewed
		return false, nil
	}
	var n int
	err := r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM sync_entries
		WHERE sync_id = $1 AND key = $2`, r.sync.ID, key).Scan(&n)
	return n > 0, err
}

// wanted reports whether an asset is to be mirrored: what the filter takes, once its
// original is there.
func (r *run) wanted(f frameio.File) bool {
	return notReady(f) == "" && r.sync.Filter.takes(f, r.status(f))
}

func (r *run) status(f frameio.File) string {
	return r.Ingest.Set.StatusField.In(f.Metadata).Value
}

func (r *run) asset(folder seen, key string, kind frameio.Kind, f frameio.File) seen {
	s := seen{
		Key:    key,
		Kind:   string(kind),
		Parent: folder.Key,
		Depth:  folder.Depth + 1,
		Name:   f.Name,
		Size:   f.Size,
		print:  printOf(f),
		stamp:  store.Millis(f.Updated),
		head:   f.ID,
	}
	if r.sync.Fetch == Metadata {
		s.facts = factsOf(s, f)
	}

	return s
}

// printOf is a digest of what a document shows of a file, but for its name and
// place, which are compared by themselves.
func printOf(f frameio.File) string {
	b, err := json.Marshal([]any{f.ID, f.Size, f.MediaType, f.Metadata})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}
