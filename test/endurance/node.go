package main

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver
	_ "modernc.org/sqlite"             // the other

	"github.com/nuxeo-frameio/nuxeo-frameio/test/testclient"
)

// dieAt is the variable of the build that can end itself at a step.
const dieAt = "ENDURANCE_DIE_AT"

// node is a connector that comes and goes, and keeps its address and its data.
type node struct {
	world    *world
	binary   string
	address  string
	data     string
	database string // an address of PostgreSQL, or empty
	flags    []string
	env      []string
	log      string // file
	driver   *testclient.Driver

	cmd    *exec.Cmd
	exited chan struct{}
	peak   float64 // MiB that one of its processes had in memory when it was killed
}

// newNode makes a node that does not run yet; database is empty for SQLite.
func (e *endurance) newNode(w *world, binary, database string, flags ...string) (*node, error) {
	data, err := os.MkdirTemp(e.dir, "data-")
	if err != nil {
		return nil, err
	}

	address, err := freeAddress()
	if err != nil {
		return nil, err
	}

	n := &node{
		world:    w,
		binary:   binary,
		address:  address,
		data:     data,
		database: database,
		flags:    flags,
		log:      data + ".log",
	}
	if database != "" {
		key := base64.StdEncoding.EncodeToString([]byte("the key that all nodes have: 32b"))
		n.flags = append([]string{"--database", database, "--encryption-key", key}, flags...)
	}

	n.driver = &testclient.Driver{
		URL:     "http://" + address,
		Nuxeo:   w.nx,
		Frameio: w.fio,
		Client:  &http.Client{Timeout: time.Minute},
	}

	return n, nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// schema makes an empty place in PostgreSQL and returns its address.
func (e *endurance) schema(ctx context.Context) (string, error) {
	e.schemas++
	name := fmt.Sprintf("endurance_%d", e.schemas)
	db, err := sql.Open("pgx", e.pg)
	if err != nil {
		return "", err
	}
	_, err = db.ExecContext(ctx, "CREATE SCHEMA "+name)
	return e.pg + "?search_path=" + name, errors.Join(err, db.Close())
}

// start starts the process and waits until it answers. A process that was told
// to die may be gone before it answers.
func (n *node) start(ctx context.Context, env ...string) error {
	if err := n.spawn(env...); err != nil {
		return err
	}

	ready := make(chan error, 1)
	go func() { ready <- n.driver.Ready(ctx) }()
	select {
	case err := <-ready:
		return err
	case <-n.exited:
		if len(env) > 0 {
			return nil
		}
		return fmt.Errorf("the connector did not start:\n%s", n.tail())
	}
}

func (n *node) spawn(env ...string) error {
	out, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	n.cmd = exec.Command(n.binary, append([]string{
		"serve", "--data", n.data, "--listen", n.address, "--public-url", "http://" + n.address,
		"--nuxeo-url", n.world.nx, "--frameio-url", n.world.fio, "--mail-via", "none", "--log-level", "warn",
		"--network-private-addresses", "allow",
	}, n.flags...)...)

	n.cmd.Env = append(append(os.Environ(), n.env...), env...)
	n.cmd.Stdout, n.cmd.Stderr = out, out
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := n.cmd.Start(); err != nil {
		return err
	}

	cmd, exited := n.cmd, make(chan struct{})
	n.exited = exited
	go func() { _ = cmd.Wait(); close(exited) }() // it was killed, or the parts notice
	return nil
}

// kill ends the process at once.
func (n *node) kill() {
	if n.cmd == nil || n.cmd.Process == nil {
		return
	}
	n.peak = max(n.peak, n.memory())
	_ = n.cmd.Process.Kill()
	<-n.exited
}

// memory is the most that the process ever had in memory, in MiB; 0: it is gone.
func (n *node) memory() (mib float64) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid)) // it may have ended
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	if f := strings.Fields(rest); len(f) > 0 {
		kib, _ := strconv.ParseFloat(f[0], 64) // the kernel writes numbers
		mib = kib / 1024
	}
	return mib
}

func (n *node) signal(s syscall.Signal) error { return n.cmd.Process.Signal(s) }

// dead reports whether the process ended within so long.
func (n *node) dead(ctx context.Context, within time.Duration) bool {
	select {
	case <-n.exited:
		return true
	case <-time.After(within):
	case <-ctx.Done():
	}
	return false
}

// tail is the end of the log.
func (n *node) tail() string {
	b, _ := os.ReadFile(n.log) // without one there is nothing to tell
	return string(b[max(0, len(b)-2000):])
}

// bind signs josh in and binds the folder.
func (n *node) bind(ctx context.Context) error {
	if err := n.driver.SignIn(ctx, "josh"); err != nil {
		return err
	}
	return n.driver.Bind(ctx, n.world.folder, n.world.workspace)
}

// query reads the node's database, beside the node or without it.
func (n *node) query(ctx context.Context, text string, each func(*sql.Rows) error) error {
	driver, address := "pgx", n.database
	if address == "" {
		driver, address = "sqlite", "file:"+filepath.Join(n.data, "connector.db")+"?_pragma=busy_timeout(5000)"
	}

	db, err := sql.Open(driver, address)
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, text)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}

	return rows.Err()
}

// number is the only value of a query.
func (n *node) number(ctx context.Context, text string) (v int, err error) {
	err = n.query(ctx, text, func(r *sql.Rows) error { return r.Scan(&v) })
	return v, err
}

// text is the only value of a query.
func (n *node) text(ctx context.Context, text string) (v string, err error) {
	err = n.query(ctx, text, func(r *sql.Rows) error { return r.Scan(&v) })
	return v, err
}

// rest waits until no item is waiting or running.
func (n *node) rest(ctx context.Context, long time.Duration) error {
	err := until(ctx, long, "at rest", func() (bool, error) {
		open, err := n.number(ctx, `SELECT COUNT(*) FROM items WHERE state IN ('waiting', 'running')`)
		return open == 0, err
	})
	if err == nil {
		return nil
	}

	var said []string
	return errors.Join(err, n.query(ctx, `SELECT kind, title, state, step, code, message, attempt FROM items
		WHERE state IN ('waiting', 'running')`, func(r *sql.Rows) error {
		var kind, title, state, step, code, message string
		var attempt int
		err := r.Scan(&kind, &title, &state, &step, &code, &message, &attempt)
		said = append(said, fmt.Sprintf("%s %q %s at %q, attempt %d: %s %s", kind, title, state, step,
			attempt, code, message))
		return err
	}), errors.New(strings.Join(said, "\n")))
}

// failures tells of the items that failed, or were cancelled where nobody did.
func (n *node) failures(ctx context.Context) (int, error) {
	return n.ended(ctx, `'failed', 'canceled'`)
}

// ended counts the items that have come to an end of these kinds, and tells of them.
func (n *node) ended(ctx context.Context, states string) (int, error) {
	count := 0
	var said []string
	err := n.query(ctx, `SELECT title, step, message FROM items WHERE state IN (`+states+`)`, func(r *sql.Rows) error {
		var title, step, message string
		count++
		err := r.Scan(&title, &step, &message)
		said = append(said, fmt.Sprintf("%s at %q: %s", title, step, message))
		return err
	})
	if count > 0 {
		fmt.Printf("  failed: %s\n", strings.Join(said, "; "))
	}

	return count, err
}
