package nuxeo

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

// Auth puts a credential on a request.
type Auth interface {
	Apply(*http.Request) error
}

type authFunc func(*http.Request) error

func (f authFunc) Apply(r *http.Request) error { return f(r) }

// Basic signs in by login and password.
func Basic(login, password string) Auth {
	return authFunc(func(r *http.Request) error { r.SetBasicAuth(login, password); return nil })
}

// Token signs in by a Nuxeo login token (header X-Authentication-Token).
func Token(token string) Auth {
	return authFunc(func(r *http.Request) error { r.Header.Set("X-Authentication-Token", token); return nil })
}

// Bearer signs in by an OAuth 2 access token.
func Bearer(token string) Auth {
	return authFunc(func(r *http.Request) error { r.Header.Set("Authorization", "Bearer "+token); return nil })
}

// JWT signs in as login by a token minted with the secret that Nuxeo's
// nuxeo.jwt.secret holds (HS512). Each request gets a fresh one that lives for
// ttl, so that a stolen one is soon worthless.
func JWT(secret []byte, login string, ttl time.Duration, now func() time.Time) Auth {
	return authFunc(func(r *http.Request) error {
		token, err := mint(secret, login, now().Add(ttl))
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	})
}

func mint(secret []byte, login string, expires time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{"iss": "nuxeo", "sub": login, "exp": expires.Unix()})
	if err != nil {
		return "", err
	}

	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"alg":"HS512","typ":"JWT"}`)) + "." + enc.EncodeToString(claims)
	mac := hmac.New(sha512.New, secret)
	mac.Write([]byte(signed))
	return signed + "." + enc.EncodeToString(mac.Sum(nil)), nil
}
