package work

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Key returns an idempotency key for an act of the item; the words distinguish the acts. Repeating
// the act gives the same key, because its secret was recorded before the first step. The key cannot
// be guessed: Nuxeo replays the answer for a key to anyone who sends it, whatever the request.
func (t *Task) Key(act ...string) string {
	mac := hmac.New(sha256.New, []byte(t.keySecret))
	mac.Write([]byte(strings.Join(act, "\x00"))) // a hash never fails
	return "nuxeo-frameio-" + hex.EncodeToString(mac.Sum(nil)[:16])
}
