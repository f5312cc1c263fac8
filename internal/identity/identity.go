// Package identity knows who people are and keeps what lets us act for them:
// sessions with us, their access to Nuxeo, the registered Frame.io application
// and their sign-in to Frame.io.
//
// It owns the tables people, sessions, providers, credentials and sign_ins (those that
// were spent; one that is begun travels sealed in a cookie), and the vault that encrypts
// every secret in them. Invariants: secrets leave
// it only as a credential on a call; a rotated token is stored before it is
// used; one refresh runs per credential at a time, over all nodes; a refusal
// (invalid_grant) is remembered and not asked again. It leaves to others what a
// person may do: Nuxeo and Frame.io decide that.
package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/audit"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// Settings are what the configuration says about people and sign-ins.
type Settings struct {
	PublicURL         string // of the connector, without a trailing slash
	NuxeoURL          string // as browsers reach it, with its context path
	JWTSecret         string // nuxeo.jwt.secret, when it is shared with us
	NuxeoClientID     string // our OAuth client in Nuxeo
	NuxeoClientSecret string
	FrameioURL        string // of the API
	PKCE              bool   // towards Frame.io's sign-in
	SessionTTL        time.Duration
	Audit             *audit.Log // nil: nothing is recorded
	// Held says why no token may be renewed; nil, or answering nil: it may.
	Held func() error
}

// Service answers for people. Make it with New.
type Service struct {
	db      *store.DB
	vault   *Vault
	nuxeo   *nuxeo.Client
	frameio *http.Client // to Frame.io's sign-in and API
	now     func() time.Time
	set     Settings
	flights singleflight.Group

	steady   func() time.Time // a clock that never jumps
	claiming sync.Mutex
	claims   map[string]seenClaim // of other nodes, by login
	service  serviceToken

	confirmed confirmed
}

// New makes the service. nx is a client without a credential; frameio reaches
// Frame.io.
func New(
	db *store.DB, vault *Vault, nx *nuxeo.Client, frameio *http.Client, now func() time.Time, set Settings,
) *Service {
	return &Service{
		db: db, vault: vault, nuxeo: nx, frameio: frameio, now: now, set: set,
		steady: time.Now, claims: map[string]seenClaim{},
	}
}

// held says why no token may be renewed.
func (s *Service) held() error {
	if s.set.Held == nil {
		return nil
	}
	return s.set.Held()
}

// A Person has a Nuxeo login. FrameioID is empty until they connect
// Frame.io.
type Person struct {
	Login, Name, Email     string
	Admin                  bool
	FrameioID, FrameioName string
}

const personColumns = `login, name, email, admin, COALESCE(frameio_id, ''), frameio_name`

func scanPerson(row store.Row) (Person, error) {
	var p Person
	err := row.Scan(&p.Login, &p.Name, &p.Email, &p.Admin, &p.FrameioID, &p.FrameioName)
	if errors.Is(err, sql.ErrNoRows) {
		return p, fault.New(fault.NotFound, "That person has never signed in here.")
	}
	return p, err
}

// Person finds a person by Nuxeo login.
func (s *Service) Person(ctx context.Context, login string) (Person, error) {
	return scanPerson(s.db.Reader.QueryRowContext(ctx, `SELECT `+personColumns+` FROM people WHERE login = $1`, login))
}

// PersonOnFrameio finds the person who connected a Frame.io user.
func (s *Service) PersonOnFrameio(ctx context.Context, userID string) (Person, error) {
	return scanPerson(s.db.Reader.QueryRowContext(ctx, `SELECT `+personColumns+` FROM people
		WHERE frameio_id = $1`, userID))
}

// remember stores what Nuxeo says of a person.
func (s *Service) remember(ctx context.Context, u nuxeo.User) (Person, error) {
	err := s.db.Tx(ctx, func(tx *sql.Tx) error { return s.note(ctx, tx, u, "") })
	if err != nil {
		return Person{}, err
	}
	return s.Person(ctx, u.Login)
}

// note stores what Nuxeo says of a person, and the token that lets us act for them
// later; an empty one leaves what there is.
func (s *Service) note(ctx context.Context, tx *sql.Tx, u nuxeo.User, token string) error {
	if s.set.JWTSecret != "" {
		token = "" // with the secret, no token is stored
	}

	_, err := tx.ExecContext(ctx, `INSERT INTO people (login, name, email, admin, nuxeo_token, created, updated)
		VALUES ($1, $2, $3, $4, $5, $6, $6)
		ON CONFLICT (login) DO UPDATE SET name = excluded.name, email = excluded.email, admin = excluded.admin,
			nuxeo_token = CASE WHEN $7 THEN NULL ELSE COALESCE(excluded.nuxeo_token, people.nuxeo_token) END,
			updated = excluded.updated`,
		u.Login, u.Name, u.Email, u.Administrator, s.vault.Seal("people/"+u.Login, token), store.Millis(s.now()),
		s.set.JWTSecret != "")
	return err
}

// jwtTTL is short: a token is minted for each request.
const jwtTTL = 2 * time.Minute

// Nuxeo is a Nuxeo client that acts as the person: by a JWT when the secret is
// shared with us, else by the login token the person left with us. Without
// either it fails with NeedsOwner.
func (s *Service) Nuxeo(ctx context.Context, login string) (*nuxeo.Client, error) {
	if err := s.open(ctx, login); err != nil {
		return nil, err
	}

	// With the shared secret, the connector can act for every person.
	if s.set.JWTSecret != "" {
		return s.nuxeo.As(nuxeo.JWT([]byte(s.set.JWTSecret), login, jwtTTL, s.now)), nil
	}

	// Without it, only those who have left a token.
	var sealed []byte
	err := s.db.Reader.QueryRowContext(ctx, `SELECT nuxeo_token FROM people WHERE login = $1`, login).Scan(&sealed)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}

	if len(sealed) == 0 {
		return nil, fault.New(fault.NeedsOwner, "The connector holds no access to Nuxeo for %s.", login).
			With("That person must sign in to the connector again.")
	}

	token, err := s.vault.Open("people/"+login, sealed)
	if err != nil {
		return nil, err
	}

	return s.nuxeo.As(nuxeo.Token(token)), nil
}

// SignIn takes a Nuxeo login token as proof of identity, stores it for
// work in the background, and opens a session.
func (s *Service) SignIn(ctx context.Context, token string) (Person, string, error) {
	if token = strings.TrimSpace(token); token == "" {
		return Person{}, "", fault.Field("nuxeo_token", "Get one from Nuxeo: POST /api/v1/token.",
			"A Nuxeo token is needed.")
	}

	if !tokenLike(token) {
		return Person{}, "", unknownToken()
	}

	// Nuxeo says whose token it is.
	u, err := s.nuxeo.As(nuxeo.Token(token)).Me(ctx)
	if nuxeo.StatusOf(err) == http.StatusUnauthorized {
		return Person{}, "", unknownToken()
	}

	if err != nil {
		return Person{}, "", err
	}

	return s.admit(ctx, u, token)
}

func unknownToken() error {
	return fault.New(fault.Unauthenticated, "Nuxeo does not know this token.").With("Sign in to Nuxeo again.")
}

// tokenLike reports whether a text can be a login token of Nuxeo, which travels in a header.
func tokenLike(text string) bool {
	return len(text) <= 1000 && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

func (s *Service) admit(ctx context.Context, u nuxeo.User, token string) (Person, string, error) {
	if u.Anonymous || u.Login == "" {
		return Person{}, "", fault.New(fault.Unauthenticated, "Nuxeo does not tell who you are.").
			With("Sign in to Nuxeo with your own login.")
	}

	// A person who is blocked gets neither a session nor a token kept.
	secret := rand.Text() + rand.Text()
	err := s.set.Audit.Do(ctx, s.db, func(tx *sql.Tx) (audit.Entry, error) {
		if err := s.unblocked(ctx, tx, u.Login); err != nil {
			return audit.Entry{}, err
		}
		err := errors.Join(s.note(ctx, tx, u, token), s.addSession(ctx, tx, secret, u.Login))
		return audit.Entry{Who: u.Login, What: audit.SignedIn}, err
	})
	if err != nil {
		return Person{}, "", err
	}

	p, err := s.Person(ctx, u.Login)
	return p, secret, err
}

func digest(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
