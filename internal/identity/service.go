package identity

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// serviceName is the row of the service credential among the providers.
const serviceName = "frameio-service"

// serviceScopes are what Adobe gives to a server-to-server credential.
const serviceScopes = "openid,AdobeID,frame.s2s.all"

// ServiceCredential is a server-to-server credential of Frame.io: it makes and
// removes custom actions for people whose role does not let them. Its token is
// made anew from id and secret whenever it is needed, and kept in memory only.
type ServiceCredential struct {
	ClientID     string
	ClientSecret string // only on the way in
	Registered   bool
}

// serviceToken is the token of this process.
type serviceToken struct {
	mu     sync.Mutex
	client string
	access string
	ends   time.Time
}

// ServiceCredential reads the registration, without the secret.
func (s *Service) ServiceCredential(ctx context.Context) (ServiceCredential, error) {
	c, _, _, err := s.serviceCredential(ctx)
	return c, err
}

// serviceCredential also returns the sealed secret and the host that it was registered
// with, which is empty when an older program did.
func (s *Service) serviceCredential(
	ctx context.Context,
) (c ServiceCredential, sealed []byte, origin string, err error) {
	err = s.db.Reader.QueryRowContext(ctx, `SELECT client_id, client_secret, token_url FROM providers
		WHERE name = $1`, serviceName).
		Scan(&c.ClientID, &sealed, &origin)
	if errors.Is(err, sql.ErrNoRows) {
		return c, nil, "", nil
	}
	c.Registered = err == nil
	return c, sealed, origin, err
}

// SaveServiceCredential asks Adobe for a token with it, and stores it when that
// works.
func (s *Service) SaveServiceCredential(ctx context.Context, c ServiceCredential) error {
	c.ClientID, c.ClientSecret = strings.TrimSpace(c.ClientID), strings.TrimSpace(c.ClientSecret)
	switch {
	case c.ClientID == "":
		return fault.Field("client_id", "Copy it from the server-to-server credential in the Adobe Developer Console.",
			"The client id is missing.")
	case c.ClientSecret == "":
		return fault.Field("client_secret",
			"Copy it from the server-to-server credential in the Adobe Developer Console.",
			"The client secret is missing.")
	}

	// A credential that gives no token is not stored.
	made, err := s.mint(ctx, "", c.ClientID, c.ClientSecret)
	if err != nil {
		return err
	}

	return s.set.Audit.Do(ctx, s.db, func(tx *sql.Tx) (audit.Entry, error) {
		_, err := tx.ExecContext(ctx, `INSERT INTO providers (name, description, client_id, client_secret,
			authorization_url,
				token_url, user_authorization_url, scopes, enabled, updated)
			VALUES ($1, 'Frame.io service credential', $2, $3, '', $6, '', $4, TRUE, $5)
			ON CONFLICT (name) DO UPDATE SET client_id = excluded.client_id, client_secret = excluded.client_secret,
				token_url = excluded.token_url, updated = excluded.updated`,
			serviceName, c.ClientID, s.vault.Seal("providers/"+serviceName, c.ClientSecret), serviceScopes,
			store.Millis(s.now()), made.origin)
		return audit.Entry{What: audit.ProviderChanged, About: serviceName, Detail: "client " + c.ClientID}, err
	})
}

// DeleteServiceCredential forgets it; one that is not there is fine.
func (s *Service) DeleteServiceCredential(ctx context.Context) error {
	return s.set.Audit.Do(ctx, s.db, func(tx *sql.Tx) (audit.Entry, error) {
		_, err := tx.ExecContext(ctx, `DELETE FROM providers WHERE name = $1`, serviceName)
		return audit.Entry{What: audit.ProviderChanged, About: serviceName, Detail: "removed"}, err
	})
}

// mint asks the provider's token address, which serves both kinds of sign-in, unless the
// secret was registered with another host.
func (s *Service) mint(ctx context.Context, origin, id, secret string) (tokens, error) {
	if err := s.held(); err != nil {
		return tokens{}, err
	}

	p, err := s.Provider(ctx)
	if err != nil {
		return tokens{}, err
	}

	// A secret goes nowhere but where it was registered.
	if origin != "" && origin != hostOf(p.TokenURL) {
		return tokens{}, fault.New(fault.NotConnected,
			"The service credential was registered with %s, and sign-ins go elsewhere now.", origin).
			With("An administrator registers it again on the server: `nuxeo-frameio provider service set`.")
	}

	form := url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {id},
		"client_secret": {secret},
		"scope":         {serviceScopes},
	}

	t, err := exchange(ctx, s.frameio, "Frame.io", p.TokenURL, form)
	t.origin = hostOf(p.TokenURL)
	return t, err
}

// ServiceFrameio is a Frame.io client that acts as the service credential;
// NotFound when there is none.
func (s *Service) ServiceFrameio(ctx context.Context) (*v4.Client, error) {
	c, _, _, err := s.serviceCredential(ctx)
	if err != nil {
		return nil, err
	}

	if !c.Registered {
		return nil, fault.New(fault.NotFound, "No service credential of Frame.io is registered.")
	}

	client, err := v4.New(s.set.FrameioURL, s.frameio, s.serviceAccess)
	if err != nil {
		return nil, err
	}

	client.APIKey = c.ClientID
	return client, nil
}

// serviceAccess gives a token that is still good, and not the refused one. One
// call at a time makes a new one.
func (s *Service) serviceAccess(ctx context.Context, refused string) (string, error) {
	c, sealed, origin, err := s.serviceCredential(ctx)
	if err != nil {
		return "", err
	}

	// The token is kept in memory until shortly before it ends.
	t := &s.service
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client == c.ClientID && t.access != refused && s.now().Before(t.ends.Add(-early)) {
		return t.access, nil
	}

	secret, err := s.vault.Open("providers/"+serviceName, sealed)
	if err != nil {
		return "", err
	}

	made, err := s.mint(ctx, origin, c.ClientID, secret)
	if err != nil {
		return "", err
	}

	t.client, t.access, t.ends = c.ClientID, made.Access, expiry(s.now(), made.Expires)
	return t.access, nil
}
