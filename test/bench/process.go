package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a child with a line protocol on its standard streams.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func start(ctx context.Context, env []string, name string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}

	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}

	return &process{cmd: cmd, in: in, out: bufio.NewReader(out)}, cmd.Start()
}

func (p *process) line() (string, error) {
	s, err := p.out.ReadString('\n')
	return strings.TrimSpace(s), err
}

func (p *process) say(v any) error { return json.NewEncoder(p.in).Encode(v) }

// stop ends the child as a person would, then waits.
func (p *process) stop() {
	_ = p.in.Close()
	_ = p.cmd.Process.Signal(os.Interrupt)
	_ = p.cmd.Wait()
}

const ticks = 100 // USER_HZ of Linux

// cpu is user and system time so far, in seconds.
func (p *process) cpu() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}

	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	user, err1 := strconv.ParseFloat(fields[11], 64)
	system, err2 := strconv.ParseFloat(fields[12], 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("reading CPU time: %w %w", err1, err2)
	}

	return (user + system) / ticks, nil
}

// memory reads a field of /proc/…/status, in MiB.
func (p *process) memory(field string) (float64, error) {
	return p.number("status", field, 1024)
}

// written is how many bytes went to the disk so far.
func (p *process) written() (float64, error) { return p.number("io", "write_bytes", 1) }

func (p *process) number(file, field string, divisor float64) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
	if err != nil {
		return 0, err
	}

	for _, line := range strings.Split(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			v, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return v / divisor, err
		}
	}

	return 0, fmt.Errorf("no %s in %s", field, file)
}

// forgetPeak makes the peak of memory begin anew.
func (p *process) forgetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0)
}

// idle waits until a process has used no CPU for a second.
func (p *process) idle(ctx context.Context) error {
	before, err := p.cpu()
	for quiet := 0; err == nil && quiet < 4; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}

		var now float64
		if now, err = p.cpu(); now-before < 0.05 {
			quiet++
		} else {
			quiet = 0
		}

		before = now
	}

	return err
}
