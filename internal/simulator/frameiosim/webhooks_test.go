package frameiosim

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rc := newReceiver(t, nil)
	list := w.acc + "/workspaces/" + w.workspace + "/webhooks"
	made := w.call("POST", list, wrap("name", "H", "url", rc.url, "events", []string{"comment.created"})).want(201).
		data()
	at := w.acc + "/webhooks/" + made["id"].(string)
	if got := w.get(at).want(200).data(); got["secret"] != nil || got["active"] != true {
		t.Errorf("the webhook is shown as %v, want it active, without its secret", got)
	}

	comment := w.sim.AddComment(w.file("a"), CommentSpec{Text: "x"})
	send := func(e Event) []ActionResult {
		t.Helper()
		e.ResourceID, e.PersonID = comment, w.member
		out, err := w.sim.SendEvent(context.Background(), e)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}

	if got := send(Event{Type: "comment.created"}); len(got) != 1 || got[0].Status != 200 {
		t.Fatalf("the deliveries are %+v, want one that was answered with 200", got)
	}

	want := map[string]any{
		"type": "comment.created", "resource": object{"id": comment, "type": "comment"},
		"project":   object{"id": w.project},
		"workspace": object{"id": w.workspace}, "account": object{"id": w.account}, "user": object{"id": w.member},
	}

	if got := asJSON(rc.payload(t, 0)); got != asJSON(want) {
		t.Errorf("body %s, want %s", got, asJSON(want))
	}

	ts := rc.got[0].Header.Get("X-Frameio-Request-Timestamp")
	if rc.got[0].Header.Get("X-Frameio-Signature") != Signature(made["secret"].(string), ts, rc.bodies[0]) {
		t.Errorf("the signature: got %q, want one with the webhook's secret",
			rc.got[0].Header.Get("X-Frameio-Signature"))
	}

	send(Event{Type: "comment.created", Secret: "other", Skew: -time.Hour})
	ts = rc.got[1].Header.Get("X-Frameio-Request-Timestamp")
	if rc.got[1].Header.Get("X-Frameio-Signature") != Signature("other", ts, rc.bodies[1]) {
		t.Errorf("the second signature: got %q, want one with the other secret",
			rc.got[1].Header.Get("X-Frameio-Signature"))
	}

	if got := send(Event{Type: "file.ready"}); len(got) != 0 {
		t.Errorf("an event that was not asked for is delivered as %+v, want nothing", got)
	}

	w.call("PATCH", at, wrap("active", false)).want(200)
	if got := send(Event{Type: "comment.created"}); len(got) != 0 {
		t.Errorf("to an inactive webhook is delivered %+v, want nothing", got)
	}
}

func TestWebhookRules(t *testing.T) {
	t.Parallel()
	w := setup(t)
	list := w.acc + "/workspaces/" + w.workspace + "/webhooks"
	for _, body := range []object{
		wrap(), wrap("name", "H", "url", "https://x", "events", []string{}),
		wrap("name", "H", "url", "https://x", "events", []string{"asset.ready"}),
	} {
		w.call("POST", list, body).want(422)
	}

	good := wrap("name", "H", "url", "https://x", "events", []string{"file.ready"})
	w.as(w.member).call("POST", list, good).want(403)
	id := w.call("POST", list, good).want(201).data()["id"].(string)
	if got := w.sim.Webhooks(w.workspace); len(got) != 1 || got[0].Secret == "" {
		t.Errorf("the webhooks are %+v, want one with a secret", got)
	}

	w.call("DELETE", w.acc+"/webhooks/"+id, nil).want(204)
	w.get(w.acc + "/webhooks/" + id).want(404)
}

func TestWatermarked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.file("a.mp4", Watermarked(), WithRendition(RenditionHighQuality, Bytes([]byte("marked"))))
	links := w.get(w.acc + "/files/" + id + everything).want(200).data()["media_links"].(map[string]any)
	if links["original"] != nil {
		t.Errorf("the original of a marked file is %v, want none", links["original"])
	}

	link := links["high_quality"].(map[string]any)["download_url"].(string)
	r := w.fetch(link, "Range", "bytes=1-2").want(200)
	if string(r.Raw) != "marked" || r.Header.Get("Accept-Ranges") != "" || r.Header.Get("Content-Length") != "" {
		t.Errorf("the marked file is %q with %v, want it whole, and neither ranges nor a length", r.Raw, r.Header)
	}

	req, _ := http.NewRequest("HEAD", link, nil)
	if h := w.do(req).want(200).Header; h.Get("Accept-Ranges") != "" || h.Get("Content-Length") != "" {
		t.Errorf("HEAD has %v, want neither ranges nor a length", h)
	}
}

func TestCopyFile(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.file("a.mp4", WithStatus("Approved"))
	w.sim.AddComment(id, CommentSpec{Text: "x"})
	folder := w.sim.AddFolder(w.root, "f")
	copied := func(query string) string {
		return w.call("POST", w.acc+"/files/"+id+"/copy"+query, wrap("parent_id", folder)).want(200).
			data()["id"].(string)
	}

	plain, full := copied(""), copied("?copy_metadata=true&copy_comments=all")
	if w.sim.Status(plain) != "" || len(w.sim.Comments(plain)) != 0 {
		t.Errorf("a plain copy: got status %q and %d comments, want neither",
			w.sim.Status(plain), len(w.sim.Comments(plain)))
	}

	if w.sim.Status(full) != "Approved" || len(w.sim.Comments(full)) != 1 {
		t.Errorf("a full copy: got status %q and %d comments, want Approved and 1",
			w.sim.Status(full), len(w.sim.Comments(full)))
	}

	if got := w.fetch(w.original(full)).want(200).Raw; string(got) != "a.mp4" {
		t.Errorf("the copy's original is %q, want a.mp4", got)
	}

	w.call("POST", w.acc+"/files/"+w.file("b", NotUploadedYet())+"/copy", wrap("parent_id", folder)).want(409)
}

func TestClockSkew(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := setup(t, c.use, func(o *Options) { o.ClockSkew = time.Hour })
	rc := newReceiver(t, nil)
	id, _ := w.action(rc.url)
	w.run(id, w.file("a"))
	if got := rc.got[0].Header.Get("X-Frameio-Request-Timestamp"); got !=
		strconv.FormatInt(c.Now().Add(time.Hour).Unix(), 10) {
		t.Errorf("the timestamp is %s, want %d", got, c.Now().Add(time.Hour).Unix())
	}
}
