package release

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/frameiosim"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/simulator/nuxeosim"
)

// place is a file system of its own that programs are started in.
type place struct {
	t    *testing.T
	root string
}

func newPlace(t *testing.T) place {
	t.Helper()
	p := place{t, t.TempDir()}
	if err := os.Chmod(filepath.Dir(p.root), 0o755); err != nil { // other accounts go through it
		t.Fatal(err)
	}
	return p
}

func (p place) path(inside string) string { return filepath.Join(p.root, inside) }

func (p place) write(inside, text string) {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.path(inside)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.path(inside), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

func (p place) read(inside string) string {
	p.t.Helper()
	b, err := os.ReadFile(p.path(inside))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(b)
}

// owner is who a file belongs to, and what others may do with it.
func (p place) owner(inside string) (uid uint32, mode fs.FileMode) {
	p.t.Helper()
	info, err := os.Stat(p.path(inside))
	if err != nil {
		p.t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid, info.Mode()
}

// tree are all files and folders, with what tells them apart, but those below some.
func (p place) tree(but ...string) map[string]string {
	p.t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(p.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}

		inside := "/" + strings.TrimPrefix(strings.TrimPrefix(path, p.root), "/")
		for _, b := range but {
			if inside == b || strings.HasPrefix(inside, b+"/") {
				return nil
			}
		}

		info, err := d.Info()
		if err != nil {
			return err
		}

		all[inside] = info.Mode().String()
		if info.Mode().IsRegular() {
			all[inside] += fmt.Sprint(" ", info.Size(), " ", info.ModTime().UnixNano())
		}

		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}

	return all
}

// command is a program inside, as an account of it.
func (p place) command(ctx context.Context, uid uint32, env []string, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = "/", env
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot: p.root, Credential: &syscall.Credential{Uid: uid, Gid: uid},
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	return cmd
}

// run runs a program inside to its end, which must be a good one.
func (p place) run(uid uint32, env []string, argv ...string) string {
	p.t.Helper()
	cmd := p.command(p.t.Context(), uid, env, argv...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("running %s: %v\n%s%s", strings.Join(argv, " "), err, out, errs.String())
	}

	return string(out)
}

// start starts the connector inside and returns when it says that it runs; stop stops it as
// the system does, and wants a good end.
func (p place) start(uid uint32, env []string, argv ...string) (stop func()) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := p.command(ctx, uid, env, argv...)
	errs, err := cmd.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}

	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}

	ended, log := make(chan error, 1), ""
	runs := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(errs)
		for lines.Scan() {
			log += lines.Text() + "\n"
			if strings.Contains(lines.Text(), "the connector runs") {
				runs <- true
			}
		}
		close(runs)
		ended <- cmd.Wait()
	}()

	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		<-ended
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			p.t.Errorf("%s: got exit code %d when it was stopped, want 0\n%s", argv[0], code, log)
		}
	}
	if !<-runs {
		<-ended
		cancel()
		p.t.Fatalf("%s: got its end, want it to run:\n%s", strings.Join(argv, " "), log)
	}

	p.t.Cleanup(stop)
	return stop
}

// systems are both sides, simulated.
func systems(t *testing.T, pack string) (nuxeoURL, frameioURL string) {
	t.Helper()
	nx, err := nuxeosim.New(nuxeosim.Options{})
	if err != nil {
		t.Fatal(err)
	}

	if pack != "" {
		b, err := os.ReadFile(pack)
		if err != nil {
			t.Fatal(err)
		}
		if err := nx.InstallPackage(b); err != nil {
			t.Fatal(err)
		}
	}

	fio, err := frameiosim.New(frameiosim.Options{RateFactor: -1})
	if err != nil {
		t.Fatal(err)
	}

	a, b := httptest.NewServer(nx), httptest.NewServer(fio)
	t.Cleanup(func() { a.Close(); b.Close(); _, _ = nx.Close(), fio.Close() })
	nx.SetURL(a.URL + "/nuxeo")
	fio.SetURL(b.URL)
	return a.URL + "/nuxeo", b.URL
}

// freePort is an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// answers looks that the connector at an address is alive and ready.
func answers(t *testing.T, address string) {
	t.Helper()
	for _, path := range []string{"/healthz", "/readyz"} {
		resp, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%s: got %d %s (%v), want 200", path, resp.StatusCode, body, err)
		}
	}
}
