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

// name is the name of our webhooks in Frame.io's settings.
const name = "Nuxeo"

// A hook is a row of ours.
type hook struct {
	id, account, workspace, remote string
	creator                        string
	hasSecret                      bool // we have its secret
	tried                          time.Time
}

// Reconcile makes the webhooks on Frame.io what they should be: one in each watched workspace,
// active, with our events, and none elsewhere. A workspace in which no one may create one is noted;
// regular full runs stand in for it.
func (s *Service) Reconcile(ctx context.Context, r *maintenance.Report) error {
	workspaces, err := s.wantedWorkspaces(ctx)
	if err != nil {
		return err
	}

	have, err := s.hooks(ctx)
	if err != nil {
		return err
	}

	// Each watched workspace has one webhook.
	for _, p := range workspaces {
		i := slices.IndexFunc(have, func(h hook) bool { return h.account == p.Account && h.workspace == p.Workspace })
		var h hook
		if i >= 0 {
			h = have[i]
			have = slices.Delete(have, i, i+1)
		}
		s.note(ctx, r, p.Workspace, s.ensure(ctx, p, h))
	}

	// What is left over belongs to no watched workspace.
	for _, h := range have {
		s.note(ctx, r, h.workspace, s.remove(ctx, h, r))
	}

	return ctx.Err()
}

// wantedWorkspaces returns the workspaces that should have a webhook.
func (s *Service) wantedWorkspaces(ctx context.Context) ([]WatchedWorkspace, error) {
	if s.NoWebhooks {
		return nil, nil
	}
	return s.Watched(ctx)
}

// retryAfter is when creating a webhook is tried again after a failure.
const retryAfter = 15 * time.Minute

// Complete creates the webhooks that watched workspaces do not have yet.
func (s *Service) Complete(ctx context.Context) error {
	workspaces, err := s.wantedWorkspaces(ctx)
	if err != nil || len(workspaces) == 0 {
		return err
	}

	have, err := s.hooks(ctx)
	if err != nil {
		return err
	}

	for _, p := range workspaces {
		i := slices.IndexFunc(have, func(h hook) bool { return h.account == p.Account && h.workspace == p.Workspace })

		// One that works needs nothing, and one that failed needs a rest.
		if i >= 0 && (have[i].hasSecret || have[i].tried.Add(retryAfter).After(s.Now())) {
			continue
		}

		var h hook
		if i >= 0 {
			h = have[i]
		}

		if err := s.ensure(ctx, p, h); err != nil {
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
	return store.All(ctx, s.DB.Reader, func(row store.Row) (h hook, err error) {
		var updated int64
		err = row.Scan(&h.id, &h.account, &h.workspace, &h.remote, &h.creator, &h.hasSecret,
			&updated)
		h.tried = store.Time(updated)
		return h, err
	}, `SELECT id, account_id, workspace_id, remote_id, maker,
		secret IS NOT NULL, updated FROM webhooks ORDER BY id`)
}

// ensure makes one webhook what it should be. The row is written first: it names the address by
// which a webhook is found whose creation was not answered.
func (s *Service) ensure(ctx context.Context, p WatchedWorkspace, h hook) (err error) {
	if h.id == "" {
		if h, err = s.recordIntent(ctx, p); err != nil {
			return err
		}
	}

	err = s.withAccess(ctx, p.Logins, func(fio *v4.Client, login string) error {
		return s.ensureRemote(ctx, fio, login, h)
	})

	return s.recordProblem(ctx, h.id, err)
}

func (s *Service) recordIntent(ctx context.Context, p WatchedWorkspace) (hook, error) {
	h := hook{id: uuid.NewString(), account: p.Account, workspace: p.Workspace}
	now := store.Millis(s.Now())
	return h, s.DB.Tx(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `INSERT INTO webhooks (id, account_id, workspace_id, created, updated)
			VALUES ($1, $2, $3, $4, $4)
			ON CONFLICT (account_id, workspace_id) DO UPDATE
			SET updated = EXCLUDED.updated RETURNING id`, h.id, p.Account, p.Workspace, now).Scan(&h.id)
	})
}

// withAccess calls do with the service credential, and then with the people until one succeeds.
func (s *Service) withAccess(ctx context.Context, logins []string, do func(fio *v4.Client, login string) error) error {
	// The service credential depends on no person, and comes first.
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

// ensureRemote looks before it creates anything: a webhook with our address is ours, and without
// its secret of no use.
func (s *Service) ensureRemote(ctx context.Context, fio *v4.Client, login string, h hook) error {
	found := false
	for w, err := range fio.Webhooks(ctx, h.account, h.workspace) {
		if err != nil {
			return err
		}

		if w.URL != s.address(h.id) {
			continue
		}

		// An earlier attempt has left it behind, without its secret or as a second one.
		if !h.hasSecret || w.ID != h.remote || found {
			if err := ignoreNotFound(fio.DeleteWebhook(ctx, h.account, w.ID)); err != nil {
				return err
			}
			continue
		}

		// It is the one. Somebody may have changed its events or switched it off.
		found = true
		if err := repair(ctx, fio, h, w); err != nil {
			return err
		}
	}

	if found {
		return nil
	}

	return s.create(ctx, fio, login, h)
}

// repair activates a webhook and subscribes to our events.
func repair(ctx context.Context, fio *v4.Client, h hook, w frameio.Webhook) error {
	have, want := slices.Sorted(slices.Values(w.Events)), slices.Sorted(slices.Values(Events))
	if w.Active && slices.Equal(have, want) {
		return nil
	}
	return fio.UpdateWebhook(ctx, h.account, w.ID, Events)
}

func (s *Service) create(ctx context.Context, fio *v4.Client, login string, h hook) error {
	created, err := fio.CreateWebhook(ctx, h.account, h.workspace, frameio.Webhook{
		Name: name, URL: s.address(h.id),
		Events: Events,
	})
	if err != nil {
		return err
	}

	if created.Secret == "" {
		return fault.New(fault.Unavailable, "Frame.io did not tell the secret of the webhook.")
	}

	// Without the secret its events would not be believed.
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE webhooks SET remote_id = $1, secret = $2, maker = $3
			WHERE id = $4`, created.ID, s.Vault.Seal(secretContext(h.id), created.Secret), login, h.id)
		return err
	})
}

// ignoreNotFound returns nil if what was to be deleted does not exist.
func ignoreNotFound(err error) error {
	if v4.NotFound(err) {
		return nil
	}
	return err
}

// recordProblem records why a webhook is missing, for administrators.
func (s *Service) recordProblem(ctx context.Context, id string, failed error) error {
	problem := ""
	if failed != nil {
		problem = fault.From(failed).Message
	}

	// The problem itself matters more than whether it could be recorded.
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

// remove removes a webhook. The row goes last, since it identifies the webhook. If its creator is
// gone, only the row goes: what Frame.io still sends is then no longer authentic.
func (s *Service) remove(ctx context.Context, h hook, r *maintenance.Report) error {
	err := s.withAccess(ctx, creators(h), func(fio *v4.Client, _ string) error {
		if h.remote == "" {
			return nil
		}
		return ignoreNotFound(fio.DeleteWebhook(ctx, h.account, h.remote))
	})
	// It is still there, and the row is needed to try again.
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

// creators returns the logins that may remove a webhook, besides the service credential.
func creators(h hook) []string {
	if h.creator == "" {
		return nil
	}
	return []string{h.creator}
}

// A Team is a watched workspace, with whether its webhook is active; Problem says why not, once
// that was tried.
type Team struct {
	Workspace string
	Active    bool
	Problem   string
}

// Teams returns the watched workspaces.
func (s *Service) Teams(ctx context.Context) ([]Team, error) {
	workspaces, err := s.wantedWorkspaces(ctx)
	if err != nil {
		return nil, err
	}

	out := make([]Team, 0, len(workspaces))
	for _, p := range workspaces {
		t := Team{Workspace: p.Workspace}
		err := s.DB.Reader.QueryRowContext(ctx, `SELECT secret IS NOT NULL AND problem = '', problem FROM webhooks
			WHERE account_id = $1 AND workspace_id = $2`,
			p.Account, p.Workspace).Scan(&t.Active, &t.Problem)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
		out = append(out, t)
	}

	return out, nil
}
