package nuxeosim

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	accessFor = time.Hour
	codeFor   = 10 * time.Minute
)

// authorizationServer is Nuxeo as an OAuth 2 authorization server.
type authorizationServer struct {
	clients map[string]*OAuthClient
	codes   map[string]oauthCode
	refresh map[string]oauthToken
}

// OAuthClient is an entry of the directory oauth2Clients.
type OAuthClient struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Secret       string   `json:"secret"`
	RedirectURIs []string `json:"redirectURIs"`
	AutoGrant    bool     `json:"isAutoGrant"`
	Enabled      bool     `json:"isEnabled"`
}

// oauthCode is a grant that waits to be exchanged, once.
type oauthCode struct {
	client, redirect, login, challenge, method string
	expires                                    time.Time
}

type oauthToken struct {
	login, client, access string
	created, expires      time.Time
}

func newAuthorizationServer() authorizationServer {
	return authorizationServer{
		clients: map[string]*OAuthClient{},
		codes:   map[string]oauthCode{},
		refresh: map[string]oauthToken{},
	}
}

// AddOAuthClient registers a client of the authorization server.
func (s *Server) AddOAuthClient(c OAuthClient) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth.clients[c.ID] = &c
}

// oauthError is an error as RFC 6749 has it.
func oauthError(code, description string) *answer {
	return &answer{status: http.StatusBadRequest, json: map[string]any{"error": code, "error_description": description}}
}

// authorization is a checked request for a grant.
type authorization struct {
	client                             *OAuthClient
	redirect, state, challenge, method string
}

// readAuthorization checks the request. While the client and its address are in
// doubt, errors are shown; they are not redirected.
func (c *call) readAuthorization() (authorization, *answer) {
	a := authorization{
		client: c.s.oauth.clients[c.r.FormValue("client_id")], state: c.r.FormValue("state"),
		redirect: c.r.FormValue("redirect_uri"), challenge: c.r.FormValue("code_challenge"),
		method: c.r.FormValue("code_challenge_method"),
	}

	switch {
	case c.r.FormValue("response_type") != "code":
		return a, oauthError("unsupported_response_type", `Unknown response_type: only "code" is supported`)
	case a.client == nil || !a.client.Enabled:
		return a, oauthError("unauthorized_client", "Invalid client_id: "+c.r.FormValue("client_id"))
	}

	a.redirect = cmp.Or(a.redirect, slices.Concat(a.client.RedirectURIs, []string{""})[0])
	switch {
	case !slices.Contains(a.client.RedirectURIs, a.redirect) || !redirectAllowed(a.redirect):
		return a, oauthError("invalid_request", "Invalid redirect_uri: "+a.redirect)
	case (a.challenge == "") != (a.method == "") || a.method != "" && a.method != "plain" && a.method != "S256":
		return a, oauthError("invalid_request", "Invalid code_challenge_method or code_challenge")
	}

	return a, nil
}

// redirectAllowed is Nuxeo's rule: https, http on localhost, or a scheme of the
// client's own.
func redirectAllowed(uri string) bool {
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "":
		return false
	case u.Scheme == "http":
		return strings.HasPrefix(uri, "http://localhost")
	}
	return true
}

// signInPage leads a browser to where people sign in.
var signInPage = template.Must(template.New("signin").
	Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head>
<body><script>window.location = {{.}};</script><noscript><a href="{{.}}">login.jsp</a></noscript></body></html>`))

var grantPage = template.Must(template.New("grant").
	Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Grant access</title></head>
<body><h1>Grant access</h1><p>{{.Name}} wants to act as {{.User}}.</p>
<form method="post" action="authorize_submit">{{range $k, $v := .Fields}}<input type="hidden" name="{{$k}}" value="{{$v}}">{{end}}
<button type="submit" name="grant_access" value="true">Grant</button>
<button type="submit" name="deny_access" value="true">Deny</button></form></body></html>`))

// oauthAuthorize sends who is not signed in to the login page and back, and asks
// who is, unless the client is trusted.
func (c *call) oauthAuthorize() (*answer, error) {
	c.s.mu.RLock()
	a, refusal := c.readAuthorization()
	address := c.s.url
	c.s.mu.RUnlock()
	if refusal != nil && !c.s.opt.Untrue.RefusalsAsJSON {
		return &answer{
			status: refusal.status,
			html:   true,
			text: "<!doctype html><html lang=\"en\"><head><title>Error</title></head><body><h1>The authorization " +
				"request is not valid</h1></body></html>",
		}, nil
	}

	if refusal != nil {
		return refusal, nil
	}

	if err := c.authenticate([]string{"oauth2", "authorize"}); err != nil {
		to := address + "/login.jsp?requestedUrl=" + url.QueryEscape("oauth2/authorize?"+c.r.URL.RawQuery)
		if !c.s.opt.Untrue.RefusalsAsJSON {
			return page(signInPage, http.StatusUnauthorized, to)
		}
		return c.redirect(to), nil
	}

	if a.client.AutoGrant {
		return c.grant(a), nil
	}

	fields := map[string]string{}
	for _, name := range []string{
		"response_type", "client_id", "redirect_uri", "state", "code_challenge",
		"code_challenge_method", "scope",
	} {
		if v := c.r.FormValue(name); v != "" {
			fields[name] = v
		}
	}

	return page(grantPage, http.StatusOK, map[string]any{"Name": a.client.Name, "User": c.user.login, "Fields": fields})
}

func (c *call) oauthSubmit() (*answer, error) {
	if c.r.Method != http.MethodPost {
		return nil, methodNotAllowed()
	}

	c.s.mu.RLock()
	a, refusal := c.readAuthorization()
	c.s.mu.RUnlock()
	switch {
	case refusal != nil:
		return refusal, nil
	case c.r.FormValue("deny_access") != "" || c.r.FormValue("grant_access") == "":
		return c.back(a, url.Values{
			"error":             {"access_denied"},
			"error_description": {"Access denied by the user"},
		}), nil
	}

	return c.grant(a), nil
}

func (c *call) grant(a authorization) *answer {
	code := newUUID()
	c.s.mu.Lock()
	c.s.oauth.codes[code] = oauthCode{
		client: a.client.ID, redirect: a.redirect, login: c.user.login,
		challenge: a.challenge, method: a.method, expires: c.s.opt.Now().Add(codeFor),
	}
	c.s.mu.Unlock()
	return c.back(a, url.Values{"code": {code}})
}

func (c *call) back(a authorization, q url.Values) *answer {
	if a.state != "" {
		q.Set("state", a.state)
	}
	separator := "?"
	if strings.Contains(a.redirect, "?") {
		separator = "&"
	}
	return c.redirect(a.redirect + separator + q.Encode())
}

// oauthTokenEndpoint exchanges codes, refresh tokens and JWTs.
func (c *call) oauthTokenEndpoint() (*answer, error) {
	if c.r.Method != http.MethodPost {
		return nil, methodNotAllowed()
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	client, refusal := c.oauthClient()
	if refusal != nil {
		return refusal, nil
	}

	switch c.r.FormValue("grant_type") {
	case "authorization_code":
		return c.exchangeCode(client), nil
	case "refresh_token":
		return c.exchangeRefresh(client), nil
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		return c.exchangeJWT(client), nil
	}

	return oauthError("unsupported_grant_type", "Unknown grant_type"), nil
}

// oauthClient checks the client by body or Basic.
func (c *call) oauthClient() (*OAuthClient, *answer) {
	id, secret := c.r.FormValue("client_id"), c.r.FormValue("client_secret")
	if name, password, given := c.r.BasicAuth(); given && id == "" {
		id, secret = name, password
	}

	client := c.s.oauth.clients[id]
	switch {
	case client == nil || !client.Enabled:
		return nil, oauthError("invalid_client", "Invalid client id: "+id)
	case client.Secret != "" && !hmac.Equal([]byte(client.Secret), []byte(secret)):
		return nil, oauthError("invalid_client", "Disabled client or invalid client secret")
	}

	return client, nil
}

func (c *call) exchangeCode(client *OAuthClient) *answer {
	sent := c.r.FormValue("code")
	code, found := c.s.oauth.codes[sent]
	delete(c.s.oauth.codes, sent)
	switch {
	case !found || c.s.opt.Now().After(code.expires) || code.client != client.ID:
		return oauthError("invalid_grant", "Invalid authorization code")
	case c.r.FormValue("redirect_uri") != "" && c.r.FormValue("redirect_uri") != code.redirect:
		return oauthError("invalid_grant", "Invalid redirect URI: "+c.r.FormValue("redirect_uri"))
	case code.challenge != "" && c.r.FormValue("code_verifier") == "" && !c.s.opt.Untrue.OldAccessLives:
		return oauthError("invalid_request", "Missing code verifier")
	case code.challenge != "" && !verifies(code, c.r.FormValue("code_verifier")):
		return oauthError("invalid_grant", "Invalid code verifier")
	}

	return c.issue(code.login, client)
}

func verifies(code oauthCode, verifier string) bool {
	if code.method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		verifier = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return hmac.Equal([]byte(verifier), []byte(code.challenge))
}

// exchangeRefresh gives new tokens; the old refresh token ends.
func (c *call) exchangeRefresh(client *OAuthClient) *answer {
	sent := c.r.FormValue("refresh_token")
	t, found := c.s.oauth.refresh[sent]
	if !found || t.client != client.ID {
		return oauthError("invalid_grant", "Invalid refresh token")
	}

	delete(c.s.oauth.refresh, sent)
	if !c.s.opt.Untrue.OldAccessLives {
		delete(c.s.logins.access, t.access)
	}

	return c.issue(t.login, client)
}

func (c *call) exchangeJWT(client *OAuthClient) *answer {
	login := c.s.jwtLogin(c.r.FormValue("assertion"), "oauth2/token")
	if login == "" {
		return oauthError("invalid_grant", "Invalid assertion")
	}
	return c.issue(login, client)
}

func (c *call) issue(login string, client *OAuthClient) *answer {
	if u := c.s.users[login]; u == nil || u.Disabled {
		return oauthError("invalid_grant", "Unknown user")
	}

	access, refresh := newUUID(), newUUID()
	t := oauthToken{
		login:   login,
		client:  client.ID,
		access:  access,
		created: c.s.opt.Now(),
		expires: c.s.opt.Now().Add(accessFor),
	}

	c.s.logins.access[access], c.s.oauth.refresh[refresh] = t, t
	return ok(map[string]any{
		"access_token":  access,
		"refresh_token": refresh,
		"token_type":    "bearer",
		"expires_in":    int(accessFor.Seconds()),
	})
}
