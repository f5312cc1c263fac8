package web_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// told is how many hints are kept.
func (f *face) told() (n int) {
	f.T.Helper()
	if err := f.App.DB.Reader.QueryRowContext(f.T.Context(), `SELECT COUNT(*) FROM hints`).Scan(&n); err != nil {
		f.T.Fatal(err)
	}
	return n
}

// A call that is not signed by our own webhook leaves nothing, and learns nothing,
// not even whether there is such a webhook.
func TestForgedEventsLeaveNothing(t *testing.T) {
	t.Parallel()
	f := open(t)
	f.Bind("Publish")
	folder, _ := f.Nuxeo.Doc(f.Folder)
	uid := f.Nuxeo.MkDoc(folder.Path+"/cut", "File", map[string]any{
		"dc:creator":   "josh",
		"file:content": nuxeosim.Blob{Name: "cut.mov", MimeType: "video/quicktime", Data: []byte("x")},
	})

	out, err := f.App.Push.Accept(t.Context(), "josh", push.Request{
		Documents: []string{uid},
		Workspace: f.Workspace,
		Project:   f.Project,
		Folder:    f.Root,
	})
	if err != nil {
		t.Fatal(err)
	}

	f.Settle()
	p, err := f.App.Push.Get(t.Context(), testenv.Viewer, out.Pushes[0].ID)
	if err != nil {
		t.Fatal(err)
	}

	if err := f.App.Webhooks.Complete(t.Context()); err != nil {
		t.Fatal(err)
	}

	hook := f.Frameio.Webhooks(f.Workspace)[0]
	body := fmt.Sprintf(
		`{"type":"file.updated","account":{"id":%q},"workspace":{"id":%q},"project":{"id":"p"},"resource":{"id":%q,"type":"file"},"user":{"id":"u"}}`, f.Account, f.Workspace, p.File)
	call := func(path, secret, body string, age time.Duration) answer {
		ts := strconv.FormatInt(time.Now().Add(-age).Unix(), 10)
		return f.send(request{method: http.MethodPost, path: path, body: body, header: http.Header{
			"X-Frameio-Request-Timestamp": {ts},
			"X-Frameio-Signature":         {frameiosim.Signature(secret, ts, []byte(body))},
		}})
	}

	path := strings.TrimPrefix(hook.URL, f.Config.PublicURL)
	var first string
	for name, a := range map[string]answer{
		"another secret":  call(path, "guess", body, 0),
		"no such webhook": call("/frameio/events/nobody", hook.Secret, body, 0),
		"too old":         call(path, hook.Secret, body, 6*time.Minute),
		"from the future": call(path, hook.Secret, body, -6*time.Minute),
	} {
		said := a.anonymous().body
		if first == "" {
			first = said
		}
		if a.status != http.StatusUnauthorized || said != first {
			t.Errorf("%s: answered with %d %s, want 401 and %s", name, a.status, a.body, first)
		}
	}

	for name, wrong := range map[string]string{
		"no JSON":        "{",
		"no resource":    `{"type":"file.updated"}`,
		"too long an id": strings.Replace(body, p.File, strings.Repeat("x", 300), 1),
	} {
		if a := call(path, hook.Secret, wrong, 0); a.status != http.StatusBadRequest {
			t.Errorf("%s: answered with %d %s, want 400", name, a.status, a.body)
		}
	}

	if n := f.told(); n != 0 {
		t.Errorf("%d hints were kept, want none", n)
	}

	if a := call(path, hook.Secret, body, 0); a.status != http.StatusNoContent {
		t.Errorf("a true event: answered with %d %s, want 204", a.status, a.body)
	}
}
