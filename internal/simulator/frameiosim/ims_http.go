package frameiosim

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func (s *Server) mountIMS(mux *http.ServeMux) {
	mux.HandleFunc("GET /ims/authorize/v2", s.authorize)
	mux.HandleFunc("POST /ims/authorize/v2", s.authorize)
	mux.HandleFunc("POST /ims/token/v3", s.token)
	mux.HandleFunc("POST /ims/revoke", s.revoke)
	mux.HandleFunc("GET /ims/.well-known/openid-configuration", s.discovery)
}

// authorize shows a page with one button per person. A program skips the page
// by adding person=ID or person=EMAIL, or login_hint=EMAIL, to the query or to
// the posted form; deny=1 refuses as somebody would who presses Cancel.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "malformed form", http.StatusBadRequest)
		return
	}

	redirect := r.Form.Get("redirect_uri")
	if r.Form.Get("client_id") != s.opt.ClientID || !s.ims.redirectOK(redirect) {
		http.Error(w, "The client id or the redirect address is not registered.", http.StatusBadRequest)
		return
	}

	if problem, text := s.authorizeProblem(r.Form); problem != "" {
		back(w, r, redirect, url.Values{"error": {problem}, "error_description": {text}, "state": r.Form["state"]})
		return
	}

	p := s.somebody(r.Form)
	if p == nil {
		s.choosePage(w, r.Form)
		return
	}

	back(w, r, redirect, url.Values{"code": {s.grant(p, r.Form)}, "state": r.Form["state"]})
}

func (s *Server) authorizeProblem(form url.Values) (problem, text string) {
	if form.Get("response_type") != "code" {
		return "unsupported_response_type", "response_type must be code"
	}

	if _, ok := s.ims.scopes(form.Get("scope")); !ok {
		return "invalid_scope", "The scope is unknown or not allowed for this client"
	}

	if method := form.Get("code_challenge_method"); form.Get("code_challenge") != "" && method != "S256" {
		return "invalid_request", "code_challenge_method must be S256"
	}

	if form.Get("deny") != "" {
		return "access_denied", "The user refused"
	}

	return "", ""
}

func (s *Server) somebody(form url.Values) *person {
	wanted := form.Get("person")
	setDefault(&wanted, form.Get("login_hint"))
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := slices.IndexFunc(s.order, func(p *person) bool {
		return p.active && wanted != "" && (p.id == wanted || strings.EqualFold(p.email, wanted))
	})
	if i < 0 {
		return nil
	}

	return s.order[i]
}

func (s *Server) grant(p *person, form url.Values) string {
	scopes, _ := s.ims.scopes(form.Get("scope")) // checked before
	return s.ims.newCode(&code{
		person:    p.id,
		redirect:  form.Get("redirect_uri"),
		challenge: form.Get("code_challenge"),
		scopes:    scopes,
	})
}

func back(w http.ResponseWriter, r *http.Request, redirect string, add url.Values) {
	u, err := url.Parse(redirect)
	if err != nil {
		http.Error(w, "malformed redirect address", http.StatusBadRequest)
		return
	}

	q := u.Query()
	for key, values := range add {
		if len(values) > 0 {
			q.Set(key, values[0])
		}
	}

	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.String(), http.StatusFound)
}

func (s *Server) choosePage(w http.ResponseWriter, form url.Values) {
	keep := map[string]string{}
	for key, values := range form {
		if key != "person" && key != "login_hint" {
			keep[key] = values[0]
		}
	}

	var b bytes.Buffer
	if err := choiceTemplate.Execute(&b, object{"Form": keep, "People": s.People()}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}

	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// the form leads elsewhere
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	// the browser may be gone
	_, _ = w.Write(b.Bytes())
}

type oauthError struct {
	status int
	Code   string `json:"error"`
	Text   string `json:"error_description"`
}

func refuse(code, text string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, Code: code, Text: text}
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := r.ParseForm(); err != nil {
		writeJSON(w, http.StatusBadRequest, refuse("invalid_request", "malformed form"))
		return
	}

	t, err := s.exchange(r)
	if err != nil {
		writeJSON(w, err.status, err)
		return
	}

	writeJSON(w, http.StatusOK, t)
}

func (s *Server) exchange(r *http.Request) (*tokens, *oauthError) {
	secret, err := s.client(r)
	if err != nil {
		return nil, err
	}

	switch r.PostForm.Get("grant_type") {
	case "authorization_code":
		return s.ims.fromCode(r.PostForm, secret)
	case "refresh_token":
		return s.ims.fromRefresh(r.PostForm.Get("refresh_token"))
	case "client_credentials":
		return s.fromCredentials(r.PostForm, secret)
	}

	return nil, refuse("unsupported_grant_type", "unsupported grant type")
}

// client checks the application, from Basic authentication or the form, and
// reports whether it proved its secret. A public client sends none.
func (s *Server) client(r *http.Request) (secret bool, e *oauthError) {
	id, given, basic := r.BasicAuth()
	if !basic {
		id, given = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}

	wrong := &oauthError{
		status: http.StatusUnauthorized,
		Code:   "invalid_client",
		Text:   "invalid client_id or client_secret",
	}
	if id != s.opt.ClientID {
		return false, wrong
	}

	if given == "" {
		return false, nil
	}

	if subtle.ConstantTimeCompare([]byte(given), []byte(s.opt.ClientSecret)) == 0 {
		return false, wrong
	}

	return true, nil
}

func (m *imsState) fromCode(form url.Values, secret bool) (*tokens, *oauthError) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.codes[form.Get("code")]
	if c == nil || !m.opt.Now().Before(c.expires) {
		return nil, refuse("invalid_grant", "the code is unknown or expired")
	}

	if c.used {
		c.family.revoked = true // somebody else has it
		return nil, refuse("invalid_grant", "the code was used before")
	}

	if err := c.check(form, secret); err != nil {
		return nil, err
	}

	c.used, c.family = true, &family{person: c.person, scopes: c.scopes}
	return m.issue(c.family, slices.Contains(c.scopes, "offline_access")), nil
}

func (c *code) check(form url.Values, secret bool) *oauthError {
	if c.challenge == "" && !secret {
		return &oauthError{status: http.StatusUnauthorized, Code: "invalid_client", Text: "client_secret is required"}
	}

	if uri := form.Get("redirect_uri"); uri != "" && uri != c.redirect {
		return refuse("invalid_grant", "redirect_uri differs from that of the authorization")
	}

	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	if c.challenge != "" && subtle.ConstantTimeCompare([]byte(encode(sum[:])), []byte(c.challenge)) == 0 {
		return refuse("invalid_grant", "code_verifier does not match")
	}

	return nil
}

func (m *imsState) fromRefresh(token string) (*tokens, *oauthError) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.refresh[token]
	if r == nil || r.family.revoked || !m.opt.Now().Before(r.expires) {
		return nil, refuse("invalid_grant", "the refresh token is unknown, expired or revoked")
	}

	if !r.rotated.IsZero() && m.opt.Now().Sub(r.rotated) >= m.opt.GraceReuse {
		r.family.revoked = !m.opt.ReuseKeepsFamily
		return nil, refuse("invalid_grant", "the refresh token was used before")
	}

	m.refreshes++
	return m.rotate(token, r), nil
}

func (m *imsState) rotate(token string, r *refresh) *tokens {
	now := m.opt.Now()
	if m.opt.RotateRefresh == RotateAlways {
		if r.rotated.IsZero() {
			r.rotated = now
		}
		return m.issue(r.family, true)
	}

	r.expires = now.Add(m.opt.RefreshTTL)
	t := m.issue(r.family, false)
	if m.opt.RotateRefresh == RotateNever {
		t.RefreshToken = token
	}

	return t
}

// fromCredentials is the server-to-server sign-in.
func (s *Server) fromCredentials(form url.Values, secret bool) (*tokens, *oauthError) {
	if !secret {
		return nil, &oauthError{
			status: http.StatusUnauthorized,
			Code:   "invalid_client",
			Text:   "client_secret is required",
		}
	}

	scopes, ok := s.ims.scopes(form.Get("scope"), "frame.s2s.all")
	if !ok || !slices.Contains(scopes, "frame.s2s.all") {
		return nil, refuse("invalid_scope", "the scope must hold frame.s2s.all")
	}

	f := &family{person: s.ServicePerson(), scopes: scopes}
	s.ims.mu.Lock()
	defer s.ims.mu.Unlock()
	return s.ims.issue(f, false), nil
}

// revoke ends a token; a refresh token takes its whole family along.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		writeJSON(w, http.StatusBadRequest, refuse("invalid_request", "malformed form"))
		return
	}

	if _, err := s.client(r); err != nil {
		writeJSON(w, err.status, err)
		return
	}

	s.ims.revoke(r.PostForm.Get("token"))
	w.WriteHeader(http.StatusOK)
}

func (m *imsState) revoke(token string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.access, token)
	if r := m.refresh[token]; r != nil {
		r.family.revoked = true
	}
}

func (s *Server) discovery(w http.ResponseWriter, _ *http.Request) {
	s.mu.RLock()
	base := s.url + "/ims"
	s.mu.RUnlock()
	writeJSON(w, http.StatusOK, object{
		"issuer": base, "authorization_endpoint": base + "/authorize/v2", "token_endpoint": base + "/token/v3",
		"revocation_endpoint": base + "/revoke", "response_types_supported": []string{"code"},
		"scopes_supported":                 s.opt.TokenScopes,
		"code_challenge_methods_supported": []string{"S256"},
	})
}
