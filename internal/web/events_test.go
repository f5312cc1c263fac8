package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/web/api"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
)

// listener reads a stream of events.
type listener struct {
	t    testing.TB
	body io.ReadCloser
	in   *bufio.Scanner
}

func listen(t testing.TB, base, session, query string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/api/v1/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}

	r.Header.Set("Authorization", "Bearer "+session)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the stream answers %d %s, want 200 text/event-stream", resp.StatusCode,
			resp.Header.Get("Content-Type"))
	}

	return &listener{t: t, body: resp.Body, in: bufio.NewScanner(resp.Body)}
}

// next is the next event; false when the stream has ended.
func (l *listener) next() (v api.Item, ok bool) {
	l.t.Helper()
	for l.in.Scan() {
		data, found := strings.CutPrefix(l.in.Text(), "data: ")
		if !found {
			continue
		}
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			l.t.Fatalf("reading the event %q: %v", data, err)
		}
		return v, true
	}

	return v, false
}

// until reads up to an event; the stream must have it.
func (l *listener) until(found func(api.Item) bool) (before []api.Item, v api.Item) {
	l.t.Helper()
	for {
		v, ok := l.next()
		if !ok {
			l.t.Fatalf("the stream ended (%v), want another event", l.in.Err())
		}
		if found(v) {
			return before, v
		}
		before = append(before, v)
	}
}

func TestEventsOfARunningItem(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	f.Frameio.Faults().Add(faults.Rule{Path: "^/assets/", Latency: time.Second, Times: 1})
	f.Run(f.Josh, f.file("Cut.mov", 4000))
	item := f.Until(func(v work.View) bool { return v.Kind == "publish" })
	l := listen(t, f.Config.PublicURL, f.SignIn("josh"), "?item="+item.ID)
	before, last := l.until(func(v api.Item) bool { return v.State == api.ItemStateDone })
	if len(before) == 0 {
		t.Error("events before the end: got 0, want some")
	}

	at := time.Time{}
	for _, v := range append(before, last) {
		if v.Id != item.ID || v.Updated.Before(at) {
			t.Errorf("%s %s of %s comes after one of %s, want item %s in the order of time", v.Id, v.State, v.Updated,
				at, item.ID)
		}
		at = v.Updated
	}

	if last.Transfer == nil || last.Transfer.Done != 4000 {
		t.Errorf("the last event tells of the transfer %s, want 4000 bytes done", shown(last.Transfer))
	}
}

func TestListenersSeeTheirOwnItems(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.private()
	f.Bind("Publish")
	olga := f.SignIn("olga")
	f.get("/api/v1/events?item="+f.Settle()[0].ID, olga).refused(t, http.StatusNotFound, "not_found")
	f.get("/api/v1/events", "").refused(t, http.StatusUnauthorized, "unauthenticated")
	for _, parent := range []string{f.Settle()[0].Parent, "nothing"} {
		f.get("/api/v1/events?parent="+parent, olga).refused(t, http.StatusNotFound, "not_found")
	}

	strange := listen(t, f.Config.PublicURL, olga, "")
	own := listen(t, f.Config.PublicURL, f.SignIn("josh"), "")
	f.Published(f.Josh, f.file("Cut.mov", 1000))
	own.until(func(v api.Item) bool { return v.Kind == "publish" && v.State == api.ItemStateDone })
	f.Stop() // ends the streams, so that what did not come will not
	if v, ok := strange.next(); ok {
		t.Errorf("olga hears of %s %s, want nothing of josh's", v.Kind, v.Title)
	}

	f.Start()
}

// narrow lets little be on its way to who does not read.
type narrow struct{ net.Listener }

// Accept is net.Listener's.
func (n narrow) Accept() (net.Conn, error) {
	conn, err := n.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn, conn.(*net.TCPConn).SetWriteBuffer(2 << 10)
}

// served runs the connector as the program does, on a listener of its own.
func (f *face) served() (base string, stop func() error) {
	f.T.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.T.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.App.Serve(ctx, narrow{l}, nil) }()
	f.T.Cleanup(cancel)
	return "http://" + l.Addr().String(), func() error { cancel(); return <-ended }
}

func TestStreamsEndWhenTheProcessStops(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	session := f.SignIn("josh")
	base, stop := f.served()
	l := listen(t, base, session, "")
	l.until(func(v api.Item) bool { return v.Kind == "bind" })
	begun := time.Now()
	if err := stop(); err != nil {
		t.Error(err)
	}

	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("a stream held up the end for %s, want at most 5 s", took)
	}

	if v, ok := l.next(); ok || l.in.Err() != nil {
		t.Errorf("after the end came %s, %v; want no event and no error", shown(v), l.in.Err())
	}
}

// A listener that reads nothing holds up neither others nor the end.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	session := f.SignIn("josh")
	var files []string
	for range 40 {
		files = append(files, f.file(strings.Repeat("A very long title ", 12)+"Cut.mov", 100))
	}

	base, stop := f.served()
	for range 3 {
		deaf(t, base, session)
	}

	hears := listen(t, base, session, "")
	f.Run(f.Josh, files...)
	for range files {
		hears.until(func(v api.Item) bool { return v.Kind == "publish" && v.State == api.ItemStateDone })
	}

	begun := time.Now()
	if err := stop(); err != nil {
		t.Errorf("stopping took %s: %v", time.Since(begun), err)
	}
}

// deaf opens a stream over a connection that takes little and reads nothing.
func deaf(t testing.TB, base, session string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(1 << 10); err != nil {
		t.Fatal(err)
	}

	_, err = io.WriteString(conn, "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+session+"\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
}

// A stream ends soon after its session has, and after its listener may not see any more
// what it tells of.
func TestStreamsEndWithWhatAllowsThem(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	item := f.Published(f.Josh, f.file("Cut.mov", 1000))[0]
	session, olga := f.SignIn("josh"), f.SignIn("olga")
	out := listen(t, f.Config.PublicURL, session, "")
	shut := listen(t, f.Config.PublicURL, olga, "?item="+item.ID)
	kept := listen(t, f.Config.PublicURL, olga, "")
	for _, l := range []*listener{out, shut} {
		if _, ok := l.next(); !ok {
			t.Fatal("the stream: got no event, want one")
		}
	}

	f.send(request{method: http.MethodDelete, path: "/api/v1/session", session: session})
	f.Nuxeo.SetACL(f.Only().Path, "olga", "Everything", false)
	begun := time.Now()
	for name, l := range map[string]*listener{
		"of a session that has ended":   out,
		"of a document that was closed": shut,
	} {
		for {
			if _, ok := l.next(); !ok {
				break
			}
		}
		if took := time.Since(begun); l.in.Err() != nil || took > 15*time.Second {
			t.Errorf("the stream %s went on for %s, %v; want an end within 15 s", name, took, l.in.Err())
		}
	}

	f.Stop() // ends the one that may go on
	if _, ok := kept.next(); ok || kept.in.Err() != nil {
		t.Errorf("the stream of somebody else ended with %v, want it to go on until the end", kept.in.Err())
	}

	f.Start()
}

// One person has so many streams open and no more, and others have theirs.
func TestStreamsOfAPersonAreCounted(t *testing.T) {
	t.Parallel()
	f := open(t)
	session := f.SignIn("josh")
	var all []*listener
	for range 50 {
		all = append(all, listen(t, f.Config.PublicURL, session, ""))
	}

	a := f.get("/api/v1/events", session)
	a.refused(t, http.StatusTooManyRequests, "throttled")
	if a.header.Get("Retry-After") == "" {
		t.Error("Retry-After: got none, want when to come again")
	}

	listen(t, f.Config.PublicURL, f.SignIn("olga"), "")
	_ = all[0].body.Close()
	if !poll(func() bool { return f.mayListen(session) }) {
		t.Error("a stream that was left: got its place taken, want it free")
	}
}

// mayListen reports whether one more stream is let in.
func (f *face) mayListen(session string) bool {
	ctx, cancel := context.WithCancel(f.T.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.Config.PublicURL+"/api/v1/events", nil)
	if err != nil {
		f.T.Fatal(err)
	}

	r.Header.Set("Authorization", "Bearer "+session)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		f.T.Fatal(err)
	}

	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
