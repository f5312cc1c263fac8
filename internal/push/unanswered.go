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
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// A creation is the intent to create a file. It stays in the push's row until the answer is known,
// so that a file whose creation was not answered is found even after the push has ended. Until then
// no other push creates a file of that name and size there, because the two could not be told
// apart.
type creation struct {
	Folder string `json:"folder"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	// ByAddress says that the name is unique, so that the content does not matter.
	ByAddress bool `json:"by_address,omitempty"`
}

// recordIntent records the intent to create a file.
func (r *run) recordIntent(ctx context.Context, c creation) error {
	making, err := json.Marshal(c)
	if err != nil {
		return err
	}

	err = r.commit(ctx, func(tx *sql.Tx) error {
		if err := checkSoleCreation(ctx, tx, r.p.ID, string(making)); err != nil {
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

// checkSoleCreation returns a NotReady error while another push is creating a file that looks the
// same.
func checkSoleCreation(ctx context.Context, q store.Queryer, push, making string) error {
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

// maxClockSkew is how far before the push its file may be dated: the clocks may differ.
const maxClockSkew = 2 * time.Hour

// deleteUnanswered deletes what an unanswered creation has created: files by the person, of that
// name and size, still empty, and recorded by no push. Their addresses were lost with the answer,
// so that they are of no use. A file that Frame.io was to fetch has a unique name, and may be
// complete. It returns how many there were.
func (s *Service) deleteUnanswered(ctx context.Context, fio *v4.Client, p Push) (removed int, err error) {
	if p.Making == "" {
		return 0, nil
	}

	// What was to be created, and by whom?
	var c creation
	if err := json.Unmarshal([]byte(p.Making), &c); err != nil {
		return 0, fmt.Errorf("what push %s was about to make: %w", p.ID, err)
	}

	me, err := s.People.Person(ctx, p.By)
	if err != nil {
		return 0, err
	}

	// Look for it in the folder.
	for f, err := range fio.Files(ctx, p.Account, c.Folder) {
		if isMissing(err) {
			return removed, nil
		}

		if err != nil {
			return removed, err
		}

		if !c.matches(f, me.FrameioID, p.Created.Add(-maxClockSkew)) {
			continue
		}

		did, err := s.deleteUnknown(ctx, fio, p.Account, f.ID)
		if removed += did; err != nil {
			return removed, err
		}
	}

	return removed, nil
}

// matches reports whether a file was created by this creation, by a person after a time.
func (c creation) matches(f frameio.File, by string, after time.Time) bool {
	if c.ByAddress {
		return f.Name == c.Name
	}
	return !f.Uploaded() && f.Name == c.Name && f.Size == c.Size && f.Creator.ID == by && !f.Created.Before(after)
}

func (s *Service) deleteUnknown(ctx context.Context, fio *v4.Client, account, file string) (int, error) {
	var pushes int
	if err := s.DB.Reader.QueryRowContext(ctx, `SELECT COUNT(*) FROM pushes
		WHERE file_id = $1`, file).Scan(&pushes); err != nil || pushes > 0 {
		return 0, err
	}

	if err := fio.DeleteFile(ctx, account, file); err != nil && !v4.NotFound(err) {
		return 0, err
	}

	return 1, nil
}

// maxLooks is how often a file whose creation was not answered is looked for: the request may still
// be under way when the connector has stopped waiting.
const maxLooks = 4

// cleanUpUnanswered deletes what an earlier creation has left that was not answered. While none is
// found, it returns a NotReady error, a few times.
func (r *run) cleanUpUnanswered(ctx context.Context) error {
	if r.p.Making == "" {
		return nil
	}

	n, err := r.Service.deleteUnanswered(ctx, r.fio, r.p)
	if err != nil {
		return err
	}

	if n > 0 {
		return errors.Join(r.t.Note(ctx, "removed", "a file whose creation was not answered"), r.clearCreation(ctx))
	}

	if r.st.Looks++; r.st.Looks < maxLooks {
		return errors.Join(r.save(ctx),
			fault.New(fault.NotReady, "Frame.io may still be making the file; it did not answer."))
	}

	return r.clearCreation(ctx)
}

// clearCreation records that the last creation is settled.
func (r *run) clearCreation(ctx context.Context) error {
	r.p.Making, r.st.Looks = "", 0
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET making = '' WHERE id = $1`, r.p.ID)
		return err
	})
}

// clearIfRefused settles a creation that Frame.io has refused.
func (r *run) clearIfRefused(ctx context.Context, err error) error {
	if code := v4.StatusOf(err); code < 400 || code >= 500 {
		return nil
	}
	return r.clearCreation(ctx)
}

// deleteFile deletes what a push has created on Frame.io. What cannot be deleted now stays in its
// row for the reaper.
func (r *run) deleteFile(ctx context.Context) error {
	if r.st.File == "" && r.p.Making == "" {
		return nil
	}

	// Act as the person.
	var err error
	if r.fio, err = r.People.Frameio(ctx, r.p.By); err != nil {
		if fault.Is(err, fault.NotConnected) {
			return r.t.Note(ctx, "left behind", "a file on Frame.io: %s is not connected any more", r.p.By)
		}
		return err
	}

	// Delete the unanswered one, then the recorded one.
	if err := r.cleanUpUnanswered(ctx); err != nil {
		return err
	}

	if r.st.File != "" {
		if err := r.fio.DeleteFile(ctx, r.p.Account, r.st.File); err != nil && !v4.NotFound(err) {
			return fmt.Errorf("removing the file on Frame.io: %w", err)
		}
	}

	return r.clearFile(ctx)
}

func (r *run) clearFile(ctx context.Context) error {
	r.st.File, r.st.Stack, r.p.Making = "", "", ""
	return r.commit(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE pushes SET file_id = '', view_url = '', upload = NULL, making = ''
			WHERE id = $1`, r.p.ID)
		return err
	})
}

// maxRestarts is how often a file is created again because the previous one became useless.
const maxRestarts = 3

// restart deletes the file and goes back to the step that creates it, since expired addresses cannot
// be renewed. After maxRestarts times the item fails with why.
func (r *run) restart(ctx context.Context, why, remedy string) (work.Next, error) {
	r.st.Restarts++
	if r.st.Restarts > maxRestarts {
		return work.Next{}, fault.New(fault.Refused, "%s", why).With(remedy)
	}

	if err := r.t.Note(ctx, "begun again", "%s", why); err != nil {
		return work.Next{}, err
	}

	if err := r.deleteFile(ctx); err != nil {
		return work.Next{}, err
	}

	return work.Next{Step: stepCreate}, r.t.Progress(ctx, work.Transfer{Name: r.st.Name, Size: r.st.Piece.Length})
}
