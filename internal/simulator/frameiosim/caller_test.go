package frameiosim

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver is the address of a custom action; it remembers what came.
type receiver struct {
	mu     sync.Mutex
	got    []*http.Request
	bodies [][]byte
	answer func(n int, w http.ResponseWriter, r *http.Request)
	url    string
}

func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	rc := &receiver{answer: answer}
	server := httptest.NewServer(rc)
	t.Cleanup(server.Close)
	rc.url = server.URL
	return rc
}

func (rc *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	rc.mu.Lock()
	rc.got, rc.bodies = append(rc.got, r), append(rc.bodies, body)
	n := len(rc.got)
	rc.mu.Unlock()
	if rc.answer != nil {
		rc.answer(n, w, r)
	}
}

func (rc *receiver) payload(t *testing.T, i int) map[string]any {
	t.Helper()
	rc.mu.Lock()
	defer rc.mu.Unlock()
	var out map[string]any
	if err := json.Unmarshal(rc.bodies[i], &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (w *world) action(url string, extra ...any) (id, secret string) {
	w.t.Helper()
	body := wrap(append([]any{"name", "Publish", "description", "to Nuxeo", "event", "nuxeo.publish", "url", url},
		extra...)...)
	d := w.call("POST", w.acc+"/workspaces/"+w.workspace+"/actions", body).want(201).data()
	return d["id"].(string), d["secret"].(string)
}

func (w *world) run(id string, resources ...string) ActionResult {
	w.t.Helper()
	r, err := w.sim.RunAction(context.Background(), id, w.member, resources)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func says(body string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func TestActionCall(t *testing.T) {
	t.Parallel()
	w := setup(t, newClock().use)
	rc := newReceiver(t, says(`{"title":"Nuxeo","description":"Asset pushed to Nuxeo."}`))
	id, secret := w.action(rc.url + "/hook?x=1")
	file := w.file("a.mp4")
	result := w.run(id, file)
	if !result.OK() || result.Attempts != 1 || result.Title != "Nuxeo" ||
		result.Description != "Asset pushed to Nuxeo." {
		t.Errorf("the result is %+v, want it fine at the first attempt: Nuxeo, Asset pushed to Nuxeo.", result)
	}

	r, p := rc.got[0], rc.payload(t, 0)
	ts := r.Header.Get("X-Frameio-Request-Timestamp")
	if r.Header.Get("User-Agent") != "Frame.io V4 API" || ts != strconv.FormatInt(newClock().Now().Unix(), 10) {
		t.Errorf("the headers are %v, want Frame.io's agent, and the time of now", r.Header)
	}

	if got := r.Header.Get("X-Frameio-Signature"); got != Signature(secret, ts, rc.bodies[0]) {
		t.Errorf("the signature is %s, want %s", got, Signature(secret, ts, rc.bodies[0]))
	}

	want := map[string]any{
		"account_id": w.account, "action_id": id, "interaction_id": result.InteractionID, "type": "nuxeo.publish",
		"project":   map[string]any{"id": w.project},
		"workspace": map[string]any{"id": w.workspace}, "user": map[string]any{"id": w.member},
		"resource": map[string]any{"id": file, "type": "file"},
	}

	if g, e := asJSON(p), asJSON(want); g != e {
		t.Errorf("payload %s, want %s", g, e)
	}
}

func asJSON(v any) string {
	out, _ := json.Marshal(v)
	return string(out)
}

// TestSignature compares with a value computed by hand (openssl dgst -hmac).
func TestSignature(t *testing.T) {
	t.Parallel()
	const want = "v0=7d06e4dcbb54167f0033658ac8c45abe35b1fa257ff38a448e290762b595f902"
	if got := Signature("secret", "1700000000", []byte(`{"a":1}`)); got != want {
		t.Errorf("the signature is %s, want %s", got, want)
	}
}

func TestSeveralResources(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rc := newReceiver(t, nil)
	id, _ := w.action(rc.url)
	a, b := w.file("a"), w.file("b")
	stack, folder := w.sim.Stack(a, b), w.sim.AddFolder(w.root, "f")
	w.run(id, stack, folder, w.file("c"))
	p := rc.payload(t, 0)
	if list := p["resources"].([]any); p["resource"] != nil || len(list) != 3 ||
		list[0].(map[string]any)["type"] != "version_stack" || list[1].(map[string]any)["type"] != "folder" {
		t.Errorf("the call says %v, want 3 resources, of which a stack and a folder come first, and no single one", p)
	}

	w.run(id, stack)
	if r := rc.payload(t, 1)["resource"].(map[string]any); r["id"] != stack || r["type"] != "version_stack" {
		t.Errorf("the call for one stack says %v, want %s as a version_stack", r, stack)
	}
}

func TestResourceSwitches(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.ResourceShape, o.StackActionSends = ShapeResources, StackHead })
	rc := newReceiver(t, nil)
	id, _ := w.action(rc.url)
	a, b := w.file("a"), w.file("b")
	w.run(id, w.sim.Stack(a, b))
	p := rc.payload(t, 0)
	if r := p["resources"].([]any)[0].(map[string]any); p["resource"] != nil || r["id"] != b || r["type"] != "file" {
		t.Errorf("the call says %v, want the file %s among resources, and no single one", p, b)
	}
}

func TestActionIsRetried(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rc := newReceiver(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n < 3 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})

	id, _ := w.action(rc.url)
	if r := w.run(id, w.file("a")); r.Attempts != 3 || !r.OK() || r.Error != "" {
		t.Errorf("the result is %+v, want it fine at the third attempt", r)
	}

	if a, b := rc.payload(t, 0), rc.payload(t, 2); a["interaction_id"] != b["interaction_id"] {
		t.Errorf("the interactions are %v and %v, want the same at each attempt", a["interaction_id"],
			b["interaction_id"])
	}

	bad := newReceiver(t, func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	id, _ = w.action(bad.url)
	if r := w.run(id, w.file("a")); r.Attempts != 5 || r.Status != 500 || r.OK() {
		t.Errorf("the result is %+v, want it given up with 500 after 5 attempts", r)
	}
}

func TestActionTimesOut(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *Options) { o.ActionTimeout, o.ActionTries = 20*time.Millisecond, 2 })
	done := make(chan struct{})
	rc := newReceiver(t, func(int, http.ResponseWriter, *http.Request) { <-done })
	defer close(done)
	id, _ := w.action(rc.url)
	if r := w.run(id, w.file("a")); r.Attempts != 2 || r.Status != 0 || !strings.Contains(r.Error, "deadline") {
		t.Errorf("the result is %+v, want it given up at the deadline after 2 attempts", r)
	}
}

func TestFormChain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rc := newReceiver(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 1 {
			_, _ = io.WriteString(w,
				`{"title":"Where to?","fields":[{"type":"select","label":"Folder","name":"folder","options":[{"name":"A","value":"a"}]}]}`)
			return
		}
		_, _ = io.WriteString(w, `{"title":"Done"}`)
	})

	id, _ := w.action(rc.url)
	file := w.file("a")
	first := w.run(id, file)
	if len(first.Fields) != 1 || first.Fields[0].Options[0].Value != "a" {
		t.Fatalf("the form is %+v, want one field with the option a", first)
	}

	second, err := w.sim.SubmitForm(context.Background(), first, id, w.member, []string{file},
		map[string]any{"folder": "a"})
	if err != nil || second.Title != "Done" || second.InteractionID != first.InteractionID {
		t.Errorf("submitting it gave %+v, %v; want Done in the same interaction, %s", second, err, first.InteractionID)
	}

	if p := rc.payload(t, 1); asJSON(p["data"]) != `{"folder":"a"}` || p["interaction_id"] != first.InteractionID ||
		p["resource"] == nil {
		t.Errorf("the call says %v, want the folder a, the interaction %s and the resource", p, first.InteractionID)
	}
}

func TestDeliveryDetails(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use)
	rc := newReceiver(t, nil)
	id, secret := w.action(rc.url)
	deliver := func(spec DeliverSpec) (*http.Request, []byte) {
		t.Helper()
		spec.ActionID, spec.PersonID = id, w.member
		if _, err := w.sim.DeliverAction(context.Background(), spec); err != nil {
			t.Fatal(err)
		}
		return rc.got[len(rc.got)-1], rc.bodies[len(rc.bodies)-1]
	}

	r, body := deliver(DeliverSpec{Secret: "wrong"})
	if ts := r.Header.Get("X-Frameio-Request-Timestamp"); r.Header.Get("X-Frameio-Signature") !=
		Signature("wrong", ts, body) {
		t.Error("the signature with a wrong secret: got another, want the secret to be used")
	}

	r, body = deliver(DeliverSpec{Skew: -10 * time.Minute, Body: []byte("{not json")})
	old := strconv.FormatInt(c.Now().Add(-10*time.Minute).Unix(), 10)
	if r.Header.Get("X-Frameio-Request-Timestamp") != old || string(body) != "{not json" ||
		r.Header.Get("X-Frameio-Signature") != Signature(secret, old, body) {
		t.Errorf("skewed, the call has %v and %s, want the time %s, signed, and {not json", r.Header, body, old)
	}

	r, _ = deliver(DeliverSpec{Unsigned: true, Header: http.Header{"X-Extra": {"1"}}})
	if r.Header.Get("X-Frameio-Signature") != "" || r.Header.Get("X-Extra") != "1" {
		t.Errorf("unsigned, the call has %v, want no signature, and the header of its own", r.Header)
	}

	_, body = deliver(DeliverSpec{InteractionID: "again", Data: map[string]any{"a": true}, OmitResources: true})
	if got := string(body); got != `{"action_id":"`+
		id+`","data":{"a":true},"interaction_id":"again","type":"nuxeo.publish"}` {
		t.Errorf("a form submitted as in the guide is %s, want only its action, data, interaction and type", got)
	}
}

func TestWhoMayRun(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rc := newReceiver(t, nil)
	id, _ := w.action(rc.url, "multi_asset", false)
	many, _ := w.action(rc.url)
	a, b := w.file("a"), w.file("b")
	run := func(action, person string, resources ...string) error {
		_, err := w.sim.RunAction(context.Background(), action, person, resources)
		return err
	}

	for name, err := range map[string]error{
		"stranger": run(id, w.stranger, a), "two": run(id, w.member, a, b), "unknown": run(id, w.member, "x"),
		"no action": run("x", w.member, a), "101": run(many, w.member, make([]string, 101)...),
	} {
		if err == nil {
			t.Errorf("%s: the action ran, want an error", name)
		}
	}

	w.sim.SetActionActive(id, false)
	if err := run(id, w.member, a); err == nil || len(rc.got) != 0 {
		t.Errorf("a disabled action: got %v and %d calls, want an error and none", err, len(rc.got))
	}
}

func TestWhoMayManageActions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	list := w.acc + "/workspaces/" + w.workspace + "/actions"
	body := wrap("name", "P", "description", "d", "event", "e", "url", "https://example.com/")
	member := w.as(w.member)
	member.call("POST", list, body).want(403)
	id := w.as(w.content).call("POST", list, body).want(201).data()["id"].(string)
	member.call("PATCH", w.acc+"/actions/"+id, wrap("name", "Q")).want(403)
	member.call("DELETE", w.acc+"/actions/"+id, nil).want(403)
	if got := member.get(w.acc + "/actions/" + id).want(200).data(); got["secret"] != nil ||
		got["multi_asset"] != true || got["active"] != true {
		t.Errorf("a member is shown %v, want the action without its secret", got)
	}

	if got := w.sim.Actions(w.workspace); len(got) != 1 || got[0].Secret == "" || got[0].CreatorID != w.content {
		t.Errorf("the actions are %+v, want one with a secret, by %s", got, w.content)
	}

	w.call("DELETE", w.acc+"/actions/"+id, nil).want(204)
	w.get(w.acc + "/actions/" + id).want(404)
}

func TestActionRules(t *testing.T) {
	t.Parallel()
	w := setup(t)
	list := w.acc + "/workspaces/" + w.workspace + "/actions"
	for _, change := range [][2]any{
		{"description", ""},
		{"name", strings.Repeat("x", 256)},
		{"timeout", 4},
		{"timeout", 11},
		{"url", "ftp://x/"},
		{"active", true},
		{"secret", "s"},
	} {
		body := wrap("name", "P", "description", "d", "event", "e", "url", "https://example.com/", change[0], change[1])
		w.call("POST", list, body).want(422)
	}

	w.call("POST", list, wrap("name", "P", "event", "e", "url", "https://example.com/")).want(422)
}
