package publish

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Connected lets only people publish who have connected Nuxeo and Frame.io, each as themself. The
// other choice, defined by package binding, lets everyone.
const Connected = "connected"

// keepFor is how long an interaction is kept for a person who has to connect first.
const keepFor = 30 * 24 * time.Hour

// A Field is a line of a form that Frame.io shows.
type Field struct {
	Type  string `json:"type"`
	Label string `json:"label"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// connectFirst is the answer to people who have to connect before their selection is published.
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

// mayPublish reports whether the person who runs the action may publish into the binding now.
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

// answerResubmitted answers people who submit the form of connectFirst instead of following its
// link. Their selection is recorded already; found is false if it is not.
func (s *Service) answerResubmitted(ctx context.Context, in Interaction) (answer Answer, found bool, err error) {
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

// ReleaseKept starts what was kept for a Frame.io user who has connected now.
func (s *Service) ReleaseKept(ctx context.Context, userID string) error {
	var woken []string
	err := s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		woken = nil
		calls, err := queryIDs(ctx, tx, `UPDATE interactions SET kept = FALSE
			WHERE kept AND user_id = $1 RETURNING id`, userID)
		if err != nil {
			return err
		}

		for _, id := range calls {
			started, err := s.Engine.MakeDue(ctx, tx, id, "")
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

// ReleaseAllKept is the maintenance task behind ReleaseKept. It starts what was kept for people who
// have connected since, in case the process ended in between.
func (s *Service) ReleaseAllKept(ctx context.Context, r *maintenance.Report) error {
	users, err := queryIDs(ctx, s.DB.Reader, `SELECT DISTINCT user_id FROM interactions WHERE kept`)
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

		if err := s.ReleaseKept(ctx, user); err != nil {
			return err
		}

		r.Note("started what was kept for the Frame.io user %s", user)
	}

	return nil
}

// Resume starts the waiting items of a binding under its present owner.
func (s *Service) Resume(ctx context.Context, binding, owner string) error {
	var woken []string
	err := s.DB.Tx(ctx, func(tx *sql.Tx) (err error) {
		woken = nil
		calls, err := queryIDs(ctx, tx, `SELECT id FROM interactions WHERE binding_id = $1 AND NOT kept
			AND EXISTS (SELECT 1 FROM items WHERE items.parent = interactions.id AND state = 'waiting')`, binding)
		if err != nil {
			return err
		}

		for _, id := range calls {
			started, err := s.Engine.MakeDue(ctx, tx, id, owner)
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

// queryIDs returns the ids that a query finds.
func queryIDs(ctx context.Context, q store.Queryer, query string, args ...any) ([]string, error) {
	return store.Strings(ctx, q, query, args...)
}
