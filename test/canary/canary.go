// Package canary finds the secrets that really travelled.
//
// It owns the forms in which secrets travel between the connector and the systems
// around it, so that tests which look for secrets where they must not be know
// also those that nobody thought of. It leaves listening, and looking, to them.
package canary

import (
	"net/url"
	"regexp"
)

// travelling are the forms in which secrets travel, by kind.
var travelling = map[string]*regexp.Regexp{
	"login token":      regexp.MustCompile(`(?i)X-Authentication-Token: (\S+)`),
	"bearer":           regexp.MustCompile(`(?i)Authorization: Bearer (\S+)`),
	"basic":            regexp.MustCompile(`(?i)Authorization: Basic (\S+)`),
	"access token":     regexp.MustCompile(`"access_token": ?"([^"]+)"`),
	"refresh token":    regexp.MustCompile(`"refresh_token": ?"([^"]+)"`),
	"sent refresh":     regexp.MustCompile(`[&?\n]refresh_token=([^&\s]+)`),
	"client secret":    regexp.MustCompile(`[&?\n]client_secret=([^&\s]+)`),
	"verifier":         regexp.MustCompile(`[&?\n]code_verifier=([^&\s]+)`),
	"code":             regexp.MustCompile(`[&?\n]code=([^&\s]+)`),
	"action secret":    regexp.MustCompile(`"secret": ?"([^"]+)"`),
	"signed download":  regexp.MustCompile(`[&?]Signature=([^&\s"\\]+)`),
	"signed elsewhere": regexp.MustCompile(`X-Amz-Signature=([^&\s"\\]+)`),
	"provider secret":  regexp.MustCompile(`"clientSecret": ?"([^"]+)"`),
}

// Find returns the secrets in what was said on a connection, in clear, with their
// kinds.
func Find(text string) map[string]string {
	found := map[string]string{}
	for kind, form := range travelling {
		for _, m := range form.FindAllStringSubmatch(text, -1) {
			found[m[1]] = kind
			if plain, err := url.QueryUnescape(m[1]); err == nil {
				found[plain] = kind
			}
		}
	}

	delete(found, "")
	return found
}
