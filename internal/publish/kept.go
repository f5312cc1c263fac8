package publish

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
)

// Connected lets only people publish who have connected Nuxeo and Frame.io, each
// as themself; the other choice, of the package binding, lets everyone.
const Connected = "connected"

// keptFor is how long a call waits for whoever made it to connect.
const keptFor = 30 * 24 * time.Hour

// Field is a line of a form that Frame.io shows.
type Field struct {
	Type  string `json:"type"`
	Label string `json:"label"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// connectFirst is the answer to somebody who has to connect before what they
// selected is published.
func (s *Service) connectFirst() Answer {
	return Answer{
		Title: "Connect Nuxeo",
		Description: "Only people who connected Nuxeo may publish into this folder. What you selected is kept: it is " +
			"published as soon as you have connected.",
		Fields: []Field{{
			Type:  "link",
			Label: "Connect Nuxeo and Frame.io",
			Name:  "connect",
			Value: s.PublicURL + "/connect",
		}},
	}
}

// mayPublish reports whether whoever runs the action may publish into the binding
// now.
func (s *Service) mayPublish(ctx context.Context, b Binding, userID string) (bool, error) {
	if b.Publishers != Connected {
		return true, nil
	}

	p, err := s.People.PersonOnFrameio(ctx, userID)
	if err == nil {
		err = s.People.Usable(ctx, p.Login)
	}

	if fault.Is(err, fault.NotFound, fault.NotConnected, fault.NeedsOwner) {
		return false, nil
	}

	return err == nil, err
}

// resubmitted answers somebody who sends the form of connectFirst back instead
// of following its link: what they selected is recorded already. known is false
// when it is not.
func (s *Service) resubmitted(ctx context.Context, in Interaction) (answer Answer, known bool, err error) {
	var kept bool
	var n int
	err = s.DB.Reader.QueryRowContext(ctx, `SELECT kept, (SELECT COUNT(*) FROM items
		WHERE items.parent = interactions.id) FROM interactions
		WHERE action_id = $1 AND interaction_id = $2 AND step = 'open'`, in.ActionID, in.InteractionID).Scan(&kept, &n)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return answer, false, nil
	case err != nil:
		return answer, false, err
	case kept:
		return s.connectFirst(), true, nil
	}

	return pushed(n), true, nil
}

// Release starts what was kept for a Frame.io user who has connected now.
func (s *Service) Release(ctx context.Context, userID string) error {
	var woken []string
	err := s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		woken = nil
		calls, err := ids(ctx, tx, `UPDATE interactions SET kept = FALSE
			WHERE kept AND user_id = $1 RETURNING id`, userID)
		if err != nil {
			return err
		}

		for _, id := range calls {
			started, err := s.Engine.Hasten(ctx, tx, id, "")
			if err != nil {
				return err
			}
			woken = append(woken, started...)
		}

		return nil
	})
	if err == nil {
		s.Engine.Wake(woken...)
	}

	return err
}

// ReleaseAll is the chore behind Release: it starts what was kept for people who
// have connected since, should the process have ended in between.
func (s *Service) ReleaseAll(ctx context.Context, r *maintenance.Report) error {
	users, err := ids(ctx, s.DB.Reader, `SELECT DISTINCT user_id FROM interactions WHERE kept`)
	if err != nil {
		return err
	}

	for _, user := range users {
		may, err := s.mayPublish(ctx, Binding{Publishers: Connected}, user)
		if err != nil {
			return err
		}

		if !may {
			continue
		}

		if err := s.Release(ctx, user); err != nil {
			return err
		}

		r.Note("started what was kept for the Frame.io user %s", user)
	}

	return nil
}

// Resume lets what waits below a binding go on, under its present owner.
func (s *Service) Resume(ctx context.Context, binding, owner string) error {
	var woken []string
	err := s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		woken = nil
		calls, err := ids(ctx, tx, `SELECT id FROM interactions WHERE binding_id = $1 AND NOT kept
			AND EXISTS (SELECT 1 FROM items WHERE items.parent = interactions.id AND state = 'waiting')`, binding)
		if err != nil {
			return err
		}

		for _, id := range calls {
			started, err := s.Engine.Hasten(ctx, tx, id, owner)
			if err != nil {
				return err
			}
			woken = append(woken, started...)
		}

		return nil
	})
	if err == nil {
		s.Engine.Wake(woken...)
	}

	return err
}

type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func ids(ctx context.Context, q asker, query string, args ...any) ([]string, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		all = append(all, id)
	}

	return all, rows.Err()
}
