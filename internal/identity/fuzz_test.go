package identity

import (
	"net/http"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

var testTime = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// Whatever a token address answers, either there is a token or an error with a
// code, and a lifetime that cannot be is not believed.
func FuzzReadTokens(f *testing.F) {
	for status, body := range map[int]string{
		200: `{"access_token":"a","refresh_token":"b","expires_in":3600}`, 400: `{"error":"invalid_grant"}`,
		503: `busy`, 201: `{"access_token":"a","expires_in":-1}`,
	} {
		f.Add(status, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		got, err := readTokens("Frame.io", status, body)
		if err == nil && (got.Access == "" || status >= http.StatusBadRequest) {
			t.Errorf("status %d with %q gave the tokens %+v, want an error", status, body, got)
		}

		if err != nil && fault.CodeOf(err) == fault.Internal {
			t.Errorf("status %d with %q: got %v, want an error that is not internal", status, body, err)
		}

		now := expiry(testTime, got.Expires)
		if !now.After(testTime) || now.Sub(testTime).Hours() > 367*24 {
			t.Errorf("tokens for %d seconds end at %s, want after %s, within 367 days", got.Expires, now, testTime)
		}
	})
}

// A key file of whatever content gives a ring or an error.
func FuzzKeys(f *testing.F) {
	f.Add(testKey + "\n" + otherKey)
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, text string) {
		if v, err := NewVault(text); err == nil {
			if got, err := v.Open("p", v.Seal("p", "secret")); err != nil || got != "secret" {
				t.Errorf("opened with the key %q: %q, %v; want what was sealed, \"secret\"", text, got, err)
			}
		}
	})
}
