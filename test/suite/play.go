package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/need"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// result is what became of a part.
type result struct {
	part
	tookCPU, tookWall float64
}

// play runs a part and keeps what it took.
func (s *suite) play(ctx context.Context, p part) {
	s.print("== %s", p.name)
	begin := time.Now()
	cpu, err := s.run(ctx, p)
	r := result{part: p, tookCPU: cpu, tookWall: time.Since(begin).Seconds()}
	if err != nil {
		s.fail("%s: %v", p.name, err)
	}

	s.print("== %s took %s, %s of processors", p.name, seconds(r.tookWall), seconds(r.tookCPU))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results = append(s.results, r)
}

// run runs the command of a part, or its tests, and is what that took of the processors, in seconds.
func (s *suite) run(ctx context.Context, p part) (cpu float64, err error) {
	if p.command != nil {
		return s.command(ctx, p, "", p.command)
	}

	packages, err := s.packagesOf(p)
	if err != nil {
		return 0, err
	}

	if packages, cpu = s.runKept(ctx, p, packages); len(packages) == 0 {
		return cpu, nil
	}

	self, err := os.Executable()
	if err != nil {
		return cpu, err
	}

	argv := slices.Concat([]string{
		"go", "test", "-json", "-vet=off", "-timeout", "20m",
		"-exec", self + " " + keepFlag + " " + s.programs,
	}, p.run, p.thin, packages)
	if p.args != nil {
		argv = slices.Concat(argv, []string{"-args"}, p.args)
	}

	linked, err := s.command(ctx, p, "", argv)
	return cpu + linked, err
}

// packagesOf are the packages of a part; of one that names none, those that no part
// names: what is added later runs without being entered anywhere.
func (s *suite) packagesOf(p part) ([]string, error) {
	if p.packages != nil {
		return list(p.packages...)
	}

	all, err := list("./...")
	if err != nil {
		return nil, err
	}

	for _, other := range testParts() {
		if other.packages == nil || other.postgres {
			continue
		}
		named, err := list(other.packages...)
		if err != nil {
			return nil, err
		}
		all = slices.DeleteFunc(all, func(pkg string) bool { return slices.Contains(named, pkg) })
	}

	return all, nil
}

// list are the packages of some patterns that have tests.
func list(patterns ...string) ([]string, error) {
	cmd := exec.Command("go",
		append([]string{"list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}"}, patterns...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing packages: %w", err)
	}
	return strings.Fields(string(out)), nil
}

// environment is what a part finds beside ours. Tests put their temporary files where
// go puts its own, if that is said.
func (s *suite) environment(p part) []string {
	// Nobody debugs these programs, and what only a debugger reads takes half of the linking.
	// Memory is at hand, so compilers and tests collect garbage a third as often.
	env := append(slices.Clone(p.env), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -ldflags=-w"), "GOGC=300",
		testenv.EnvContract+"="+s.contract)
	if p.memory && s.memory != "" {
		env = append(env, "GOTMPDIR="+s.memory, "TMPDIR="+s.memory)
	}

	if s.mode != "quick" {
		env = append(env, need.EnvAll+"=1")
	}

	switch {
	case p.postgres:
		env = append(env, pg.Env+"="+s.server)
	case s.server != "":
		env = append(env, testenv.EnvStatements+"="+s.statements, pg.EnvServer+"="+s.server)
	}

	return env
}

// follow runs a command, reads what go test says, and passes on what people want to
// read; of other commands everything.
func (s *suite) follow(cmd *exec.Cmd, p part) error {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}

	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return err
	}

	r := reader{suite: s, part: p, output: map[string][]string{}, parents: map[string]bool{}}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.line(strings.TrimRight(line, "\n"))
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}

	return cmd.Wait()
}

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// reader follows the events of a part.
type reader struct {
	*suite
	part    part
	output  map[string][]string // by test, until it has ended
	parents map[string]bool
}

func (r *reader) line(text string) {
	var e event
	if r.part.command != nil || json.Unmarshal([]byte(text), &e) != nil {
		r.print("%s", text)
		return
	}

	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		r.print("%s", strings.TrimRight(e.Output, "\n"))
	case "output":
		r.hear(key, e)
	case "pass", "fail", "skip":
		if e.Test != "" {
			r.ended(key, e)
		}
	}
}

// hear prints the line of a package and keeps those of tests.
func (r *reader) hear(key string, e event) {
	line := strings.TrimRight(e.Output, "\n")
	if e.Test != "" {
		if !strings.HasPrefix(line, "=== ") {
			r.output[key] = append(r.output[key], line)
		}
		return
	}

	switch {
	case strings.HasPrefix(line, "ok "):
		if r.part.postgres {
			line += "\t(PostgreSQL)"
		}
		r.print("%s", line)
	case line != "PASS" && !strings.HasPrefix(line, "?"):
		r.print("%s", line)
	}
}

// ended counts a test and prints what a failed one, or one that was left out, said.
func (r *reader) ended(key string, e event) {
	for parent := e.Test; strings.Contains(parent, "/"); {
		parent = parent[:strings.LastIndex(parent, "/")]
		r.parents[e.Package+" "+parent] = true
	}

	said := r.output[key]
	delete(r.output, key)
	if e.Action != "pass" {
		r.print("%s", strings.Join(said, "\n"))
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Action {
	case "fail":
		r.failed++
	case "skip":
		r.skipped++
		if r.mode != "quick" && !slices.Contains(permitted, e.Test) {
			r.errs = append(r.errs, fmt.Errorf("%s was left out, which it may not be: %s", key,
				strings.Join(said, " ")))
		}
	default:
		r.passed++
	}

	if !r.parents[key] {
		name := strings.TrimPrefix(e.Package, module) + " " + e.Test
		if r.part.postgres {
			name += " (PostgreSQL)"
		}
		r.tests[name] = time.Duration(e.Elapsed * float64(time.Second))
	}
}

// permitted are the tests that may be left out: the contract of Frame.io is not part
// of the repository, and FRAMEIO_OPENAPI names it where it is at hand; the fair share
// of a tree is for `make bench-sync`, which makes a larger one; the fixtures of upgrades
// are written on request.
var permitted = []string{"TestContract", "TestSyncFair", "TestWrite"}

// print writes a line at a time: the parts run beside each other.
func (s *suite) print(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Printf(format+"\n", args...)
}

// fail notes what went wrong.
func (s *suite) fail(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	s.print("%v", err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, err)
}
