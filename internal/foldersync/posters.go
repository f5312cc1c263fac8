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

// A posterState is the state of an item that imports posters: posters looked for before Before are
// due again, and After is the last folder.
type posterState struct {
	Sync   string `json:"sync"`
	Before int64  `json:"before"`
	After  string `json:"after,omitempty"`
}

// A PosterWorker gives documents without content their posters, after everything else. It lists the
// folders of those without a poster again, two calls each, with signed URLs of the thumbnails,
// which it uses at once and does not store.
type PosterWorker struct {
	work.Base
	*Service
}

// Steps describes the only step.
func (w PosterWorker) Steps() []work.StepInfo {
	return work.OneStep("import posters, the newest first, until the slice is over",
		"the same picture again; what has one is marked", stepPosters)
}

// A posterRun is such an item as its worker sees it.
type posterRun struct {
	*Service
	t    *work.Task
	st   posterState
	sync Sync
	fio  *v4.Client
	nx   *nuxeo.Client
}

const (
	stepPosters = "sync-posters"
	// posterConcurrency is how many images are downloaded at once.
	posterConcurrency = 16
	// posterBatch is how many are recorded in one transaction.
	posterBatch = 100
)

// Step takes folder after folder until the slice is over.
func (w PosterWorker) Step(ctx context.Context, t *work.Task) (work.Next, error) {
	p := &posterRun{Service: w.Service, t: t}
	if err := p.load(ctx); err != nil {
		return work.Next{}, ownerGone(err)
	}

	for p.sync.State == Active && !t.SliceOver() {
		// Find the next folder with a document that has no poster.
		var folder string
		err := w.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(MIN(parent), '') FROM sync_entries
			WHERE sync_id = $1 AND kind <> 'folder' AND document_uid <> '' AND NOT gone
			AND NOT poster AND (poster_at < $2 OR poster_at > $4) AND parent > $3`,
			p.sync.ID, p.st.Before, p.st.After, p.latestPlausible()).Scan(&folder)
		if err != nil || folder == "" {
			return work.Next{Done: true, Outcome: outcomeSynced}, err
		}

		if err := p.importFolder(ctx, folder); err != nil {
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

func (p *posterRun) load(ctx context.Context) (err error) {
	if err := p.t.Load(&p.st); err != nil {
		return err
	}

	if p.sync, err = getSync(ctx, p.DB.Reader, p.st.Sync); err != nil {
		return err
	}

	if p.nx, err = p.People.Nuxeo(ctx, p.t.Actor); err != nil {
		return err
	}

	p.fio, err = p.People.Frameio(ctx, p.t.Actor)
	return err
}

// importFolder imports the posters of a folder's assets and records when. Assets that have no
// thumbnail yet are looked at again later.
func (p *posterRun) importFolder(ctx context.Context, folder string) error {
	if err := p.importAll(ctx, p.thumbnails(ctx, folder)); ignoreInaccessible(err) != nil {
		return err
	}

	p.st.After = folder
	return p.t.Commit(ctx, p.st, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET poster_at = $1 WHERE sync_id = $2 AND parent = $3
			AND NOT poster`, store.Millis(p.t.Now()), p.sync.ID, folder)
		return err
	})
}

// A poster is an asset with the signed URL of its thumbnail.
type poster struct{ key, address, document string }

// thumbnails yields the assets of a folder that have a thumbnail.
func (p *posterRun) thumbnails(ctx context.Context, folder string) iter.Seq2[poster, error] {
	return func(yield func(poster, error) bool) {
		give := func(key string, f frameio.File, err error) bool {
			address := ingest.ThumbnailOf(f)
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

func (p *posterRun) importAll(ctx context.Context, all iter.Seq2[poster, error]) error {
	some := make([]poster, 0, posterBatch)
	for one, err := range all {
		if err != nil {
			return err
		}
		if some = append(some, one); len(some) == posterBatch {
			if err := p.importBatch(ctx, some); err != nil {
				return err
			}
			some = some[:0]
		}
	}

	return p.importBatch(ctx, some)
}

// importBatch imports the thumbnails of those assets that have no poster yet.
func (p *posterRun) importBatch(ctx context.Context, some []poster) error {
	want, err := p.withoutPoster(ctx, some)
	if err != nil || len(want) == 0 {
		return err
	}

	// Download and attach them.
	done := make([]bool, len(want))
	g, in := errgroup.WithContext(ctx)
	g.SetLimit(posterConcurrency)
	for i, one := range want {
		g.Go(func() (err error) {
			done[i], err = p.Ingest.SetPoster(in, p.nx, one.document, one.address)
			if err = retryOnConflict(err); fault.Is(err, fault.Forbidden, fault.Locked, fault.NotFound, fault.Gone) {
				return nil // a problem of this document only
			}
			return err
		})
	}

	// Record those that succeeded, even if another failed.
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

// withoutPoster returns those of the assets whose documents have no poster.
func (p *posterRun) withoutPoster(ctx context.Context, some []poster) (want []poster, err error) {
	if len(some) == 0 {
		return nil, nil
	}

	args, addresses := []any{p.sync.ID}, map[string]string{}
	for _, one := range some {
		args = append(args, one.key)
		addresses[one.key] = one.address
	}

	return store.All(ctx, p.DB.Reader, func(row store.Row) (one poster, err error) {
		err = row.Scan(&one.key, &one.document)
		one.address = addresses[one.key]
		return one, err
	}, `SELECT key, document_uid FROM sync_entries
		WHERE sync_id = $1 AND NOT poster AND NOT gone AND document_uid <> ''
		AND key IN (`+store.Marks(2, len(some))+`)`, args...)
}

// markPosterStale makes the next round import the poster of an asset.
func markPosterStale(ctx context.Context, tx *sql.Tx, sync, key string) error {
	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET poster = FALSE, poster_at = 0
		WHERE sync_id = $1 AND key = $2`, sync, key)
	return err
}

// MarkPosterStale makes the next round import the poster of a document, in the caller's
// transaction.
func (s *Service) MarkPosterStale(ctx context.Context, tx *sql.Tx, document string) error {
	_, err := tx.ExecContext(ctx, `UPDATE sync_entries SET poster = FALSE, poster_at = 0
		WHERE document_uid = $1`, document)
	return err
}
