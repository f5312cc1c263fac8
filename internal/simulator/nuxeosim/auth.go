package nuxeosim

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// principal is who a request acts as.
type principal struct {
	login  string
	admin  bool
	groups []string
	user   User
}

// is reports whether an access rule for a user or group name is about them.
func (p *principal) is(name string) bool {
	return name == p.login || name == "Everyone" || slices.Contains(p.groups, name)
}

func (u *User) principal() *principal {
	p := &principal{login: u.Login, admin: u.admin(), groups: slices.Clone(u.Groups), user: *u}
	if p.admin && !slices.Contains(p.groups, "administrators") {
		p.groups = append(p.groups, "administrators")
	}
	return p
}

// logins are the ways of being known without a password.
type logins struct {
	tokens   map[string]*loginToken
	sessions map[string]string // JSESSIONID → login
	access   map[string]oauthToken
}

func newLogins() logins {
	return logins{tokens: map[string]*loginToken{}, sessions: map[string]string{}, access: map[string]oauthToken{}}
}

// newUUID makes a random identifier.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

var errUnauthorized = &restError{status: http.StatusUnauthorized, msg: "Unauthorized", page: true}

// authenticate finds out who is calling. The session comes before the
// credentials of the request, as in Nuxeo's filter.
func (c *call) authenticate(seg []string) error {
	c.s.mu.RLock()
	login := c.session()
	if login == "" {
		login = c.credentials(seg)
	}

	if login == "" {
		login = c.s.opt.Anonymous
	}

	u := c.s.users[login]
	c.s.mu.RUnlock()
	if u == nil || u.Disabled || login == "system" {
		return errUnauthorized
	}

	c.user = u.principal()
	c.rec.User = login
	return nil
}

func (c *call) session() string {
	cookie, err := c.r.Cookie("JSESSIONID")
	if err != nil {
		return ""
	}
	return c.s.logins.sessions[cookie.Value]
}

// credentials reads those of the request itself. One that does not hold gives
// way to the next.
func (c *call) credentials(seg []string) string {
	if name, password, given := c.r.BasicAuth(); given {
		if u := c.s.users[name]; u != nil && u.Password == password {
			return name
		}
	}

	if login := c.tokenLogin(); login != "" {
		return login
	}

	bearer := c.r.URL.Query().Get("access_token")
	if h := c.r.Header.Get("Authorization"); len(h) > 7 && strings.EqualFold(h[:7], "bearer ") {
		bearer = strings.TrimSpace(h[7:])
	}

	return c.s.bearerLogin(bearer, seg)
}

func (c *call) tokenLogin() string {
	token := c.r.Header.Get("X-Authentication-Token")
	if token == "" {
		token = c.r.URL.Query().Get("token")
	}

	if cookie, err := c.r.Cookie("X-Authentication-Token"); token == "" && err == nil {
		token = cookie.Value
	}

	if t := c.s.logins.tokens[token]; t != nil {
		http.SetCookie(c.w, &http.Cookie{
			Name:     "X-Authentication-Token",
			Value:    token,
			Path:     contextPath,
			HttpOnly: true,
			Secure:   !c.s.opt.Untrue.RefusalsAsJSON,
		})
		return t.login
	}

	return ""
}

func (s *Server) bearerLogin(bearer string, seg []string) string {
	if bearer == "" {
		return ""
	}

	if t, found := s.logins.access[bearer]; found && s.opt.Now().Before(t.expires) {
		return t.login
	}

	path := strings.Join(seg, "/")
	if !s.opt.Untrue.AudienceWithoutSite && strings.HasPrefix(path, "api/") {
		path = "site/" + path // where the servlet is that answers
	}

	return s.jwtLogin(bearer, path)
}

// jwtLogin verifies a JWT for a path relative to the context. As in Nuxeo, the
// issuer is not checked and the audience is a prefix of the path.
func (s *Server) jwtLogin(token, path string) string {
	claims, valid := s.jwtClaims(token)
	if !valid {
		return ""
	}
	if aud := claims.Audience; aud != "" && path != aud && !strings.HasPrefix(path, strings.TrimSuffix(aud, "/")+"/") {
		return ""
	}
	return claims.Subject
}

type jwtClaims struct {
	Subject  string   `json:"sub"`
	Expires  *float64 `json:"exp"`
	Audience string   `json:"aud"`
	Issued   float64  `json:"iat"`
}

func (s *Server) jwtClaims(token string) (claims jwtClaims, valid bool) {
	parts := strings.Split(token, ".")
	if s.opt.JWTSecret == "" || len(parts) != 3 {
		return claims, false
	}

	var header struct {
		Algorithm string `json:"alg"`
	}

	if !decodePart(parts[0], &header) || header.Algorithm != "HS512" || !decodePart(parts[1], &claims) {
		return claims, false
	}

	mac := hmac.New(sha512.New, []byte(s.opt.JWTSecret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	sent, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(mac.Sum(nil), sent) {
		return claims, false
	}

	if future := time.Unix(int64(claims.Issued), 0).After(s.opt.Now()); future && !s.opt.Untrue.AudienceWithoutSite {
		return claims, false
	}

	return claims, claims.Expires == nil || s.opt.Now().Before(time.UnixMilli(int64(*claims.Expires*1000)))
}

func decodePart(part string, into any) bool {
	b, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(b, into) == nil
}

func safeMethod(m string) bool {
	return m == http.MethodGet || m == http.MethodHead || m == http.MethodOptions || m == http.MethodTrace
}

// checkCSRFToken is the optional second defence, tied to the session.
func (s *Server) checkCSRFToken(c *call) error {
	if !s.opt.CSRFTokens {
		return nil
	}

	cookie, err := c.r.Cookie("JSESSIONID")
	sent := c.r.Header.Get("CSRF-Token")
	if safeMethod(c.r.Method) {
		if err == nil && sent == "fetch" {
			c.w.Header().Set("CSRF-Token", csrfToken(cookie.Value))
		}
		return nil
	}

	if err == nil && hmac.Equal([]byte(sent), []byte(csrfToken(cookie.Value))) {
		return nil
	}

	return forbidden("CSRF check failure")
}

func csrfToken(session string) string {
	sum := sha512.Sum512([]byte("csrf:" + session))
	return hex.EncodeToString(sum[:16])
}
