package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// world are the two systems between which connectors come and go.
type world struct {
	nuxeo     *nuxeosim.Server
	frameio   *frameiosim.Server
	nx, fio   string // addresses
	folder    string
	josh      string
	workspace string
	root      string
	meter     *meter
	close     func() error
}

func newWorld(nuxeo nuxeosim.Options, frameio frameiosim.Options) (*world, error) {
	w := &world{meter: &meter{}}
	var err error
	if w.nuxeo, err = nuxeosim.New(nuxeo); err != nil {
		return nil, err
	}

	frameio.RateFactor, frameio.ActionBackoff = -1, 50*time.Millisecond
	if w.frameio, err = frameiosim.New(frameio); err != nil {
		return nil, errors.Join(err, w.nuxeo.Close())
	}

	nx, fio := httptest.NewServer(w.meter.around("nuxeo", w.nuxeo)),
		httptest.NewServer(w.meter.around("frameio", w.frameio))
	w.close = func() error {
		nx.CloseClientConnections()
		fio.CloseClientConnections()
		nx.Close()
		fio.Close()
		return errors.Join(w.nuxeo.Close(), w.frameio.Close())
	}

	w.nx, w.fio = nx.URL+"/nuxeo", fio.URL
	w.nuxeo.SetURL(w.nx)
	w.frameio.SetURL(w.fio)
	return w, w.fill()
}

func (w *world) fill() error {
	var zip bytes.Buffer
	if err := addon.Build(&zip, "1.0.0"); err != nil {
		return err
	}

	if err := w.nuxeo.InstallPackage(zip.Bytes()); err != nil {
		return err
	}

	w.folder = w.nuxeo.MkDoc("/default-domain/workspaces/films", "Folder", map[string]any{"dc:title": "Films"})
	w.nuxeo.SetACL("/default-domain/workspaces", "josh", "ReadWrite", true) // members only read
	w.josh = w.frameio.AddPerson("Josh Editor", "josh@example.org")
	w.workspace = w.frameio.AddWorkspace(w.frameio.AddAccount("Studio", w.josh), "Post")
	_, w.root = w.frameio.AddProject(w.workspace, "Film")
	return nil
}

// action is the id of the custom action that the binding made.
func (w *world) action() (frameiosim.ActionView, error) {
	list := w.frameio.Actions(w.workspace)
	if len(list) != 1 {
		return frameiosim.ActionView{}, errors.New("there is not exactly one custom action")
	}
	return list[0], nil
}

// meter sees every request as it arrives, and every byte of an original as it
// leaves Frame.io or arrives there.
type meter struct {
	mu    sync.Mutex
	moved int64    // bytes of originals
	open  int      // downloads and uploads under way
	paths []string // of the calls since next was asked
	fresh func()   // called once at the next byte
}

func (m *meter) around(system string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		download, upload := strings.HasPrefix(r.URL.Path, "/assets/"), strings.HasPrefix(r.URL.Path, "/upload/")
		m.count(system+" "+r.Method+" "+r.URL.Path, download || upload, 1)
		defer m.count("", download || upload, -1)
		if download {
			w = &counted{ResponseWriter: w, meter: m}
		}
		if upload {
			r.Body = &countedBody{ReadCloser: r.Body, meter: m}
		}
		next.ServeHTTP(w, r)
	})
}

func (m *meter) count(call string, original bool, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if original {
		m.open += n
	} else if n > 0 && m.fresh != nil {
		m.paths = append(m.paths, call)
	}
}

// counted counts what is written to it. It hides the faster ways of the
// connection, so that no byte passes uncounted.
type counted struct {
	http.ResponseWriter
	meter *meter
}

// Unwrap lets http.ResponseController reach the connection.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.meter.passed(n)
	return n, err
}

// countedBody counts what is read of it.
type countedBody struct {
	io.ReadCloser
	meter *meter
}

func (c *countedBody) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.meter.passed(n)
	return n, err
}

func (m *meter) passed(n int) {
	if n <= 0 {
		return
	}

	m.mu.Lock()
	defer m.mu.Unlock()
	m.moved += int64(n)
	if m.fresh != nil {
		m.fresh()
		m.fresh = nil
	}
}

// bytes is how many bytes of originals have moved so far, and how many downloads
// and uploads are under way.
func (m *meter) bytes() (moved int64, open int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.moved, m.open
}

// first are the time of the next byte and the calls before it.
type first struct {
	at    time.Time
	calls []string
}

// on counts the calls to a system, but for the one that carries the bytes on.
func (f first) on(system string) (n int) {
	for _, c := range f.calls {
		if strings.HasPrefix(c, system+" ") && !strings.Contains(c, "POST /nuxeo/api/v1/upload/batchId") {
			n++
		}
	}
	return n
}

// next tells of the next byte of an original that moves.
func (m *meter) next() <-chan first {
	m.mu.Lock()
	defer m.mu.Unlock()
	came := make(chan first, 1)
	m.paths = nil
	m.fresh = func() { came <- first{at: time.Now(), calls: m.paths} } // under the lock
	return came
}
