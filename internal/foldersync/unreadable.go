package foldersync

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/plain"
)

// What Frame.io lists and cannot be read is there all the same: it is a state of its own,
// and neither gone nor changed. Its document stays as it is, a folder's content is listed,
// and what is new waits until it can be read. Where not even its id can be read nobody
// knows what it is, so that the run takes nothing for gone.

// unknown begins the key of a row for something without an id.
const unknown = "?"

// unread is the row of something that cannot be read. Without an id it is no folder, for
// it cannot be listed.
func (s seen) unread() seen {
	s.notReady, s.facts, s.print = unreadable, "", ""
	if s.Key == "" {
		s.Key, s.Kind = unknown+s.Parent+" "+s.Kind, string(frameio.KindFile)
		s.Name = cmp.Or(s.Name, "(unknown)")
	}
	s.Name = cmp.Or(s.Name, s.Key)
	return s
}

// headOf is the newest file of a stack. Of a stack that cannot be read it cannot either.
func headOf(s frameio.Stack) frameio.File {
	if s.Unreadable {
		return frameio.File{Name: s.Name, Unreadable: true}
	}
	return s.Head
}

// unreadIn counts what a run could not read, and what of it has no id.
func (r *run) unreadIn(ctx context.Context) (unread, nameless int, err error) {
	err = r.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN key LIKE '?%' THEN 1 END) FROM sync_seen
		WHERE run_id = $1 AND not_ready = $2`,
		r.st.Run, unreadable).Scan(&unread, &nameless)
	return unread, nameless, err
}

// tellUnread has the run say what it could not read.
func (r *run) tellUnread(ctx context.Context) error {
	unread, nameless, err := r.unreadIn(ctx)
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
