package push

import (
	"context"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// A Progress is how far documents are that were pushed together.
type Progress struct {
	Batch, By                              string
	WorkspaceName, ProjectName, FolderName string
	Documents, Arrived, Failed             int // Failed includes the cancelled
	Bytes                                  int64
	Created                                time.Time
	// Left is the time left; nil while too little has arrived to estimate it.
	Left *time.Duration

	sending int
	todo    float64 // what is left, in bytes including the overhead of documents
}

// documentOverhead is what a document costs besides its bytes, in bytes: the calls for it are
// limited and take as long however small it is.
const documentOverhead = 5e6

// maxBatches is how many requests are shown, the newest.
const maxBatches = 20

// InProgress lists requests of several documents that have not all arrived, newest first: the
// viewer's own, or all for administrators. With a bound folder, only those in or below it.
func (s *Service) InProgress(ctx context.Context, who work.Viewer, folder string) ([]Progress, error) {
	all, err := s.batches(ctx, who, folder)
	for i := range all {
		if all[i].Left, err = s.estimateLeft(ctx, all[i]); err != nil {
			return nil, err
		}
	}
	return all, err
}

func (s *Service) batches(ctx context.Context, who work.Viewer, folder string) ([]Progress, error) {
	return store.All(ctx, s.DB.Reader, func(row store.Row) (p Progress, err error) {
		var created, bytes int64
		err = row.Scan(&p.Batch, &p.By, &p.WorkspaceName, &p.ProjectName, &p.FolderName, &created,
			&p.Documents, &p.sending, &p.Failed, &p.Bytes, &bytes)
		p.Created, p.Arrived, p.todo = store.Time(created), p.Documents-p.sending-p.Failed, cost(p.sending, bytes)
		return p, err
	}, `SELECT batch, MIN(pushed_by), MIN(workspace_name), MIN(project_name),
		MIN(folder_name), MIN(created),
			COUNT(*), COUNT(CASE WHEN state = 'sending' THEN 1 END), COUNT(CASE WHEN state IN ('failed', 'canceled')
			THEN 1 END),
			SUM(size), COALESCE(SUM(CASE WHEN state = 'sending' THEN size END), 0)
		FROM pushes WHERE batch IN (SELECT batch FROM pushes WHERE state = 'sending' AND ($1 OR pushed_by = $2)
		AND ($3 = '' OR scope_uid = $3))
		GROUP BY batch HAVING COUNT(*) > 1 ORDER BY batch DESC LIMIT $4`, who.Admin, who.Login, folder, maxBatches)
}

func cost(documents int, bytes int64) float64 {
	return float64(bytes) + float64(documents)*documentOverhead
}

// The time left is estimated from the last quarter of the time so far, and from at least
// recentWindow: what was before, a pause or a slower line, says little.
const recentWindow = time.Minute

// estimateLeft estimates the time left at the speed of the recent work. Before two documents have
// arrived, the speed of the bytes is all there is.
func (s *Service) estimateLeft(ctx context.Context, p Progress) (*time.Duration, error) {
	done, took, err := s.recentWork(ctx, p)
	if err != nil {
		return nil, err
	}

	moved, rate, err := s.bytesMoving(ctx, p.Batch)
	if err != nil {
		return nil, err
	}

	if done == 0 {
		done, took = float64(rate), time.Second
	}

	if done == 0 {
		return nil, nil
	}

	return new(time.Duration(max(0, p.todo-float64(moved)) / done * float64(took))), nil
}

// recentWork returns what was done recently, and how long that took. The time begins when a
// document arrived, which does not count itself.
func (s *Service) recentWork(ctx context.Context, p Progress) (done float64, took time.Duration, err error) {
	now := s.Now()
	since := now.Add(-max(recentWindow, now.Sub(p.Created)/4))
	var n int
	var bytes, first int64
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(size), 0), COALESCE(MIN(CASE WHEN opened > 0
		THEN opened ELSE ended END), 0)
		FROM pushes WHERE batch = $1 AND state <> 'sending' AND (opened > $2 OR opened = 0
		AND ended > $2)`, p.Batch, store.Millis(since)).Scan(&n, &bytes, &first)
	if took = now.Sub(store.Time(first)); err != nil || n < 2 || took <= 0 {
		return 0, 0, err
	}

	return cost(n, bytes) * float64(n-1) / float64(n), took, nil
}

// bytesMoving returns the bytes that have arrived of what is being sent, and their rate.
func (s *Service) bytesMoving(ctx context.Context, batch string) (done, rate int64, err error) {
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT COALESCE(SUM(transfers.done), 0), COALESCE(SUM(CASE WHEN
		items.state = 'running' THEN transfers.rate END), 0)
		FROM items JOIN transfers ON transfers.item_id = items.id
		WHERE items.parent = $1 AND items.kind = 'push' AND items.state IN ('waiting', 'running')`, batch).
		Scan(&done, &rate)
	return done, rate, err
}
