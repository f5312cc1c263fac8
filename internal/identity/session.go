package identity

import (
	"context"
	"database/sql"
	"errors"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// addSession opens a session, of whose secret the database keeps only the digest.
func (s *Service) addSession(ctx context.Context, tx *sql.Tx, secret, login string) error {
	now := s.now()
	if _, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE expires < $1`, store.Millis(now)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO sessions (id, login, created, expires) VALUES ($1, $2, $3, $4)`,
		digest(secret), login, store.Millis(now), store.Millis(now.Add(s.set.SessionTTL)))
	return err
}

// Session tells whose session a secret opens; Unauthenticated when it opens none.
func (s *Service) Session(ctx context.Context, secret string) (Person, error) {
	var login string
	err := s.db.Reader.QueryRowContext(ctx, `SELECT login FROM sessions WHERE id = $1 AND expires > $2`,
		digest(secret), store.Millis(s.now())).Scan(&login)
	if errors.Is(err, sql.ErrNoRows) {
		return Person{}, fault.New(fault.Unauthenticated, "You are not signed in, or the session has ended.").
			With("Sign in with Nuxeo.")
	}

	if err != nil {
		return Person{}, err
	}

	p, err := s.Person(ctx, login)
	if err != nil {
		return p, err
	}

	return s.confirm(ctx, p)
}

// SignOut ends a session; one that is not there is fine.
func (s *Service) SignOut(ctx context.Context, secret string) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM sessions WHERE id = $1`, digest(secret))
		return err
	})
}
