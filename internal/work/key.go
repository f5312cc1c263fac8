package work

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Key is an idempotency key of the item for one act, which the words tell from others
// of the item. It is the same whenever the item does it again, since what it is made of
// was recorded before the first step, and nobody can guess it: Nuxeo replays the answer
// for a key to whoever sends it, whatever they ask for.
func (t *Task) Key(act ...string) string {
	mac := hmac.New(sha256.New, []byte(t.once))
	mac.Write([]byte(strings.Join(act, "\x00"))) // a hash never fails
	return "nuxeo-frameio-" + hex.EncodeToString(mac.Sum(nil)[:16])
}
