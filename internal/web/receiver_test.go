package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// run is the body of a run of an action on so many assets.
func (f *face) run(interaction string, assets ...string) string {
	f.T.Helper()
	type selected struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}

	var all []selected
	for _, id := range assets {
		all = append(all, selected{id, "file"})
	}

	b, err := json.Marshal(map[string]any{
		"type": "nuxeo.publish", "interaction_id": interaction, "action_id": f.Action().ID, "account_id": f.Account,
		"user": map[string]string{"id": f.Josh}, "resources": all,
	})
	if err != nil {
		f.T.Fatal(err)
	}

	return string(b)
}

// signed calls the action's path with a body and its signature.
func (f *face) signed(path, body string, header http.Header) answer {
	f.T.Helper()
	ts := strconv.FormatInt(time.Now().Unix(), 10)
	all := http.Header{
		"X-Frameio-Request-Timestamp": {ts},
		"X-Frameio-Signature":         {frameiosim.Signature(f.Action().Secret, ts, []byte(body))},
		"Content-Type":                {"application/json"},
	}

	for name, values := range header {
		all[name] = values
	}

	return f.send(request{method: http.MethodPost, path: path, body: body, header: all})
}

// door is the path of the only action.
func (f *face) door() string { return strings.TrimPrefix(f.Action().URL, f.Config.PublicURL) }

func (f *face) interactions() (n int) {
	f.T.Helper()
	if err := f.App.DB.Reader.QueryRowContext(f.T.Context(), `SELECT COUNT(*) FROM interactions`).Scan(&n); err != nil {
		f.T.Fatal(err)
	}
	return n
}

func TestReceiverRefuses(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	var many []string
	for i := range 101 {
		many = append(many, fmt.Sprint("asset-", i))
	}

	unknown := f.door()[:len(f.door())-4] + "0000"
	good := f.run("i", "a")
	for _, c := range []struct {
		name, path, body string
		status           int
		code             string
	}{
		{"too large", f.door(), f.run("i", strings.Repeat("x", 300<<10)), 400, "invalid"},
		{"too large for nobody", unknown, f.run("i", strings.Repeat("x", 300<<10)), 400, "invalid"},
		{"unknown action", unknown, good, 401, "unauthenticated"},
		{"101 assets", f.door(), f.run("i", many...), 400, "invalid"},
		{"no asset", f.door(), f.run("i"), 400, "invalid"},
		{"no JSON", f.door(), "interaction_id=i", 400, "invalid"},
		{"empty", f.door(), "", 400, "invalid"},
		{"deep JSON", f.door(), strings.Repeat(`{"data":`, 20_000), 400, "invalid"},
		{"no interaction", f.door(), f.run("", "a"), 400, "invalid"},
		{"long asset", f.door(), f.run("i", strings.Repeat("x", 201)), 400, "invalid"},
	} {
		a := f.signed(c.path, c.body, nil)
		if a.status != c.status {
			t.Errorf("%s: answered with %d %s, want %d", c.name, a.status, a.body, c.status)
			continue
		}
		a.refused(t, c.status, c.code)
	}

	wrong := f.signed(f.door(), good, http.Header{"X-Frameio-Signature": {"v0=" + strings.Repeat("0", 64)}})
	if a, b := fmt.Sprint(wrong.anonymous()), fmt.Sprint(f.signed(unknown, good, nil).anonymous()); a != b ||
		wrong.status != http.StatusUnauthorized {
		t.Errorf("a wrong signature answers\n%s\nan unknown action\n%s\nwant 401 and the same", a, b)
	}

	if n := f.interactions(); n != 0 {
		t.Errorf("%d interactions, want none", n)
	}

	if a := f.signed(f.door(), f.run("hundred", many[:100]...), nil); a.status != http.StatusOK ||
		!strings.Contains(a.body, "100 assets pushed to Nuxeo.") {
		t.Errorf("100 assets: answered with %d %s, want 200 and 100 assets pushed to Nuxeo.", a.status, a.body)
	}

	// The signature says that it is Frame.io's; how it calls its JSON does not matter.
	if a := f.signed(f.door(), f.run("typed", "a"), http.Header{"Content-Type": {"text/plain"}}); a.status !=
		http.StatusOK || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("another content type: answered with %d %s, want 200 and JSON", a.status, a.body)
	}

	if a := f.get(f.door(), ""); a.status != http.StatusNotFound {
		t.Errorf("GET: answered with %d, want 404", a.status)
	}

	f.Settle()
}

// A body that comes a byte at a time is given up within the time of an answer.
func TestReceiverGivesUpOnSlowBodies(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.Config.PublicURL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}

	begun := time.Now()
	if _, err := io.WriteString(conn, "POST "+f.door()+" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"); err !=
		nil {
		t.Fatal(err)
	}

	said, err := io.ReadAll(conn)
	if took := time.Since(begun); err != nil || took > 8*time.Second ||
		!strings.HasPrefix(string(said), "HTTP/1.1 400 ") {
		t.Errorf("after %s came %q, %v; want 400 within 8 s", took, said, err)
	}
}

// Whoever waits at Frame.io never waits for a remote system.
func TestReceiverAsksNobody(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	down := faults.Rule{Latency: time.Minute}
	f.Nuxeo.Faults().Add(down)
	f.Frameio.Faults().Add(down)
	f.Frameio.ExpireAccess(f.Josh)
	begun := time.Now()
	a := f.signed(f.door(), f.run("down", f.file("Cut.mov", 1000)), nil)
	if took := time.Since(begun); took > 2*time.Second || a.status != http.StatusOK {
		t.Errorf("after %s: answered with %d %s, want 200 within 2 s", took, a.status, a.body)
	}

	f.Stop()
	f.Nuxeo.Faults().Clear()
	f.Frameio.Faults().Clear()
	f.Start()
	f.AllDone()
}

// gated works on nothing while the gate is locked.
type gated struct {
	work.Queue
	gate *sync.RWMutex
}

// Run is work.Queue's.
func (g gated) Run(ctx context.Context, do func(context.Context, work.Job)) error {
	return g.Queue.Run(ctx, func(ctx context.Context, j work.Job) {
		g.gate.RLock()
		defer g.gate.RUnlock()
		do(ctx, j)
	})
}

// What is accepted is on disk, and nobody was asked, when the answer goes out.
func TestReceiverAnswersBeforeItWorks(t *testing.T) {
	t.Parallel()
	gate := new(sync.RWMutex)
	f := open(t, testenv.World(func(w *app.World) {
		w.Queue = func(*store.DB) work.Queue { return gated{work.NewLoop(4), gate} }
	}))

	f.Bind("Publish")
	file := f.file("Cut.mov", 1000)
	gate.Lock()
	before := len(f.Nuxeo.Requests()) + len(f.Frameio.Requests())
	if a := f.signed(f.door(), f.run("calm", file), nil); a.status != http.StatusOK {
		t.Fatalf("the call is answered with %d %s, want 200", a.status, a.body)
	}

	if n := len(f.Nuxeo.Requests()) + len(f.Frameio.Requests()) - before; n != 0 {
		t.Errorf("%d calls were made before the answer, want none", n)
	}

	if n := f.interactions(); n != 1 {
		t.Errorf("%d interactions, want 1", n)
	}

	gate.Unlock()
	f.AllDone()
}
