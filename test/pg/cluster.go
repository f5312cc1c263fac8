package pg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// ErrNone says that there is no PostgreSQL on this machine.
var ErrNone = errors.New("there is no PostgreSQL server")

// Cluster is a running PostgreSQL.
type Cluster struct {
	URL  string
	dir  string
	cred *syscall.Credential
	proc *exec.Cmd
}

// Start makes a cluster in a folder of its own, in memory where there is room, and
// starts it on a free port. It gives durability away for speed; what a crash leaves is
// not its matter.
func Start() (*Cluster, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}

	c := &Cluster{}
	if c.dir, err = os.MkdirTemp(inMemory(), "pg-"); err != nil {
		return nil, err
	}

	if err := c.own(); err != nil {
		return nil, err
	}

	data := filepath.Join(c.dir, "data")
	initdb := c.command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--locale", "C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}

	port, err := freePort()
	if err != nil {
		return nil, err
	}

	c.URL = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres", port)
	c.proc = c.command(filepath.Join(bin, "postgres"), "-D", data, "-k", c.dir, "-h", "127.0.0.1", "-p",
		strconv.Itoa(port),
		"-F", "-c", "max_connections=600", "-c", "shared_buffers=64MB", "-c", "synchronous_commit=on", "-c",
		"log_min_messages=fatal", "-c", "autovacuum=off", "-c", "jit=off", "-c", "wal_level=minimal", "-c",
		"max_wal_senders=0", "-c", "full_page_writes=off")
	c.proc.SysProcAttr.Pdeathsig = syscall.SIGINT // it must not outlive us
	if err := c.proc.Start(); err != nil {
		return nil, err
	}

	return c, c.ready()
}

// inMemory is a folder in memory with room for a cluster; empty: there is none.
func inMemory() string {
	var room syscall.Statfs_t
	if syscall.Statfs("/dev/shm", &room) != nil || room.Bavail*uint64(room.Bsize) < 2<<30 {
		return ""
	}
	return "/dev/shm"
}

// Stop ends the cluster and removes it.
func (c *Cluster) Stop() error {
	err := c.proc.Process.Signal(syscall.SIGINT)
	_ = c.proc.Wait() // it was told to end
	return errors.Join(err, os.RemoveAll(c.dir))
}

// own gives the folder to the user that the server runs as: it refuses to run
// as root.
func (c *Cluster) own() error {
	if os.Geteuid() != 0 {
		return nil
	}

	u, err := user.Lookup("postgres")
	if err != nil {
		return err
	}

	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}

	c.cred = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(c.dir, uid, gid)
}

func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.cred}
	return cmd
}

func (c *Cluster) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		if do(c.URL, "SELECT 1") == nil {
			return nil
		}
		<-time.After(50 * time.Millisecond)
	}

	return errors.Join(errors.New("PostgreSQL does not start"), c.Stop())
}

// binaries finds the newest installed server, which Debian keeps off the PATH.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}

	if len(found) > 0 {
		slices.SortFunc(found, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(found[len(found)-1]), nil
	}

	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("%w; `make postgres` installs one", ErrNone)
	}

	return filepath.Dir(path), nil
}

func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb)))) // no number sorts first
	return n
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
