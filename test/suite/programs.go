package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The program of a package's tests is linked once: go test hands it to us to be run, and we keep it for the part that
// runs it again on the other database. Linking takes a second and a half of a processor for each.

// keepFlag is the argument with which go test runs us: it is followed by the folder to keep programs in, the program,
// and its arguments.
const keepFlag = "-keep"

// expect makes an empty file for each program that runs more than once: those are kept.
func (s *suite) expect() error {
	runs := map[string]int{}
	for _, p := range s.parts {
		if p.command != nil {
			continue
		}

		packages, err := s.packagesOf(p)
		if err != nil {
			return err
		}

		for _, pkg := range packages {
			if runs[pkg]++; runs[pkg] != 2 {
				continue
			}
			if err := os.WriteFile(keptAs(s.programs, folderOf(pkg)), nil, 0o600); err != nil {
				return err
			}
		}
	}

	return nil
}

// keep keeps the program of the folder that we are in, if it is expected, and becomes it.
func keep(args []string) error {
	dir, program := args[0], args[1]
	here, err := os.Getwd()
	if err != nil {
		return err
	}

	kept := keptAs(dir, here)
	if info, err := os.Stat(kept); err == nil && info.Size() == 0 {
		// Nobody finds half a program.
		half := fmt.Sprintf("%s.%d", kept, os.Getpid())
		if err := errors.Join(link(program, half), os.Rename(half, kept)); err != nil {
			return err
		}
	}

	return syscall.Exec(program, args[1:], os.Environ())
}

// keptAs is where the program of the package in a folder is kept.
func keptAs(dir, folder string) string {
	return filepath.Join(dir, strings.ReplaceAll(folder, string(filepath.Separator), "_"))
}

// folderOf is the folder of a package; we run in that of the module.
func folderOf(pkg string) string {
	here, err := os.Getwd()
	if err != nil {
		return ""
	}
	return filepath.Join(here, strings.TrimPrefix(pkg, module))
}

// link gives a file another name, or copies it to another file system.
func link(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}

	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()

	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}

	if _, err := io.Copy(out, in); err != nil {
		_ = out.Close() // it is not whole
		return err
	}

	return out.Close()
}

// again is how many programs run beside each other.
const again = 2

// runKept runs the programs of packages that were kept, as go test would, and is what they took of the processors, in
// seconds. What is left has to be linked.
func (s *suite) runKept(ctx context.Context, p part, packages []string) (left []string, took float64) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	slots := make(chan struct{}, again)
	for _, pkg := range packages {
		program := keptAs(s.programs, folderOf(pkg))
		if info, err := os.Stat(program); err != nil || info.Size() == 0 {
			left = append(left, pkg)
			continue
		}

		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}

			argv := []string{
				"go", "tool", "test2json", "-t", "-p", pkg, program, "-test.v=test2json",
				"-test.paniconexit0", "-test.timeout=20m",
			}
			for _, arg := range append(append([]string{}, p.run...), p.thin...) {
				if name, isFlag := strings.CutPrefix(arg, "-"); isFlag {
					arg = "-test." + name
				}
				argv = append(argv, arg)
			}

			begin := time.Now()
			cpu, err := s.command(ctx, p, folderOf(pkg), append(argv, p.args...))
			mu.Lock()
			took += cpu
			mu.Unlock()
			if err != nil {
				s.fail("%s (%s): %v", pkg, p.name, err)
				return
			}
			s.print("ok  \t%s\t%.3fs\t(%s)", pkg, time.Since(begin).Seconds(), p.name)
		})
	}
	wg.Wait()
	return left, took
}

// command runs a command of a part in a folder, and is what it took of the processors, in seconds.
func (s *suite) command(ctx context.Context, p part, dir string, argv []string) (float64, error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), s.environment(p)...)
	// What go test has started must end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute

	err := s.follow(cmd, p)
	u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds(), err
}
