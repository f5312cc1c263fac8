package push_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// written is a log that is kept.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is io.Writer's.
func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

// The addresses of parts, and of the store behind Nuxeo, are signed: neither the log
// nor the database nor what people read shows one, in the middle and at the end.
func TestAddressesOfPartsStaySecret(t *testing.T) {
	t.Parallel()
	log := new(written)
	b := testenv.New(t, testenv.Nuxeo(func(o *nuxeosim.Options) {
		o.DirectDownload = true
	}), testenv.World(func(w *app.World) {
		w.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}))

	b.Bind("Publish")
	uid := b.Kept("Teaser", testenv.Bytes('a', 500))
	sealed := 0
	b.Frameio.Faults().Add(faults.Rule{Path: "/upload/parts/", Times: 2, Status: 500, Hook: testenv.Once(func() {
		_ = b.App.DB.Reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pushes
			WHERE upload IS NOT NULL`).Scan(&sealed)
		secretless(b, "in the middle")
	})})

	b.Frameio.Faults().Add(faults.Rule{Path: "/_direct/", Times: 1, Status: 403})
	p := b.Pushed(uid).Pushes[0]
	if p.State != push.Open || sealed != 1 {
		t.Errorf("the push is %s with %q, addresses were sealed %d times; want open and once", p.State, p.Reason,
			sealed)
	}

	secretless(b, "at the end")
	log.mu.Lock()
	defer log.mu.Unlock()
	for _, word := range []string{"/upload/parts/", "X-Amz", "_direct", "ignature="} {
		if strings.Contains(log.text.String(), word) {
			t.Errorf("the log tells %q, want nothing of addresses", word)
		}
	}
}

// secretless reads all that the database holds of pushes.
func secretless(b *testenv.Bed, when string) {
	for _, table := range []string{"pushes", "items", "item_history", "transfers"} {
		rows, err := b.App.DB.Reader.QueryContext(b.T.Context(), "SELECT * FROM "+table)
		if err != nil {
			b.T.Error(err)
			return
		}
		defer rows.Close()
		names, _ := rows.Columns()
		for rows.Next() {
			values, to := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				to[i] = &values[i]
			}

			if err := rows.Scan(to...); err != nil {
				b.T.Error(err)
			}

			text := fmt.Sprintf("%s", values)
			for _, word := range []string{"/upload/parts/", "_direct", "ignature="} {
				if strings.Contains(text, word) {
					b.T.Errorf("%s, the table %s tells %q, want nothing of addresses", when, table, word)
				}
			}
		}
	}
}

// What has arrived when the process dies is not sent again.
func TestPartsThatArrivedStay(t *testing.T) {
	t.Parallel()
	for _, verify := range []string{"digest", "parts"} {
		t.Run(verify, func(t *testing.T) {
			t.Parallel()
			b := testenv.New(t, testenv.Frameio(func(o *frameiosim.Options) {
				o.PartSize = 100
			}), testenv.Config(func(c *app.Config) { c.Transfer.Verify, c.Transfer.Streams = verify, 1 }))

			b.Bind("Publish")
			uid := b.Kept("Teaser", testenv.Bytes('a', 2000))
			n := 0
			// What arrives while a checkpoint is stored is sent again: parts come far slower than that takes.
			b.Frameio.Faults().Add(faults.Rule{Path: "/upload/parts/", Times: 15, Latency: 200 * time.Millisecond})
			b.FailAt(12, testenv.Before) // lock, create, and parts
			if _, err := b.App.Push.Accept(t.Context(), "josh", b.PushRequest(uid)); err != nil {
				t.Fatal(err)
			}

			if !b.Survive() {
				t.Error("the process: got it alive, want it dead")
			}

			page, err := b.App.Push.List(t.Context(), testenv.Viewer, push.Filter{Document: uid})
			found := page.List
			if err != nil || len(found) != 1 || found[0].State != push.Open ||
				!bytes.Equal(b.Uploaded(found[0].File), testenv.Bytes('a', 2000)) {
				t.Errorf("the pushes are %v, %v; want an open one whose content is on Frame.io", found, err)
			}

			for _, r := range b.Frameio.Requests() {
				if r.Method == "PUT" {
					n++
				}
			}

			if n < 20 || n > 24 {
				t.Errorf("20 parts took %d calls, want 20 to 24", n)
			}

			if len(b.Assets("file")) != 1 {
				t.Errorf("%d files on Frame.io, want 1", len(b.Assets("file")))
			}
		})
	}
}

// A folder below a bound one has a binding of its own, to another team: both can be
// chosen, and what went out through the inner one comes back through the outer one.
func TestBindingsInBindings(t *testing.T) {
	t.Parallel()
	b := testenv.New(t)
	outer := b.Bind("Outer")
	action := b.Action().ID
	folder, _ := b.Nuxeo.Doc(b.Folder)
	inner := b.Nuxeo.MkDoc(folder.Path+"/inner", "Folder", map[string]any{"dc:title": "Inner"})
	other := b.Frameio.AddWorkspace(b.Account, "Other")
	_, item, err := b.App.Binding.Bind(t.Context(), "josh", binding.Request{
		Folder:     inner,
		ActionName: "Inner",
		Workspaces: []string{other, b.Workspace},
	})
	if err != nil {
		t.Fatal(err)
	}

	b.Await(item)
	uid := b.Nuxeo.MkDoc(folder.Path+"/inner/Teaser", "File", map[string]any{
		"dc:creator": "josh", "file:content": nuxeosim.Blob{
			Name:     "Teaser.mov",
			MimeType: "video/quicktime",
			Data:     testenv.Bytes('a', 100),
		},
	})

	targets, err := b.App.Push.Targets(t.Context(), "josh", uid)
	if err != nil || len(targets.Bound) != 2 || targets.Bound[0].Folder != inner || targets.Bound[1].Folder != inner {
		t.Errorf("the targets are %+v, %v; want two in the inner folder, %s", targets.Bound, err, inner)
	}

	r := b.PushRequest(uid)
	r.Workspace = other // whose project it is not
	if _, err := b.App.Push.Accept(t.Context(), "josh", r); !fault.Is(err, fault.Invalid) ||
		fault.From(err).Field != "project" {
		t.Errorf("a project of another workspace: got %v, want the field project refused", err)
	}

	p := b.Pushed(uid).Pushes[0]
	if p.Scope != inner || p.Binding == outer.ID {
		t.Errorf("the push has the scope %s and the binding %s, want %s, and not %s", p.Scope, p.Binding, inner,
			outer.ID)
	}

	if _, err := b.Frameio.RunAction(t.Context(), action, b.Julia, []string{p.File}); err != nil {
		t.Fatal(err)
	}

	b.Settle()
	back(b, p, testenv.Bytes('a', 100), 1)
	for _, v := range b.Settle() {
		if v.State != work.Done {
			t.Errorf("%s is %s with %q, want it done", v.Title, v.State, v.Message)
		}
	}
}
