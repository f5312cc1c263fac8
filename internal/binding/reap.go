package binding

import (
	"context"
	"fmt"
	"strings"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// A boundTeam is a workspace that was bound once, with the people who may look into it.
type boundTeam struct {
	account, workspace, name string
	logins                   []string
}

// Reap is the maintenance task that deletes custom actions that call us and belong to no binding. A
// crash or a failed clean-up left them in the menu of the team, where they answer that the folder
// is not bound.
func (s *Service) Reap(ctx context.Context, r *maintenance.Report) error {
	teams, err := s.teams(ctx)
	if err != nil {
		return err
	}

	for _, t := range teams {
		if err := s.reapTeam(ctx, t, r); err != nil {
			r.Note("the team %s could not be looked at: %s", t.name, fault.From(err).Message)
		}
	}

	return ctx.Err()
}

func (s *Service) teams(ctx context.Context) ([]*boundTeam, error) {
	var all []*boundTeam
	err := store.Each(ctx, s.DB.Reader, func(row store.Row) error {
		var t boundTeam
		var login string
		if err := row.Scan(&t.account, &t.workspace, &t.name, &login); err != nil {
			return err
		}

		// The rows of a workspace come together, one for each owner.
		if n := len(all); n == 0 || all[n-1].workspace != t.workspace {
			all = append(all, &t)
		}
		last := all[len(all)-1]
		last.logins = append(last.logins, login)
		return nil
	}, `SELECT DISTINCT account_id, workspace_id, workspace_name, owner FROM actions
		JOIN bindings ON bindings.id = actions.binding_id ORDER BY account_id, workspace_id, owner`)
	return all, err
}

// reapTeam looks with the first of its people who may.
func (s *Service) reapTeam(ctx context.Context, t *boundTeam, r *maintenance.Report) (err error) {
	for _, login := range t.logins {
		if err = s.asOwnerOrService(ctx, login, func(fio *v4.Client) error {
			return s.reapActions(ctx, fio, t, r)
		}); err == nil {
			return nil
		}
	}
	return err
}

func (s *Service) reapActions(ctx context.Context, fio *v4.Client, t *boundTeam, r *maintenance.Report) error {
	for a, err := range fio.Actions(ctx, t.account, t.workspace) {
		if err != nil {
			return err
		}

		// Actions of others are none of our business.
		if !strings.HasPrefix(a.URL, s.actionURL("")) {
			continue
		}

		// One that a binding knows stays.
		lost, err := s.isUnrecorded(ctx, a)
		if err != nil {
			return err
		}

		if !lost {
			continue
		}

		if err := fio.DeleteAction(ctx, t.account, a.ID); err != nil && !v4.NotFound(err) {
			return fmt.Errorf("removing the custom action %q: %w", a.Name, err)
		}

		r.Add("custom action %q of the team %s, which no binding has", a.Name, t.name)
	}
	return nil
}
