package nuxeosim

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// oauth2Route serves /api/v1/oauth2/{client|provider|token}.
func oauth2Route(c *call, seg []string) (*answer, error) {
	if len(seg) == 0 {
		return nil, notFound("no such resource")
	}

	if len(seg) == 3 && seg[0] == "provider" && seg[2] == "token" {
		c.refreshProviderToken(seg[1])
	}

	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	switch seg[0] {
	case "client":
		return c.clientRoute(seg[1:])
	case "provider":
		return c.providerRoute(seg[1:])
	case "token":
		return c.oauthTokenRoute(seg[1:])
	}

	return nil, notFound("no such resource: %s", seg[0])
}

func (c *call) adminOnly() error {
	if c.user.admin {
		return nil
	}
	return forbidden("You do not have permissions to perform this operation.")
}

func (client *OAuthClient) json() map[string]any {
	return map[string]any{
		"entity-type": "oauth2Client", "id": client.ID, "name": client.Name,
		"redirectURIs": listOf(client.RedirectURIs),
		"secret":       client.Secret, "isAutoGrant": client.AutoGrant, "isEnabled": client.Enabled,
	}
}

func (c *call) clientRoute(seg []string) (*answer, error) {
	if err := c.adminOnly(); err != nil {
		return nil, err
	}

	if len(seg) == 0 {
		return c.clientCollection()
	}

	client := c.s.oauth.clients[seg[0]]
	if client == nil {
		return nil, notFound("Cannot find client: %s", seg[0])
	}

	switch c.r.Method {
	case http.MethodGet:
		return ok(client.json()), nil
	case http.MethodPut:
		return c.saveClient(seg[0], http.StatusOK)
	case http.MethodDelete:
		delete(c.s.oauth.clients, seg[0])
		return nil, nil
	}

	return nil, methodNotAllowed()
}

func (c *call) clientCollection() (*answer, error) {
	switch c.r.Method {
	case http.MethodPost:
		return c.saveClient("", http.StatusCreated)
	case http.MethodGet:
		entries := []any{}
		for _, id := range sortedKeys(c.s.oauth.clients) {
			entries = append(entries, c.s.oauth.clients[id].json())
		}
		return ok(map[string]any{"entity-type": "oauth2Clients", "entries": entries}), nil
	}
	return nil, methodNotAllowed()
}

// saveClient checks the rules for redirect addresses.
func (c *call) saveClient(replaces string, status int) (*answer, error) {
	client := OAuthClient{Enabled: true}
	if err := c.readJSON(&client); err != nil {
		return nil, err
	}

	if client.ID == "" || client.Name == "" || len(client.RedirectURIs) == 0 {
		return nil, badRequest("id, name and redirectURIs are required")
	}

	for _, uri := range client.RedirectURIs {
		if !redirectAllowed(uri) {
			return nil, badRequest("'%s' is not a valid redirect URI", uri)
		}
	}

	if replaces == "" && c.s.oauth.clients[client.ID] != nil {
		return nil, badRequest("Client with id '%s' already exists", client.ID)
	}

	delete(c.s.oauth.clients, replaces)
	c.s.oauth.clients[client.ID] = &client
	return &answer{status: status, json: client.json()}, nil
}

// providerRegistry are foreign providers ("Cloud Services") and the tokens that
// users have there.
type providerRegistry struct {
	providers map[string]*Provider
	tokens    map[[2]string]ProviderToken // by provider and login
}

// Provider is an entry of the directory oauth2ServiceProviders.
type Provider struct {
	ServiceName            string   `json:"serviceName"`
	Description            string   `json:"description"`
	ClientID               string   `json:"clientId"`
	ClientSecret           string   `json:"clientSecret"`
	AuthorizationServerURL string   `json:"authorizationServerURL"`
	TokenServerURL         string   `json:"tokenServerURL"`
	UserAuthorizationURL   string   `json:"userAuthorizationURL"`
	Scopes                 []string `json:"scopes"`
	Enabled                bool     `json:"isEnabled"`
}

// ProviderToken is what a user has at a provider.
type ProviderToken struct {
	AccessToken, ServiceLogin string
	// RefreshToken is what Nuxeo gets a new token by, when Expires is near; it
	// shows it to nobody.
	RefreshToken     string
	Created, Expires time.Time
}

func newProviderRegistry() providerRegistry {
	return providerRegistry{providers: map[string]*Provider{}, tokens: map[[2]string]ProviderToken{}}
}

// contribute makes the entry on first start; afterwards the entry wins over the
// contribution. Without id and secret it is disabled.
func (r *providerRegistry) contribute(x *element) {
	name := x.text("name")
	if r.providers[name] != nil {
		return
	}

	p := &Provider{
		ServiceName: name, Description: x.text("description"), ClientID: x.text("clientId"),
		ClientSecret:           x.text("clientSecret"),
		AuthorizationServerURL: x.text("authorizationServerURL"), TokenServerURL: x.text("tokenServerURL"),
		UserAuthorizationURL: x.text("userAuthorizationURL"), Scopes: x.texts("scope"),
	}

	p.Enabled = x.text("enabled") != "false" && p.ClientID != "" && p.ClientSecret != ""
	r.providers[name] = p
}

// SetProviderToken gives a user a token at a provider, as a finished
// authorization would; the zero value takes it away.
func (s *Server) SetProviderToken(provider, login string, t ProviderToken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := [2]string{provider, login}
	if t == (ProviderToken{}) {
		delete(s.provider.tokens, key)
		return
	}
	s.provider.tokens[key] = t
}

// providerJSON hides the secret from all but administrators.
func (c *call) providerJSON(p *Provider) map[string]any {
	token, authorized := c.s.provider.tokens[[2]string{p.ServiceName, c.user.login}]
	available := p.Enabled && p.ClientID != "" && p.ClientSecret != ""
	m := map[string]any{
		"entity-type": "nuxeoOAuth2ServiceProvider", "serviceName": p.ServiceName, "description": p.Description,
		"clientId": p.ClientID, "clientSecret": nil, "authorizationServerURL": p.AuthorizationServerURL,
		"tokenServerURL": p.TokenServerURL, "userAuthorizationURL": p.UserAuthorizationURL, "scopes": listOf(p.Scopes),
		"isEnabled": p.Enabled, "isAvailable": available, "authorizationURL": nil,
		"isAuthorized": authorized, "userId": nil,
	}
	if available {
		m["authorizationURL"] = c.s.authorizationURL(p)
	}

	if authorized {
		m["userId"] = token.ServiceLogin
	}

	if c.user.admin {
		m["clientSecret"] = p.ClientSecret
	}

	return m
}

// authorizationURL has no state: the stock class sends none.
func (s *Server) authorizationURL(p *Provider) string {
	q := url.Values{
		"client_id": {p.ClientID}, "response_type": {"code"}, "scope": {strings.Join(p.Scopes, " ")},
		"redirect_uri": {s.callbackURL(p.ServiceName)},
	}

	separator := "?"
	if strings.Contains(p.AuthorizationServerURL, "?") {
		separator = "&"
	}

	return p.AuthorizationServerURL + separator + q.Encode()
}

func (c *call) providerRoute(seg []string) (*answer, error) {
	if c.r.Method != http.MethodGet {
		if err := c.adminOnly(); err != nil {
			return nil, err
		}
	}

	if len(seg) == 0 {
		return c.providerCollection()
	}

	p := c.s.provider.providers[seg[0]]
	if p == nil {
		return nil, notFound("Invalid provider: %s", seg[0])
	}

	if len(seg) == 2 && seg[1] == "token" {
		return c.ownProviderToken(p)
	}

	switch c.r.Method {
	case http.MethodGet:
		return ok(c.providerJSON(p)), nil
	case http.MethodPut:
		return c.saveProvider(seg[0])
	case http.MethodDelete:
		delete(c.s.provider.providers, seg[0])
		return nil, nil
	}

	return nil, methodNotAllowed()
}

func (c *call) providerCollection() (*answer, error) {
	switch c.r.Method {
	case http.MethodPost: // answers 200, not 201
		return c.saveProvider("")
	case http.MethodGet:
		entries := []any{}
		for _, name := range sortedKeys(c.s.provider.providers) {
			entries = append(entries, c.providerJSON(c.s.provider.providers[name]))
		}
		return ok(map[string]any{"entity-type": "nuxeoOAuth2ServiceProviders", "entries": entries}), nil
	}
	return nil, methodNotAllowed()
}

func (c *call) saveProvider(replaces string) (*answer, error) {
	var p Provider
	if err := c.readJSON(&p); err != nil {
		return nil, err
	}

	if p.ServiceName = cmp.Or(p.ServiceName, replaces); p.ServiceName == "" {
		return nil, badRequest("serviceName is required")
	}

	delete(c.s.provider.providers, replaces)
	c.s.provider.providers[p.ServiceName] = &p
	return ok(c.providerJSON(&p)), nil
}

func (c *call) ownProviderToken(p *Provider) (*answer, error) {
	t, found := c.s.provider.tokens[[2]string{p.ServiceName, c.user.login}]
	if !found {
		return nil, notFound("No token for %s", c.user.login)
	}
	return ok(map[string]any{"token": t.AccessToken}), nil
}
