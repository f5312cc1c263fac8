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

// Orphan records why nobody can act for a binding. It goes on accepting calls;
// their items wait for an owner.
func (s *Service) Orphan(ctx context.Context, id, reason string) error {
	return s.setNeed(ctx, id, reason)
}

func (s *Service) setNeed(ctx context.Context, id, reason string) error {
	return s.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE bindings SET needs_owner = $1, updated = $2
			WHERE id = $3 AND needs_owner <> $1`,
			reason, store.Millis(s.Now()), id)
		return err
	})
}

// Back lets the bindings of an owner who has connected again go on: resume hears
// of each.
func (s *Service) Back(ctx context.Context, login string, resume func(binding string) error) error {
	all, err := s.bound(ctx)
	if err != nil {
		return err
	}

	for _, b := range all {
		if b.Owner != login || b.NeedsOwner == "" {
			continue
		}
		if err := errors.Join(s.setNeed(ctx, b.ID, ""), resume(b.ID)); err != nil {
			return err
		}
	}

	return nil
}

// TakeOver makes whoever asks the owner of a binding: somebody who may write in
// its folder and sees its workspaces. While the owner can act, only the owner's
// own doing or an administrator changes that.
func (s *Service) TakeOver(ctx context.Context, who work.Viewer, id string) (Binding, error) {
	b, err := s.Get(ctx, who, id)
	if err != nil {
		return b, err
	}

	switch {
	case b.State != Bound && b.State != Ending:
		return b, errNotBound
	case b.Owner == who.Login && b.NeedsOwner == "":
		return b, nil
	case b.NeedsOwner == "" && !who.Admin:
		return b, fault.New(fault.Conflict, "%s answers for this binding and can act for it.", b.Owner).
			With("Ask an administrator.")
	}

	if err := s.couldOwn(ctx, who.Login, b); err != nil {
		return b, err
	}

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

func (s *Service) couldOwn(ctx context.Context, login string, b Binding) error {
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

// CheckOwners finds bindings whose owner cannot act any more, and those whose
// owner can again. resumed hears of the latter.
func (s *Service) CheckOwners(
	ctx context.Context, r *maintenance.Report, resumed func(context.Context, Binding) error,
) error {
	all, err := s.bound(ctx)
	if err != nil {
		return err
	}

	reasons := map[string]string{}
	for _, b := range all {
		reason, asked := reasons[b.Owner]
		if !asked {
			if reason, err = s.cannotAct(ctx, b.Owner); err != nil {
				return err
			}
			reasons[b.Owner] = reason
		}
		if err := s.note(ctx, b, reason, r, resumed); err != nil {
			return err
		}
	}

	return nil
}

func (s *Service) note(
	ctx context.Context, b Binding, reason string, r *maintenance.Report, resumed func(context.Context, Binding) error,
) error {
	if reason == b.NeedsOwner {
		return nil
	}

	if err := s.setNeed(ctx, b.ID, reason); err != nil {
		return err
	}

	if reason == "" {
		r.Note("%s can act for %s again", b.Owner, b.FolderPath)
		return resumed(ctx, b)
	}

	r.Note("the binding of %s needs an owner: %s", b.FolderPath, reason)
	return nil
}

// cannotAct says why a person's sign-ins are of no use any more; empty when they
// are, or when nobody can tell at the moment.
func (s *Service) cannotAct(ctx context.Context, login string) (string, error) {
	err := s.People.Usable(ctx, login)
	if err == nil {
		nx, failed := s.People.Nuxeo(ctx, login)
		if err = failed; err == nil {
			_, err = nx.Me(ctx)
		}
	}

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

func (s *Service) bound(ctx context.Context) ([]Binding, error) {
	rows, err := s.DB.Reader.QueryContext(ctx, `SELECT `+columns+` FROM bindings WHERE state IN ('bound', 'ending')
		ORDER BY id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Binding
	for rows.Next() {
		b, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}

	return all, rows.Err()
}
