package nuxeo

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// User is a user of Nuxeo.
type User struct {
	Login         string
	Name          string
	Email         string
	Administrator bool
	Anonymous     bool
}

type wireUser struct {
	ID            string `json:"id"`
	Administrator bool   `json:"isAdministrator"`
	Anonymous     bool   `json:"isAnonymous"`
	Properties    struct {
		FirstName string `json:"firstName"`
		LastName  string `json:"lastName"`
		Email     string `json:"email"`
	} `json:"properties"`
}

func (w wireUser) user() User {
	name := strings.TrimSpace(w.Properties.FirstName + " " + w.Properties.LastName)
	if name == "" {
		name = w.ID
	}

	return User{
		Login:         w.ID,
		Name:          name,
		Email:         w.Properties.Email,
		Administrator: w.Administrator,
		Anonymous:     w.Anonymous,
	}
}

// Me reads the client's user (GET /api/v1/me).
func (c *Client) Me(ctx context.Context) (User, error) {
	var w wireUser
	err := c.get(ctx, "api/v1/me", nil, nil, &w)
	return w.user(), err
}

// User reads a user (GET /api/v1/user/{login}).
func (c *Client) User(ctx context.Context, login string) (User, error) {
	var w wireUser
	err := c.get(ctx, "api/v1/user/"+url.PathEscape(login), nil, nil, &w)
	return w.user(), err
}

// NewToken acquires a login token for the client's user
// (POST /api/v1/token). The same application and device give the same token.
func (c *Client) NewToken(ctx context.Context, application, device, description string) (string, error) {
	query := url.Values{
		"application": {application}, "deviceId": {device},
		"deviceDescription": {description}, "permission": {"rw"},
	}

	resp, err := c.send(ctx, call{method: http.MethodPost, path: "api/v1/token", query: query})
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	return readToken(resp)
}

// RevokeToken ends a login token (DELETE /api/v1/token/{token}).
func (c *Client) RevokeToken(ctx context.Context, token string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: "api/v1/token/" + url.PathEscape(token)}, nil)
	if err != nil {
		hidePath(err, "api/v1/token/…")
	}
	return err
}

// OAuthClient is an application that may sign people in with Nuxeo.
type OAuthClient struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Secret       string   `json:"secret,omitempty"`
	RedirectURIs []string `json:"redirectURIs"`
	AutoGrant    bool     `json:"isAutoGrant"`
	Enabled      bool     `json:"isEnabled"`
}

// OAuthClient reads a client by id (GET /api/v1/oauth2/client/{id}); only
// administrators may.
func (c *Client) OAuthClient(ctx context.Context, id string) (OAuthClient, error) {
	var k OAuthClient
	err := c.get(ctx, "api/v1/oauth2/client/"+url.PathEscape(id), nil, nil, &k)
	return k, err
}

// SaveOAuthClient creates a client, or replaces the one with its id.
func (c *Client) SaveOAuthClient(ctx context.Context, k OAuthClient, exists bool) error {
	method, path := http.MethodPost, "api/v1/oauth2/client"
	if exists {
		method, path = http.MethodPut, path+"/"+url.PathEscape(k.ID)
	}

	body := struct {
		EntityType string `json:"entity-type"`
		OAuthClient
	}{"oauth2Client", k}

	return c.doJSON(ctx, method, path, body, nil, nil)
}

// Provider is an entry of Nuxeo's Cloud Services.
type Provider struct {
	ServiceName      string   `json:"serviceName"`
	Description      string   `json:"description"`
	ClientID         string   `json:"clientId"`
	ClientSecret     string   `json:"clientSecret"`
	AuthorizationURL string   `json:"authorizationServerURL"`
	TokenURL         string   `json:"tokenServerURL"`
	Scopes           []string `json:"scopes"`
	Enabled          bool     `json:"isEnabled"`
}

// Provider reads an entry of Cloud Services (GET /api/v1/oauth2/provider/{id}).
// The secret comes only to administrators.
func (c *Client) Provider(ctx context.Context, name string) (Provider, error) {
	var p Provider
	err := c.get(ctx, "api/v1/oauth2/provider/"+url.PathEscape(name), nil, nil, &p)
	return p, err
}
