package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// ProviderName is the service name of Frame.io's provider, in Nuxeo's Cloud
// Services as well.
const ProviderName = "frameio"

// Provider is the registered OAuth 2 application of Frame.io. The secret is
// never read back: HasSecret tells that there is one.
type Provider struct {
	ServiceName          string
	Description          string
	ClientID             string
	ClientSecret         string // only on the way in
	HasSecret            bool
	AuthorizationURL     string
	TokenURL             string
	UserAuthorizationURL string
	Scopes               []string
	Enabled              bool
	Registered           bool // false: these are the pre-filled values
}

// offline is the scope that gives a refresh token.
const offline = "offline_access"

// DefaultProvider is the form before an administrator fills in id and secret:
// Frame.io V4 signs in through Adobe IMS. Without offline_access people would
// have to connect every day.
func DefaultProvider() Provider {
	return Provider{
		ServiceName: ProviderName, Description: "Frame.io Provider",
		AuthorizationURL: "https://ims-na1.adobelogin.com/ims/authorize/v2",
		TokenURL:         "https://ims-na1.adobelogin.com/ims/token/v3",
		Scopes:           []string{"openid", "email", "profile", offline, "additional_info.roles"},
	}
}

// RedirectURL is the address to register at Frame.io, to the letter.
func (s *Service) RedirectURL() string { return s.set.PublicURL + "/oauth/frameio/callback" }

// Provider reads the registration, or the pre-filled form when there is none.
func (s *Service) Provider(ctx context.Context) (Provider, error) {
	p, _, err := s.provider(ctx)
	return p, err
}

// provider also returns the sealed secret.
func (s *Service) provider(ctx context.Context) (Provider, []byte, error) {
	p := Provider{Registered: true}
	var scopes string
	var sealed []byte
	err := s.db.Reader.QueryRowContext(ctx, `SELECT name, description, client_id, client_secret, authorization_url,
			token_url, user_authorization_url, scopes, enabled FROM providers WHERE name = $1`, ProviderName).
		Scan(&p.ServiceName, &p.Description, &p.ClientID, &sealed, &p.AuthorizationURL, &p.TokenURL,
			&p.UserAuthorizationURL, &scopes, &p.Enabled)
	if errors.Is(err, sql.ErrNoRows) {
		return DefaultProvider(), nil, nil
	}

	p.Scopes, p.HasSecret = strings.Fields(scopes), len(sealed) > 0
	return p, sealed, err
}

// SaveProvider registers or changes the application. An empty secret keeps the
// one that is stored. The scopes get offline_access if it is missing.
func (s *Service) SaveProvider(ctx context.Context, p Provider) error {
	p.ClientID, p.ClientSecret = strings.TrimSpace(p.ClientID), strings.TrimSpace(p.ClientSecret)
	if err := p.check(); err != nil {
		return err
	}

	// Without this scope there is no refresh token, and people would have to connect each day.
	if !slices.Contains(p.Scopes, offline) {
		p.Scopes = append(slices.Clone(p.Scopes), offline)
	}

	if err := s.secretStays(ctx, p); err != nil {
		return err
	}

	// If sign-ins go to another host now, tokens of the old one are of no use, and not for it to
	// see.
	sealed := s.vault.Seal("providers/"+ProviderName, p.ClientSecret)
	return s.set.Audit.Do(ctx, s.db, func(tx *sql.Tx) (audit.Entry, error) {
		left, err := s.leaveTokens(ctx, tx, hostOf(p.TokenURL))
		if err != nil {
			return audit.Entry{}, err
		}

		_, err = tx.ExecContext(ctx, `INSERT INTO providers (name, description, client_id, client_secret,
			authorization_url,
				token_url, user_authorization_url, scopes, enabled, updated)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (name) DO UPDATE SET description = excluded.description, client_id = excluded.client_id,
				client_secret = COALESCE(excluded.client_secret, providers.client_secret),
				authorization_url = excluded.authorization_url, token_url = excluded.token_url,
				user_authorization_url = excluded.user_authorization_url, scopes = excluded.scopes,
				enabled = excluded.enabled, updated = excluded.updated`,
			ProviderName, p.Description, p.ClientID, sealed, p.AuthorizationURL, p.TokenURL, p.UserAuthorizationURL,
			strings.Join(p.Scopes, " "), p.Enabled, store.Millis(s.now()))
		return audit.Entry{What: audit.ProviderChanged, About: ProviderName, Detail: p.summary(left)}, err
	})
}

// summary describes a change of the provider.
func (p Provider) summary(left int64) string {
	able := "disabled"
	if p.Enabled {
		able = "enabled"
	}

	text := fmt.Sprintf("client %s, tokens from %s, %s", p.ClientID, hostOf(p.TokenURL), able)
	if p.ClientSecret != "" {
		text += ", new credentials"
	}

	if left > 0 {
		text += fmt.Sprintf("; %d must connect again", left)
	}

	return text
}

// leaveTokens sees to it that tokens are sent nowhere but where they came from: when that
// changes, people have to connect again. It says how many.
func (s *Service) leaveTokens(ctx context.Context, tx *sql.Tx, to string) (n int64, err error) {
	if err := s.noteOrigin(ctx, tx); err != nil {
		return 0, err
	}

	res, err := tx.ExecContext(ctx, `UPDATE credentials SET lost = 'connected Frame.io at ' || origin
		|| ', and sign-ins go elsewhere now',
			access_token = NULL, refresh_token = NULL, refreshing = 0, generation = generation + 1
		WHERE provider = $1 AND lost = '' AND origin <> '' AND origin <> $2`, ProviderName, to)
	if err != nil {
		return 0, err
	}

	return res.RowsAffected()
}

// noteOrigin records where the tokens came from that an older program stored, before the
// address changes.
func (s *Service) noteOrigin(ctx context.Context, tx *sql.Tx) error {
	var address string
	err := tx.QueryRowContext(ctx, `SELECT token_url FROM providers WHERE name = $1`, ProviderName).Scan(&address)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}

	if err != nil {
		return err
	}

	// People's tokens, and the service credential.
	if _, err := tx.ExecContext(ctx, `UPDATE credentials SET origin = $1
		WHERE provider = $2 AND origin = ''`, hostOf(address), ProviderName); err != nil {
		return err
	}

	_, err = tx.ExecContext(ctx, `UPDATE providers SET token_url = $1
		WHERE name = $2 AND token_url = ''`, hostOf(address), serviceName)
	return err
}

// secretStays sees to it that a stored secret is sent nowhere but where it was
// meant for: another host for tokens needs the secret anew.
func (s *Service) secretStays(ctx context.Context, p Provider) error {
	old, err := s.Provider(ctx)
	if err != nil || !old.HasSecret || p.ClientSecret != "" || hostOf(old.TokenURL) == hostOf(p.TokenURL) {
		return err
	}
	return fault.Field("client_secret", "Give the client secret together with the new token address.",
		"The stored client secret is not sent to another host.")
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

func (p Provider) check() error {
	if p.ServiceName != "" && p.ServiceName != ProviderName {
		return fault.Field("service_name", `Use "frameio".`, "The service name must be %q.", ProviderName)
	}

	if p.ClientID == "" {
		return fault.Field("client_id", "Copy it from the application in the Adobe Developer Console.",
			"The client id is missing.")
	}

	if !fullURL(p.AuthorizationURL) {
		return fault.Field("authorization_url", "Leave the pre-filled address.", "%q is not a full https address.",
			p.AuthorizationURL)
	}

	if !fullURL(p.TokenURL) {
		return fault.Field("token_url", "Leave the pre-filled address.", "%q is not a full https address.", p.TokenURL)
	}

	if p.UserAuthorizationURL != "" && !fullURL(p.UserAuthorizationURL) {
		return fault.Field("user_authorization_url", "Leave it empty.", "%q is not a full https address.",
			p.UserAuthorizationURL)
	}

	if len(p.Scopes) == 0 {
		return fault.Field("scopes", "Leave the pre-filled scopes.", "There are no scopes.")
	}

	return nil
}

// fullURL reports whether secrets may go there: over https, or without on this
// machine.
func fullURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && local
}

// DeleteProvider removes the registration. People stay connected in our records
// but cannot be refreshed until an application is registered again.
func (s *Service) DeleteProvider(ctx context.Context) error {
	return s.set.Audit.Do(ctx, s.db, func(tx *sql.Tx) (audit.Entry, error) {
		if err := s.noteOrigin(ctx, tx); err != nil {
			return audit.Entry{}, err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM providers WHERE name = $1`, ProviderName)
		return audit.Entry{What: audit.ProviderChanged, About: ProviderName, Detail: "removed"}, err
	})
}

// ImportProvider takes id and secret from Nuxeo's Cloud Services as the
// administrator who asks.
func (s *Service) ImportProvider(ctx context.Context, login string) (Provider, error) {
	nx, err := s.Nuxeo(ctx, login)
	if err != nil {
		return Provider{}, err
	}

	n, err := nx.Provider(ctx, ProviderName)
	if nuxeo.NotFound(err) {
		return Provider{}, fault.New(fault.NotFound, "Nuxeo's Cloud Services have no provider %q.", ProviderName).
			With("Install the package nuxeo-frameio in Nuxeo, or fill in the form here.")
	}

	if err != nil {
		return Provider{}, err
	}

	if n.ClientID == "" || n.ClientSecret == "" {
		return Provider{}, fault.New(fault.Conflict,
			"The provider in Nuxeo's Cloud Services has no client id and secret yet.").
			With("Fill them in under Administration, Cloud Services, then import again.")
	}

	return s.adopt(ctx, n)
}

func (s *Service) adopt(ctx context.Context, n nuxeo.Provider) (Provider, error) {
	p, err := s.Provider(ctx)
	if err != nil {
		return Provider{}, err
	}

	// Cloud Services may leave the addresses and scopes out; ours then hold.
	p.ClientID, p.ClientSecret, p.Enabled = n.ClientID, n.ClientSecret, true
	if n.AuthorizationURL != "" && n.TokenURL != "" {
		p.AuthorizationURL, p.TokenURL = n.AuthorizationURL, n.TokenURL
	}

	if len(n.Scopes) > 0 {
		p.Scopes = n.Scopes
	}

	if err := s.SaveProvider(ctx, p); err != nil {
		return Provider{}, err
	}

	return s.Provider(ctx)
}

// CheckProvider tries the registered id and secret with a code that is none: a
// token endpoint that knows the application refuses the code, not the client.
func (s *Service) CheckProvider(ctx context.Context) error {
	if _, err := s.usableProvider(ctx); err != nil {
		return err
	}

	_, err := s.askFrameio(ctx, url.Values{
		"grant_type": {"authorization_code"}, "code": {"nuxeo-frameio-doctor"}, "redirect_uri": {s.RedirectURL()},
		"code_verifier": {strings.Repeat("d", 43)},
	})

	// Any complaint but one about the client means that it was recognized.
	var refused *grantError
	if errors.As(err, &refused) && refused.code != "invalid_client" && refused.status < 500 {
		return nil
	}

	return err
}
