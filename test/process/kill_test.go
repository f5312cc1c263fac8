// Package process attacks the connector as a process: the real binary, killed
// and started again, with real sockets and a real disk.
package process

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/addon"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/faults"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/pattern"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/drive"
)

// plant is a connector that can be killed, between two simulators that live on.
type plant struct {
	t       *testing.T
	binary  string
	address string
	data    string
	nuxeo   *nuxeosim.Server
	frameio *frameiosim.Server
	nx, fio string
	folder  string
	josh    string
	driver  drive.Driver
	flags   []string
	cmd     *exec.Cmd
}

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
		if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/nuxeo-frameio").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

func newPlant(t *testing.T, flags ...string) *plant {
	t.Helper()
	p := &plant{t: t, data: t.TempDir(), binary: binary, flags: flags}
	p.systems()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	p.driver = drive.Driver{URL: "http://" + p.address, Nuxeo: p.nx, Frameio: p.fio, Client: &http.Client{}}
	p.start()
	t.Cleanup(p.kill)
	return p
}

func (p *plant) systems() {
	var err error
	if p.nuxeo, err = nuxeosim.New(nuxeosim.Options{}); err != nil {
		p.t.Fatal(err)
	}
	if p.frameio, err = frameiosim.New(frameiosim.Options{RateFactor: -1}); err != nil {
		p.t.Fatal(err)
	}
	nx, fio := httptest.NewServer(p.nuxeo), httptest.NewServer(p.frameio)
	p.t.Cleanup(func() { nx.Close(); fio.Close(); _ = p.nuxeo.Close(); _ = p.frameio.Close() })
	p.nx, p.fio = nx.URL+"/nuxeo", fio.URL
	p.nuxeo.SetURL(p.nx)
	p.frameio.SetURL(p.fio)
	var zip bytes.Buffer
	if err := addon.Build(&zip, "1.0.0"); err != nil {
		p.t.Fatal(err)
	}
	if err := p.nuxeo.InstallPackage(zip.Bytes()); err != nil {
		p.t.Fatal(err)
	}
	p.folder = p.nuxeo.MkDoc("/default-domain/workspaces/films", "Folder", map[string]any{"dc:title": "Films"})
	p.josh = p.frameio.AddPerson("Josh Editor", "josh@example.org")
}

func (p *plant) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.binary, append([]string{
		"serve", "--data", p.data, "--listen", p.address, "--public-url", "http://" + p.address,
		"--nuxeo-url", p.nx, "--frameio-url", p.fio, "--mail-via", "none", "--log-level", "error", "--network-private-addresses", "allow",
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

func (p *plant) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// bind signs in and binds.
func (p *plant) bind(workspace string) {
	p.t.Helper()
	ctx := p.t.Context()
	if err := p.driver.SignIn(ctx, "josh"); err != nil {
		p.t.Fatal(err)
	}
	if err := p.driver.Bind(ctx, p.folder, workspace); err != nil {
		p.t.Fatal(err)
	}
}

// A publish that is killed again and again, at moments drawn by a seed, ends as
// one document with the right bytes, and sends little twice.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	const (
		kills    = 12
		size     = 90 << 20
		partSize = 16 << 20
	)
	for _, verify := range []string{"digest", "parts"} {
		t.Run(verify, func(t *testing.T) {
			t.Parallel()
			p := newPlant(t, "--transfer-verify", verify, "--transfer-streams", "2")
			account := p.frameio.AddAccount("Studio", p.josh)
			workspace := p.frameio.AddWorkspace(account, "Post")
			_, root := p.frameio.AddProject(workspace, "Film")
			file := p.frameio.AddFile(root, "long.mov", pattern.New(3, size))
			small := p.frameio.AddFile(root, "short.mov", pattern.New(4, 1000))
			p.bind(workspace)
			p.frameio.Faults().Add(faults.Rule{Path: "^/assets/", BytesPerSecond: 40 << 20})
			interaction, err := p.driver.Publish(t.Context(), file, small)
			if err != nil {
				t.Fatal(err)
			}
			rng := rand.New(rand.NewPCG(7, uint64(len(verify))))
			for range kills {
				timer := time.NewTimer(time.Duration(rng.IntN(600)) * time.Millisecond)
				<-timer.C // a kill comes at any moment
				p.kill()
				p.start()
			}
			items, err := p.driver.Settle(t.Context(), interaction)
			if err != nil {
				t.Fatal(err)
			}
			p.check(size, 1000)
			for _, v := range items {
				if v.Transfer != nil && v.Transfer.Size == size {
					again := v.Transfer.Sent - size
					t.Logf("%s: %d kills, %.1f MiB of %d sent again", verify, kills, float64(again)/(1<<20), size>>20)
					if again > kills*2*partSize {
						t.Errorf("%d bytes were sent again", again)
					}
				}
			}
		})
	}
}

func (p *plant) check(sizes ...int64) {
	p.t.Helper()
	docs := p.nuxeo.Children(p.folder)
	if len(docs) != len(sizes) {
		p.t.Fatalf("%d documents", len(docs))
	}
	for _, d := range docs {
		content := pattern.New(3, sizes[0])
		if d.Title == "short" {
			content = pattern.New(4, sizes[1])
		}
		if err := equal(p.nuxeo, d, content); err != nil {
			p.t.Errorf("%s: %v", d.Title, err)
		}
	}
	if n := p.nuxeo.Batches(); n != 0 {
		p.t.Errorf("%d upload batches are left", n)
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
