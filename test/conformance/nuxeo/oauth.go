package nuxeo

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

// callback is where the OAuth client is sent back to; nobody is there.
const callback = "http://localhost:9/callback"

const verifier = "a-verifier-that-is-long-enough-for-the-rules-of-pkce"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// oauthClient makes the client of the run anew.
func (s *Scene) oauthClient(autoGrant bool) nuxeo.OAuthClient {
	k := nuxeo.OAuthClient{
		ID:           s.Prefix + "-client",
		Name:         s.Prefix,
		Secret:       s.Prefix,
		RedirectURIs: []string{callback},
		AutoGrant:    autoGrant,
		Enabled:      true,
	}

	_, err := s.Admin().OAuthClient(s.Context(), k.ID)
	s.True(err == nil || nuxeo.NotFound(err), "a client is there or 404: %v", err)
	s.Must(s.Admin().SaveOAuthClient(s.Context(), k, err == nil))
	return k
}

// authorize asks for a code.
func (s *Scene) authorize(p *Person, client string, more url.Values) *Answer {
	q := url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {callback}, "state": {"a-state"},
		"code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}
	for k, v := range more {
		q[k] = v
	}
	return s.Raw(p, request{method: "GET", path: "oauth2/authorize", query: q})
}

// code is the one that an authorization has given.
func (s *Scene) code(p *Person, k nuxeo.OAuthClient) string {
	a := s.authorize(p, k.ID, nil)
	to, err := url.Parse(a.Header.Get("Location"))
	s.Must(err)
	if a.Status != 302 || to.Query().Get("code") == "" {
		s.Stop("authorize answers %d to %q, want a code", a.Status, to.Redacted())
	}
	s.Want("state", to.Query().Get("state"), "a-state")
	return to.Query().Get("code")
}

func (s *Scene) tokenEndpoint(k nuxeo.OAuthClient, form url.Values) *Answer {
	form.Set("client_id", k.ID)
	form.Set("client_secret", k.Secret)
	return s.Raw(s.Nobody(), request{
		method: "POST", path: "oauth2/token", body: form.Encode(),
		header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	})
}

// exchange gets tokens.
func (s *Scene) exchange(k nuxeo.OAuthClient, form url.Values) map[string]string {
	a := s.tokenEndpoint(k, form)
	s.Want("status of the token endpoint", a.Status, 200)
	var out struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Type    string `json:"token_type"`
	}

	s.Must(json.Unmarshal([]byte(a.Body), &out))
	s.True(strings.EqualFold(out.Type, "bearer"), "token type %q", out.Type)
	return map[string]string{"access_token": out.Access, "refresh_token": out.Refresh}
}

func (s *Scene) grant(p *Person, k nuxeo.OAuthClient) map[string]string {
	form := url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {s.code(p, k)},
		"redirect_uri":  {callback},
		"code_verifier": {verifier},
	}
	return s.exchange(k, form)
}

var oauthCases = []Case{
	{
		Name: "oauth-client-is-saved", Uses: []string{"OAuthClient", "SaveOAuthClient"}, Admin: true,
		Source: "[S] §1.5",
		What:   "An administrator makes a client, reads it, and replaces it.",
		Why:    "The connector registers itself.",
		Try: func(s *Scene) {
			k := s.oauthClient(true)
			got, err := s.Admin().OAuthClient(s.Context(), k.ID)
			s.Must(err)
			s.Want("redirects", got.RedirectURIs, k.RedirectURIs)
			k.Name = s.Prefix + " again"
			s.Must(s.Admin().SaveOAuthClient(s.Context(), k, true))
			got, err = s.Admin().OAuthClient(s.Context(), k.ID)
			s.Must(err)
			s.Want("name", got.Name, k.Name)
		},
	},
	{
		Name: "oauth-clients-are-for-administrators", Uses: []string{"OAuthClient"}, Admin: true,
		Source: "[M] recorded tokens and OAuth",
		What:   "Others get 403.",
		Why:    "The doctor must tell it from a client that is not there.",
		Try: func(s *Scene) {
			_, err := s.Ann().OAuthClient(s.Context(), s.oauthClient(true).ID)
			s.status("ann reads the client", err, 403)
		},
	},
	{
		Name: "unknown-oauth-client-is-404", Uses: []string{"OAuthClient"}, Admin: true, Source: "[S] §1.5",
		What: "A client that is not there is 404.",
		Why:  "It decides between making and replacing.",
		Try: func(s *Scene) {
			_, err := s.Admin().OAuthClient(s.Context(), s.Prefix+"-nope")
			s.status("unknown client", err, 404)
		},
	},
	{
		Name: "oauth-redirect-rules", Uses: []string{"SaveOAuthClient"}, Admin: true, Source: "[M] §15.18",
		What: "http://localhost may be a redirect address, http://127.0.0.1 may not.",
		Why:  "Trials on one machine need the name.",
		Try: func(s *Scene) {
			k := s.oauthClient(true)
			k.RedirectURIs = []string{"http://127.0.0.1:9/callback"}
			err := s.Admin().SaveOAuthClient(s.Context(), k, true)
			if err == nil {
				a := s.authorize(s.Ann(), k.ID, url.Values{"redirect_uri": k.RedirectURIs})
				s.True(a.Status >= 400, "it is refused at last when it is used: %d", a.Status)
			}
		},
	},
	{
		Name: "oauth-code-becomes-tokens", Uses: []string{"Me"}, Admin: true, Source: "[M] §15.18",
		What: "A client with automatic grant gets a code without a question, and tokens for it that sign in.",
		Why:  "It is how people sign in at the connector's pages.",
		Try: func(s *Scene) {
			tokens := s.grant(s.Ann(), s.oauthClient(true))
			u, err := s.Ann().As(nuxeo.Bearer(tokens["access_token"])).Me(s.Context())
			s.Must(err)
			s.Want("login", u.Login, s.Ann().Login)
		},
	},
	{
		Name: "oauth-code-is-good-once", Uses: []string{"internal/identity"}, Admin: true, Source: "[S] §1.5",
		What: "A code that was used is 400 with invalid_grant.",
		Why:  "A repeated exchange must begin anew.",
		Try: func(s *Scene) {
			k := s.oauthClient(true)
			form := url.Values{
				"grant_type":    {"authorization_code"},
				"code":          {s.code(s.Ann(), k)},
				"redirect_uri":  {callback},
				"code_verifier": {verifier},
			}

			s.exchange(k, form)
			a := s.tokenEndpoint(k, form)
			s.Want("status", a.Status, 400)
			s.Want("error", a.JSON()["error"], any("invalid_grant"))
		},
	},
	{
		Name: "oauth-needs-the-verifier", Uses: []string{"internal/identity"}, Admin: true, Source: "[M] §15.18",
		What: "A code that was asked for with a challenge is not exchanged without the verifier: invalid_request.",
		Why:  "PKCE is what protects a code that leaks.",
		Try: func(s *Scene) {
			k := s.oauthClient(true)
			a := s.tokenEndpoint(k, url.Values{
				"grant_type":   {"authorization_code"},
				"code":         {s.code(s.Ann(), k)},
				"redirect_uri": {callback},
			})
			s.Want("status", a.Status, 400)
			s.Want("error", a.JSON()["error"], any("invalid_request"))
		},
	},
	{
		Name: "oauth-refresh-ends-the-old-tokens", Uses: []string{"Me"}, Admin: true, Source: "[M] §15.18",
		What: "A refresh ends the access token at once, and a refresh token works once.",
		Why:  "Two refreshes at the same time would lose the sign-in.",
		Try: func(s *Scene) {
			k := s.oauthClient(true)
			old := s.grant(s.Ann(), k)
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old["refresh_token"]}}
			fresh := s.exchange(k, form)
			_, err := s.Ann().As(nuxeo.Bearer(old["access_token"])).Me(s.Context())
			s.status("the old access token", err, 401)
			_, err = s.Ann().As(nuxeo.Bearer(fresh["access_token"])).Me(s.Context())
			s.status("the new access token", err, 0)
			s.Want("status of the second refresh", s.tokenEndpoint(k, form).Status, 400)
		},
	},
	{
		Name: "oauth-wrong-code-is-invalid-grant", Uses: []string{"internal/identity"}, Admin: true,
		Source: "[M] recorded tokens and OAuth",
		What:   "An unknown code is 400 with invalid_grant.",
		Why:    "Nothing else than a new sign-in helps then.",
		Try: func(s *Scene) {
			a := s.tokenEndpoint(s.oauthClient(true), url.Values{
				"grant_type":   {"authorization_code"},
				"code":         {"nope"},
				"redirect_uri": {callback},
			})
			s.Want("status", a.Status, 400)
			s.Want("error", a.JSON()["error"], any("invalid_grant"))
		},
	},
	{
		Name: "oauth-authorize-errors-are-pages", Uses: []string{"internal/identity"}, Source: "[M] §15.18",
		What: "Errors of authorize are pages with status 400, not redirects.",
		Why:  "People end there; the connector does not hear of it.",
		Try: func(s *Scene) {
			a := s.authorize(s.Writer(), s.Prefix+"-nope", nil)
			s.Want("status", a.Status, 400)
			s.True(a.HTML(), "the body is a page")
		},
	},
	{
		Name: "oauth-authorize-asks-to-sign-in", Uses: []string{"internal/identity"}, Admin: true, Source: "[M] §15.18",
		What: "Who is not signed in gets 401 with a page that leads to login.jsp by script.",
		Why:  "A browser comes to the sign-in page, a program does not.",
		Try: func(s *Scene) {
			a := s.authorize(s.Nobody(), s.oauthClient(true).ID, nil)
			s.Want("status", a.Status, 401)
			s.True(strings.Contains(a.Body, "login.jsp"), "the page leads to login.jsp")
		},
	},
}

var originCases = []Case{
	{
		Name: "foreign-origin-is-403", Uses: []string{"internal/web"}, Source: "[M] §15.19",
		What: "A write with a foreign Origin, Referer, or Origin null is 403 as a page.",
		Why:  "What browsers send must not be passed on.",
		Try: func(s *Scene) {
			for name, value := range map[string]string{
				"Origin":  "https://elsewhere.invalid",
				"origin":  "null",
				"Referer": "https://elsewhere.invalid/page",
			} {
				a := s.Raw(s.Writer(), request{
					method: "POST", path: "api/v1/automation/Document.CheckOut",
					json:   m{"params": m{}, "input": "doc:" + s.Folder()},
					header: map[string]string{name: value},
				})
				s.Want(name+" "+value, a.Status, 403)
				s.True(a.HTML(), "the body is a page")
			}
		},
	},
	{
		Name: "no-cors-by-default", Uses: []string{"internal/web"}, Source: "[M] §15.19",
		What: "Other origins are not allowed unless an administrator says so.",
		Why:  "The connector's own pages cannot ask Nuxeo from the browser.",
		Try: func(s *Scene) {
			a := s.Raw(s.Writer(), request{
				method: "GET",
				path:   "api/v1/me",
				header: map[string]string{"Origin": "https://elsewhere.invalid"},
			})
			s.Want("Access-Control-Allow-Origin", a.Header.Get("Access-Control-Allow-Origin"), "")
		},
	},
}
