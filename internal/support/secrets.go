package support

import (
	"encoding/json"
	"regexp"
	"strings"
)

// What looks like a secret, wherever it stands: the query of an address, which may be a signature, the login in
// one, and what a header carries.
var (
	query  = regexp.MustCompile(`(https?://[^\s"'<>?#]+)\?[^\s"'<>]+`)
	login  = regexp.MustCompile(`([a-z][a-z0-9+]*://)[^\s"'<>/@]+@`)
	header = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=_.~-]{8,}`)
)

// hiding returns what takes secrets out of a text. Messages never have one; this is a second fence.
func hiding(secrets []string) func(string) string {
	var pairs []string
	for _, s := range secrets {
		pairs = append(pairs, s, "(hidden)")
		if b, err := json.Marshal(s); err == nil { // as it stands in JSON
			pairs = append(pairs, strings.Trim(string(b), `"`), "(hidden)")
		}
	}

	known := strings.NewReplacer(pairs...)
	return func(text string) string {
		text = known.Replace(text)
		text = query.ReplaceAllString(text, "$1?hidden")
		text = login.ReplaceAllString(text, "${1}hidden@")
		return header.ReplaceAllString(text, "$1 (hidden)")
	}
}
