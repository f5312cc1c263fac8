package frameiosim

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const redirect = "https://connector.example/callback"

// authorize gives the query of the redirect that answers.
func (w *world) authorize(change url.Values) url.Values {
	w.t.Helper()
	r := w.authorizeRaw(change).want(http.StatusFound)
	to, err := url.Parse(r.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), redirect) {
		w.t.Fatalf("redirected to %q, %v; want %s", to, err, redirect)
	}
	return to.Query()
}

func (w *world) authorizeRaw(change url.Values) *reply {
	w.t.Helper()
	q := url.Values{
		"client_id": {"frameio-demo-client"}, "redirect_uri": {redirect}, "response_type": {"code"},
		"scope": {"openid email profile offline_access additional_info.roles"}, "state": {"st/1"},
		"login_hint": {"mia@example.com"},
	}

	for key, values := range change {
		q[key] = values
	}

	req, _ := http.NewRequest("GET", w.web.URL+"/ims/authorize/v2?"+q.Encode(), nil)
	return w.do(req)
}

func (w *world) exchange(form url.Values) *reply {
	w.t.Helper()
	if !form.Has("client_id") {
		form.Set("client_id", "frameio-demo-client")
		form.Set("client_secret", "frameio-demo-secret")
	}
	req, _ := http.NewRequest("POST", w.web.URL+"/ims/token/v3", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.do(req)
}

func (w *world) signIn() map[string]any {
	w.t.Helper()
	code := w.authorize(nil).Get("code")
	return w.exchange(url.Values{
		"grant_type":   {"authorization_code"},
		"code":         {code},
		"redirect_uri": {redirect},
	}).want(200).JSON
}

func (w *world) refresh(token any) *reply {
	w.t.Helper()
	return w.exchange(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}})
}

func (w *world) holds(token any) *reply {
	other := *w
	other.token = token.(string)
	return other.get("/v4/me")
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if got := w.authorize(nil).Get("state"); got != "st/1" {
		t.Errorf("the state is %q, want st/1", got)
	}

	tokens := w.signIn()
	if tokens["expires_in"] != 86399.0 || tokens["token_type"] != "bearer" || tokens["refresh_token"] == nil ||
		tokens["id_token"] == nil {
		t.Errorf("the tokens are %v, want bearer tokens for 86399 s, to be refreshed, with an id", tokens)
	}

	if parts := strings.Split(tokens["access_token"].(string), "."); len(parts) != 3 {
		t.Errorf("the access token is %v, want a JWT of 3 parts", tokens["access_token"])
	}

	if me := w.holds(tokens["access_token"]).want(200).data(); me["id"] != w.member ||
		me["email"] != "mia@example.com" {
		t.Errorf("the token is of %v, want %s, mia@example.com", me, w.member)
	}
}

func TestSignInPage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	page := w.authorizeRaw(url.Values{"login_hint": nil}).want(200)
	if !strings.Contains(string(page.Raw), "Mia Member") || !strings.Contains(string(page.Raw), w.member) {
		t.Fatalf("the page is %s, want Mia Member offered", page.Raw)
	}

	form := url.Values{
		"client_id":     {"frameio-demo-client"},
		"redirect_uri":  {redirect},
		"response_type": {"code"},
		"scope":         {"openid"},
		"person":        {w.member},
	}

	req, _ := http.NewRequest("POST", w.web.URL+"/ims/authorize/v2", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	to, _ := url.Parse(w.do(req).want(302).Header.Get("Location"))
	tokens := w.exchange(url.Values{"grant_type": {"authorization_code"}, "code": {to.Query().Get("code")}}).
		want(200).JSON
	if tokens["refresh_token"] != nil {
		t.Errorf("the refresh token without offline_access: got %v, want none", tokens["refresh_token"])
	}
}

func TestAuthorizeRefuses(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.RedirectURIs = []string{redirect, `https://localhost:\d+/cb`} })
	for _, c := range []struct {
		change url.Values
		want   string
	}{
		{url.Values{"scope": {"openid frame.io.read"}}, "invalid_scope"},
		{url.Values{"scope": {""}}, "invalid_scope"},
		{url.Values{"response_type": {"token"}}, "unsupported_response_type"},
		{url.Values{"code_challenge": {"x"}, "code_challenge_method": {"plain"}}, "invalid_request"},
		{url.Values{"deny": {"1"}}, "access_denied"},
	} {
		if q := w.authorize(c.change); q.Get("error") != c.want || q.Get("state") != "st/1" || q.Get("code") != "" {
			t.Errorf("%v: %v, want %s", c.change, q, c.want)
		}
	}

	w.authorizeRaw(url.Values{"redirect_uri": {redirect + "/more"}}).want(400)
	w.authorizeRaw(url.Values{"redirect_uri": {strings.Replace(redirect, ".", "x", 1)}}).want(400)
	w.authorizeRaw(url.Values{"client_id": {"other"}}).want(400)
	w.authorizeRaw(url.Values{"redirect_uri": {"https://localhost:8443/cb"}}).want(302)
	w.authorizeRaw(url.Values{"redirect_uri": {"https://localhost:8443/cb?x"}}).want(400)
}

func TestPKCE(t *testing.T) {
	t.Parallel()
	w := setup(t)
	sum := sha256.Sum256([]byte("the-verifier"))
	challenge := url.Values{"code_challenge": {encode(sum[:])}, "code_challenge_method": {"S256"}}
	public := func(verifier string) url.Values {
		return url.Values{
			"grant_type":    {"authorization_code"},
			"code":          {w.authorize(challenge).Get("code")},
			"client_id":     {"frameio-demo-client"},
			"code_verifier": {verifier},
		}
	}

	w.exchange(public("the-verifier")).want(200)
	for _, verifier := range []string{"another", ""} {
		if r := w.exchange(public(verifier)).want(400); r.JSON["error"] != "invalid_grant" {
			t.Errorf("with the verifier %q: %s, want invalid_grant", verifier, r.Raw)
		}
	}

	plain := url.Values{
		"grant_type": {"authorization_code"},
		"code":       {w.authorize(nil).Get("code")},
		"client_id":  {"frameio-demo-client"},
	}

	if r := w.exchange(plain).want(401); r.JSON["error"] != "invalid_client" {
		t.Errorf("without secret and challenge: %s, want invalid_client", r.Raw)
	}
}

func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	w := setup(t)
	wrong := url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {"fake"},
		"client_id":     {"frameio-demo-client"},
		"client_secret": {"wrong"},
	}

	if r := w.exchange(wrong).want(401); r.JSON["error"] != "invalid_client" {
		t.Errorf("with a wrong secret: %s, want invalid_client", r.Raw)
	}

	right := url.Values{"grant_type": {"authorization_code"}, "code": {"fake"}}
	if r := w.exchange(right).want(400); r.JSON["error"] != "invalid_grant" {
		t.Errorf("with the right secret and a wrong code: %s, want invalid_grant", r.Raw)
	}

	form := url.Values{"grant_type": {"authorization_code"}, "code": {w.authorize(nil).Get("code")}}
	req, _ := http.NewRequest("POST", w.web.URL+"/ims/token/v3", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth("frameio-demo-client", "frameio-demo-secret")
	w.do(req).want(200)
}

func TestCodeIsForOneUse(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use)
	form := url.Values{
		"grant_type":   {"authorization_code"},
		"code":         {w.authorize(nil).Get("code")},
		"redirect_uri": {redirect},
	}

	tokens := w.exchange(form).want(200).JSON
	if r := w.exchange(form).want(400); r.JSON["error"] != "invalid_grant" {
		t.Errorf("the code used again: %s, want invalid_grant", r.Raw)
	}

	w.holds(tokens["access_token"]).want(401)
	late := url.Values{"grant_type": {"authorization_code"}, "code": {w.authorize(nil).Get("code")}}
	c.Add(codeTTL)
	w.exchange(late).want(400)
	other := url.Values{
		"grant_type":   {"authorization_code"},
		"code":         {w.authorize(nil).Get("code")},
		"redirect_uri": {redirect + "2"},
	}

	w.exchange(other).want(400)
}

func TestRotation(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.signIn()
	second := w.refresh(first["refresh_token"]).want(200).JSON
	if second["refresh_token"] == first["refresh_token"] || w.sim.TokenRefreshes() != 1 {
		t.Errorf("refreshed to %v after %d refreshes, want another refresh token after 1", second,
			w.sim.TokenRefreshes())
	}

	w.holds(second["access_token"]).want(200)
	if r := w.refresh(first["refresh_token"]).want(400); r.JSON["error"] != "invalid_grant" {
		t.Errorf("the old refresh token: %s, want invalid_grant", r.Raw)
	}

	w.holds(second["access_token"]).want(401) // the family is gone
	w.refresh(second["refresh_token"]).want(400)
}

func TestRotationSwitches(t *testing.T) {
	t.Parallel()
	never := setup(t, func(o *Options) { o.RotateRefresh = RotateNever })
	first := never.signIn()
	if second := never.refresh(first["refresh_token"]).want(200).JSON; second["refresh_token"] !=
		first["refresh_token"] {
		t.Errorf("without rotation: refreshed to %v, want the same refresh token", second)
	}

	omit := setup(t, func(o *Options) { o.RotateRefresh = RotateOmit })
	first = omit.signIn()
	if second := omit.refresh(first["refresh_token"]).want(200).JSON; second["refresh_token"] != nil {
		t.Errorf("refreshed to %v, want no refresh token", second)
	}

	omit.refresh(first["refresh_token"]).want(200)
	kept := setup(t, func(o *Options) { o.ReuseKeepsFamily = true })
	first = kept.signIn()
	second := kept.refresh(first["refresh_token"]).want(200).JSON
	kept.refresh(first["refresh_token"]).want(400)
	kept.holds(second["access_token"]).want(200)
}

func TestGraceReuse(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use, func(o *Options) { o.GraceReuse = time.Minute })
	first := w.signIn()
	w.refresh(first["refresh_token"]).want(200)
	c.Add(30 * time.Second)
	w.refresh(first["refresh_token"]).want(200)
	c.Add(30 * time.Second)
	w.refresh(first["refresh_token"]).want(400)
}

func TestTokensExpire(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use, func(o *Options) { o.AccessTTL = time.Hour })
	tokens := w.signIn()
	c.Add(time.Hour)
	w.holds(tokens["access_token"]).want(401)
	next := w.refresh(tokens["refresh_token"]).want(200).JSON
	w.sim.ExpireAccess(w.member)
	w.holds(next["access_token"]).want(401)
	next = w.refresh(next["refresh_token"]).want(200).JSON
	w.sim.RevokeTokens(w.member)
	w.holds(next["access_token"]).want(401)
	w.refresh(next["refresh_token"]).want(400)
	old := w.signIn()
	c.Add(14 * 24 * time.Hour)
	w.refresh(old["refresh_token"]).want(400)
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	w := setup(t)
	tokens := w.signIn()
	form := url.Values{
		"token":         {tokens["refresh_token"].(string)},
		"client_id":     {"frameio-demo-client"},
		"client_secret": {"frameio-demo-secret"},
	}

	req, _ := http.NewRequest("POST", w.web.URL+"/ims/revoke", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.do(req).want(200)
	w.holds(tokens["access_token"]).want(401)
	w.refresh(tokens["refresh_token"]).want(400)
}

func TestServerToServer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if r := w.exchange(url.Values{"grant_type": {"client_credentials"}, "scope": {"openid"}}).
		want(400); r.JSON["error"] != "invalid_scope" {
		t.Errorf("a scope without the service's: %s, want invalid_scope", r.Raw)
	}

	tokens := w.exchange(url.Values{
		"grant_type": {"client_credentials"},
		"scope":      {"openid,AdobeID,frame.s2s.all"},
	}).want(200).JSON
	if tokens["refresh_token"] != nil {
		t.Errorf("the tokens are %v, want no refresh token", tokens)
	}

	if me := w.holds(tokens["access_token"]).want(200).data(); me["id"] != w.sim.ServicePerson() {
		t.Errorf("the token is of %v, want %s", me, w.sim.ServicePerson())
	}
}

func TestOtherCredentials(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.RequireAPIKey = true })
	w.get("/v4/me").want(401)
	req, _ := http.NewRequest("GET", w.web.URL+"/v4/me", nil)
	req.Header.Set("Authorization", "Bearer "+w.sim.LegacyToken(w.member))
	req.Header.Set("x-api-key", "frameio-demo-client")
	w.do(req).want(401)
	req.Header.Set("x-frameio-legacy-token-auth", "true")
	if me := w.do(req).want(200).data(); me["id"] != w.member {
		t.Errorf("the legacy token is of %v, want %s", me, w.member)
	}
}

func TestDiscovery(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if got := w.get("/ims/.well-known/openid-configuration").want(200).JSON["token_endpoint"]; got != w.web.URL+
		"/ims/token/v3" {
		t.Errorf("the token endpoint is %v, want %s/ims/token/v3", got, w.web.URL)
	}
}
