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

const columns = `id, folder_uid, folder_path, folder_title, account_id, workspace_id, workspace_name, project_id, project_name, root_id, root_name,
	document_type, fetches, earlier, events, comments, filter, gone, conflicts, every, owner, creator, state, reason, remedy, paused_by, due, created, updated`

type scanner interface{ Scan(...any) error }

func scan(row scanner) (s Sync, err error) {
	var filter string
	var every, due, created, updated int64
	err = row.Scan(&s.ID, &s.FolderUID, &s.FolderPath, &s.FolderTitle, &s.Account, &s.Workspace, &s.WorkspaceName,
		&s.Project, &s.ProjectName,
		&s.Root, &s.RootName, &s.DocumentType, &s.Fetch, &s.Earlier, &s.Events, &s.Comments, &filter, &s.Gone,
		&s.Conflicts, &every, &s.Owner, &s.Creator, &s.State, &s.Reason,
		&s.Remedy, &s.PausedBy, &due, &created, &updated)
	if err != nil {
		return s, err
	}

	s.Every, s.Due, s.Created, s.Updated = time.Duration(every)*time.Second, store.Time(due), store.Time(created),
		store.Time(updated)
	return s, json.Unmarshal([]byte(filter), &s.Filter)
}

type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func notFound() error {
	return fault.New(fault.NotFound, "There is no such synchronization, or you may not see it.").
		With("The tab Frame.io sync of a folder shows its synchronizations, and `nuxeo-frameio sync list` all that " +
			"you may see.")
}

// bare reads a sync without its runs and counts, which take looking at each entry.
func bare(ctx context.Context, q asker, id string) (Sync, error) {
	s, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM syncs WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return s, notFound()
	}
	return s, err
}

// get reads a sync with its last run and its counts.
func get(ctx context.Context, q asker, id string) (Sync, error) {
	s, err := bare(ctx, q, id)
	if err != nil {
		return s, err
	}
	return s, fill(ctx, q, &s)
}

func fill(ctx context.Context, q asker, s *Sync) (err error) {
	if s.Last, err = last(ctx, q, s.ID, false); err != nil {
		return err
	}

	if s.Check, err = last(ctx, q, s.ID, true); err != nil {
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

// last is the last run that only compares, or that does more; nil when there is none.
func last(ctx context.Context, q asker, sync string, dry bool) (*Run, error) {
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

func getRun(ctx context.Context, q asker, id string) (Run, error) {
	r, err := scanRun(q.QueryRowContext(ctx, `SELECT `+runColumns+` FROM sync_runs WHERE id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return r, notFound()
	}
	if err != nil {
		return r, err
	}
	return r, r.count(ctx, q)
}

func scanRun(row scanner) (r Run, err error) {
	var began, ended int64
	err = row.Scan(&r.ID, &r.Sync, &r.Item, &r.Why, &r.By, &r.Sure, &r.Dry, &r.Partial, &r.State, &r.Message,
		&r.Folders, &r.Assets, &r.Bytes, &r.Renamed, &r.Moved, &r.Gone, &began, &ended)
	r.Began, r.Ended = store.Time(began), store.Time(ended)
	return r, err
}

// count adds what became of the run's items.
func (r *Run) count(ctx context.Context, q asker) error {
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

	if err := r.countSeen(ctx, q); err != nil {
		return err
	}

	var refused, created, updated int
	if err := q.QueryRowContext(ctx, `SELECT refused, created, updated FROM sync_runs
		WHERE id = $1`, r.ID).Scan(&refused, &created, &updated); err != nil {
		return err
	}

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

// countSeen counts what a run has listed so far, while it does.
func (r *Run) countSeen(ctx context.Context, q asker) error {
	if r.State != Running || r.Step != stepList {
		return nil
	}
	return q.QueryRowContext(ctx, `SELECT COUNT(CASE WHEN kind = 'folder' AND parent <> '' THEN 1 END), COUNT(CASE WHEN
		kind <> 'folder' THEN 1 END), COALESCE(SUM(size), 0)
		FROM sync_seen WHERE run_id = $1 AND not_ready = ''`, r.ID).Scan(&r.Folders, &r.Assets, &r.Bytes)
}

// Entry is a folder or asset that a sync has.
type Entry struct {
	Key, Kind, Parent, Name string
	Size                    int64
	Document                string // empty: not brought yet
	Gone                    bool
	Problem, Conflict       string
	print                   string
	title                   string // that we gave the document last; empty: not known
	stamp                   int64  // when the asset changed, as the database has it
	heard                   int64  // when its comments were looked at; 0: never, negative: there are news
}

const entryColumns = `key, kind, parent, name, size, print, document_uid, title, gone, problem, conflict, stamp, ` +
	`comments_at`

func scanEntry(row scanner) (e Entry, err error) {
	err = row.Scan(&e.Key, &e.Kind, &e.Parent, &e.Name, &e.Size, &e.print, &e.Document, &e.title, &e.Gone, &e.Problem,
		&e.Conflict, &e.stamp, &e.heard)
	return e, err
}

// entry reads one; ok is false when there is none.
func entry(ctx context.Context, q asker, sync, key string) (e Entry, ok bool, err error) {
	e, err = scanEntry(q.QueryRowContext(ctx, `SELECT `+entryColumns+` FROM sync_entries
		WHERE sync_id = $1 AND key = $2`, sync, key))
	if errors.Is(err, sql.ErrNoRows) {
		return e, false, nil
	}
	return e, err == nil, err
}

// entriesOf reads those that a query with entryColumns finds.
func (s *Service) entriesOf(ctx context.Context, query string, args ...any) ([]Entry, error) {
	rows, err := s.DB.Reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}

	return all, rows.Err()
}

// put records an entry as it is now.
func put(ctx context.Context, tx *sql.Tx, now time.Time, sync string, e Entry) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO sync_entries (sync_id, key, kind, parent, name, size, print,
		document_uid, title, gone, problem, conflict, updated, stamp)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (sync_id, key) DO UPDATE SET kind = excluded.kind, parent = excluded.parent, name = excluded.name,
		size = excluded.size, print = excluded.print,
			document_uid = excluded.document_uid, title = excluded.title, gone = excluded.gone,
			problem = excluded.problem, conflict = excluded.conflict, updated = excluded.updated,
			stamp = excluded.stamp`,
		sync, e.Key, e.Kind, e.Parent, e.Name, e.Size, e.print, e.Document, e.title, e.Gone, e.Problem, e.Conflict,
		store.Millis(now), e.stamp)
	return err
}
