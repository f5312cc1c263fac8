package foldersync

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

const syncColumns = `id, folder_uid, folder_path, folder_title, account_id, workspace_id, workspace_name, project_id,
	project_name, root_id, root_name, document_type, fetches, earlier, events, comments, filter, gone,
	conflicts, every, owner, creator, state, reason, remedy, paused_by, due, created, updated, version`

func scanSync(row store.Row) (s Sync, err error) {
	var filter string
	var every, due, created, updated int64
	err = row.Scan(&s.ID, &s.FolderUID, &s.FolderPath, &s.FolderTitle, &s.Account, &s.Workspace, &s.WorkspaceName,
		&s.Project, &s.ProjectName,
		&s.Root, &s.RootName, &s.DocumentType, &s.Fetch, &s.Earlier, &s.Events, &s.Comments, &filter, &s.Gone,
		&s.Conflicts, &every, &s.Owner, &s.Creator, &s.State, &s.Reason,
		&s.Remedy, &s.PausedBy, &due, &created, &updated, &s.Version)
	if err != nil {
		return s, err
	}

	s.Every, s.Due, s.Created, s.Updated = time.Duration(every)*time.Second, store.Time(due), store.Time(created),
		store.Time(updated)
	err = json.Unmarshal([]byte(filter), &s.Filter)
	return s, err
}

func notFound() error {
	return fault.New(fault.NotFound, "There is no such synchronization, or you may not see it.").
		With("The tab Frame.io sync of a folder shows its synchronizations, and `nuxeo-frameio sync list` all that " +
			"you may see.")
}

// getSync reads a sync without its runs and counts, which take looking at each entry.
func getSync(ctx context.Context, q store.Queryer, id string) (Sync, error) {
	s, err := scanSync(q.QueryRowContext(ctx, `SELECT `+syncColumns+` FROM syncs WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return s, notFound()
	}
	return s, err
}

// getDetailed reads a sync with its last runs and its counts.
func getDetailed(ctx context.Context, q store.Queryer, id string) (Sync, error) {
	s, err := getSync(ctx, q, id)
	if err != nil {
		return s, err
	}
	err = addDetails(ctx, q, &s)
	return s, err
}

// addDetails adds the last runs and the counts.
func addDetails(ctx context.Context, q store.Queryer, s *Sync) (err error) {
	if s.Last, err = lastRun(ctx, q, s.ID, false); err != nil {
		return err
	}

	if s.Check, err = lastRun(ctx, q, s.ID, true); err != nil {
		return err
	}

	err = q.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN kind <> 'folder' AND NOT gone AND document_uid <> '' THEN 1
		END), COUNT(CASE WHEN kind = 'folder' AND NOT gone AND key <> $2 THEN 1 END),
			COUNT(CASE WHEN gone THEN 1 END), COUNT(CASE WHEN problem <> '' THEN 1 END), COUNT(CASE WHEN conflict <> ''
			THEN 1 END),
			COUNT(CASE WHEN kind <> 'folder' AND document_uid <> '' AND NOT gone AND comments_at <= 0 THEN 1 END)
		FROM sync_entries WHERE sync_id = $1`, s.ID, s.Root).Scan(&s.Assets, &s.Folders, &s.Missing, &s.Troubled,
		&s.Conflicting, &s.CommentsWaiting)
	if err != nil || !s.Comments {
		s.CommentsWaiting = 0
		return err
	}

	s.CommentsDone = s.Assets - s.CommentsWaiting
	return nil
}

// lastRun returns the last run that only compares, or the last of the others; nil if there is none.
func lastRun(ctx context.Context, q store.Queryer, sync string, dry bool) (*Run, error) {
	r, err := scanRun(q.QueryRowContext(ctx, `SELECT `+runColumns+` FROM sync_runs WHERE sync_id = $1 AND dry = $2
		ORDER BY id DESC LIMIT 1`, sync, dry))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}

	if err != nil {
		return nil, err
	}

	return &r, r.count(ctx, q)
}

const runColumns = `id, sync_id, item_id, why, asked_by, sure, dry, partial, state, message, folders, assets, bytes, ` +
	`renamed, moved, gone, began, ended`

func getRun(ctx context.Context, q store.Queryer, id string) (Run, error) {
	r, err := scanRun(q.QueryRowContext(ctx, `SELECT `+runColumns+` FROM sync_runs WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, notFound()
	}
	if err != nil {
		return r, err
	}
	return r, r.count(ctx, q)
}

func scanRun(row store.Row) (r Run, err error) {
	var began, ended int64
	err = row.Scan(&r.ID, &r.Sync, &r.Item, &r.Why, &r.By, &r.Sure, &r.Dry, &r.Partial, &r.State, &r.Message,
		&r.Folders, &r.Assets, &r.Bytes, &r.Renamed, &r.Moved, &r.Gone, &began, &ended)
	r.Began, r.Ended = store.Time(began), store.Time(ended)
	return r, err
}

// count adds what became of the run's items.
func (r *Run) count(ctx context.Context, q store.Queryer) error {
	// A running one has a step and bytes.
	if r.State == Running {
		err := q.QueryRowContext(ctx, `SELECT step FROM items WHERE id = $1`, r.Item).Scan(&r.Step)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := q.QueryRowContext(ctx, `SELECT COALESCE(SUM(transfers.done), 0) FROM transfers
			JOIN items ON items.id = transfers.item_id
			WHERE items.parent = $1`, r.ID).Scan(&r.BytesDone); err != nil {
			return err
		}
	}

	// Count the listing,
	if err := r.countSeen(ctx, q); err != nil {
		return err
	}

	// what the run did without items,
	var refused, created, updated int
	if err := q.QueryRowContext(ctx, `SELECT refused, created, updated FROM sync_runs
		WHERE id = $1`, r.ID).Scan(&refused, &created, &updated); err != nil {
		return err
	}

	// and its items.
	err := q.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN state = 'done' AND outcome = 'created' THEN 1 END),
		COUNT(CASE WHEN state = 'done' AND outcome = 'updated' THEN 1 END),
			COUNT(CASE WHEN state = 'done' AND outcome = 'unchanged' THEN 1 END), COUNT(CASE WHEN state = 'done'
			AND outcome = 'conflict' THEN 1 END),
			COUNT(CASE WHEN state IN ('failed', 'canceled') THEN 1 END), COUNT(CASE WHEN state IN ('waiting', 'running')
			THEN 1 END)
		FROM items WHERE parent = $1 AND kind = 'sync-asset'`, r.ID).Scan(&r.Created, &r.Updated, &r.Unchanged,
		&r.Conflicting, &r.Failed, &r.Waiting)
	r.Failed, r.Created, r.Updated = r.Failed+refused, r.Created+created, r.Updated+updated
	return err
}

// countSeen counts what a run has listed so far.
func (r *Run) countSeen(ctx context.Context, q store.Queryer) error {
	if r.State != Running || r.Step != stepList {
		return nil
	}
	return q.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN kind = 'folder' AND parent <> '' THEN 1 END), COUNT(CASE WHEN
		kind <> 'folder' THEN 1 END), COALESCE(SUM(size), 0)
		FROM sync_seen WHERE run_id = $1 AND not_ready = ''`, r.ID).Scan(&r.Folders, &r.Assets, &r.Bytes)
}

// An Entry is a folder or asset that a sync has.
type Entry struct {
	Key, Kind, Parent, Name string
	Size                    int64
	Document                string // empty if it has none yet
	Gone                    bool
	Problem, Conflict       string
	fingerprint             string
	title                   string // that we gave the document last; empty if unknown
	refetch                 bool   // what is fetched has changed since its document got its content
	changedAt               int64  // when the asset changed, in milliseconds
	commentsAt              int64  // when its comments were imported; 0: never, negative: there is news
}

const entryColumns = `key, kind, parent, name, size, print, document_uid, title, gone, problem, conflict, stamp, ` +
	`comments_at, refetch`

func scanEntry(row store.Row) (e Entry, err error) {
	err = row.Scan(&e.Key, &e.Kind, &e.Parent, &e.Name, &e.Size, &e.fingerprint, &e.Document, &e.title, &e.Gone,
		&e.Problem, &e.Conflict, &e.changedAt, &e.commentsAt, &e.refetch)
	return e, err
}

// getEntry reads an entry; ok is false if there is none.
func getEntry(ctx context.Context, q store.Queryer, sync, key string) (e Entry, ok bool, err error) {
	e, err = scanEntry(q.QueryRowContext(ctx, `SELECT `+entryColumns+` FROM sync_entries
		WHERE sync_id = $1 AND key = $2`, sync, key))
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, err
}

// queryEntries reads the entries that a query for entryColumns finds.
func (s *Service) queryEntries(ctx context.Context, query string, args ...any) ([]Entry, error) {
	return store.All(ctx, s.DB.Reader, scanEntry, query, args...)
}

// putEntry records an entry.
func putEntry(ctx context.Context, tx *sql.Tx, now time.Time, sync string, e Entry) error {
	_, err := tx.ExecContext(
		ctx,
		`INSERT INTO sync_entries (sync_id, key, kind, parent, name, size, print,
		document_uid, title, gone, problem, conflict, updated, stamp)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (sync_id, key) DO UPDATE SET kind = excluded.kind, parent = excluded.parent, name = excluded.name,
		size = excluded.size, print = excluded.print,
			document_uid = excluded.document_uid, title = excluded.title, gone = excluded.gone,
			problem = excluded.problem, conflict = excluded.conflict, updated = excluded.updated,
			stamp = excluded.stamp`,
		sync,
		e.Key,
		e.Kind,
		e.Parent,
		e.Name,
		e.Size,
		e.fingerprint,
		e.Document,
		e.title,
		e.Gone,
		e.Problem,
		e.Conflict,
		store.Millis(now),
		e.changedAt,
	)
	return err
}
