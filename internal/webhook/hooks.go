package webhook

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// name is how our webhooks are called in Frame.io's settings.
const name = "Nuxeo"

// hook is a row of ours.
type hook struct {
	id, account, workspace, remote string
	maker                          string
	known                          bool // we have its secret
	tried                          time.Time
}

// Reconcile makes the webhooks on Frame.io those that are wanted: one in each
// watched workspace, switched on, with our events, and none where nobody watches.
// A workspace in which nobody may do it is noted; looking at everything from time
// to time stands in for it.
func (s *Service) Reconcile(ctx context.Context, r *maintenance.Report) error {
	places, err := s.hooked(ctx)
	if err != nil {
		return err
	}

	have, err := s.hooks(ctx)
	if err != nil {
		return err
	}

	for _, p := range places {
		i := slices.IndexFunc(have, func(h hook) bool { return h.account == p.Account && h.workspace == p.Workspace })
		var h hook
		if i >= 0 {
			h = have[i]
			have = slices.Delete(have, i, i+1)
		}
		s.note(ctx, r, p.Workspace, s.keep(ctx, p, h))
	}

	for _, h := range have {
		s.note(ctx, r, h.workspace, s.drop(ctx, h, r))
	}

	return ctx.Err()
}

// hooked are the workspaces that are to have a webhook.
func (s *Service) hooked(ctx context.Context) ([]Place, error) {
	if s.NoWebhooks {
		return nil, nil
	}
	return s.Watched(ctx)
}

// again is when a webhook is tried to be made again that could not be.
const again = 15 * time.Minute

// Complete makes the webhooks that watched workspaces do not have yet.
func (s *Service) Complete(ctx context.Context) error {
	places, err := s.hooked(ctx)
	if err != nil || len(places) == 0 {
		return err
	}

	have, err := s.hooks(ctx)
	if err != nil {
		return err
	}

	for _, p := range places {
		i := slices.IndexFunc(have, func(h hook) bool { return h.account == p.Account && h.workspace == p.Workspace })
		if i >= 0 && (have[i].known || have[i].tried.Add(again).After(s.Now())) {
			continue
		}

		var h hook
		if i >= 0 {
			h = have[i]
		}

		if err := s.keep(ctx, p, h); err != nil {
			return err
		}
	}

	return nil
}

func (s *Service) note(ctx context.Context, r *maintenance.Report, workspace string, err error) {
	if err == nil || ctx.Err() != nil {
		return
	}
	r.Note("the team %s has no webhook: %s", workspace, fault.From(err).Message)
}

func (s *Service) hooks(ctx context.Context) (all []hook, err error) {
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT id, account_id, workspace_id, remote_id, maker,
		secret IS NOT NULL, updated FROM webhooks ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var h hook
		var updated int64
		if err := rows.Scan(&h.id, &h.account, &h.workspace, &h.remote, &h.maker, &h.known, &updated); err != nil {
			return nil, err
		}
		h.tried = store.Time(updated)
		all = append(all, h)
	}

	return all, rows.Err()
}

// keep makes one webhook what it should be. The row is there first: it names the
// address by which a webhook is found whose creation nobody heard the end of.
func (s *Service) keep(ctx context.Context, p Place, h hook) (err error) {
	if h.id == "" {
		if h, err = s.intend(ctx, p); err != nil {
			return err
		}
	}

	err = s.asAnybody(ctx, p.Logins, func(fio *v4.Client, login string) error {
		return s.onFrameio(ctx, fio, login, h)
	})

	return s.record(ctx, h.id, err)
}

func (s *Service) intend(ctx context.Context, p Place) (hook, error) {
	h := hook{id: uuid.NewString(), account: p.Account, workspace: p.Workspace}
	now := store.Millis(s.Now())
	return h, s.DB.Tx(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `INSERT INTO webhooks (id, account_id, workspace_id, created, updated)
			VALUES ($1, $2, $3, $4, $4)
			ON CONFLICT (account_id, workspace_id) DO UPDATE
			SET updated = EXCLUDED.updated RETURNING id`, h.id, p.Account, p.Workspace, now).Scan(&h.id)
	})
}

// asAnybody acts as the service credential or the first person who may.
func (s *Service) asAnybody(ctx context.Context, logins []string, do func(fio *v4.Client, login string) error) error {
	fio, err := s.People.ServiceFrameio(ctx)
	if err == nil {
		if err = do(fio, ""); err == nil {
			return nil
		}
	}

	for _, login := range logins {
		if fio, err = s.People.Frameio(ctx, login); err == nil {
			err = do(fio, login)
		}
		if err == nil {
			return nil
		}
	}

	return err
}

// onFrameio looks before it makes anything: a webhook with our address is ours,
// and without its secret of no use.
func (s *Service) onFrameio(ctx context.Context, fio *v4.Client, login string, h hook) error {
	there := false
	for w, err := range fio.Webhooks(ctx, h.account, h.workspace) {
		if err != nil {
			return err
		}

		if w.URL != s.address(h.id) {
			continue
		}

		if !h.known || w.ID != h.remote || there {
			if err := gone(fio.DeleteWebhook(ctx, h.account, w.ID)); err != nil {
				return err
			}
			continue
		}

		there = true
		if err := repair(ctx, fio, h, w); err != nil {
			return err
		}
	}

	if there {
		return nil
	}

	return s.make(ctx, fio, login, h)
}

// repair switches a webhook on again, and asks for what we want to know.
func repair(ctx context.Context, fio *v4.Client, h hook, w frameio.Webhook) error {
	have, want := slices.Sorted(slices.Values(w.Events)), slices.Sorted(slices.Values(Events))
	if w.Active && slices.Equal(have, want) {
		return nil
	}
	return fio.UpdateWebhook(ctx, h.account, w.ID, Events)
}

func (s *Service) make(ctx context.Context, fio *v4.Client, login string, h hook) error {
	made, err := fio.CreateWebhook(ctx, h.account, h.workspace, frameio.Webhook{
		Name: name, URL: s.address(h.id),
		Events: Events,
	})
	if err != nil {
		return err
	}

	if made.Secret == "" {
		return fault.New(fault.Unavailable, "Frame.io did not tell the secret of the webhook.")
	}

	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE webhooks SET remote_id = $1, secret = $2, maker = $3
			WHERE id = $4`, made.ID, s.Vault.Seal(secretPlace(h.id), made.Secret), login, h.id)
		return err
	})
}

// gone takes a thing that is not there for one that was removed.
func gone(err error) error {
	if v4.NotFound(err) {
		return nil
	}
	return err
}

// record keeps why a webhook is missing, for those who look after it.
func (s *Service) record(ctx context.Context, id string, failed error) error {
	problem := ""
	if failed != nil {
		problem = fault.From(failed).Message
	}

	err := s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE webhooks SET problem = $1, updated = $2
			WHERE id = $3`, problem, store.Millis(s.Now()), id)
		return err
	})
	if failed != nil {
		return failed
	}

	return err
}

// drop takes a webhook away. The row goes last, since it is what we know it by;
// the owner of the secret may be gone, and then the row goes alone: what Frame.io
// still sends is not authentic any more.
func (s *Service) drop(ctx context.Context, h hook, r *maintenance.Report) error {
	err := s.asAnybody(ctx, makers(h), func(fio *v4.Client, _ string) error {
		if h.remote == "" {
			return nil
		}
		return gone(fio.DeleteWebhook(ctx, h.account, h.remote))
	})
	if fault.Passing(err) {
		return fmt.Errorf("removing it: %w", err)
	}

	err = s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM webhooks WHERE id = $1`, h.id)
		return err
	})
	if err == nil {
		r.Add("the webhook of the team %s, which is no longer watched", h.workspace)
	}

	return err
}

// makers are who may take a webhook away, beside the service credential.
func makers(h hook) []string {
	if h.maker == "" {
		return nil
	}
	return []string{h.maker}
}

// Team is a watched workspace, and whether its webhook is there; Problem says why
// not, once that was tried.
type Team struct {
	Workspace string
	Kept      bool
	Problem   string
}

// Teams are the watched workspaces.
func (s *Service) Teams(ctx context.Context) ([]Team, error) {
	places, err := s.hooked(ctx)
	if err != nil {
		return nil, err
	}

	out := make([]Team, 0, len(places))
	for _, p := range places {
		t := Team{Workspace: p.Workspace}
		err := s.DB.Reader.QueryRowContext(ctx, `SELECT secret IS NOT NULL AND problem = '', problem FROM webhooks
			WHERE account_id = $1 AND workspace_id = $2`,
			p.Account, p.Workspace).Scan(&t.Kept, &t.Problem)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
		out = append(out, t)
	}

	return out, nil
}
