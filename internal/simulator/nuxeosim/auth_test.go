package nuxeosim

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
)

const secret = "abracadabra"

// jwt signs claims as Nuxeo's library does.
func jwt(t *testing.T, key string, claims obj) string {
	t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}

	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS512","typ":"JWT"}`)) + "." +
		base64.RawURLEncoding.EncodeToString(body)
	mac := hmac.New(sha512.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestBasic(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.send("", "GET", "/api/v1/me", nil).is(401)
	if r.header.Get("WWW-Authenticate") == "" {
		t.Fatal("a 401: got no challenge, want one")
	}

	if r := f.send("", "GET", "/api/v1/me", nil, "X-No-Basic-Header: true").
		is(401); r.header.Get("WWW-Authenticate") != "" {
		t.Fatal("a 401 without Basic: got a challenge, want none")
	}

	f.send("josh", "GET", "/api/v1/me", nil).is(200).want("josh", "id").want("josh@example.org", "properties", "email").
		want(false, "isAdministrator")
	f.send("Administrator", "POST", "/api/v1/automation/login", nil).is(200).want(true, "isAdministrator").
		want("login", "entity-type")
	f.send("josh", "GET", "/api/v1/user/julia", nil).is(200).want("julia", "properties", "username")
	f.send("josh", "GET", "/api/v1/user/nobody", nil).is(404)
	f.send("wrong", "GET", "/api/v1/me", nil).is(401)
	f.sim.DisableUser("josh")
	f.send("josh", "GET", "/api/v1/me", nil).is(401)
}

func TestLoginTokens(t *testing.T) {
	t.Parallel()
	f := setup(t)
	at := "/api/v1/token?application=app&deviceId=d&permission=rw&deviceDescription=x"
	r := f.send("josh", "POST", at, nil).is(201)
	token := string(r.body)
	if again := f.send("josh", "POST", at, nil).is(201); string(again.body) != token {
		t.Fatalf("the second token of a device: got %s, want %s again", again.body, token)
	}

	f.send("josh", "POST", "/api/v1/token?application=app", nil).is(500)
	f.send("", "GET", "/api/v1/me", nil, "X-Authentication-Token: "+token).is(200).want("josh", "id")
	f.send("", "GET", "/api/v1/me?token="+token, nil).is(200)
	f.send("", "GET", "/api/v1/me", nil, "Cookie: X-Authentication-Token="+token).is(200)
	f.send("josh", "GET", "/api/v1/token?application=app", nil).is(200).want(token, "entries", 0, "id").want("josh",
		"entries", 0, "username")
	f.send("julia", "GET", "/api/v1/token", nil).is(200).want([]any{}, "entries")
	f.send("julia", "DELETE", "/api/v1/token/"+token, nil).is(204) // nobody checks whose it is
	f.send("", "GET", "/api/v1/me", nil, "X-Authentication-Token: "+token).is(401)
	classic := "/authentication/token?applicationName=a&deviceId=d&permission=r"
	f.send("josh", "GET", classic, nil).is(201)
	f.send("josh", "GET", classic+"&revoke=true", nil).is(202)
	f.send("josh", "GET", classic+"&revoke=true", nil).is(400)
	token = string(f.send("josh", "POST", at, nil).is(201).body)
	f.sim.DropTokens("josh")
	f.send("", "GET", "/api/v1/me", nil, "X-Authentication-Token: "+token).is(401)
}

func TestJWT(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.JWTSecret = secret })
	soon, past := time.Now().Add(time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	for name, c := range map[string]struct {
		token  string
		status int
	}{
		"good":          {jwt(t, secret, obj{"sub": "josh", "iss": "nuxeo", "exp": soon}), 200},
		"no expiry":     {jwt(t, secret, obj{"sub": "josh"}), 200},
		"expired":       {jwt(t, secret, obj{"sub": "josh", "exp": past}), 401},
		"other secret":  {jwt(t, "x", obj{"sub": "josh"}), 401},
		"audience":      {jwt(t, secret, obj{"sub": "josh", "aud": "site/api/v1"}), 200},
		"outside":       {jwt(t, secret, obj{"sub": "josh", "aud": "api/v1"}), 401},
		"half a prefix": {jwt(t, secret, obj{"sub": "josh", "aud": "site/api/v1/m"}), 401},
		"unknown user":  {jwt(t, secret, obj{"sub": "nobody"}), 401},
		"nonsense":      {"a.b.c", 401},
	} {
		if r := f.send("", "GET", "/api/v1/me", nil, "Authorization: Bearer "+c.token); r.status != c.status {
			t.Errorf("%s: status %d, want %d", name, r.status, c.status)
		}
	}

	setup(t).send("", "GET", "/api/v1/me", nil, "Authorization: Bearer "+jwt(t, "", obj{"sub": "josh"})).is(401)
}

func TestLoginFormMakesASession(t *testing.T) {
	t.Parallel()
	f := setup(t)
	form := func(password string) *reply {
		return f.send("", "POST", "/login.jsp", url.Values{
			"user_name":     {"josh"},
			"user_password": {password},
			"requestedUrl":  {"ui/"},
		}.Encode(), "Content-Type: application/x-www-form-urlencoded")
	}

	form("wrong").is(401)
	r := form("josh").is(302)
	if to := r.header.Get("Location"); to != f.base+"/ui/" {
		t.Fatalf("redirected to %s, want %s/ui/", to, f.base)
	}

	cookie := "Cookie: " + strings.SplitN(r.header.Get("Set-Cookie"), ";", 2)[0]
	f.send("", "GET", "/api/v1/me", nil, cookie).is(200).want("josh", "id")
	f.send("", "GET", "/logout", nil, cookie).is(302)
	f.send("", "GET", "/api/v1/me", nil, cookie).is(401)
}

func TestLoginFormDoesNotRedirectElsewhere(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, to := range []string{"https://evil.example/", "//evil.example/", "///evil.example"} {
		r := f.send("", "POST", "/login.jsp",
			url.Values{"user_name": {"josh"}, "user_password": {"josh"}, "requestedUrl": {to}}.Encode(),
			"Content-Type: application/x-www-form-urlencoded").is(302)
		if !strings.HasPrefix(r.header.Get("Location"), f.base+"/") {
			t.Errorf("%s leads to %s, want an address below %s", to, r.header.Get("Location"), f.base)
		}
	}
}

func TestCSRF(t *testing.T) {
	t.Parallel()
	f := setup(t)
	own := strings.TrimSuffix(f.base, "/nuxeo")
	post := func(headers ...string) *reply { return f.send("josh", "POST", "/api/v1/upload/", nil, headers...) }
	post("Origin: https://elsewhere.example").is(403)
	post("Referer: https://elsewhere.example/x").is(403)
	post("Origin: null").is(403)
	post("Origin: " + own).is(201)
	post("Referer: " + own + "/nuxeo/ui/").is(201)
	f.send("josh", "GET", "/api/v1/me", nil, "Origin: https://elsewhere.example").is(200)
	setup(t, func(o *Options) { o.CSRFTokens = true }).send("josh", "POST", "/api/v1/upload/", nil).is(403)
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	f := setup(t)
	at, key := "/api/v1/path"+folder, "Idempotency-Key: k1"
	first := f.send("josh", "POST", at, doc("File", "f", nil), key).is(201)
	second := f.send("josh", "POST", at, doc("File", "f", nil), key).is(201)
	if string(first.body) != string(second.body) || second.header.Get("Idempotency-Key") != "k1" {
		t.Fatalf("the second answer is %s %v, want %s again, with the key k1", second.body, second.header, first.body)
	}

	equalInts(t, len(f.sim.Children(folder)), 1, "documents")
	f.send("josh", "POST", at, doc("Nothing", "f", nil), "Idempotency-Key: k2").is(400)
	f.send("josh", "POST", at, doc("File", "f", nil), "Idempotency-Key: k2").is(201) // a failure frees the key
}

func TestIdempotencyKeyWhileRunning(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if _, first := f.sim.replays.begin("k", time.Now(), 0, 0); !first {
		t.Fatal("a new key: got it taken, want it free")
	}
	f.send("josh", "POST", "/api/v1/path"+folder, doc("File", "f", nil), "Idempotency-Key: k").is(409)
}

func TestLostAnswerIsReplayed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.sim.Faults().Add(faults.Rule{Method: "POST", Path: "/path/", Lost: true, Times: 1})
	req := func() error {
		r := strings.NewReader(`{"entity-type":"document","type":"File","name":"f"}`)
		resp, err := f.client.Do(keyed(t, f.base+"/api/v1/path"+folder, r))
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if req() == nil {
		t.Fatal("a request whose answer is lost: got no error, want one")
	}

	if err := req(); err != nil {
		t.Fatal(err)
	}

	equalInts(t, len(f.sim.Children(folder)), 1, "documents")
	seen := 0
	for _, r := range f.sim.Requests() {
		if r.CorrelationID == "c-1" && r.User == "josh" && r.Status == 201 {
			seen++
		}
	}

	equalInts(t, seen, 2, "entries of the journal")
}

func TestOAuthCodeWithPKCE(t *testing.T) {
	t.Parallel()
	f := setup(t)
	client := obj{"id": "app", "name": "App", "redirectURIs": []string{"https://app.example/cb"}, "secret": "s3"}
	f.send("josh", "POST", "/api/v1/oauth2/client", client).is(403)
	f.send("Administrator", "POST", "/api/v1/oauth2/client", obj{
		"id":           "x",
		"name":         "x",
		"redirectURIs": []string{"http://app.example/"},
	}).is(400)

	f.send("Administrator", "POST", "/api/v1/oauth2/client", client).is(201)
	verifier := "a-long-enough-verifier"
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {"https://app.example/cb"}, "state": {"st"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}

	if page := f.send("", "GET", "/oauth2/authorize?"+q.Encode(), nil).is(401); !strings.Contains(string(page.body),
		"/login.jsp?requestedUrl=oauth2%2Fauthorize") {
		t.Fatalf("the page is %s, want one that leads to the sign-in page", page.body)
	}

	if page := f.send("josh", "GET", "/oauth2/authorize?"+q.Encode(), nil).is(200); !strings.Contains(string(page.body),
		"authorize_submit") {
		t.Fatalf("the page has no form, want one that submits: %s", page.body)
	}

	f.send("josh", "GET", "/oauth2/authorize?"+strings.Replace(q.Encode(), "app.example", "evil.example", 1), nil).
		is(400)
	grant := func(answer string) url.Values {
		form := url.Values{answer: {"true"}}
		for k, v := range q {
			form[k] = v
		}
		to, err := url.Parse(f.send("josh", "POST", "/oauth2/authorize_submit", form.Encode(),
			"Content-Type: application/x-www-form-urlencoded").is(302).header.Get("Location"))
		if err != nil || to.Query().Get("state") != "st" {
			t.Fatalf("redirected to %v, %v; want the state st", to, err)
		}
		return to.Query()
	}

	if e := grant("deny_access").Get("error"); e != "access_denied" {
		t.Fatalf("after a refusal the error is %q, want access_denied", e)
	}

	exchange := func(form url.Values) *reply {
		form.Set("client_id", "app")
		if form.Get("client_secret") == "" {
			form.Set("client_secret", "s3")
		}
		return f.send("", "POST", "/oauth2/token", form.Encode(), "Content-Type: application/x-www-form-urlencoded")
	}

	code := grant("grant_access").Get("code")
	exchange(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_secret": {"wrong"}}).is(400).
		want("invalid_client", "error")
	exchange(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "code_verifier": {"wrong"}}).is(400).
		want("invalid_grant", "error")
	code = grant("grant_access").Get("code")
	use := url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"code_verifier": {verifier},
		"redirect_uri":  {"https://app.example/cb"},
	}

	r := exchange(use).is(200).want("bearer", "token_type").want(3600, "expires_in")
	exchange(use).is(400) // a code works once
	f.send("", "GET", "/api/v1/me", nil, "Authorization: Bearer "+r.at("access_token").(string)).is(200).
		want("josh", "id")
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r.at("refresh_token").(string)}}
	r = exchange(refresh).is(200)
	exchange(refresh).is(400)
	f.sim.DropTokens("josh")
	f.send("", "GET", "/api/v1/me", nil, "Authorization: Bearer "+r.at("access_token").(string)).is(401)
}

func TestOAuthWithJWTAndAutoGrant(t *testing.T) {
	t.Parallel()
	f := setup(t, func(o *Options) { o.JWTSecret = secret })
	f.sim.AddOAuthClient(OAuthClient{
		ID:           "app",
		Name:         "App",
		RedirectURIs: []string{"http://localhost:1/cb"},
		AutoGrant:    true,
		Enabled:      true,
	})

	form := url.Values{
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"},
		"client_id":  {"app"},
		"assertion":  {jwt(t, secret, obj{"sub": "julia"})},
	}

	token := f.send("", "POST", "/oauth2/token", form.Encode(), "Content-Type: application/x-www-form-urlencoded").
		is(200).at("access_token").(string)
	f.send("", "GET", "/api/v1/me", nil, "Authorization: Bearer "+token).is(200).want("julia", "id")
	to := f.send("josh", "GET", "/oauth2/authorize?response_type=code&client_id=app", nil).
		is(302).header.Get("Location")
	if !strings.HasPrefix(to, "http://localhost:1/cb?code=") {
		t.Fatalf("redirected to %s, want a code for http://localhost:1/cb", to)
	}
}

func TestProviders(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.contribute(
		`<component name="p"><extension target="org.nuxeo.ecm.platform.oauth2.providers.OAuth2ServiceProviderRegistry" point="providers">
		<provider><name>frameio</name><description>D</description><tokenServerURL>https://t.example/t</tokenServerURL>
		<authorizationServerURL>https://t.example/a</authorizationServerURL><scope>openid</scope><scope>offline_access</scope></provider></extension></component>`)
	at := "/api/v1/oauth2/provider/frameio"
	p := f.send("josh", "GET", at, nil).is(200).want(false, "isEnabled").want([]string{"openid", "offline_access"},
		"scopes").want(nil, "authorizationURL").json()
	p["clientId"], p["clientSecret"], p["isEnabled"] = "id", "hush", true
	f.send("josh", "PUT", at, p).is(403)
	f.send("Administrator", "PUT", at, p).is(200).want("hush", "clientSecret").want(true, "isAvailable")
	r := f.send("josh", "GET", at, nil).is(200).want(nil, "clientSecret").want(false, "isAuthorized")
	if u := r.at("authorizationURL").(string); !strings.Contains(u,
		url.QueryEscape(f.base+"/site/oauth2/frameio/callback")) || strings.Contains(u, "state") {
		t.Fatalf("the authorization URL is %s, want the callback of %s and no state", u, f.base)
	}

	f.send("josh", "GET", at+"/token", nil).is(404)
	f.sim.SetProviderToken("frameio", "josh", ProviderToken{AccessToken: "tok", ServiceLogin: "j@example.org"})
	f.send("josh", "GET", at+"/token", nil).is(200).want("tok", "token")
	f.send("josh", "GET", "/api/v1/oauth2/token/provider/frameio/user/josh", nil).is(200).
		want("j@example.org", "serviceLogin")
	f.send("julia", "GET", "/api/v1/oauth2/token/provider/frameio/user/josh", nil).is(403)
	f.send("josh", "GET", "/api/v1/oauth2/token/frameio/josh", nil).is(200)
	f.send("josh", "GET", "/api/v1/oauth2/provider/none", nil).is(404)
	f.send("Administrator", "DELETE", at, nil).is(204)
}

func keyed(t *testing.T, to string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequest("POST", to, body)
	if err != nil {
		t.Fatal(err)
	}

	r.SetBasicAuth("josh", "josh")
	r.Header.Set("Idempotency-Key", "k")
	r.Header.Set("X-Correlation-Id", "c-1")
	return r
}
