package nuxeosim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ownStore is the service name of tokens that Nuxeo itself has issued.
const ownStore = "org.nuxeo.server.token.store"

// tokenJSON is the entity "nuxeoOAuth2Token", which never shows a secret. Its date is
// not written as elsewhere, and nobody to share with is one empty name.
func tokenJSON(service, login string, serviceLogin, client any, created time.Time) map[string]any {
	return map[string]any{
		"entity-type": "nuxeoOAuth2Token", "serviceName": service, "nuxeoLogin": login, "serviceLogin": serviceLogin,
		"clientId": client, "isShared": false, "sharedWith": []string{""},
		"creationDate": created.UTC().Format("2006-01-02 15:04:05"),
	}
}

func providerToken(key [2]string, t ProviderToken) map[string]any {
	return tokenJSON(key[0], key[1], orNull(t.ServiceLogin), nil, t.Created)
}

func clientToken(t oauthToken) map[string]any {
	return tokenJSON(ownStore, t.login, nil, t.client, t.created)
}

// oauthTokenRoute serves /oauth2/token…: the tokens of the caller, for foreign providers
// and for clients of Nuxeo; without saying which, those of all for an administrator.
func (c *call) oauthTokenRoute(seg []string) (*answer, error) {
	switch path := strings.Join(seg, "/"); path {
	case "":
		if err := c.adminOnly(); err != nil {
			return nil, err
		}
		return tokens(append(c.providerTokens(""), c.clientTokens("")...)), nil
	case "provider":
		return tokens(c.providerTokens(c.user.login)), nil
	case "client":
		return tokens(c.clientTokens(c.user.login)), nil
	}

	if len(seg) == 2 && c.s.opt.LTS != "2025" { // the deprecated address
		seg = []string{"provider", seg[0], "user", seg[1]}
	}

	if len(seg) != 4 || seg[2] != "user" {
		return nil, notFound("no such resource")
	}

	if seg[3] != c.user.login && !c.user.admin {
		return nil, forbidden("You do not have permissions to perform this operation.")
	}

	switch seg[0] {
	case "provider":
		return c.oneProviderToken(seg[1], seg[3])
	case "client":
		return c.oneClientToken(seg[1], seg[3])
	}

	return nil, notFound("no such resource")
}

func tokens(entries []any) *answer {
	return ok(map[string]any{"entity-type": "nuxeoOAuth2Tokens", "entries": append([]any{}, entries...)})
}

func (c *call) oneProviderToken(provider, login string) (*answer, error) {
	key := [2]string{provider, login}
	t, found := c.s.provider.tokens[key]
	switch {
	case !found:
		return nil, notFound("No token found for provider: %s", provider)
	case c.r.Method == http.MethodDelete:
		delete(c.s.provider.tokens, key)
		return nil, nil
	}

	return ok(providerToken(key, t)), nil
}

func (c *call) oneClientToken(client, login string) (*answer, error) {
	if c.s.oauth.clients[client] == nil {
		return nil, notFound("Invalid client: %s", client)
	}

	of := func(_ string, t oauthToken) bool { return t.client == client && t.login == login }
	for _, t := range c.s.oauth.refresh {
		if !of("", t) {
			continue
		}
		if c.r.Method == http.MethodDelete {
			maps.DeleteFunc(c.s.oauth.refresh, of)
			maps.DeleteFunc(c.s.logins.access, of)
			return nil, nil
		}
		return ok(clientToken(t)), nil
	}

	return nil, notFound("No token found for client: %s", client)
}

// clientTokens are those of a login, or all of them.
func (c *call) clientTokens(login string) []any {
	entries := []any{}
	for _, id := range sortedKeys(c.s.oauth.refresh) {
		if t := c.s.oauth.refresh[id]; login == "" || t.login == login {
			entries = append(entries, clientToken(t))
		}
	}
	return entries
}

func (c *call) providerTokens(login string) []any {
	entries := []any{}
	keys := slices.SortedFunc(maps.Keys(c.s.provider.tokens), func(a, b [2]string) int {
		return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
	})

	for _, key := range keys {
		if login == "" || key[1] == login {
			entries = append(entries, providerToken(key, c.s.provider.tokens[key]))
		}
	}

	return entries
}
