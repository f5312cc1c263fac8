package foldersync

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/intake"
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
}

// list lists the folders that are not listed yet, until the slice is over. They
// are taken from the database, where listing one adds those in it.
func (r *run) list(ctx context.Context) (work.Next, error) {
	for !r.t.SliceOver() {
		f, err := r.unlisted(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			return work.Next{Step: stepCompare}, nil
		}
		if err != nil {
			return work.Next{}, err
		}
		if err := r.listFolder(ctx, f); err != nil {
			return work.Next{}, err
		}
	}
	return work.Next{Step: stepList, After: time.Millisecond}, nil
}

func (r *run) unlisted(ctx context.Context) (f seen, err error) {
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT key, depth FROM sync_seen WHERE run_id = $1 AND kind = 'folder' AND NOT listed ORDER BY depth, key LIMIT 1`, r.st.Run).
		Scan(&f.Key, &f.Depth)
	return f, err
}

// listFolder writes down what is in a folder, a page at a time. One that is gone
// since its parent was listed was in the middle of being moved or deleted: the next
// run tells.
func (r *run) listFolder(ctx context.Context, f seen) error {
	for _, part := range []assetsOf{r.subfolders(ctx, f), r.files(ctx, f), r.stacks(ctx, f)} {
		if err := r.note(ctx, part); err != nil && !v4.NotFound(err) {
			return err
		}
	}
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sync_seen SET listed = TRUE WHERE run_id = $1 AND key = $2`, r.st.Run, f.Key)
		return err
	})
}

// notedAtOnce is how many rows one transaction writes.
const notedAtOnce = 500

func (r *run) note(ctx context.Context, all assetsOf) error {
	page := make([]seen, 0, notedAtOnce)
	for s, err := range all {
		if err != nil {
			return err
		}
		if page = append(page, s); len(page) == notedAtOnce {
			if err := r.notePage(ctx, page); err != nil {
				return err
			}
			page = page[:0]
		}
	}
	return r.notePage(ctx, page)
}

func (r *run) notePage(ctx context.Context, page []seen) error {
	if len(page) == 0 {
		return nil
	}
	return r.commit(ctx, func(tx *sql.Tx) error {
		add, err := tx.PrepareContext(ctx, `INSERT INTO sync_seen (run_id, key, kind, parent, depth, name, size, print) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (run_id, key) DO UPDATE SET parent = excluded.parent, depth = excluded.depth, name = excluded.name, size = excluded.size, print = excluded.print`)
		if err != nil {
			return err
		}
		defer add.Close()
		for _, s := range page {
			if _, err := add.ExecContext(ctx, r.st.Run, s.Key, s.Kind, s.Parent, s.Depth, s.Name, s.Size, s.print); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *run) subfolders(ctx context.Context, f seen) assetsOf {
	return func(yield func(seen, error) bool) {
		for sub, err := range r.fio.Folders(ctx, r.sync.Account, f.Key) {
			if !yield(seen{Key: sub.ID, Kind: kindFolder, Parent: f.Key, Depth: f.Depth + 1, Name: sub.Name}, err) {
				return
			}
		}
	}
}

func (r *run) files(ctx context.Context, f seen) assetsOf {
	return func(yield func(seen, error) bool) {
		for file, err := range r.fio.FolderFiles(ctx, r.sync.Account, f.Key) {
			if err == nil && !r.wanted(file) {
				continue
			}
			if !yield(r.asset(f, file.ID, frameio.KindFile, file), err) {
				return
			}
		}
	}
}

func (r *run) stacks(ctx context.Context, f seen) assetsOf {
	return func(yield func(seen, error) bool) {
		for stack, err := range r.fio.FolderStacks(ctx, r.sync.Account, f.Key) {
			if err == nil && !r.wanted(stack.Head) {
				continue
			}
			if !yield(r.asset(f, stack.ID, frameio.KindStack, stack.Head), err) {
				return
			}
		}
	}
}

// wanted says whether an asset is to be mirrored: what the filter takes, once its
// original is there.
func (r *run) wanted(f frameio.File) bool {
	return f.Uploaded() && f.Size > 0 && r.sync.Filter.takes(f, r.status(f))
}

func (r *run) status(f frameio.File) string {
	return intake.StatusOf(f.Metadata, r.Intake.Set.StatusField).Value
}

func (r *run) asset(folder seen, key string, kind frameio.Kind, f frameio.File) seen {
	return seen{Key: key, Kind: string(kind), Parent: folder.Key, Depth: folder.Depth + 1, Name: f.Name, Size: f.Size, print: printOf(f)}
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
