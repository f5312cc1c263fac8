package binding

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"slices"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/maintenance"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Orphan records why a binding's owner cannot be acted for. The binding still accepts calls; their
// items wait for an owner.
func (s *Service) Orphan(ctx context.Context, id, reason string) error {
	return s.setNeedsOwner(ctx, id, reason)
}

func (s *Service) setNeedsOwner(ctx context.Context, id, reason string) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE bindings SET needs_owner = $1, updated = $2
			WHERE id = $3 AND needs_owner <> $1`,
			reason, store.Millis(s.Now()), id)
		return err
	})
}

// Reconnected resumes the bindings of an owner who has connected again, calling resume for each.
func (s *Service) Reconnected(ctx context.Context, login string, resume func(binding string) error) error {
	all, err := s.activeBindings(ctx)
	if err != nil {
		return err
	}

	for _, b := range all {
		if b.Owner != login || b.NeedsOwner == "" {
			continue
		}
		if err := errors.Join(s.setNeedsOwner(ctx, b.ID, ""), resume(b.ID)); err != nil {
			return err
		}
	}

	return nil
}

// TakeOver makes the viewer the owner of a binding. They must be allowed to write in its folder and
// belong to its workspaces. While the owner can be acted for, only an administrator may take over.
func (s *Service) TakeOver(ctx context.Context, who work.Viewer, id string) (Binding, error) {
	b, err := s.Get(ctx, who, id)
	if err != nil {
		return b, err
	}

	// Is there anything to take over, and may the viewer?
	switch {
	case b.State != Bound && b.State != Ending:
		return b, errNotBound
	case b.Owner == who.Login && b.NeedsOwner == "":
		return b, nil
	case b.NeedsOwner == "" && !who.Admin:
		return b, fault.New(fault.Conflict, "%s answers for this binding and can act for it.", b.Owner).
			With("Ask an administrator.")
	}

	if err := s.checkCanOwn(ctx, who.Login, b); err != nil {
		return b, err
	}

	// Record it.
	took := audit.Entry{Who: who.Login, What: audit.TookOver, About: b.FolderPath, Detail: "from " + b.Owner}
	err = s.Engine.Audited(ctx, took, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE bindings SET owner = $1, needs_owner = '', updated = $2 WHERE id = $3`,
			who.Login, store.Millis(s.Now()), id)
		return err
	})
	if err != nil {
		return b, err
	}

	return s.get(ctx, id)
}

func (s *Service) checkCanOwn(ctx context.Context, login string, b Binding) error {
	// They may write in the folder,
	nx, err := s.People.Nuxeo(ctx, login)
	if err != nil {
		return err
	}

	doc, err := nx.Get(ctx, b.FolderUID, nuxeo.Fetch{Enrichers: []string{"permissions"}})
	if err != nil {
		return err
	}

	if err := Bindable(doc); err != nil {
		return err
	}

	// and they belong to each of the workspaces.
	list, why, err := s.Workspaces(ctx, login)
	if err != nil {
		return err
	}

	for _, a := range b.Actions {
		if !slices.ContainsFunc(list, func(w Workspace) bool { return w.ID == a.WorkspaceID }) {
			return fault.New(fault.Forbidden, "You do not belong to the team %q on Frame.io.", a.WorkspaceName).
				With(orElse(why, "Ask to be invited to it."))
		}
	}

	return nil
}

// CheckOwners finds bindings whose owner cannot be acted for any more, and those whose owner can
// again. It calls resumed for the latter.
func (s *Service) CheckOwners(
	ctx context.Context, r *maintenance.Report, resumed func(context.Context, Binding) error,
) error {
	all, err := s.activeBindings(ctx)
	if err != nil {
		return err
	}

	reasons := map[string]string{}
	for _, b := range all {
		// One person may own many bindings and is asked for once.
		reason, asked := reasons[b.Owner]
		if !asked {
			if reason, err = s.whyUnusable(ctx, b.Owner); err != nil {
				return err
			}
			reasons[b.Owner] = reason
		}
		if err := s.recordNeed(ctx, b, reason, r, resumed); err != nil {
			return err
		}
	}

	return nil
}

func (s *Service) recordNeed(
	ctx context.Context, b Binding, reason string, r *maintenance.Report, resumed func(context.Context, Binding) error,
) error {
	if reason == b.NeedsOwner {
		return nil
	}

	if err := s.setNeedsOwner(ctx, b.ID, reason); err != nil {
		return err
	}

	if reason == "" {
		r.Note("%s can act for %s again", b.Owner, b.FolderPath)
		return resumed(ctx, b)
	}

	r.Note("the binding of %s needs an owner: %s", b.FolderPath, reason)
	return nil
}

// whyUnusable returns why a person's access cannot be used any more. It is empty if it can, or if
// that is unknown at the moment.
func (s *Service) whyUnusable(ctx context.Context, login string) (string, error) {
	// A token may be valid here and refused there: only a call can tell.
	err := s.People.Usable(ctx, login)
	if err == nil {
		nx, failed := s.People.Nuxeo(ctx, login)
		if err = failed; err == nil {
			_, err = nx.Me(ctx)
		}
	}

	// Only a clear refusal counts. What may pass is an error.
	switch {
	case err == nil:
		return "", nil
	case nuxeo.StatusOf(err) == http.StatusUnauthorized, nuxeo.StatusOf(err) == http.StatusForbidden:
		return "Nuxeo does not let " + login + " in any more.", nil
	case fault.Is(err, fault.NotConnected, fault.NeedsOwner, fault.NotFound):
		return fault.From(err).Message, nil
	}

	return "", err
}

func (s *Service) activeBindings(ctx context.Context) ([]Binding, error) {
	return store.All(ctx, s.DB.Reader, scan, `SELECT `+columns+` FROM bindings WHERE state IN ('bound', 'ending')
		ORDER BY id`)
}
