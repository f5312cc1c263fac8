package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/binding"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/push"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/sim/memnet"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

var documents = flag.Int("documents", 200, "how many documents TestBulk pushes")

// creations is how many files a person may make on Frame.io, by its rules.
const (
	creations = 5 // a second
	burst     = 5 // at once, when none was made lately
)

// bulk is a connector between both systems, in simulated time: real budgets, the
// real engine and job queue, a network that takes its time.
type bulk struct {
	*testenv.Systems
	app     *app.App
	refused atomic.Int64 // 429s
	made    atomic.Int64 // files
}

func newBulk(t *testing.T, most int) *bulk {
	t.Helper()
	b, net := &bulk{}, &memnet.Net{Latency: 10 * time.Millisecond}
	b.Systems = testenv.NewSystems(t, net, testenv.Loose(), testenv.Frameio(func(o *frameiosim.Options) {
		o.RateFactor, o.UploadSettle = 1, 300*time.Millisecond
	}))

	c := app.Defaults()
	c.Nuxeo.URL, c.Frameio.URL, c.Data, c.Push.Most = b.NuxeoURL, b.FrameioURL, dir(t), most
	c.Network.PrivateAddresses, c.Mail.Via = "allow", "none" // the network is one in memory
	c.PublicURL = b.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.app.Handler().ServeHTTP(w, r)
	}))

	b.Expect(c.PublicURL)
	ctx, stop := context.WithCancel(context.Background())
	var err error
	if b.app, err = app.New(ctx, c, app.World{Dial: net.Dial, Node: "node-1", Wrap: b.watch}); err != nil {
		t.Fatal(err)
	}

	ended := make(chan error, 1)
	go func() { ended <- b.app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		_ = b.app.Close()
		time.Sleep(4 * time.Hour) // what is left of connections ends
	})

	b.bind(t)
	return b
}

// dir is where the database lies: in memory if possible, since the disk's time is
// not simulated.
func dir(t *testing.T) string {
	if d, err := os.MkdirTemp("/dev/shm", "nuxeo-frameio-bulk-"); err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(d) })
		return d
	}
	return t.TempDir()
}

func (b *bulk) bind(t *testing.T) {
	t.Helper()
	b.Register(b.app)
	b.Connect(b.app, "josh")
	_, item, err := b.app.Binding.Bind(t.Context(), "josh", binding.Request{
		Folder:     b.Folder,
		ActionName: "Publish",
		Workspaces: []string{b.Workspace},
	})
	if err != nil {
		t.Fatal(err)
	}

	if v, err := b.app.Engine.Await(t.Context(), testenv.Viewer, item, time.Hour); err != nil || v.State != work.Done {
		t.Fatalf("binding: got %+v, %v, want it done", v.Item, err)
	}
}

// watch counts what Frame.io refuses and makes.
func (b *bulk) watch(system string, next http.RoundTripper) http.RoundTripper {
	if system != "frameio" {
		return next
	}
	return tripper(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		switch {
		case err != nil:
		case resp.StatusCode == http.StatusTooManyRequests:
			b.refused.Add(1)
		case resp.StatusCode == http.StatusCreated && strings.HasSuffix(r.URL.Path, "/files/local_upload"):
			b.made.Add(1)
		}
		return resp, err
	})
}

type tripper func(*http.Request) (*http.Response, error)

// RoundTrip is http.RoundTripper's.
func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// paper makes a small document.
func (b *bulk) paper(folder, name string) string {
	return b.Nuxeo.MkDoc(folder+"/"+name, "File", map[string]any{
		"dc:creator": "josh", "file:content": nuxeosim.Blob{
			Name:     name + ".jpg",
			MimeType: "image/jpeg",
			Data:     []byte("the picture " + name),
		},
	})
}

func (b *bulk) push(t *testing.T, documents ...string) push.Accepted {
	t.Helper()
	got, err := b.app.Push.Accept(t.Context(), "josh", push.Request{
		Documents: documents,
		Workspace: b.Workspace,
		Project:   b.Project,
		Folder:    b.Root,
	})
	if err != nil {
		t.Fatal(err)
	}

	return got
}

// outcome is what was seen of a bulk.
type outcome struct {
	took    time.Duration
	single  time.Duration // until the file of a single push was made, in the middle
	refused int64
	guesses []guess
}

// guess is a remaining time that was shown at a moment.
type guess struct {
	at, left time.Duration
	arrived  int
}

// run pushes so many documents at once, and one more in the middle.
func (b *bulk) run(t *testing.T, n int) (o outcome) {
	t.Helper()
	folder, _ := b.Nuxeo.Doc(b.Folder)
	uids := make([]string, n)
	for i := range uids {
		uids[i] = b.paper(folder.Path, fmt.Sprintf("Bulk %d", i))
	}

	alone := b.paper(folder.Path, "Alone")
	begin := time.Now()
	batch := b.push(t, uids...).Batch
	for {
		p := b.progress(t, batch)
		if p == nil {
			break
		}

		if p.Left != nil {
			o.guesses = append(o.guesses, guess{time.Since(begin), *p.Left, p.Arrived})
		}

		if o.single == 0 && p.Arrived > n/2 {
			o.single = b.single(t, alone)
		}

		if time.Since(begin) > time.Hour {
			t.Fatalf("after %s: got %d arrived and %d failed, want %d arrived",
				time.Since(begin), p.Arrived, p.Failed, n)
		}

		time.Sleep(time.Second)
	}

	o.took, o.refused = time.Since(begin), b.refused.Load()
	if made := b.made.Load(); made != int64(n+1) {
		t.Errorf("the files of %d documents: got %d, want one each", n+1, made)
	}

	return o
}

// progress is what people are shown of a bulk; nil when all has ended.
func (b *bulk) progress(t *testing.T, batch string) *work.Batch {
	t.Helper()
	all, err := b.app.Engine.Batches(t.Context(), work.Viewer{Login: "josh"}, work.BatchFilter{})
	if err != nil {
		t.Fatal(err)
	}

	for _, p := range all {
		if p.Parent == batch {
			return &p
		}
	}

	return nil
}

// single pushes one document and waits until its file is made.
func (b *bulk) single(t *testing.T, uid string) time.Duration {
	t.Helper()
	begin := time.Now()
	id := b.push(t, uid).Pushes[0].ID
	for time.Since(begin) < 10*time.Minute {
		p, err := b.app.Push.Get(t.Context(), testenv.Viewer, id)
		if err != nil {
			t.Fatal(err)
		}
		if p.File != "" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}

	return time.Since(begin)
}

// wrong is by which part the guesses missed at most, from a tenth of the documents
// on, and ten seconds at least, until only seconds are left.
func (o outcome) wrong(n int) (most float64) {
	for _, g := range o.guesses {
		if left := o.took - g.at; g.arrived >= n/10 && g.at > 10*time.Second && left > 20*time.Second {
			most = max(most, math.Abs(g.left.Seconds()-left.Seconds())/left.Seconds())
		}
	}
	return most
}

// TestBulk pushes many documents while somebody pushes one. What comes before the
// first document and after the last is a matter of seconds, and counts with few.
func TestBulk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := *documents
		o := newBulk(t, n).run(t, n)
		ideal := float64(n-burst) / creations
		slack := 0.0
		if n < 2000 {
			slack = 4 / ideal
		}

		b := &bench{}
		b.report("push-bulk", o.took.Seconds()/ideal, 1.05+slack, false)
		b.report("push-bulk-refused", float64(o.refused), 0, false)
		b.report("push-bulk-single-seconds", o.single.Seconds(), 2, false)
		b.report("push-bulk-time-left-wrong", o.wrong(n), 0.1+slack, false)
		if b.short > 0 {
			t.Errorf("figures that fall short of their target: got %d, want 0", b.short)
		}
	})
}
