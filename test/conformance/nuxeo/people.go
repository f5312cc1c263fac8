package nuxeo

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/nuxeo"
)

var peopleCases = []Case{
	{
		Name: "me-is-who-is-signed-in", Uses: []string{"Me"}, Source: "[M] recorded people",
		What: "GET /me tells login, name, address and whether it is an administrator.",
		Why:  "The connector signs people in by it.",
		Try: func(s *Scene) {
			u, err := s.Writer().Me(s.Context())
			s.Must(err)
			s.Want("login", u.Login, s.Writer().Login)
			s.Want("anonymous", u.Anonymous, false)
			if s.Administrator() {
				s.Want("name", u.Name, "Ann Case")
				s.Want("address", u.Email, u.Login+"@example.invalid")
				s.Want("administrator", u.Administrator, false)
			}
		},
	},
	{
		Name: "user-is-read-by-anybody", Uses: []string{"User"}, Admin: true, Source: "[M] recorded people",
		What: "GET /user/{login} tells name and address to everybody who is signed in.",
		Why:  "Mail and comments need the names and addresses of others.",
		Try: func(s *Scene) {
			u, err := s.Ann().User(s.Context(), s.Bob().Login)
			s.Must(err)
			s.Want("name", u.Name, "Bob Case")
			s.Want("address", u.Email, s.Bob().Login+"@example.invalid")
		},
	},
	{
		Name: "unknown-user-is-404", Uses: []string{"User"}, Source: "[M] recorded people",
		What: "A login that is not there is 404.",
		Why:  "Who has left must be told from a server that is down.",
		Try: func(s *Scene) {
			_, err := s.Writer().User(s.Context(), s.Prefix+"-nobody")
			s.status("unknown user", err, 404)
		},
	},
	{
		Name: "wrong-password-is-401", Uses: []string{"Me"}, Source: "[M] §15.19",
		What: "A wrong password, and none, are 401 with the servlet container's page.",
		Why:  "The page must not be read as an answer, nor shown to people.",
		Try: func(s *Scene) {
			for _, p := range []*Person{s.Nobody(), s.self.as(nuxeo.Basic(s.Writer().Login, "wrong-"+s.Prefix))} {
				a := s.Raw(p, request{
					method: "GET",
					path:   "api/v1/me",
					header: map[string]string{"X-No-Basic-Header": "true"},
				})
				s.Want("status", a.Status, 401)
				s.True(a.HTML(), "the body is a page: %s", a.Header.Get("Content-Type"))
			}
		},
	},
}

// device is a login token's that the case makes.
func (s *Scene) token(p *Person, device string) string {
	token, err := p.NewToken(s.Context(), s.Prefix, device, "a case")
	s.Must(err)
	s.Cleanup(func() { s.Raw(p, request{method: "DELETE", path: "api/v1/token/" + token}) })
	return token
}

var signInCases = []Case{
	{
		Name: "token-is-the-same-again", Uses: []string{"NewToken"}, Source: "[M] §15.18",
		What: "The same application and device get the same token again, with status 201.",
		Why:  "Web UI asks for one at each visit; they must not pile up.",
		Try: func(s *Scene) {
			w := s.Writer()
			one, two := s.token(w, "same"), s.token(w, "same")
			s.True(one == two, "both tokens are the same")
			s.True(s.token(w, "other") != one, "another device gets another")
			q := url.Values{
				"application":       {s.Prefix},
				"deviceId":          {"same"},
				"deviceDescription": {"x"},
				"permission":        {"rw"},
			}

			a := s.Raw(w, request{method: "POST", path: "api/v1/token", query: q})
			s.Want("status", a.Status, 201)
			s.True(strings.HasPrefix(a.Header.Get("Content-Type"), "application/json"), "content type %q",
				a.Header.Get("Content-Type"))
			s.True(a.Body == one, "the body is the bare token")
		},
	},
	{
		Name: "token-signs-in", Uses: []string{"NewToken", "Me", "RevokeToken"}, Source: "[M] §15.18",
		What:  "X-Authentication-Token signs in, until the token is revoked.",
		Why:   "The connector acts as people by it.",
		Helps: "Let the proxy before Nuxeo pass the header X-Authentication-Token on, or set nuxeo-jwt-secret.",
		Try: func(s *Scene) {
			w := s.Writer()
			token := s.token(w, "signs-in")
			u, err := w.As(nuxeo.Token(token)).Me(s.Context())
			s.Must(err)
			s.Want("login", u.Login, w.Login)
			s.Must(w.RevokeToken(s.Context(), token))
			_, err = w.As(nuxeo.Token(token)).Me(s.Context())
			s.status("revoked token", err, 401)
		},
	},
	{
		Name: "token-sets-a-cookie", Uses: []string{"NewToken"}, Source: "[M] §15.18",
		What: "A request with a token gets a cookie with it.",
		Why:  "A client that keeps cookies would mix people up.",
		Try: func(s *Scene) {
			p := s.Writer().as(nuxeo.Token(s.token(s.Writer(), "cookie")))
			a := s.Raw(p, request{method: "GET", path: "api/v1/me"})
			s.True(strings.Contains(strings.Join(a.Header.Values("Set-Cookie"), " "), "X-Authentication-Token="),
				"there is a cookie")
		},
	},
	{
		Name: "token-needs-its-parameters", Uses: []string{"NewToken"}, Source: "[M] §15.18",
		What: "A token without device and permission is 500.",
		Why:  "500 here is no failure of the server.",
		Try: func(s *Scene) {
			a := s.Raw(s.Writer(), request{
				method: "POST",
				path:   "api/v1/token",
				query:  url.Values{"application": {s.Prefix}},
			})
			s.Want("status", a.Status, 500)
		},
	},
	{
		Name: "token-is-revoked-by-anybody", Uses: []string{"RevokeToken"}, Admin: true, Source: "[M] §15.18",
		What: "Whoever knows a token may delete it.",
		Why:  "A token can end at any time: that is a normal state.",
		Try: func(s *Scene) {
			token := s.token(s.Ann(), "anybody")
			s.Must(s.Bob().RevokeToken(s.Context(), token))
			_, err := s.Ann().As(nuxeo.Token(token)).Me(s.Context())
			s.status("revoked token", err, 401)
		},
	},
	{
		Name: "jwt-signs-in", Uses: []string{"Me"}, Source: "[M] §1.4",
		What: "A JWT of the secret signs in as its subject; one that is over or of another secret is 401.",
		Why:  "It is how the connector acts as anybody.",
		Try: func(s *Scene) {
			u, err := s.Writer().As(s.jwt(time.Minute, nil)).Me(s.Context())
			s.Must(err)
			s.Want("login", u.Login, s.Writer().Login)
			_, err = s.Writer().As(s.jwt(-time.Minute, nil)).Me(s.Context())
			s.status("a JWT that is over", err, 401)
			other := nuxeo.JWT([]byte("another secret of the same kind, long enough for HS512 to take"),
				s.Writer().Login, time.Minute, time.Now)
			_, err = s.Writer().As(other).Me(s.Context())
			s.status("a JWT of another secret", err, 401)
		},
	},
	{
		Name: "jwt-audience-is-below-site", Uses: []string{"Me"}, Source: "[M] §15.18",
		What: "The audience of a JWT is compared with site/api/v1…: site passes, api/v1 does not.",
		Why:  "A narrower JWT than one for everything is refused.",
		Try: func(s *Scene) {
			_, err := s.Writer().As(s.jwt(time.Minute, m{"aud": "site"})).Me(s.Context())
			s.status("aud site", err, 0)
			_, err = s.Writer().As(s.jwt(time.Minute, m{"aud": "api/v1"})).Me(s.Context())
			s.status("aud api/v1", err, 401)
		},
	},
	{
		Name: "jwt-from-the-future", Uses: []string{"Me"}, Source: "[M] §15.18",
		What: "A JWT that says it was issued later than now is 401.",
		Why:  "Clocks differ: ours must not say when it was issued.",
		Try: func(s *Scene) {
			_, err := s.Writer().As(s.jwt(time.Hour, m{"iat": time.Now().Add(10 * time.Minute).Unix()})).Me(s.Context())
			s.status("iat in the future", err, 401)
		},
	},
	{
		Name: "files-take-what-the-interface-takes", Uses: []string{"OpenBlob"}, Source: "[M] recorded blobs",
		What: "nxfile takes Basic, token, JWT and OAuth where they hold; a Basic or token that does not hold may be " +
			"302, 401 or 500.",
		Why:   "Files are read there: a sign-in page must never be taken for one.",
		Helps: "Nothing is to be set: files are then read over the REST interface.",
		Try:   tryFileSignIn,
	},
	{
		Name: "file-with-a-bad-token", Uses: []string{"OpenBlob"}, Source: "[M] nxfile, X-Authentication-Token",
		What: "nxfile answers a login token that does not hold with 500 as a page, a bearer with 401.",
		Why:  "A token that was revoked looks like a failure of the server.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", "a file")
			good := s.Raw(s.Writer(), request{method: "GET", path: nuxeo.BlobPath(d.UID, "file:content")})
			if strings.Contains(good.Header.Get("Location"), "login.jsp") {
				s.NotTried("files are behind another sign-in here")
			}

			for _, c := range []struct {
				name   string
				auth   nuxeo.Auth
				status int
			}{{"token", nuxeo.Token("no-such-token"), 500}, {"bearer", nuxeo.Bearer("no-such-token"), 401}} {
				a := s.Raw(s.Writer().as(c.auth), request{method: "GET", path: nuxeo.BlobPath(d.UID, "file:content")})
				s.Want("status with a bad "+c.name, a.Status, c.status)
			}
		},
	},
	{
		Name: "file-without-credentials", Uses: []string{"OpenBlob"}, Source: "[M] recorded README",
		What: "nxfile answers 401 as a page without credentials.",
		Why:  "The page must not be stored as the file.",
		Try: func(s *Scene) {
			d := s.filled(s.Writer(), "doc", "a file")
			a := s.Raw(s.Nobody(), request{method: "GET", path: nuxeo.BlobPath(d.UID, "file:content")})
			s.Want("status", a.Status, 401)
			s.True(a.HTML(), "the body is a page")
		},
	},
}

// tryFileSignIn asks for a file in every way that holds, and in those that do not.
func tryFileSignIn(s *Scene) {
	w := s.Writer()
	d := s.filled(w, "doc", "a file")
	ask := func(p *Person) *Answer {
		return s.Raw(p, request{method: "GET", path: nuxeo.BlobPath(d.UID, "file:content")})
	}

	good := map[string]nuxeo.Auth{"Basic": w.auth, "token": nuxeo.Token(s.token(w, "files"))}
	bad := map[string]nuxeo.Auth{
		"Basic":  nuxeo.Basic(w.Login, "wrong"),
		"token":  nuxeo.Token("no-such-token"),
		"Bearer": nuxeo.Bearer("no-such-token"),
	}
	if s.JWTSecret != "" {
		good["JWT"], bad["JWT"] = s.jwt(time.Minute, nil), s.jwt(-time.Minute, nil)
	}

	if s.Administrator() {
		client := s.oauthClient(true)
		old := s.grant(w, client)
		fresh := s.exchange(client, url.Values{
			"grant_type":    {"refresh_token"},
			"refresh_token": {old["refresh_token"]},
		})
		good["OAuth"], bad["OAuth"] = nuxeo.Bearer(fresh["access_token"]), nuxeo.Bearer(old["access_token"])
	}

	for name, auth := range good {
		status, text, _ := s.open(w.as(auth), d.UID, "file:content", "")
		s.True(status == 200 && text == "a file", "%s gets the file: %d", name, status)
		s.Kind("nxfile with a %s that holds: %d", name, ask(w.as(auth)).Status)
	}

	for name, auth := range bad {
		a := ask(w.as(auth))
		s.True(a.Body != "a file" && slices.Contains([]int{302, 401, 500}, a.Status),
			"%s that does not hold gets no file: %d", name, a.Status)
		s.Kind("nxfile with a %s that does not hold: %d", name, a.Status)
	}
}

// jwt signs in whoever writes by a token with further claims.
func (s *Scene) jwt(ttl time.Duration, claims m) nuxeo.Auth {
	if s.JWTSecret == "" {
		s.NotTried("it needs nuxeo.jwt.secret")
	}

	if claims == nil {
		return nuxeo.JWT([]byte(s.JWTSecret), s.Writer().Login, ttl, time.Now)
	}

	claims["iss"], claims["sub"], claims["exp"] = "nuxeo", s.Writer().Login, time.Now().Add(ttl).Unix()
	body, err := json.Marshal(claims)
	s.Must(err)
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"alg":"HS512","typ":"JWT"}`)) + "." + enc.EncodeToString(body)
	mac := hmac.New(sha512.New, []byte(s.JWTSecret))
	mac.Write([]byte(signed))
	return nuxeo.Bearer(signed + "." + enc.EncodeToString(mac.Sum(nil)))
}
