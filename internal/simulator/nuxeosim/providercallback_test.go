package nuxeosim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// provider answers at a token address and remembers what it was asked.
func (f *fixture) provider(answer string, status int) (asked *[]string) {
	f.Helper()
	asked = &[]string{}
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		*asked = append(*asked, r.PostForm.Encode())
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))

	f.Cleanup(ts.Close)
	f.send("Administrator", "POST", "/api/v1/oauth2/provider", obj{
		"serviceName": "frameio", "clientId": "id", "clientSecret": "s", "tokenServerURL": ts.URL,
		"authorizationServerURL": ts.URL, "isEnabled": true, "scopes": []string{"openid"},
	}).is(200)

	return asked
}

func TestProviderCallback(t *testing.T) {
	t.Parallel()
	f := setup(t)
	asked := f.provider(`{"access_token":"t-1","refresh_token":"r-1","expires_in":3600}`, 200)
	r := f.send("josh", "GET", "/site/oauth2/frameio/callback?code=c-1", nil).is(200)
	if !strings.Contains(string(r.body), `JSON.stringify({ token: "t-1" })`) ||
		!strings.Contains(string(r.body), "window.close()") {
		t.Errorf("the page is %s, want it to tell the token t-1 to the window that opened it", r.body)
	}

	for _, want := range []string{
		"code=c-1", "client_secret=s", "grant_type=authorization_code",
		"%2Fnuxeo%2Fsite%2Foauth2%2Fframeio%2Fcallback",
	} {
		if !strings.Contains((*asked)[0], want) {
			t.Errorf("the exchange is %s, want %s in it", (*asked)[0], want)
		}
	}

	f.send("josh", "GET", "/api/v1/oauth2/provider/frameio", nil).is(200).want(true, "isAuthorized")
	f.send("josh", "GET", "/api/v1/oauth2/provider/frameio/token", nil).is(200).want("t-1", "token")
}

func TestProviderCallbackFails(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.send("josh", "GET", "/site/oauth2/none/callback?code=c", nil).is(404)
	f.provider(`{"error":"invalid_grant","error_description":"<too late>"}`, 400)
	for query, want := range map[string]string{
		"?code=c":              "invalid_grant &lt;too late&gt;",
		"?error=access_denied": "access_denied",
		"":                     "no code",
	} {
		r := f.send("josh", "GET", "/site/oauth2/frameio/callback"+query, nil).is(200)
		if !strings.Contains(string(r.body), want) || !strings.Contains(string(r.body), `token: ""`) ||
			strings.Contains(string(r.body), "window.close()") {
			t.Errorf("%q leads to %s, want %q, no token, and a window that stays", query, r.body, want)
		}
	}

	f.send("josh", "GET", "/api/v1/oauth2/provider/frameio/token", nil).is(404)
	r := f.send("", "GET", "/site/oauth2/frameio/callback?code=c", nil).is(302)
	if to := r.header.Get("Location"); !strings.Contains(to,
		"login.jsp?requestedUrl=site%2Foauth2%2Fframeio%2Fcallback%3Fcode%3Dc") {
		t.Errorf("who is not signed in is sent to %s, want the sign-in page, and back", to)
	}
}

func TestProviderTokenIsRefreshed(t *testing.T) {
	t.Parallel()
	now := time.Now()
	f := setup(t, func(o *Options) { o.Now = func() time.Time { return now } })
	asked := f.provider(`{"access_token":"t-2","expires_in":3600}`, 200)
	f.sim.SetProviderToken("frameio", "josh", ProviderToken{
		AccessToken:  "t-1",
		RefreshToken: "r-1",
		Expires:      now.Add(30 * time.Second),
	})

	for range 2 { // the second is fresh
		f.send("josh", "GET", "/api/v1/oauth2/provider/frameio/token", nil).is(200).want("t-2", "token")
	}

	if len(*asked) != 1 || !strings.Contains((*asked)[0], "refresh_token=r-1") {
		t.Errorf("the token endpoint was asked %q, want one refresh with r-1", *asked)
	}
}
