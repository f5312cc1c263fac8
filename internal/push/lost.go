package push

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// creation is the intent to make a file. It is in the push's row until the answer
// is known, so that a file whose creation was not answered is found even when the
// push has ended. Until then no other push makes a file of that name and size
// there: nobody could tell the two apart.
type creation struct {
	Folder string `json:"folder"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	// ByAddress: by a name that no other file has, whatever it holds by then.
	ByAddress bool `json:"by_address,omitempty"`
}

// intend records the intent.
func (r *run) intend(ctx context.Context, c creation) error {
	making, err := json.Marshal(c)
	if err != nil {
		return err
	}

	err = r.commit(ctx, func(tx *sql.Tx) error {
		if err := alone(ctx, tx, r.p.ID, string(making)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET making = $1 WHERE id = $2`, string(making), r.p.ID)
		return err
	})
	if err == nil {
		r.p.Making = string(making)
	}

	return err
}

// alone is NotReady while another push is about to make a file that looks the same.
func alone(ctx context.Context, q asker, push, making string) error {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM pushes WHERE making = $1 AND id <> $2
		AND state = 'sending'`, making, push).Scan(&n)
	if err != nil || n == 0 {
		return err
	}

	f := fault.New(fault.NotReady, "Another file of the same name and size is just being created there.")
	f.RetryAfter = time.Second
	return f
}

// lostFor is how long before a push was asked for a file of its may be stamped:
// clocks may be an hour apart.
const lostFor = 2 * time.Hour

// removeLost removes what a creation whose answer was lost has made: the person's,
// of that name and size, still empty, and known to no push. Its addresses are lost
// with the answer, so it is of no use. It says how many there were. One that Frame.io
// was to fetch by itself has a name of its own, and may be whole.
func (s *Service) removeLost(ctx context.Context, fio *v4.Client, p Push) (removed int, err error) {
	if p.Making == "" {
		return 0, nil
	}

	var c creation
	if err := json.Unmarshal([]byte(p.Making), &c); err != nil {
		return 0, fmt.Errorf("what push %s was about to make: %w", p.ID, err)
	}

	me, err := s.People.Person(ctx, p.By)
	if err != nil {
		return 0, err
	}

	for f, err := range fio.Files(ctx, p.Account, c.Folder) {
		if absent(err) {
			return removed, nil
		}

		if err != nil {
			return removed, err
		}

		if !c.made(f, me.FrameioID, p.Created.Add(-lostFor)) {
			continue
		}

		did, err := s.removeUnknown(ctx, fio, p.Account, f.ID)
		if removed += did; err != nil {
			return removed, err
		}
	}

	return removed, nil
}

// made reports whether a file is one of a creation by a person after a time.
func (c creation) made(f frameio.File, by string, after time.Time) bool {
	if c.ByAddress {
		return f.Name == c.Name
	}
	return !f.Uploaded() && f.Name == c.Name && f.Size == c.Size && f.Creator.ID == by && !f.Created.Before(after)
}

func (s *Service) removeUnknown(ctx context.Context, fio *v4.Client, account, file string) (int, error) {
	var known int
	if err := s.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM pushes
		WHERE file_id = $1`, file).Scan(&known); err != nil || known > 0 {
		return 0, err
	}

	if err := fio.DeleteFile(ctx, account, file); err != nil && !v4.NotFound(err) {
		return 0, err
	}

	return 1, nil
}

// lostLooks is how often a file whose creation was not answered is looked for: the
// call may still be on its way when nobody waits for its answer any more.
const lostLooks = 4

func (r *run) removeLost(ctx context.Context) error {
	if r.p.Making == "" {
		return nil
	}

	n, err := r.Service.removeLost(ctx, r.fio, r.p)
	if err != nil {
		return err
	}

	if n > 0 {
		return errors.Join(r.t.Note(ctx, "removed", "a file whose creation was not answered"), r.settled(ctx))
	}

	if r.st.Looks++; r.st.Looks < lostLooks {
		return errors.Join(r.save(ctx),
			fault.New(fault.NotReady, "Frame.io may still be making the file; it did not answer."))
	}

	return r.settled(ctx)
}

// settled records that nothing can come of the last creation any more.
func (r *run) settled(ctx context.Context) error {
	r.p.Making, r.st.Looks = "", 0
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET making = '' WHERE id = $1`, r.p.ID)
		return err
	})
}

// refused settles a creation that Frame.io has answered with a refusal.
func (r *run) refused(ctx context.Context, err error) error {
	if code := v4.StatusOf(err); code < 400 || code >= 500 {
		return nil
	}
	return r.settled(ctx)
}

// removeFile removes what a push has made on Frame.io. What cannot be removed now
// stays in its row for the reaper.
func (r *run) removeFile(ctx context.Context) error {
	if r.st.File == "" && r.p.Making == "" {
		return nil
	}

	var err error
	if r.fio, err = r.People.Frameio(ctx, r.p.By); err != nil {
		if fault.Is(err, fault.NotConnected) {
			return r.t.Note(ctx, "left behind", "a file on Frame.io: %s is not connected any more", r.p.By)
		}
		return err
	}

	if err := r.removeLost(ctx); err != nil {
		return err
	}

	if r.st.File != "" {
		if err := r.fio.DeleteFile(ctx, r.p.Account, r.st.File); err != nil && !v4.NotFound(err) {
			return fmt.Errorf("removing the file on Frame.io: %w", err)
		}
	}

	return r.forgetFile(ctx)
}

func (r *run) forgetFile(ctx context.Context) error {
	r.st.File, r.st.Stack, r.p.Making = "", "", ""
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET file_id = '', view_url = '', upload = NULL, making = ''
			WHERE id = $1`, r.p.ID)
		return err
	})
}

// maxRestarts is how often a file is made anew because what it stood on went away.
const maxRestarts = 3

// restart makes a new file in place of one whose addresses have ended, which
// cannot be renewed.
func (r *run) restart(ctx context.Context, why, remedy string) (work.Next, error) {
	r.st.Restarts++
	if r.st.Restarts > maxRestarts {
		return work.Next{}, fault.New(fault.Refused, "%s", why).With(remedy)
	}

	if err := r.t.Note(ctx, "begun again", "%s", why); err != nil {
		return work.Next{}, err
	}

	if err := r.removeFile(ctx); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: stepCreate}, r.t.Progress(ctx, work.Transfer{Name: r.st.Name, Size: r.st.Piece.Length})
}
