package foldersync

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/ingest"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// gallery is what an item keeps that brings posters: what counts as looked for long
// ago, and after which folder it goes on.
type gallery struct {
	Sync   string `json:"sync"`
	Before int64  `json:"before"`
	After  string `json:"after,omitempty"`
}

// PosterWorker gives documents without content their posters, after everything else.
// It lists the folders of those that have none once more, two calls each, with signed
// addresses of the thumbnails, which are used at once and kept nowhere.
type PosterWorker struct{ *Service }

// picturer is such an item at work.
type picturer struct {
	*Service
	t    *work.Task
	st   gallery
	sync Sync
	fio  *v4.Client
	nx   *nuxeo.Client
}

const (
	stepPosters = "sync-posters"
	// picturesAtOnce is how many pictures are on their way at the same time.
	picturesAtOnce = 16
	// picturesNoted is how many are recorded in one go.
	picturesNoted = 100
)

// Step takes folder after folder until the slice is over.
func (w PosterWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	p := &picturer{Service: w.Service, t: t}
	if err := p.open(ctx); err != nil {
		return work.Next{}, nobody(err)
	}

	for p.sync.State == Active && !t.SliceOver() {
		var folder string
		err := w.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MIN(parent), '') FROM sync_entries
			WHERE sync_id = $1 AND kind <> 'folder' AND document_uid <> '' AND NOT gone
			AND NOT poster AND (poster_at < $2 OR poster_at > $4) AND parent > $3`,
			p.sync.ID, p.st.Before, p.st.After, p.latest()).Scan(&folder)
		if err != nil || folder == "" {
			return work.Next{Done: true, Outcome: outcomeSynced}, err
		}

		if err := p.folder(ctx, folder); err != nil {
			return work.Next{}, err
		}
	}

	return work.Next{
		Step:    stepPosters,
		After:   time.Millisecond,
		Done:    p.sync.State != Active,
		Outcome: outcomeSynced,
	}, nil
}

func (p *picturer) open(ctx context.Context) (err error) {
	if err := p.t.Load(&p.st); err != nil {
		return err
	}

	if p.sync, err = bare(ctx, p.DB.Reader, p.st.Sync); err != nil {
		return err
	}

	if p.nx, err = p.People.Nuxeo(ctx, p.t.Actor); err != nil {
		return err
	}

	p.fio, err = p.People.Frameio(ctx, p.t.Actor)
	return err
}

// folder brings the posters of a folder's assets, and notes that it was looked at: what
// has no picture yet is looked for again after a while.
func (p *picturer) folder(ctx context.Context, folder string) error {
	if err := p.pages(ctx, p.shown(ctx, folder)); absent(err) != nil {
		return err
	}

	p.st.After = folder
	return p.t.Commit(ctx, p.st, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET poster_at = $1 WHERE sync_id = $2 AND parent = $3
			AND NOT poster`, store.Millis(p.t.Now()), p.sync.ID, folder)
		return err
	})
}

// poster is an asset and the signed address of its picture.
type poster struct{ key, address, document string }

// shown are the assets of a folder that have a picture.
func (p *picturer) shown(ctx context.Context, folder string) iter.Seq2[poster, error] {
	return func(yield func(poster, error) bool) {
		give := func(key string, f frameio.File, err error) bool {
			address := ingest.PictureOf(f)
			return err == nil && address == "" || yield(poster{key: key, address: address}, err)
		}

		for f, err := range p.fio.FolderFiles(ctx, p.sync.Account, folder, true) {
			if !give(f.ID, f, err) {
				return
			}
		}

		for s, err := range p.fio.FolderStacks(ctx, p.sync.Account, folder, true) {
			if !give(s.ID, s.Head, err) {
				return
			}
		}
	}
}

func (p *picturer) pages(ctx context.Context, all iter.Seq2[poster, error]) error {
	some := make([]poster, 0, picturesNoted)
	for one, err := range all {
		if err != nil {
			return err
		}
		if some = append(some, one); len(some) == picturesNoted {
			if err := p.page(ctx, some); err != nil {
				return err
			}
			some = some[:0]
		}
	}

	return p.page(ctx, some)
}

// page brings the pictures of those assets that have none yet.
func (p *picturer) page(ctx context.Context, some []poster) error {
	want, err := p.wanting(ctx, some)
	if err != nil || len(want) == 0 {
		return err
	}

	done := make([]bool, len(want))
	g, in := errgroup.WithContext(ctx)
	g.SetLimit(picturesAtOnce)
	for i, one := range want {
		g.Go(func() (err error) {
			done[i], err = p.Ingest.Picture(in, p.nx, one.document, one.address)
			if err = met(err); fault.Is(err, fault.Forbidden, fault.Locked, fault.NotFound, fault.Gone) {
				return nil // that is the document's affair
			}
			return err
		})
	}

	failed := g.Wait()
	return errors.Join(failed, p.t.Commit(ctx, p.st, func(tx *sql.Tx) error {
		for i, one := range want {
			if !done[i] {
				continue
			}
			if _, err := tx.ExecContext(ctx, `UPDATE sync_entries SET poster = TRUE, poster_at = $1
				WHERE sync_id = $2 AND key = $3`, store.Millis(p.t.Now()), p.sync.ID, one.key); err != nil {
				return err
			}
		}
		return nil
	}))
}

// wanting are those of some assets whose documents have no poster.
func (p *picturer) wanting(ctx context.Context, some []poster) (want []poster, err error) {
	if len(some) == 0 {
		return nil, nil
	}

	args, addresses := []any{p.sync.ID}, map[string]string{}
	for _, one := range some {
		args = append(args, one.key)
		addresses[one.key] = one.address
	}

	rows, err := p.DB.Reader.QueryContext(ctx, `SELECT key, document_uid FROM sync_entries
		WHERE sync_id = $1 AND NOT poster AND NOT gone AND document_uid <> ''
		AND key IN (`+store.Marks(2, len(some))+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one poster
		if err := rows.Scan(&one.key, &one.document); err != nil {
			return nil, err
		}
		one.address = addresses[one.key]
		want = append(want, one)
	}

	return want, rows.Err()
}

// unpictured has the poster of another file brought.
func unpictured(ctx context.Context, tx *sql.Tx, sync, key string) error {
	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET poster = FALSE, poster_at = 0
		WHERE sync_id = $1 AND key = $2`, sync, key)
	return err
}

// Unpicture has the poster of a document brought again, if it had one, in the caller's
// transaction.
func (s *Service) Unpicture(ctx context.Context, tx *sql.Tx, document string) error {
	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET poster = FALSE, poster_at = 0
		WHERE document_uid = $1`, document)
	return err
}

// Undo does nothing: what was brought stays.
func (w PosterWorker) Undo(context.Context, *work.Task) error { return nil }

// Ended does nothing.
func (w PosterWorker) Ended(context.Context, *sql.Tx, work.Item) ([]string, error) { return nil, nil }
