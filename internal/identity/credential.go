package identity

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

const (
	// early renews a token this long before it ends.
	early = time.Minute
	// claim is how long one node may take for a refresh before another may try.
	claim = 30 * time.Second
	// look is how often a waiting node looks whether the other is done.
	look = 100 * time.Millisecond
)

type credential struct {
	access, refresh []byte
	expires         int64
	lost            string
	generation      int64
	refreshing      int64
	origin          string // scheme and host of where the tokens came from
}

func (s *Service) credential(ctx context.Context, login string) (credential, error) {
	var c credential
	err := s.db.Reader.QueryRowContext(ctx, `SELECT access_token, refresh_token, expires, lost, generation,
		refreshing, origin
		FROM credentials WHERE login = $1 AND provider = $2`, login, ProviderName).
		Scan(&c.access, &c.refresh, &c.expires, &c.lost, &c.generation, &c.refreshing, &c.origin)
	if errors.Is(err, sql.ErrNoRows) {
		return c, s.notConnected(login, "has not connected Frame.io")
	}

	if err == nil && c.lost != "" {
		return c, s.notConnected(login, c.lost)
	}

	return c, err
}

func (s *Service) notConnected(login, why string) error {
	return fault.New(fault.NotConnected, "%s %s.", login, why).With("Connect Frame.io at " +
		s.set.PublicURL + "/connect.")
}

// Connected reports whether a person's Frame.io sign-in is usable as far as we
// know, without a call: nil, or a NotConnected error.
func (s *Service) Connected(ctx context.Context, login string) error {
	_, err := s.credential(ctx, login)
	return err
}

// Frameio is a Frame.io client that acts as the person.
func (s *Service) Frameio(ctx context.Context, login string) (*v4.Client, error) {
	if err := s.Connected(ctx, login); err != nil {
		return nil, err
	}

	// The token is looked up at each call, so that a client outlives it.
	c, err := v4.New(s.set.FrameioURL, s.frameio, func(ctx context.Context, refused string) (string, error) {
		return s.accessToken(ctx, login, refused)
	})
	if err != nil {
		return nil, err
	}

	p, err := s.Provider(ctx)
	c.APIKey = p.ClientID
	return c, err
}

// accessToken gives a token that is still good, and not the refused one.
func (s *Service) accessToken(ctx context.Context, login, refused string) (string, error) {
	c, err := s.credential(ctx, login)
	if err != nil {
		return "", err
	}

	token, err := s.usable(login, c, refused)
	if token != "" || err != nil {
		return token, err
	}

	// One flight per person; the others of this node wait. A flight goes on when
	// who began it does not wait any more: the new token must be stored.
	flight := s.flights.DoChan(login, func() (any, error) {
		return s.renew(context.WithoutCancel(ctx), login, refused)
	})

	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case r := <-flight:
		if r.Err != nil {
			return "", r.Err
		}
		return r.Val.(string), nil
	}
}

// usable is the stored token unless it is about to end or was refused.
func (s *Service) usable(login string, c credential, refused string) (string, error) {
	if c.expires < store.Millis(s.now().Add(early)) {
		return "", nil
	}
	token, err := s.vault.Open("credentials/"+login+"/access", c.access)
	if token == refused {
		return "", err
	}
	return token, err
}

// renew refreshes, or waits for the node that does.
func (s *Service) renew(ctx context.Context, login, refused string) (string, error) {
	wait, cancel := context.WithTimeout(ctx, claim+time.Second)
	defer cancel()
	for {
		// What another node has stored meanwhile may do.
		c, err := s.credential(ctx, login)
		if err != nil {
			return "", err
		}

		if token, err := s.usable(login, c, refused); token != "" || err != nil {
			return token, err
		}

		// Of several nodes, one asks Adobe, and the others wait for what it stores.
		mine, err := s.claim(ctx, login, c)
		if err != nil {
			return "", err
		}

		if mine {
			token, err := s.refresh(ctx, login, c)
			if !errors.Is(err, errSuperseded) {
				return token, err
			}
		}

		// Another node is at it. Look again in a moment.
		if err := pause(wait, look); err != nil {
			return "", fault.New(fault.Unavailable,
				"Another node is renewing the Frame.io sign-in and does not finish.").Because(err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// claim takes the right to refresh for a while; of two nodes one gets it.
func (s *Service) claim(ctx context.Context, login string, c credential) (bool, error) {
	if !s.unclaimed(login, c) {
		return false, nil
	}

	var n int64
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE credentials SET refreshing = $1
			WHERE login = $2 AND provider = $3 AND generation = $4 AND refreshing = $5`,
			store.Millis(s.now().Add(claim)), login, ProviderName, c.generation, c.refreshing)
		if err != nil {
			return err
		}
		n, err = res.RowsAffected()
		return err
	})

	return n == 1, err
}

// A seenClaim is another node's claim as this one has seen it.
type seenClaim struct {
	refreshing, generation int64
	since                  time.Time
}

// unclaimed reports whether nobody is refreshing a credential. A claim whose node has died is one
// that has been seen unchanged for longer than a claim lasts, by a clock that does not jump: what the
// claim says of its end was written by another clock, which may be hours ahead of ours, or behind.
func (s *Service) unclaimed(login string, c credential) bool {
	s.claiming.Lock()
	defer s.claiming.Unlock()
	if c.refreshing == 0 {
		delete(s.claims, login)
		return true
	}

	seen := s.claims[login]
	if seen.refreshing != c.refreshing || seen.generation != c.generation {
		s.claims[login] = seenClaim{c.refreshing, c.generation, s.steady()}
		return false
	}

	return s.steady().Sub(seen.since) > claim
}

// errSuperseded says that the person connected anew, or disconnected, while an
// older sign-in was being refreshed: what came of that counts no more.
var errSuperseded = errors.New("the credential was replaced meanwhile")

func (s *Service) refresh(ctx context.Context, login string, c credential) (string, error) {
	old, err := s.vault.Open("credentials/"+login+"/refresh", c.refresh)
	if err != nil {
		return "", err
	}

	if old == "" {
		return "", s.lose(ctx, login, c,
			"has a Frame.io sign-in without a refresh token: the scope offline_access is missing")
	}

	// The answer must be here, and stored, before another node may try.
	ask, cancel := context.WithTimeout(ctx, claim/2)
	defer cancel()
	t, err := s.askOrigin(ask, c.origin, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old}})
	var refused *grantError
	if errors.As(err, &refused) && refused.code == "invalid_grant" {
		return "", s.lose(ctx, login, c, "is not signed in to Frame.io any more")
	}

	if errors.Is(err, errElsewhere) {
		return "", s.lose(ctx, login, c, elsewhere(c.origin))
	}

	if err != nil {
		return "", errors.Join(err, s.release(ctx, login, c))
	}

	if t.Refresh == "" {
		t.Refresh = old // not every answer brings a new one
	}

	if err := s.rotate(ctx, login, c, t); err != nil {
		return "", err
	}

	return t.Access, nil
}

// rotate stores the new tokens; only then may they be used.
func (s *Service) rotate(ctx context.Context, login string, c credential, t tokens) error {
	now := s.now()
	return s.replace(ctx, `UPDATE credentials SET access_token = $1, refresh_token = $2, expires = $3,
				refreshing = 0, generation = generation + 1, updated = $4 WHERE login = $5 AND provider = $6
				AND generation = $7`,
		s.sealAccess(login, t.Access), s.sealRefresh(login, t.Refresh), store.Millis(expiry(now, t.Expires)),
		store.Millis(now), login, ProviderName, c.generation)
}

// replace changes the credential if it is still the one that was read.
func (s *Service) replace(ctx context.Context, update string, args ...any) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, update, args...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); n == 0 || err != nil {
			return errors.Join(errSuperseded, err)
		}
		return nil
	})
}

// lose records that the credential is worthless, so that it is not tried again.
func (s *Service) lose(ctx context.Context, login string, c credential, why string) error {
	err := s.replace(ctx, `UPDATE credentials SET lost = $1, access_token = NULL, refresh_token = NULL,
			refreshing = 0, generation = generation + 1 WHERE login = $2 AND provider = $3 AND generation = $4`,
		why, login, ProviderName, c.generation)
	return errors.Join(s.notConnected(login, why), err)
}

func (s *Service) release(ctx context.Context, login string, c credential) error {
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE credentials SET refreshing = 0 WHERE login = $1 AND provider = $2
			AND generation = $3`,
			login, ProviderName, c.generation)
		return err
	})
}
