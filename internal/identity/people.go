package identity

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Access is what lets us act for a person, without any of it being shown.
type Access struct {
	Person
	Sessions      int
	NuxeoToken    bool      // a login token of theirs is kept
	Connected     bool      // to Frame.io
	Lost          string    // why the Frame.io sign-in is of no use any more
	AccessExpires time.Time // of the Frame.io access token, which renews itself
	Revoked       string    // why an administrator ended their access
	LastSignIn    time.Time
}

// People lists all people who have signed in, by login.
func (s *Service) People(ctx context.Context) ([]Access, error) {
	return store.All(ctx, s.db.Reader, func(row store.Row) (a Access, err error) {
		var expires, updated int64
		err = row.Scan(&a.Login, &a.Name, &a.Email, &a.Admin, &a.FrameioID, &a.FrameioName, &a.Sessions,
			&a.NuxeoToken, &a.Connected, &a.Lost, &expires, &a.Revoked, &updated)
		a.Connected = a.Connected && a.Lost == ""
		a.AccessExpires, a.LastSignIn = store.Time(expires), store.Time(updated)
		return a, err
	}, `SELECT people.login, name, email, admin, COALESCE(frameio_id, ''),
		frameio_name,
			(SELECT COUNT(*) FROM sessions WHERE sessions.login = people.login AND sessions.expires > $1),
			nuxeo_token IS NOT NULL, credentials.login IS NOT NULL, COALESCE(credentials.lost, ''),
			COALESCE(credentials.expires, 0),
			revoked, people.updated
		FROM people LEFT JOIN credentials ON credentials.login = people.login AND credentials.provider = $2
		ORDER BY people.login`,
		store.Millis(s.now()), ProviderName)
}

// Usable says why we cannot act as a person, as far as we know without a
// call; nil: we can.
func (s *Service) Usable(ctx context.Context, login string) error {
	if err := s.Connected(ctx, login); err != nil {
		return err
	}
	_, err := s.Nuxeo(ctx, login)
	return err
}

// Revoke ends a person's sessions and everything that lets us act for them: the
// Nuxeo token, in Nuxeo as well, and the Frame.io sign-in, at Adobe as well where
// that can be reached. What they answer for needs an owner then. They are blocked until
// an administrator lifts it, and their Frame.io user is free for another login. left
// tells what could not be ended remotely.
func (s *Service) Revoke(ctx context.Context, login, by string) (left []string, err error) {
	if login == by {
		return nil, fault.New(fault.Conflict, "You cannot end your own access.").
			With("Ask another administrator, or sign out.")
	}

	if _, err := s.Person(ctx, login); err != nil {
		return nil, err
	}

	// First elsewhere, while we still hold the tokens that this takes.
	left = s.revokeRemotely(ctx, login)
	return left, s.set.Audit.Do(ctx, s.db, func(tx *sql.Tx) (audit.Entry, error) {
		return audit.Entry{Who: by, What: audit.Revoked, About: login}, s.block(ctx, tx, login, by)
	})
}

func (s *Service) block(ctx context.Context, tx *sql.Tx, login, by string) error {
	for _, text := range []string{`DELETE FROM sessions WHERE login = $1`, `DELETE FROM sign_ins
		WHERE login = $1`, `DELETE FROM credentials WHERE login = $1`} {
		if _, err := tx.ExecContext(ctx, text, login); err != nil {
			return err
		}
	}

	_, err := tx.ExecContext(ctx, `UPDATE people SET nuxeo_token = NULL, revoked = $1,
		frameio_was = COALESCE(frameio_id, frameio_was),
		frameio_id = NULL, frameio_name = '' WHERE login = $2`, "by "+by, login)
	return err
}

// Lift lets a person sign in again whose access was ended. They may connect the Frame.io
// user that they had; another one only if anyUser says so, since everything that
// they answer for would go on as another user.
func (s *Service) Lift(ctx context.Context, login, by string, anyUser bool) error {
	if _, err := s.Person(ctx, login); err != nil {
		return err
	}
	return s.set.Audit.Do(ctx, s.db, func(tx *sql.Tx) (audit.Entry, error) {
		res, err := tx.ExecContext(ctx, `UPDATE people SET revoked = '', frameio_was = CASE WHEN $2 THEN ''
			ELSE frameio_was END
			WHERE login = $1 AND (revoked <> '' OR $2 AND frameio_was <> '')`, login, anyUser)
		if err != nil {
			return audit.Entry{}, err
		}

		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return audit.Entry{}, errors.Join(fault.New(fault.Conflict, "%s is not blocked.", login), err)
		}

		e := audit.Entry{Who: by, What: audit.Lifted, About: login}
		if anyUser {
			e.Detail = "any Frame.io account may be connected"
		}

		return e, nil
	})
}

// unblocked refuses a person whose access an administrator has ended.
func (s *Service) unblocked(ctx context.Context, tx *sql.Tx, login string) error {
	var revoked string
	err := tx.QueryRowContext(ctx, `SELECT revoked FROM people WHERE login = $1`, login).Scan(&revoked)
	if errors.Is(err, sql.ErrNoRows) || err == nil && revoked == "" {
		return nil
	}

	if err != nil {
		return err
	}

	return fault.New(fault.Forbidden, "The access of %s was ended %s.", login, revoked).With(lifting(login)).
		At("/administration/people")
}

func lifting(login string) string {
	return "An administrator can let them in again: under Administration, Frame.io, People, or with `nuxeo-frameio " +
		"people lift " + login + "`."
}

func (s *Service) revokeRemotely(ctx context.Context, login string) (left []string) {
	if err := s.revokeNuxeo(ctx, login); err != nil {
		left = append(left, "the login token in Nuxeo: "+fault.From(err).Message)
	}
	if err := s.revokeFrameio(ctx, login); err != nil {
		left = append(left, "the sign-in at Adobe: "+fault.From(err).Message)
	}
	return left
}

func (s *Service) revokeNuxeo(ctx context.Context, login string) error {
	var sealed []byte
	err := s.db.Reader.QueryRowContext(ctx, `SELECT nuxeo_token FROM people WHERE login = $1`, login).Scan(&sealed)
	if err != nil || len(sealed) == 0 {
		return err
	}

	token, err := s.vault.Open("people/"+login, sealed)
	if err != nil {
		return err
	}

	// The token ends itself.
	err = s.nuxeo.As(nuxeo.Token(token)).RevokeToken(ctx, token)
	if nuxeo.NotFound(err) || nuxeo.StatusOf(err) == 401 {
		return nil // it is over already
	}

	return err
}

func (s *Service) revokeFrameio(ctx context.Context, login string) error {
	c, err := s.credential(ctx, login)
	if fault.Is(err, fault.NotConnected) {
		return nil
	}

	if err != nil {
		return err
	}

	token, err := s.vault.Open("credentials/"+login+"/refresh", c.refresh)
	if err != nil || token == "" {
		return err
	}

	return s.endAtAdobe(ctx, c.origin, token)
}

// open refuses to act for a person whose access an administrator has ended.
func (s *Service) open(ctx context.Context, login string) error {
	var revoked string
	err := s.db.Reader.QueryRowContext(ctx, `SELECT revoked FROM people WHERE login = $1`, login).Scan(&revoked)
	if errors.Is(err, sql.ErrNoRows) || err == nil && revoked == "" {
		return nil
	}

	if err != nil {
		return err
	}

	return fault.New(fault.NeedsOwner, "The access of %s was ended %s.", login, revoked).With(lifting(login)).
		At("/administration/people")
}

// revocation is Adobe's address that ends a token, beside the one that gives it.
func revocation(tokenURL string) (string, bool) {
	base, found := strings.CutSuffix(tokenURL, "/token/v3")
	return base + "/revoke", found
}
