package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/json"
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

// maxReturn bounds the path to return to, which travels in a cookie.
const maxReturn = 1000

// A Begun is a sign-in that a browser is sent to. Browser goes into a cookie
// of that browser; only it can finish.
type Begun struct {
	Address string
	Browser string
}

// pending is a sign-in on its way. It travels sealed in a cookie: beginning one, which
// anyone can, costs no row.
type pending struct {
	Purpose  string `json:"purpose"`
	State    string `json:"state"` // the digest of what travels beside it
	Login    string `json:"login,omitempty"`
	Verifier string `json:"verifier"`
	ReturnTo string `json:"return,omitempty"`
	Expires  int64  `json:"expires"`
}

// signInPlace is what the cookie is sealed for.
const signInPlace = "sign_ins/cookie"

// begin makes the state that travels by the other side's pages, which is random, and the
// cookie that it must come back with.
func (s *Service) begin(purpose, login, returnTo string) (state, browser, verifier string, err error) {
	state, verifier = rand.Text(), rand.Text()+rand.Text()
	if returnTo = LocalPath(returnTo); len(returnTo) > maxReturn {
		returnTo = "/"
	}

	b, err := json.Marshal(pending{
		Purpose: purpose, State: digest(state), Login: login, Verifier: verifier, ReturnTo: returnTo,
		Expires: store.Millis(s.now().Add(signInTTL)),
	})

	return state, base64.RawURLEncoding.EncodeToString(s.vault.Seal(signInPlace, string(b))), verifier, err
}

// maxCookie is more than any cookie that begin makes.
const maxCookie = 4096

// finish reads a sign-in that came back to the browser that began it.
func (s *Service) finish(purpose, state, browser string) (pending, error) {
	var p pending
	sealed, err := base64.RawURLEncoding.DecodeString(browser[:min(len(browser), maxCookie)])
	var plain string
	if err == nil {
		plain, err = s.vault.Open(signInPlace, sealed)
	}

	if err == nil {
		err = json.Unmarshal([]byte(plain), &p)
	}

	// One answer for all that may be wrong: an attacker learns nothing from it.
	mine := subtle.ConstantTimeCompare([]byte(p.State), []byte(digest(state))) == 1
	if err != nil || !mine || p.Purpose != purpose || p.Expires < store.Millis(s.now()) {
		return pending{}, used()
	}

	return p, nil
}

func used() error {
	return fault.New(fault.Forbidden, "This sign-in was not begun in this browser, took too long, or was used before.").
		With("Begin again.")
}

// spend uses a sign-in up, before its code is: of two that finish the same one, one does.
func (s *Service) spend(ctx context.Context, p pending) error {
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sign_ins WHERE expires < $1`, store.Millis(s.now())); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sign_ins (state, purpose, browser, login, verifier, return_to,
			expires) VALUES ($1, $2, '', $3, $4, '', $5)`,
			p.State, p.Purpose, p.Login, []byte("-"), p.Expires) // the verifier stays in the cookie
		return err
	})
	if store.Duplicate(err) {
		return used()
	}

	return err
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
func (s *Service) BeginNuxeo(_ context.Context, returnTo string) (Begun, error) {
	if s.set.NuxeoClientID == "" {
		return Begun{}, fault.New(fault.Conflict, "Sign in with Nuxeo is not set up.").
			With("An administrator sets nuxeo-client-id and runs `nuxeo-frameio doctor --fix`; in Nuxeo itself the " +
				"Frame.io pages need no such sign-in.")
	}

	state, browser, verifier, err := s.begin(forNuxeo, "", returnTo)
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
	p, err := s.finish(forNuxeo, query.Get("state"), browser)
	if err != nil {
		return Returned{}, err
	}

	// The answer has to come from the server that was asked, and be a yes.
	if err := errors.Join(issuedBy(query, s.set.NuxeoURL), refusedBy("Nuxeo", query)); err != nil {
		return Returned{}, err
	}

	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {query.Get("code")}, "client_id": {s.set.NuxeoClientID},
		"redirect_uri": {s.NuxeoRedirectURL()}, "code_verifier": {p.Verifier},
	}
	if s.set.NuxeoClientSecret != "" {
		form.Set("client_secret", s.set.NuxeoClientSecret)
	}

	// Make a token of the code, which is good only once.
	if err := s.spend(ctx, p); err != nil {
		return Returned{}, err
	}

	tokens, err := exchange(ctx, s.nuxeo.HTTP(), "Nuxeo", s.nuxeo.URL("oauth2/token"), form)
	if err != nil {
		return Returned{}, err
	}

	person, session, err := s.admitByAccess(ctx, tokens.Access)
	return Returned{Person: person, Session: session, ReturnTo: p.ReturnTo}, err
}

func (s *Service) admitByAccess(ctx context.Context, access string) (Person, string, error) {
	nx := s.nuxeo.As(bearer(access))
	u, err := nx.Me(ctx)
	if err != nil {
		return Person{}, "", err
	}

	// With the shared secret, no token of theirs is needed in the background.
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

	return fault.New(fault.Forbidden, "This answer comes from another place than the one that you were sent to.").
		With("Begin again.")
}

func refusedBy(system string, query url.Values) error {
	said := query.Get("error")
	if said == "" {
		return nil
	}
	return fault.New(fault.Forbidden, "%s did not sign you in: %.200s.", system, said).
		With("Begin again and agree; if it stays, an administrator should look at the registered application.")
}
