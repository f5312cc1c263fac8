package nuxeosim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"time"
)

var callbackPage = template.Must(template.New("callback").
	Parse(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Authorization</title>` +
		pageStyle + `</head>
<body><main class="box">{{if .Error}}<h1>Authorization failed</h1><p role="alert">{{.Error}}</p>{{else}}<h1>Done</h1><p>This window can be closed.</p>{{end}}</main>
<script>
if (window.opener) {
  window.opener.postMessage(JSON.stringify({ token: {{.Token}} }), "*");
  {{if not .Error}}window.close();{{end}}
}
</script></body></html>`))

// providerCallback is where a provider sends people back to. It exchanges the
// code and tells the window that opened this one. As in Nuxeo no state is asked
// for, and a failure gives an empty token and its reason on the page.
func providerCallback(c *call, seg []string) (*answer, error) {
	if err := c.authenticate(seg); err != nil {
		back := "site/oauth2/" + url.PathEscape(seg[2]) + "/callback?" + c.r.URL.RawQuery
		return c.redirect(c.s.url + "/login.jsp?requestedUrl=" + url.QueryEscape(back)), nil
	}

	c.s.mu.RLock()
	found := c.s.provider.providers[seg[2]]
	var p Provider
	if found != nil {
		p = *found
	}

	c.s.mu.RUnlock()
	if found == nil {
		return nil, notFound("No service provider called: %q.", seg[2])
	}

	t, err := c.authorized(p)
	if err != nil {
		c.s.opt.Logger.Warn("Authorization request failed", "provider", p.ServiceName, "error", err)
	} else {
		c.s.SetProviderToken(p.ServiceName, c.user.login, t)
	}

	a, failed := page(callbackPage, http.StatusOK, map[string]any{"Token": t.AccessToken, "Error": reason(err)})
	if failed == nil {
		a.header = pagePolicy
	}

	return a, failed
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func (c *call) authorized(p Provider) (ProviderToken, error) {
	q := c.r.URL.Query()
	if refusal := q.Get("error"); refusal != "" {
		return ProviderToken{}, fmt.Errorf("%s %s", refusal, q.Get("error_description"))
	}

	if q.Get("code") == "" {
		return ProviderToken{}, fmt.Errorf("there is no code in the answer of %s", p.ServiceName)
	}

	return c.s.askProvider(c.r, p, url.Values{
		"grant_type":   {"authorization_code"},
		"code":         {q.Get("code")},
		"redirect_uri": {c.s.callbackURL(p.ServiceName)},
	})
}

func (s *Server) callbackURL(service string) string {
	return fmt.Sprintf("%s/site/oauth2/%s/callback", s.url, service)
}

// providerPatience is how long a provider has to answer.
const providerPatience = 10 * time.Second

// askProvider calls the token address with id and secret in the body. The mutex
// is not held: somebody else answers.
func (s *Server) askProvider(r *http.Request, p Provider, form url.Values) (ProviderToken, error) {
	form.Set("client_id", p.ClientID)
	form.Set("client_secret", p.ClientSecret)
	ask := &http.Client{Timeout: providerPatience}
	resp, err := ask.PostForm(p.TokenServerURL, form)
	if err != nil {
		return ProviderToken{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil || r.Context().Err() != nil {
		return ProviderToken{}, cmp.Or(err, r.Context().Err())
	}

	return s.readToken(resp.StatusCode, body)
}

func (s *Server) readToken(status int, body []byte) (ProviderToken, error) {
	var sent struct {
		Access      string `json:"access_token"`
		Refresh     string `json:"refresh_token"`
		Seconds     int    `json:"expires_in"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}

	if err := json.Unmarshal(body, &sent); err != nil || status != http.StatusOK || sent.Access == "" {
		return ProviderToken{}, fmt.Errorf("the provider answered %d: %s %s", status, sent.Error, sent.Description)
	}

	t := ProviderToken{AccessToken: sent.Access, RefreshToken: sent.Refresh, Created: s.opt.Now()}
	if sent.Seconds > 0 {
		t.Expires = t.Created.Add(time.Duration(sent.Seconds) * time.Second)
	}

	return t, nil
}

// refreshProviderToken gets a new token for one that is about to end, before the
// user is given it. What fails leaves the old one.
func (c *call) refreshProviderToken(service string) {
	c.s.mu.RLock()
	t := c.s.provider.tokens[[2]string{service, c.user.login}]
	found := c.s.provider.providers[service]
	var p Provider
	if found != nil {
		p = *found
	}

	c.s.mu.RUnlock()
	if found == nil || t.RefreshToken == "" || t.Expires.IsZero() || c.s.opt.Now().Add(time.Minute).Before(t.Expires) {
		return
	}

	fresh, err := c.s.askProvider(c.r, p, url.Values{
		"grant_type":    {"refresh_token"},
		"refresh_token": {t.RefreshToken},
	})
	if err != nil {
		c.s.opt.Logger.Warn("token not refreshed", "provider", service, "error", err)
		return
	}

	fresh.RefreshToken, fresh.ServiceLogin = cmp.Or(fresh.RefreshToken, t.RefreshToken), t.ServiceLogin
	c.s.SetProviderToken(service, c.user.login, fresh)
}
