package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// Purposes of a sign-in that a browser is on.
const (
	forNuxeo   = "nuxeo"
	forFrameio = "frameio"
)

// signInTTL is how long a person may take at the other side's pages.
const signInTTL = 10 * time.Minute

// maxSignIns bounds how many may be on their way: anybody can begin one.
const maxSignIns = 5000

// Begun is a sign-in that a browser is to be sent to. Browser goes into a cookie
// of that browser; only it can finish.
type Begun struct {
	Address string
	Browser string
}

// pending is a sign-in that came back.
type pending struct {
	login, verifier, returnTo string
}

// begin records a sign-in before the browser leaves. The state that travels is
// random and stored as a digest only.
func (s *Service) begin(ctx context.Context, purpose, login, returnTo string) (state, browser, verifier string, err error) {
	state, browser, verifier = rand.Text(), rand.Text(), rand.Text()+rand.Text()
	now := s.now()
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sign_ins WHERE expires < $1`, store.Millis(now)); err != nil {
			return err
		}
		var open int
		if err := tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM sign_ins`).Scan(&open); err != nil {
			return err
		}
		if open >= maxSignIns {
			return fault.New(fault.Throttled, "Too many people are signing in at the moment.").With("Try again in a few minutes.")
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sign_ins (state, purpose, browser, login, verifier, return_to, expires)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, digest(state), purpose, digest(browser), login,
			s.vault.Seal("sign_ins/"+digest(state), verifier), LocalPath(returnTo), store.Millis(now.Add(signInTTL)))
		return err
	})
	return state, browser, verifier, err
}

// finish takes a sign-in out of the table: once, for the browser that began it.
func (s *Service) finish(ctx context.Context, purpose, state, browser string) (pending, error) {
	var p pending
	var owner string
	var sealed []byte
	var expires int64
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `DELETE FROM sign_ins WHERE state = $1 AND purpose = $2
			RETURNING browser, login, verifier, return_to, expires`, digest(state), purpose).
			Scan(&owner, &p.login, &sealed, &p.returnTo, &expires)
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return p, err
	}
	mine := subtle.ConstantTimeCompare([]byte(owner), []byte(digest(browser))) == 1
	if err != nil || !mine || expires < store.Millis(s.now()) {
		return p, fault.New(fault.Forbidden, "This sign-in was not begun in this browser, took too long, or was used before.").
			With("Begin again.")
	}
	p.verifier, err = s.vault.Open("sign_ins/"+digest(state), sealed)
	return p, err
}

// challenge is the PKCE S256 challenge of a verifier.
func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// LocalPath is a path on our own site to return to; anything that could lead
// elsewhere becomes "/".
func LocalPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\r\n\t\x00") {
		return "/"
	}
	return path
}

// BeginNuxeo starts "Sign in with Nuxeo".
func (s *Service) BeginNuxeo(ctx context.Context, returnTo string) (Begun, error) {
	if s.set.NuxeoClientID == "" {
		return Begun{}, fault.New(fault.Conflict, "Sign in with Nuxeo is not set up.").With("Run `nuxeo-frameio doctor --fix` as an administrator.")
	}
	state, browser, verifier, err := s.begin(ctx, forNuxeo, "", returnTo)
	q := url.Values{
		"response_type": {"code"}, "client_id": {s.set.NuxeoClientID}, "redirect_uri": {s.NuxeoRedirectURL()},
		"state": {state}, "code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"},
	}
	return Begun{Address: s.set.NuxeoURL + "/oauth2/authorize?" + q.Encode(), Browser: browser}, err
}

// NuxeoRedirectURL is where Nuxeo sends people back to.
func (s *Service) NuxeoRedirectURL() string { return s.set.PublicURL + "/oauth/nuxeo/callback" }

// Returned is a finished sign-in: where to go on, and for Nuxeo the session.
type Returned struct {
	Person   Person
	Session  string
	ReturnTo string
}

// FinishNuxeo ends "Sign in with Nuxeo". The OAuth token serves only to learn
// who it is and to acquire a login token, which Nuxeo does not clean up.
func (s *Service) FinishNuxeo(ctx context.Context, query url.Values, browser string) (Returned, error) {
	p, err := s.finish(ctx, forNuxeo, query.Get("state"), browser)
	if err != nil {
		return Returned{}, err
	}
	if err := errors.Join(issuedBy(query, s.set.NuxeoURL), refusedBy("Nuxeo", query)); err != nil {
		return Returned{}, err
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {query.Get("code")}, "client_id": {s.set.NuxeoClientID},
		"redirect_uri": {s.NuxeoRedirectURL()}, "code_verifier": {p.verifier},
	}
	if s.set.NuxeoClientSecret != "" {
		form.Set("client_secret", s.set.NuxeoClientSecret)
	}
	tokens, err := exchange(ctx, s.nuxeo.HTTP(), "Nuxeo", s.nuxeo.URL("oauth2/token"), form)
	if err != nil {
		return Returned{}, err
	}
	person, session, err := s.admitByAccess(ctx, tokens.Access)
	return Returned{Person: person, Session: session, ReturnTo: p.returnTo}, err
}

func (s *Service) admitByAccess(ctx context.Context, access string) (Person, string, error) {
	nx := s.nuxeo.As(bearer(access))
	u, err := nx.Me(ctx)
	if err != nil {
		return Person{}, "", err
	}
	if s.set.JWTSecret != "" {
		return s.admit(ctx, u, "")
	}
	token, err := nx.NewToken(ctx, "nuxeo-frameio", "connector", "Frame.io connector")
	if err != nil {
		return Person{}, "", err
	}
	return s.admit(ctx, u, token)
}

// issuedBy refuses an answer that says it comes from another sign-in than the one
// at an address (RFC 9207). One that does not say is known by its state.
func issuedBy(query url.Values, address string) error {
	if !query.Has("iss") {
		return nil
	}
	from, err := url.Parse(query.Get("iss"))
	begun, known := url.Parse(address)
	if err == nil && known == nil && from.Scheme == begun.Scheme && strings.EqualFold(from.Host, begun.Host) {
		return nil
	}
	return fault.New(fault.Forbidden, "This answer comes from another place than the one that you were sent to.").With("Begin again.")
}

func refusedBy(system string, query url.Values) error {
	said := query.Get("error")
	if said == "" {
		return nil
	}
	return fault.New(fault.Forbidden, "%s did not sign you in: %.200s.", system, said).
		With("Begin again and agree; if it stays, an administrator should look at the registered application.")
}
