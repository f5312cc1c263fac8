package copies

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

const columns = `push_id, binding_id, document_uid, document_title, account_id, project_id, file_id, size, digest,
	pushed_by, returned, action, folder, state, due, reason, home_id, folder_id, round, asked, ended,
	ended_by`

func scan(row store.Row) (c Copy, err error) {
	var returned, due, asked, ended int64
	err = row.Scan(&c.Push, &c.Binding, &c.Document, &c.Title, &c.Account, &c.Project, &c.File, &c.Size, &c.Digest,
		&c.By, &returned, &c.Action, &c.Folder, &c.State, &due, &c.Reason, &c.Home, &c.FolderID, &c.Round, &asked,
		&ended, &c.EndedBy)
	c.Returned, c.Due, c.Asked, c.Ended = store.Time(returned), store.Time(due), store.Time(asked), store.Time(ended)
	return c, err
}

func notFound() error {
	return fault.New(fault.NotFound, "There is no such copy, or you may not see it.").With("Look at the document.")
}

func (s *Service) get(ctx context.Context, q store.Queryer, push string) (Copy, error) {
	c, err := scan(q.QueryRowContext(ctx, `SELECT `+columns+` FROM copies WHERE push_id = $1`, push))
	if errors.Is(err, sql.ErrNoRows) {
		return c, notFound()
	}
	return s.shown(c), err
}

// list reads copies; rest follows the name of the table.
func (s *Service) list(ctx context.Context, q store.Queryer, rest string, args ...any) ([]Copy, error) {
	all, err := store.All(ctx, q, scan, `SELECT `+columns+` FROM copies `+rest, args...)
	for i := range all {
		all[i] = s.shown(all[i])
	}
	return all, err
}

// shown adds what follows from the time.
func (s *Service) shown(c Copy) Copy {
	if until := c.Ended.Add(s.Restorable); c.State == Deleted && until.After(s.Now()) {
		c.RestorableUntil = until
	}
	return c
}

// insert adds the copy of a push unless it is there. It reports whether it was added.
func insert(ctx context.Context, tx *sql.Tx, now time.Time, sent Sent, choice Choice) (bool, error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO copies (push_id, binding_id, document_uid, document_title, account_id,
			project_id, file_id, size, digest, pushed_by, returned, action, folder, state, due, updated)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'waiting', $14, $15)
		ON CONFLICT (push_id) DO NOTHING`,
		sent.Push, sent.Binding, sent.Document, sent.Title, sent.Account, sent.Project, sent.File, sent.Size,
		sent.Digest, sent.By, store.Millis(sent.Returned), string(choice.Action), choice.Folder,
		store.Millis(choice.due(sent.Returned)), store.Millis(now))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// A turn is a change of the state of a copy.
type turn struct {
	from, or State
	// unasked: also from Working, as long as Frame.io was not asked.
	unasked bool
	// round is the one that it is about; 0: the present one.
	round  int64
	to     State
	reason string
	by     string
}

// turn changes the state of a copy that is in one of two, and reports whether it was.
func (s *Service) turn(ctx context.Context, tx *sql.Tx, push string, t turn) (bool, error) {
	ended := int64(0)
	if t.to != Working && t.to != Undoing && t.to != Waiting {
		ended = store.Millis(s.Now())
	}

	res, err := tx.ExecContext(ctx, `UPDATE copies SET state = $1, reason = $2, ended_by = $3, ended = $4, making = '',
			updated = $5 WHERE push_id = $6 AND (state IN ($7, $8) OR $9 AND state = 'working' AND asked = 0)
			AND round = COALESCE($10, round)`,
		string(t.to), t.reason, t.by, ended, store.Millis(s.Now()), push, string(t.from), string(t.or), t.unasked,
		sql.NullInt64{Int64: t.round, Valid: t.round > 0})
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}
