package frameiosim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// ActionResult is what came of one step of an interaction.
type ActionResult struct {
	InteractionID string        `json:"interaction_id"`
	Attempts      int           `json:"attempts"` // how often the address was called
	Status        int           `json:"status"`   // of the last answer; 0: there was none
	Title         string        `json:"title,omitempty"`
	Description   string        `json:"description,omitempty"`
	Fields        []FormField   `json:"fields,omitempty"` // a form that is to be submitted
	Body          string        `json:"body,omitempty"`   // of the last answer
	Error         string        `json:"error,omitempty"`  // why the last attempt failed
	Elapsed       time.Duration `json:"elapsed"`
}

// OK reports whether the action's address answered well.
func (r ActionResult) OK() bool { return r.Status >= 200 && r.Status < 300 }

// FormField is one field of a form that an action shows.
type FormField struct {
	Type    string `json:"type"`
	Label   string `json:"label"`
	Name    string `json:"name"`
	Value   any    `json:"value,omitempty"`
	Options []struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
	} `json:"options,omitempty"`
}

// DeliverSpec describes one delivery to a custom action's address. The zero
// value of a field is the proper behaviour.
type DeliverSpec struct {
	ActionID, PersonID string
	ResourceIDs        []string
	InteractionID      string         // empty: a new one; else the same again, or the next step of a form
	Data               map[string]any // what the person entered in a form
	OmitResources      bool           // with Data: sends only what the guide lists for a submit
	Secret             string         // signs with another secret
	Skew               time.Duration  // adds to the timestamp
	Body               []byte         // replaces the body before it is signed
	Header             http.Header    // added last; an empty value removes a header
	Unsigned           bool           // sends neither timestamp nor signature
	Tries              int            // 0: Options.ActionTries
}

// RunAction does what the menu entry does for a person who selected resources:
// it calls the action's address, again if it fails, until it answers well.
// An error means that the person could not have done this, or that ctx ended;
// a bad answer is a result.
func (s *Server) RunAction(ctx context.Context, actionID, personID string, resourceIDs []string) (ActionResult, error) {
	return s.DeliverAction(ctx, DeliverSpec{ActionID: actionID, PersonID: personID, ResourceIDs: resourceIDs})
}

// SubmitForm sends what a person entered in the form that last shows.
func (s *Server) SubmitForm(
	ctx context.Context, last ActionResult, actionID, personID string, resourceIDs []string, data map[string]any,
) (ActionResult, error) {
	return s.DeliverAction(ctx, DeliverSpec{
		ActionID:      actionID,
		PersonID:      personID,
		ResourceIDs:   resourceIDs,
		InteractionID: last.InteractionID,
		Data:          data,
	})
}

// DeliverAction is RunAction with every detail open to change.
func (s *Server) DeliverAction(ctx context.Context, spec DeliverSpec) (ActionResult, error) {
	setDefault(&spec.InteractionID, s.ids.uuid())
	setDefault(&spec.Tries, s.opt.ActionTries)
	d, err := s.prepare(spec)
	if err != nil {
		return ActionResult{}, err
	}

	start := time.Now()
	result := ActionResult{InteractionID: spec.InteractionID}
	for pause := s.opt.ActionBackoff; ; pause *= 2 {
		s.try(ctx, d, &result)
		if result.OK() || result.Attempts >= spec.Tries || ctx.Err() != nil {
			break
		}
		wait(ctx, pause)
	}

	result.Elapsed = time.Since(start)
	result.read()
	return result, ctx.Err()
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// delivery is a body that is sent until it is taken; it is signed anew each time.
type delivery struct {
	spec        DeliverSpec
	url, secret string
	body        []byte
	timeout     time.Duration
}

func (s *Server) prepare(spec DeliverSpec) (*delivery, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := s.actions[spec.ActionID]
	if a == nil || a.deleted {
		return nil, fmt.Errorf("there is no action %q", spec.ActionID)
	}

	selected, err := s.selectable(a, spec)
	if err != nil {
		return nil, err
	}

	d := &delivery{spec: spec, url: a.url, secret: a.secret, body: spec.Body, timeout: s.actionTimeout(a)}
	if spec.Secret != "" {
		d.secret = spec.Secret
	}

	if d.body == nil {
		d.body, err = json.Marshal(s.payload(a, spec, selected))
	}

	return d, err
}

func (s *Server) actionTimeout(a *action) time.Duration {
	if s.opt.ActionTimeout > 0 {
		return s.opt.ActionTimeout
	}
	return time.Duration(max(5, a.timeout)) * time.Second
}

func (s *Server) selectable(a *action, spec DeliverSpec) ([]*node, error) {
	switch {
	case !a.active:
		return nil, errors.New("the action is disabled")
	case !a.workspace.visible(spec.PersonID):
		return nil, errors.New("only members of the workspace see the action")
	case len(spec.ResourceIDs) > 100:
		return nil, errors.New("at most 100 assets can be selected")
	case len(spec.ResourceIDs) > 1 && !a.multi:
		return nil, errors.New("the action takes one asset")
	}

	var out []*node
	for _, id := range spec.ResourceIDs {
		n := s.nodes[id]
		if n == nil || n.deleted || n.project.workspace != a.workspace {
			return nil, fmt.Errorf("there is no asset %q in the action's workspace", id)
		}
		out = append(out, n)
	}

	return out, nil
}

func (s *Server) payload(a *action, spec DeliverSpec, selected []*node) object {
	out := object{"type": a.event, "interaction_id": spec.InteractionID, "action_id": a.id}
	if spec.Data != nil {
		out["data"] = spec.Data
	}

	if spec.OmitResources {
		return out
	}

	out["account_id"] = a.workspace.account.id
	out["workspace"] = object{"id": a.workspace.id}
	out["user"] = object{"id": spec.PersonID}
	s.addResources(out, selected)
	return out
}

func (s *Server) addResources(out object, selected []*node) {
	list := []object{}
	for _, n := range selected {
		out["project"] = object{"id": selected[0].project.id}
		if s.opt.StackActionSends == StackHead {
			n = n.head()
		}
		list = append(list, object{"id": n.id, "type": n.kind})
	}

	if len(list) == 1 && s.opt.ResourceShape != ShapeResources {
		out["resource"] = list[0]
		return
	}

	out["resources"] = list
}

func (s *Server) try(ctx context.Context, d *delivery, result *ActionResult) {
	result.Attempts++
	result.Status, result.Body, result.Error = 0, "", ""
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(d.body))
	if err != nil {
		result.Error = err.Error()
		return
	}

	s.dress(req, d)
	resp, err := s.opt.ActionClient.Do(req)
	if err != nil {
		result.Error = err.Error()
		return
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		result.Error = err.Error()
		return
	}

	result.Status, result.Body = resp.StatusCode, string(body)
	if !result.OK() {
		result.Error = resp.Status
	}
}

func (s *Server) dress(req *http.Request, d *delivery) {
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Frame.io V4 API")
	if !d.spec.Unsigned {
		ts := strconv.FormatInt(s.signTime().Add(d.spec.Skew).Unix(), 10)
		req.Header.Set("X-Frameio-Request-Timestamp", ts)
		req.Header.Set("X-Frameio-Signature", Signature(d.secret, ts, d.body))
	}

	for name, values := range d.spec.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
		if len(values) == 0 || values[0] == "" {
			req.Header.Del(name)
		}
	}
}

// Signature is the value of X-Frameio-Signature for a body sent at a time in
// Unix seconds.
func Signature(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte("v0:" + timestamp + ":")) // a hash never fails
	_, _ = mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// read takes a message or form from a good answer, if it has one.
func (r *ActionResult) read() {
	var message struct {
		Title       string      `json:"title"`
		Description string      `json:"description"`
		Fields      []FormField `json:"fields"`
	}
	if r.OK() && json.Unmarshal([]byte(r.Body), &message) == nil {
		r.Title, r.Description, r.Fields = message.Title, message.Description, message.Fields
	}
}
