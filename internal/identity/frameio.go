package identity

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/frameio"
	v4 "github.com/nuxeo-frameio/nuxeo-frameio/frameio/v4"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

func bearer(access string) nuxeo.Auth { return nuxeo.Bearer(access) }

// tokens is the answer of a token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Expires int64  `json:"expires_in"`
	Scope   string `json:"scope"`
	Error   string `json:"error"`

	origin string // scheme and host of the address that gave them
}

// BeginFrameio starts connecting a person's user of Frame.io.
func (s *Service) BeginFrameio(ctx context.Context, login, returnTo string) (Begun, error) {
	p, err := s.usableProvider(ctx)
	if err != nil {
		return Begun{}, err
	}

	state, browser, verifier, err := s.begin(forFrameio, login, returnTo)
	if err != nil {
		return Begun{}, err
	}

	q := url.Values{
		"response_type": {"code"}, "client_id": {p.ClientID}, "redirect_uri": {s.RedirectURL()},
		"scope": {strings.Join(p.Scopes, " ")}, "state": {state},
	}
	if s.set.PKCE {
		q.Set("code_challenge", challenge(verifier))
		q.Set("code_challenge_method", "S256")
	}

	return Begun{Address: withQuery(p.AuthorizationURL, q), Browser: browser}, nil
}

func withQuery(address string, q url.Values) string {
	if strings.Contains(address, "?") {
		return address + "&" + q.Encode()
	}
	return address + "?" + q.Encode()
}

func (s *Service) usableProvider(ctx context.Context) (Provider, error) {
	p, err := s.Provider(ctx)
	switch {
	case err != nil:
		return p, err
	case !p.Registered:
		return p, fault.New(fault.Conflict, "The Frame.io application is not registered yet.").
			With("An administrator registers it under Administration, Frame.io, Provider, or with `nuxeo-frameio " +
				"provider set`.").At("/administration/provider")
	case !p.Enabled:
		return p, fault.New(fault.Conflict, "The Frame.io provider is disabled.").
			With("An administrator enables it under Administration, Frame.io, Provider, or with `nuxeo-frameio " +
				"provider enable`.").At("/administration/provider")
	}

	return p, nil
}

// FinishFrameio ends connecting: the code becomes tokens, and the Frame.io user
// is recorded beside the Nuxeo login that began, if login is still that one.
func (s *Service) FinishFrameio(ctx context.Context, query url.Values, browser, login string) (Returned, error) {
	p, err := s.finish(forFrameio, query.Get("state"), browser)
	if err != nil {
		return Returned{}, err
	}

	// No one may get their user connected to another person's login.
	if p.Login != login {
		return Returned{}, fault.New(fault.Forbidden, "You are signed in as somebody else than when you began.").
			With("Begin again.")
	}

	provider, err := s.Provider(ctx)
	if err != nil {
		return Returned{}, err
	}

	// The answer has to come from the server that was asked, and be a yes.
	if err := errors.Join(issuedBy(query, provider.AuthorizationURL), refusedBy("Frame.io", query)); err != nil {
		return Returned{}, err
	}

	// Make tokens of the code, which is good only once.
	form := url.Values{
		"grant_type":   {"authorization_code"},
		"code":         {query.Get("code")},
		"redirect_uri": {s.RedirectURL()},
	}
	if s.set.PKCE {
		form.Set("code_verifier", p.Verifier)
	}

	if err := s.spend(ctx, p); err != nil {
		return Returned{}, err
	}

	t, err := s.askFrameio(ctx, form)
	if err != nil {
		return Returned{}, err
	}

	// Find out whose tokens they are, and keep them.
	person, err := s.connect(ctx, login, t)
	return Returned{Person: person, ReturnTo: p.ReturnTo}, err
}

// errElsewhere says that a token came from another place than where it would go now.
var errElsewhere = errors.New("the token came from another address")

func elsewhere(origin string) string {
	return "connected Frame.io at " + origin + ", and sign-ins go elsewhere now"
}

// askFrameio sends a form to the provider's token address with the client's
// credentials.
func (s *Service) askFrameio(ctx context.Context, form url.Values) (tokens, error) {
	return s.askOrigin(ctx, "", form)
}

// askOrigin is askFrameio for a form with a token in it, which goes only where it came
// from, unless that is not known; else it fails with errElsewhere.
func (s *Service) askOrigin(ctx context.Context, origin string, form url.Values) (tokens, error) {
	if err := s.held(); err != nil {
		return tokens{}, err
	}

	p, sealed, err := s.provider(ctx)
	if err != nil {
		return tokens{}, err
	}

	secret, err := s.vault.Open("providers/"+ProviderName, sealed)
	if err != nil {
		return tokens{}, err
	}

	// A token goes nowhere but where it came from.
	if origin != "" && origin != hostOf(p.TokenURL) {
		return tokens{}, errElsewhere
	}

	form.Set("client_id", p.ClientID)
	if secret != "" {
		form.Set("client_secret", secret)
	}

	t, err := exchange(ctx, s.frameio, "Frame.io", p.TokenURL, form)
	t.origin = hostOf(p.TokenURL)
	return t, err
}

// endAtAdobe ends a refresh token and every token that came of it, where it came from.
func (s *Service) endAtAdobe(ctx context.Context, origin, token string) error {
	p, sealed, err := s.provider(ctx)
	if err != nil {
		return err
	}

	// Only Adobe's own way of ending a token is known.
	address, known := revocation(p.TokenURL)
	if !known || origin != "" && origin != hostOf(p.TokenURL) {
		return fault.New(fault.Refused, "The provider's token address does not tell where sign-ins are ended.")
	}

	secret, err := s.vault.Open("providers/"+ProviderName, sealed)
	if err != nil {
		return err
	}

	return endToken(ctx, s.frameio, address, url.Values{
		"token": {token}, "client_id": {p.ClientID},
		"client_secret": {secret},
	})
}

func endToken(ctx context.Context, hc *http.Client, address string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return fault.New(fault.Invalid, "The address that ends sign-ins is not usable.")
	}

	// A redirect would carry the token elsewhere.
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	direct := *hc
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := direct.Do(r)
	if err != nil {
		return unreachable("Frame.io", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fault.New(fault.Refused, "The sign-in of Frame.io does not end it (%d).", resp.StatusCode)
	}

	return nil
}

// grantError is what a token endpoint refused.
type grantError struct {
	system, code string
	status       int
}

func (e *grantError) Error() string {
	return fmt.Sprintf("the token endpoint of %s answered %d %s", e.system, e.status, e.code)
}

func exchange(ctx context.Context, hc *http.Client, system, address string, form url.Values) (tokens, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return tokens{}, fault.New(fault.Invalid, "The token address of %s is not usable.", system)
	}

	// The answer is small; what is not has come from something else.
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	direct := *hc // a redirect would carry the client's secret elsewhere
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := direct.Do(r)
	if err != nil {
		return tokens{}, unreachable(system, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return tokens{}, fault.New(fault.Unavailable, "The sign-in of %s broke off.", system)
	}

	return readTokens(system, resp.StatusCode, body)
}

// unreachable keeps what our own ways out say that is no failure, such as to come
// back later, and drops the address from everything else.
func unreachable(system string, err error) error {
	var ours *fault.Error
	if errors.As(err, &ours) && ours.Code != fault.Unavailable {
		return ours
	}
	return fault.New(fault.Unavailable, "The sign-in of %s cannot be reached.", system).
		With("Retry; if it stays, an administrator should look at doctor.").Because(errors.Unwrap(err))
}

func readTokens(system string, status int, body []byte) (tokens, error) {
	var t tokens
	malformed := json.Unmarshal(body, &t) != nil
	switch {
	case status >= 500 || status == http.StatusTooManyRequests:
		return t, fault.New(fault.Unavailable, "The sign-in of %s fails at the moment.", system).
			Because(&grantError{system, t.Error, status})
	case status >= 400:
		return t, fault.New(fault.Refused, "%s refuses the sign-in: %.200s.", system, t.Error).
			With(grantRemedy(t.Error)).Because(&grantError{system, t.Error, status})
	case malformed || t.Access == "":
		return t, fault.New(fault.Unavailable, "The sign-in of %s answered something else than tokens.", system)
	}

	return t, nil
}

func grantRemedy(code string) string {
	switch code {
	case "invalid_client":
		return "The client id or secret is wrong: an administrator should correct the provider."
	case "invalid_scope":
		return "A scope is not known: an administrator should restore the pre-filled scopes."
	}
	return "Begin again."
}

// connect stores a person's fresh tokens and who they are on Frame.io.
func (s *Service) connect(ctx context.Context, login string, t tokens) (Person, error) {
	client, err := v4.New(s.set.FrameioURL, s.frameio, func(context.Context, string) (string, error) {
		return t.Access, nil
	})
	if err != nil {
		return Person{}, err
	}

	// The tokens tell who the person is on Frame.io.
	me, err := client.Me(ctx)
	if err != nil {
		return Person{}, err
	}

	err = s.set.Audit.Do(ctx, s.db, func(tx *sql.Tx) (audit.Entry, error) {
		return audit.Entry{Who: login, What: audit.Connected, About: me.ID, Detail: me.Name},
			s.record(ctx, tx, login, me, t)
	})
	// Two logins with one user could not be told apart.
	if store.Duplicate(err) {
		return Person{}, fault.New(fault.Conflict,
			"This Frame.io account is connected to another Nuxeo login already.").
			With("Sign in to Frame.io as yourself, or disconnect the other login first.")
	}

	if err != nil {
		return Person{}, err
	}

	return s.Person(ctx, login)
}

func (s *Service) record(ctx context.Context, tx *sql.Tx, login string, me frameio.User, t tokens) error {
	now := s.now()
	if err := errors.Join(s.unblocked(ctx, tx, login), s.sameUser(ctx, tx, login, me)); err != nil {
		return err
	}

	// Who they are on Frame.io,
	if _, err := tx.ExecContext(ctx, `UPDATE people SET frameio_id = $1, frameio_name = $2, frameio_was = '',
		updated = $3 WHERE login = $4`,
		me.ID, me.Name, store.Millis(now), login); err != nil {
		return err
	}

	// and the tokens. The new generation ends a refresh that is under way.
	_, err := tx.ExecContext(ctx, `INSERT INTO credentials (login, provider, access_token, refresh_token, expires,
		scopes, lost, generation, updated, origin)
		VALUES ($1, $2, $3, $4, $5, $6, '', 1, $7, $8)
		ON CONFLICT (login, provider) DO UPDATE SET access_token = excluded.access_token,
		refresh_token = excluded.refresh_token,
			expires = excluded.expires, scopes = excluded.scopes, lost = '', refreshing = 0, origin = excluded.origin,
			generation = credentials.generation + 1, updated = excluded.updated`,
		login, ProviderName, s.sealAccess(login, t.Access), s.sealRefresh(login, t.Refresh),
		store.Millis(expiry(now, t.Expires)), t.Scope, store.Millis(now), t.origin)
	return err
}

// sameUser refuses another user of Frame.io than the one that a login had when its
// access was ended, until an administrator says that it may be another.
func (s *Service) sameUser(ctx context.Context, tx *sql.Tx, login string, me frameio.User) error {
	var was string
	err := tx.QueryRowContext(ctx, `SELECT frameio_was FROM people WHERE login = $1`, login).Scan(&was)
	if err != nil || was == "" || was == me.ID {
		return err
	}

	return fault.New(fault.Forbidden, "%s was connected to another Frame.io account when that access was ended.",
		login).
		With("Connect that account, or have an administrator allow any account: under Administration, Frame.io, " +
			"People, or with `nuxeo-frameio people lift " + login + " --any-account`.").At("/administration/people")
}

// assumed is how long a token is trusted whose lifetime is missing or odd. It
// must be longer than early, or each call would renew the token.
const assumed = 10 * time.Minute

// expiry is when a token ends.
func expiry(now time.Time, seconds int64) time.Time {
	if seconds <= 0 || seconds > 366*24*3600 {
		return now.Add(assumed)
	}
	return now.Add(time.Duration(seconds) * time.Second)
}

func (s *Service) sealAccess(login, token string) []byte {
	return s.vault.Seal("credentials/"+login+"/access", token)
}

func (s *Service) sealRefresh(login, token string) []byte {
	return s.vault.Seal("credentials/"+login+"/refresh", token)
}

// Disconnect forgets a person's Frame.io sign-in, and ends it at Adobe when that
// can be reached.
func (s *Service) Disconnect(ctx context.Context, login string) error {
	_ = s.revokeFrameio(ctx, login) // it would expire anyway
	return s.set.Audit.Do(ctx, s.db, func(tx *sql.Tx) (audit.Entry, error) {
		e := audit.Entry{Who: login, What: audit.Disconnected}
		if _, err := tx.ExecContext(ctx, `DELETE FROM credentials WHERE login = $1`, login); err != nil {
			return e, err
		}
		_, err := tx.ExecContext(ctx, `UPDATE people SET frameio_id = NULL, frameio_name = '' WHERE login = $1`, login)
		return e, err
	})
}
