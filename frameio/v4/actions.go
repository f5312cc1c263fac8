package v4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Headers of a call to a custom action or webhook.
const (
	TimestampHeader = "X-Frameio-Request-Timestamp"
	SignatureHeader = "X-Frameio-Signature"
)

// Window is how far the clock of the sender may be off, either way.
const Window = 5 * time.Minute

// ErrSignature says that a call is not Frame.io's, or not fresh. It does not say
// which, so that nobody can learn from it.
var ErrSignature = errors.New("the signature is not valid")

// Verify checks a call by the raw bytes of its body: a fresh timestamp, and
// "v0=" with the HMAC-SHA256 of "v0:timestamp:body" under one of the secrets. The
// comparison takes the same time for every wrong signature.
func Verify(body []byte, timestamp, signature string, now time.Time, secrets ...string) error {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || seconds < 0 || seconds > math.MaxInt32*2 {
		return ErrSignature
	}

	// An old call may be a replay.
	if age := now.Sub(time.Unix(seconds, 0)); age > Window || age < -Window {
		return ErrSignature
	}

	given, ok := strings.CutPrefix(signature, "v0=")
	if !ok {
		return ErrSignature
	}

	for _, secret := range secrets {
		if secret != "" && hmac.Equal([]byte(given), []byte(sign(secret, timestamp, body))) {
			return nil
		}
	}

	return ErrSignature
}

func sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Selected is an asset that an action was run on.
type Selected struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// Call is one run of a custom action.
type Call struct {
	Account, Action, Interaction string
	Project, Workspace, User     string
	Event                        string
	Selected                     []Selected
	// Step tells the first call from those that submit a form under the same
	// interaction: "open", or a hash of what was submitted.
	Step string
}

// MaxSelected is how many assets Frame.io lets people select.
const MaxSelected = 100

// ErrCall says that a body is no call of a custom action.
var ErrCall = errors.New("this is not a call of a custom action")

type idOnly struct {
	ID string `json:"id"`
}

// ParseCall reads the body of a call, with one selected asset or several.
func ParseCall(body []byte) (Call, error) {
	var w struct {
		Account     string          `json:"account_id"`
		Action      string          `json:"action_id"`
		Interaction string          `json:"interaction_id"`
		Project     idOnly          `json:"project"`
		Workspace   idOnly          `json:"workspace"`
		User        idOnly          `json:"user"`
		Type        string          `json:"type"`
		Resource    *Selected       `json:"resource"`
		Resources   []Selected      `json:"resources"`
		Data        json.RawMessage `json:"data"`
	}

	if err := json.Unmarshal(body, &w); err != nil {
		return Call{}, ErrCall
	}

	// One selected asset comes by itself, several in a list.
	c := Call{
		Account: w.Account, Action: w.Action, Interaction: w.Interaction, Project: w.Project.ID,
		Workspace: w.Workspace.ID,
		User:      w.User.ID, Event: w.Type, Selected: w.Resources, Step: "open",
	}
	if len(c.Selected) == 0 && w.Resource != nil {
		c.Selected = []Selected{*w.Resource}
	}

	// A form that was filled in is another step; the same data is the same step.
	if len(w.Data) > 0 && string(w.Data) != "null" {
		sum := sha256.Sum256(w.Data)
		c.Step = hex.EncodeToString(sum[:])
	}

	return c, c.check()
}

func (c Call) check() error {
	if c.Interaction == "" || len(c.Interaction) > 200 || c.User == "" || len(c.Selected) == 0 ||
		len(c.Selected) > MaxSelected {
		return ErrCall
	}

	for _, s := range c.Selected {
		if s.ID == "" || len(s.ID) > 200 || s.Type != "file" && s.Type != "folder" && s.Type != "version_stack" {
			return ErrCall
		}
	}

	return nil
}
