package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/app"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/foldersync"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/work"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/sim/memnet"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// mirror is a connector that mirrors a tree of Frame.io, in simulated time: real
// budgets, the real engine and job queue. Nuxeo answers at once, Frame.io takes its
// time.
type mirror struct {
	*testenv.Systems
	config app.Config
	net    *uneven
	app    atomic.Pointer[app.App]
	end    func() error

	files     []string // whose documents show them: no stack's older file
	sync      string
	approved  string            // the last status that was given
	documents map[string]string // by file
	deaf      atomic.Bool       // nothing is told by webhooks

	calls, refused atomic.Int64 // of Frame.io
	writes         atomic.Int64 // on both sides
}

// uneven is a network whose way to Frame.io is long.
type uneven struct {
	memnet.Net
	far atomic.Pointer[string]
}

// farAway is how long a byte takes to Frame.io and back, and as long again.
const farAway = 100 * time.Millisecond

// Dial connects.
func (n *uneven) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if far := n.far.Load(); far != nil && strings.HasSuffix(*far, address) {
		ctx = memnet.With(ctx, memnet.Fault{Delay: farAway})
	}
	return n.Net.Dial(ctx, network, address)
}

func newMirror(t *testing.T, assets, folders int) *mirror {
	t.Helper()
	m := &mirror{net: &uneven{}}
	m.Systems = testenv.NewSystems(t, m.net, testenv.Loose(), testenv.Frameio(func(o *frameiosim.Options) {
		o.RateFactor = 1
		o.Events = func(int) frameiosim.EventFate { return frameiosim.EventFate{Lost: m.deaf.Load()} }
		o.ActionClient = &http.Client{Transport: &http.Transport{DialContext: m.net.Dial, DisableKeepAlives: true}}
	}))

	m.net.far.Store(&m.FrameioURL)
	m.config = app.Defaults()
	m.config.Nuxeo.URL, m.config.Frameio.URL, m.config.Data = m.NuxeoURL, m.FrameioURL, dir(t)
	m.config.Network.PrivateAddresses, m.config.Mail.Via = "allow", "none" // the network is one in memory
	m.config.PublicURL = m.Serve(http.HandlerFunc(m.door))
	m.Expect(m.config.PublicURL)
	m.plant(assets, folders)
	m.start(t)
	t.Cleanup(func() {
		m.stop(t)
		time.Sleep(4 * time.Hour) // what is left of connections ends
	})

	m.Register(m.app.Load())
	m.Connect(m.app.Load(), "josh")
	return m
}

// door is the connector's address, whether it runs or not.
func (m *mirror) door(w http.ResponseWriter, r *http.Request) {
	if a := m.app.Load(); a != nil {
		a.Handler().ServeHTTP(w, r)
		return
	}
	http.Error(w, "the connector is down", http.StatusBadGateway)
}

func (m *mirror) start(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	a, err := app.New(ctx, m.config, app.World{Dial: m.net.Dial, Node: "node-1", Wrap: m.watch})
	if err != nil {
		t.Fatal(err)
	}

	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	m.end = func() error {
		stop()
		err := <-ended
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		return errors.Join(err, a.Close())
	}

	m.app.Store(a)
}

func (m *mirror) stop(t *testing.T) {
	t.Helper()
	m.app.Store(nil)
	if err := m.end(); err != nil {
		t.Error(err)
	}
}

// watch counts what the two systems are asked.
func (m *mirror) watch(system string, next http.RoundTripper) http.RoundTripper {
	return tripper(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "token") {
			m.writes.Add(1)
		}

		resp, err := next.RoundTrip(r)
		if system == "frameio" && strings.HasPrefix(r.URL.Path, "/v4/") {
			m.calls.Add(1)
			if err == nil && resp.StatusCode == http.StatusTooManyRequests {
				m.refused.Add(1)
			}
		}

		return resp, err
	})
}

// file adds a small file.
func (m *mirror) file(parent, name string) string {
	return m.Frameio.AddFile(parent, name+".mov", frameiosim.Bytes([]byte("the film "+name)),
		frameiosim.WithCreator(m.Josh))
}

func (m *mirror) begin(t *testing.T, fetch string) {
	t.Helper()
	s, err := m.app.Load().Sync.Add(t.Context(), "josh", foldersync.Request{
		Folder: m.Folder, Workspace: m.Workspace, Project: m.Project, Fetch: fetch, Events: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	m.sync = s.ID
}

func (m *mirror) refresh(t *testing.T) {
	t.Helper()
	if _, err := m.app.Load().Sync.Refresh(t.Context(), work.Viewer{Login: "josh"}, m.sync, false); err != nil {
		t.Fatal(err)
	}
}

// pass is what one run has taken.
type pass struct {
	took          time.Duration
	calls, writes int64
}

// patience is how long a run may take; looks are how often it is looked at.
const (
	patience = 24 * time.Hour
	looks    = 2 * time.Second
)

// run begins a run and waits for its end.
func (m *mirror) run(t *testing.T, begin func()) pass {
	t.Helper()
	calls, writes, start := m.calls.Load(), m.writes.Load(), time.Now()
	begin()
	for time.Since(start) < patience {
		s, err := m.app.Load().Sync.Get(t.Context(), testenv.Viewer, m.sync)
		if err != nil {
			t.Fatal(err)
		}

		if s.Last.State != foldersync.Running {
			if s.Last.State != foldersync.Done || s.Last.Failed > 0 {
				t.Fatalf("the run's end: got %+v, want it done and none failed", s.Last)
			}
			p := pass{s.Last.Ended.Sub(start), m.calls.Load() - calls, m.writes.Load() - writes}
			m.last(t)
			return p
		}

		time.Sleep(looks)
	}

	t.Fatalf("after %s: got a run that goes on, want its end", patience)
	return pass{}
}

// last waits for what comes after a run, in its own time: comments and posters.
func (m *mirror) last(t *testing.T) {
	t.Helper()
	for start := time.Now(); time.Since(start) < patience; time.Sleep(looks) {
		var open int
		if err := m.app.Load().DB.Reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM items
			WHERE state IN ('waiting', 'running')`).Scan(&open); err != nil {
			t.Fatal(err)
		}
		if open == 0 {
			return
		}
	}

	t.Fatalf("after %s: got open items, want all of them ended", patience)
}

// complete makes sure that each asset has one document, and remembers which.
func (m *mirror) complete(t *testing.T) {
	t.Helper()
	m.documents = map[string]string{}
	m.collect(t, m.Folder)
	for _, file := range m.files {
		if m.documents[file] == "" {
			t.Fatalf("the document of %s: got none, want one", file)
		}
	}

	if len(m.documents) != len(m.files) {
		t.Fatalf("the documents of %d assets: got %d, want one each", len(m.files), len(m.documents))
	}
}

func (m *mirror) collect(t *testing.T, folder string) {
	t.Helper()
	for _, v := range m.Nuxeo.Children(folder) {
		if v.Type == "Folder" {
			m.collect(t, v.UID)
			continue
		}
		file := text(v, "frameio:fileId")
		if m.documents[file] != "" {
			t.Fatalf("the document of %s: got two, want one", file)
		}
		m.documents[file] = v.UID
	}
}

func text(v nuxeosim.DocView, property string) string { return fmt.Sprint(v.Properties[property]) }

// hooked has Frame.io know whom to tell, which otherwise comes about within an hour,
// in the middle of something else that is measured.
func (m *mirror) hooked(t *testing.T) {
	t.Helper()
	if _, err := m.app.Load().Maintenance.DoNow(t.Context(), "webhooks"); err != nil {
		t.Fatal(err)
	}
	if len(m.Frameio.Webhooks(m.Workspace)) != 1 {
		t.Fatalf("the webhooks: got %d, want 1", len(m.Frameio.Webhooks(m.Workspace)))
	}
}

// some are files from all parts of the tree, each of another folder if there are so
// many.
func (m *mirror) some(n int) (out []string) {
	for i := range n {
		out = append(out, m.files[(i*len(m.files)/n+i)%len(m.files)])
	}
	return out
}

func (m *mirror) approve(some []string, status string) {
	m.approved = status
	for _, file := range some {
		m.Frameio.SetStatus(file, status)
	}
}

// behind counts the documents that do not show a status yet.
func (m *mirror) behind(some []string, status string) (n int) {
	for _, file := range some {
		v, _ := m.Nuxeo.Doc(m.documents[file])
		if text(v, "frameio:status") != status {
			n++
		}
	}
	return n
}
