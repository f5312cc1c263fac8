package process

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testclient"
)

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "nuxeo-frameio-process-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "nuxeo-frameio")
		if err := build(binary); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}

		return m.Run()
	}())
}

func build(to string, args ...string) error {
	cmd := exec.Command("go", append(append([]string{"build", "-o", to}, args...), "../../cmd/nuxeo-frameio")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building: %w\n%s", err, out)
	}
	return nil
}

// systems are the two simulators, which outlive every connector.
type systems struct {
	t         *testing.T
	nuxeo     *nuxeosim.Server
	frameio   *frameiosim.Server
	nx, fio   string
	folder    string
	josh      string
	workspace string
	project   string
	root      string
}

func newSystems(t *testing.T) *systems {
	t.Helper()
	s := &systems{t: t}
	var err error
	if s.nuxeo, err = nuxeosim.New(nuxeosim.Options{}); err != nil {
		t.Fatal(err)
	}

	s.frameioWith(frameiosim.Options{RateFactor: -1})
	nx := httptest.NewServer(s.nuxeo)
	t.Cleanup(func() { nx.Close(); _ = s.nuxeo.Close() })
	s.nx = nx.URL + "/nuxeo"
	s.nuxeo.SetURL(s.nx)
	var zip bytes.Buffer
	if err := addon.Build(&zip, "1.0.0"); err != nil {
		t.Fatal(err)
	}

	if err := s.nuxeo.InstallPackage(zip.Bytes()); err != nil {
		t.Fatal(err)
	}

	s.folder = s.nuxeo.MkDoc("/default-domain/workspaces/films", "Folder", map[string]any{"dc:title": "Films"})
	s.nuxeo.SetACL("/default-domain/workspaces/films", "josh", "ReadWrite", true) // members only read
	return s
}

// frameioWith starts a simulated Frame.io.
func (s *systems) frameioWith(o frameiosim.Options) {
	s.t.Helper()
	var err error
	if s.frameio, err = frameiosim.New(o); err != nil {
		s.t.Fatal(err)
	}

	fio := httptest.NewServer(s.frameio)
	s.t.Cleanup(func() { fio.Close(); _ = s.frameio.Close() })
	s.fio = fio.URL
	s.frameio.SetURL(s.fio)
	s.josh = s.frameio.AddPerson("Josh Editor", "josh@example.org")
	s.workspace = s.frameio.AddWorkspace(s.frameio.AddAccount("Studio", s.josh), "Post")
	s.project, s.root = s.frameio.AddProject(s.workspace, "Film")
}

// plant is a connector that can be stopped, between two simulators that live on.
type plant struct {
	*systems
	binary  string
	address string
	data    string
	driver  testclient.Driver
	flags   []string
	cmd     *exec.Cmd
}

func newPlant(s *systems, flags ...string) *plant {
	s.t.Helper()
	p := &plant{systems: s, data: s.t.TempDir(), binary: binary, flags: flags, address: free(s.t)}
	p.driver = testclient.Driver{URL: "http://" + p.address, Nuxeo: p.nx, Frameio: p.fio, Client: &http.Client{}}
	s.t.Cleanup(p.kill)
	return p
}

func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (p *plant) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.binary, append([]string{
		"serve", "--data", p.data, "--listen", p.address, "--public-url", "http://" + p.address,
		"--nuxeo-url", p.nx, "--frameio-url", p.fio, "--mail-via", "none", "--log-level", "error",
		"--network-private-addresses", "allow",
	}, p.flags...)...)

	p.cmd.Stderr = os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}

	if err := p.driver.Ready(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process at once; stop lets it hand over.
func (p *plant) kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

func (p *plant) stop() {
	p.t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("the stop: %v", err)
	}
}

// bind signs in and binds.
func (p *plant) bind() {
	p.t.Helper()
	ctx := p.t.Context()
	if err := p.driver.SignIn(ctx, "josh"); err != nil {
		p.t.Fatal(err)
	}
	if err := p.driver.Bind(ctx, p.folder, p.workspace); err != nil {
		p.t.Fatal(err)
	}
}

func equal(nx *nuxeosim.Server, d nuxeosim.DocView, want *pattern.Content) error {
	if d.Content == nil || d.Content.Length != want.Size() {
		return fmt.Errorf("the content is %+v", d.Content)
	}

	r, err := nx.OpenBlob(d.UID, "")
	if err != nil {
		return err
	}
	defer r.Close()
	buf := make([]byte, 1<<20)
	for off := int64(0); ; {
		n, err := r.Read(buf)
		if !want.Matches(buf[:n], off) {
			return fmt.Errorf("other bytes at %d", off)
		}
		if off += int64(n); err != nil {
			if off != want.Size() {
				return fmt.Errorf("ends at %d", off)
			}
			return nil
		}
	}
}
