package frameiosim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// imsState is Adobe's side: codes and tokens. It has a lock of its own and
// never takes the Server's while it holds it.
type imsState struct {
	opt       *Options
	ids       *idSource
	key       []byte
	redirects []*regexp.Regexp

	mu        sync.Mutex
	codes     map[string]*code
	access    map[string]*access
	refresh   map[string]*refresh
	refreshes int
}

type code struct {
	person, redirect, challenge string
	scopes                      []string
	expires                     time.Time
	used                        bool
	family                      *family
}

// family is everything that came from one sign-in.
type family struct {
	person  string
	scopes  []string
	revoked bool
}

type access struct {
	family  *family
	expires time.Time
}

type refresh struct {
	family  *family
	expires time.Time
	rotated time.Time // zero: it is the current one
}

const codeTTL = 5 * time.Minute

func newIMS(opt *Options, ids *idSource) (*imsState, error) {
	m := &imsState{
		opt: opt, ids: ids, key: []byte(ids.secret()),
		codes: map[string]*code{}, access: map[string]*access{}, refresh: map[string]*refresh{},
	}

	for _, pattern := range opt.RedirectURIs {
		if !strings.ContainsAny(pattern, `\*+[]()^$|`) {
			continue // an address, compared exactly
		}
		re, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
		if err != nil {
			return nil, fmt.Errorf("redirect pattern %q: %w", pattern, err)
		}
		m.redirects = append(m.redirects, re)
	}

	return m, nil
}

// redirectOK compares with the registered addresses, exactly or by pattern.
func (m *imsState) redirectOK(uri string) bool {
	if u, err := url.Parse(uri); err != nil || u.Scheme == "" || u.Host == "" {
		return false
	}
	if len(m.opt.RedirectURIs) == 0 || slices.Contains(m.opt.RedirectURIs, uri) {
		return true
	}
	return slices.ContainsFunc(m.redirects, func(re *regexp.Regexp) bool { return re.MatchString(uri) })
}

// scopes splits a scope parameter, by spaces or commas, and checks the names.
func (m *imsState) scopes(raw string, also ...string) ([]string, bool) {
	names := strings.FieldsFunc(raw, func(r rune) bool { return r == ' ' || r == ',' })
	for _, name := range names {
		if !slices.Contains(m.opt.TokenScopes, name) && !slices.Contains(also, name) {
			return nil, false
		}
	}
	return names, len(names) > 0
}

func (m *imsState) newCode(c *code) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := "eyJ" + m.ids.secret()
	c.expires = m.opt.Now().Add(codeTTL)
	m.codes[key] = c
	return key
}

// tokens is the answer of the token endpoint.
type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	Scope        string `json:"scope,omitempty"`
}

// issue makes an access token and, if asked, a refresh token. The caller holds mu.
func (m *imsState) issue(f *family, withRefresh bool) *tokens {
	t := &tokens{
		TokenType: "bearer",
		ExpiresIn: int64(m.opt.AccessTTL/time.Second) - 1,
		Scope:     strings.Join(f.scopes, " "),
	}

	t.AccessToken = m.jwt(f, "access_token")
	m.access[t.AccessToken] = &access{family: f, expires: m.opt.Now().Add(m.opt.AccessTTL)}
	if slices.Contains(f.scopes, "openid") {
		t.IDToken = m.jwt(f, "id_token")
	}

	if withRefresh {
		t.RefreshToken = m.newRefresh(f)
	}

	return t
}

func (m *imsState) newRefresh(f *family) string {
	key := m.jwt(f, "refresh_token")
	m.refresh[key] = &refresh{family: f, expires: m.opt.Now().Add(m.opt.RefreshTTL)}
	return key
}

// jwt has the look of Adobe's tokens; nobody but this server can check it.
func (m *imsState) jwt(f *family, kind string) string {
	now := m.opt.Now()
	claims, _ := json.Marshal(object{
		"id": m.ids.uuid(), "type": kind, "client_id": m.opt.ClientID, "user_id": f.person, "sub": f.person,
		"as": "ims-na1", "created_at": strconv.FormatInt(now.UnixMilli(), 10),
		"expires_in": strconv.FormatInt(m.opt.AccessTTL.Milliseconds(), 10),
		"scope":      strings.Join(f.scopes, ","),
	}) // strings always encode

	body := encode([]byte(`{"alg":"RS256","kid":"ims_na1-key-at-1.cer","itt":"at"}`)) + "." + encode(claims)
	mac := hmac.New(sha256.New, m.key)
	_, _ = mac.Write([]byte(body)) // a hash never fails
	return body + "." + encode(mac.Sum(nil))
}

func encode(p []byte) string { return base64.RawURLEncoding.EncodeToString(p) }

// person tells whose good access token this is.
func (m *imsState) person(token string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.access[token]
	if a == nil || a.family.revoked || !m.opt.Now().Before(a.expires) {
		return "", false
	}
	return a.family.person, true
}

// AccessToken signs a person in without HTTP and gives an access token.
func (s *Server) AccessToken(personID string) string {
	s.ims.mu.Lock()
	defer s.ims.mu.Unlock()
	return s.ims.issue(&family{person: personID, scopes: []string{"openid"}}, false).AccessToken
}

// RevokeTokens ends all tokens of a person, as a password change does.
func (s *Server) RevokeTokens(personID string) {
	s.ims.mu.Lock()
	defer s.ims.mu.Unlock()
	for _, r := range s.ims.refresh {
		r.family.revoked = r.family.revoked || r.family.person == personID
	}
	for _, a := range s.ims.access {
		a.family.revoked = a.family.revoked || a.family.person == personID
	}
}

// ExpireAccess ends the access tokens of a person before their time; refresh
// tokens stay good.
func (s *Server) ExpireAccess(personID string) {
	s.ims.mu.Lock()
	defer s.ims.mu.Unlock()
	for _, a := range s.ims.access {
		if a.family.person == personID {
			a.expires = time.Time{}
		}
	}
}

// TokenRefreshes is how often a refresh token was accepted.
func (s *Server) TokenRefreshes() int {
	s.ims.mu.Lock()
	defer s.ims.mu.Unlock()
	return s.ims.refreshes
}
