// Command suite runs the checks and tests of the repository in parts, some of them
// beside each other, and says where the time went.
//
// The parts and their shares of the time are one table, in parts.go. It ends with an
// error when a check or a test fails, when a test was left out that may not be, when
// PostgreSQL refuses a statement that SQLite was given, and when a part takes half
// as much again as its share.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

func main() {
	if len(os.Args) > 3 && os.Args[1] == keepFlag {
		_, _ = fmt.Fprintln(os.Stderr, "suite:", keep(os.Args[2:])) // it becomes the program, or says why not
		os.Exit(1)
	}

	runtime.LockOSThread() // the database server ends with the thread that started it
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "suite:", err)
		os.Exit(1)
	}
}

// suite is one run.
type suite struct {
	mode       string
	parts      []part
	dir        string // removed at the end
	programs   string // the folder of the tests' programs, linked once
	memory     string // a folder in memory; empty: there is none
	server     string // address of a PostgreSQL; empty: none
	statements string // the file of the statements that SQLite was given
	contract   string // the file of what was used of Frame.io's contract
	began      time.Time

	mu      sync.Mutex // also of what is printed
	results []result
	errs    []error
	tests   map[string]time.Duration // leaves by package and name
	passed  int
	failed  int
	skipped int
}

func run(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("suite", flag.ContinueOnError)
	mode := flags.String("mode", "test", "which run: test, quick or all")
	only := flags.String("only", "", "only the parts with this in their names")
	if err := flags.Parse(args); err != nil {
		return err
	}

	parts, known := modes[*mode]
	if !known {
		return fmt.Errorf("there is no run %q", *mode)
	}

	s := &suite{mode: *mode, began: time.Now(), tests: map[string]time.Duration{}}
	for _, p := range parts() {
		if strings.Contains(p.name, *only) {
			s.parts = append(s.parts, p)
		}
	}

	if s.dir, err = os.MkdirTemp("", "nuxeo-frameio-suite-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	s.statements, s.contract = filepath.Join(s.dir, "statements"), filepath.Join(s.dir, "contract")
	s.programs = filepath.Join(s.dir, "programs")
	if err := errors.Join(os.Mkdir(s.programs, 0o700), s.expect()); err != nil {
		return err
	}

	if s.memory, err = inMemory(); err != nil {
		return err
	}

	if s.memory != "" {
		defer func() { err = errors.Join(err, os.RemoveAll(s.memory)) }()
	}

	return s.all(ctx)
}

// all runs the parts beside a PostgreSQL, if one of them is to run on it, and
// reports.
func (s *suite) all(ctx context.Context) error {
	use := watchUse()
	speed := measureSpeed()
	if slices.ContainsFunc(s.parts, func(p part) bool { return p.postgres }) {
		cluster, err := pg.Start()
		if err != nil {
			return err
		}
		s.server = cluster.URL
		defer func() { _ = cluster.Stop() }() // it would end with us
	}

	lanes := map[int][]part{}
	for _, p := range s.parts {
		lanes[p.lane] = append(lanes[p.lane], p)
	}

	var wg sync.WaitGroup
	for _, lane := range lanes {
		wg.Go(func() {
			for _, p := range lane {
				if ctx.Err() == nil {
					s.play(ctx, p)
				}
			}
		})
	}

	wg.Wait()
	if s.server != "" && ctx.Err() == nil {
		if err := s.prepare(ctx); err != nil {
			s.errs = append(s.errs, err)
		}
	}

	covered, err := s.coverage()
	if err != nil {
		s.errs = append(s.errs, err)
	} else if covered != nil {
		s.print("%v", covered)
	}

	return errors.Join(ctx.Err(), s.report(use(), speed))
}

// enough is how much room the memory must have for temporary files.
const enough = 4 << 30

// noExec marks a file system whose files cannot be run, as those of the tests must be.
const noExec = 8

// inMemory makes a folder in memory, where there is such a place with enough room.
func inMemory() (string, error) {
	var room syscall.Statfs_t
	if syscall.Statfs("/dev/shm", &room) != nil || room.Flags&noExec != 0 || room.Bavail*uint64(room.Bsize) < enough {
		return "", nil
	}

	dir, err := os.MkdirTemp("/dev/shm", "nuxeo-frameio-suite-")
	if err != nil {
		return "", err
	}

	return dir, os.Chmod(dir, 0o711) // a database server under another user may be put below
}
