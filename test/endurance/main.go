// Command endurance attacks the connector as a process for as long as it is
// given: it kills nodes at every step, cuts them off, fills their disk, locks
// their database, disturbs their network, and looks for what grows and for
// secrets that show.
//
// Every figure is one line: BENCH <name> <value> <comparison> <target> ok|FAIL,
// and the exit code reports whether all are met. The simulators live in this
// process, for they must outlive every connector; each connector is a process of
// the real binary, with real sockets and a real disk. What is drawn is drawn from
// a seed that is printed. Parts divide the time; -only runs one of them.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
)

func main() {
	runtime.LockOSThread() // the database server and the nodes end with the thread that started them
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := endure(ctx, os.Args[1:])
	stop()
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "endurance:", err)
		os.Exit(1)
	}
}

// part is one attack. Its share of the time is in hundredths.
type part struct {
	name  string
	share int
	run   func(context.Context) error
}

// endurance is one run.
type endurance struct {
	dir     string // removed at the end
	product string // the connector as it is shipped
	mortal  string // the same with the switch that ends it at a step
	pg      string // address of a PostgreSQL
	rng     *rand.Rand
	budget  time.Duration // of the part that runs
	whole   time.Duration
	failed  int
	schemas int
}

// full is how long a run takes that reaches every number of the plan.
const full = time.Hour

func endure(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet("endurance", flag.ContinueOnError)
	whole := flags.Duration("time", 10*time.Minute, "how long to go on")
	only := flags.String("only", "", "only the part of this name")
	seed := flags.Uint64("seed", uint64(time.Now().Unix()), "seed of what is drawn")
	if err := flags.Parse(args); err != nil {
		return err
	}

	e := &endurance{whole: *whole, rng: rand.New(rand.NewPCG(*seed, 1))}
	fmt.Printf("endurance of %s with -seed %d\n", *whole, *seed)
	if e.dir, err = os.MkdirTemp("", "nuxeo-frameio-endurance-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(e.dir)) }()
	if err := e.build(ctx); err != nil {
		return err
	}

	cluster, err := pg.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	e.pg = cluster.URL
	if err := e.all(ctx, *only); err != nil {
		return err
	}

	if e.failed > 0 {
		return fmt.Errorf("%d figures miss their target", e.failed)
	}

	return nil
}

func (e *endurance) parts() []part {
	return []part{
		{"kill-publish", 17, e.killPublish},
		{"kill-push", 13, e.killPush},
		{"kill-sync", 12, e.killSync},
		{"two-nodes", 8, e.twoNodes},
		{"disk-full", 4, e.diskFull},
		{"db-locked", 8, e.locked},
		{"network-faults", 10, e.networkFaults},
		{"storm", 2, e.storm},
		{"soak", 9, e.soak},
		{"secrets", 3, e.secrets},
		{"simulation", 9, e.simulation},
		{"sweeps", 5, e.sweeps},
	}
}

func (e *endurance) all(ctx context.Context, only string) error {
	var errs error
	known := false
	for _, p := range e.parts() {
		if only != "" && p.name != only {
			continue
		}

		known = true
		e.budget = e.whole * time.Duration(p.share) / 100
		begin := time.Now()
		fmt.Printf("== %s, about %s\n", p.name, e.budget.Round(time.Second))
		if err := p.run(ctx); err != nil { // the others can still tell something
			e.failed++
			errs = errors.Join(errs, fmt.Errorf("%s: %w", p.name, err))
			fmt.Printf("%s broke off: %v\n", p.name, err)
		}

		e.say("%s took %s", p.name, time.Since(begin).Round(time.Second))
		if ctx.Err() != nil {
			return errors.Join(errs, ctx.Err())
		}
	}

	if !known {
		return fmt.Errorf("there is no part %q", only)
	}

	return errs
}

// scaled is what a number of the full run becomes in the time that is given.
func (e *endurance) scaled(inFull, least int) int {
	return max(least, int(float64(inFull)*float64(e.whole)/float64(full)))
}

// build builds the connector twice and makes sure that the switch is in one only.
func (e *endurance) build(ctx context.Context) error {
	e.product, e.mortal = filepath.Join(e.dir, "nuxeo-frameio"), filepath.Join(e.dir, "nuxeo-frameio-mortal")
	for to, tags := range map[string]string{e.product: "", e.mortal: "endurance"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-tags", tags, "-o", to, "./cmd/nuxeo-frameio")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building the connector: %w\n%s", err, out)
		}

		b, err := os.ReadFile(to)
		if err != nil {
			return err
		}

		if strings.Contains(string(b), dieAt) != (tags != "") {
			return errors.New("the switch that ends the process is where it must not be, or not where it must")
		}
	}

	return nil
}

// atMost reports a figure that must not be larger.
func (e *endurance) atMost(name string, value, target float64) {
	e.report(name, value, "<=", target, value <= target)
}

// atLeast reports a figure that must not be smaller.
func (e *endurance) atLeast(name string, value, target float64) {
	e.report(name, value, ">=", target, value >= target)
}

func (e *endurance) report(name string, value float64, sign string, target float64, good bool) {
	verdict := "ok"
	if !good {
		verdict = "FAIL"
		e.failed++
	}
	fmt.Printf("BENCH %s %.4g %s %g %s\n", name, value, sign, target, verdict)
}

func (e *endurance) say(format string, args ...any) { fmt.Printf("  "+format+"\n", args...) }

// sleep waits, unless the run ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// until asks again and again whether something is so, for so long at most.
func until(ctx context.Context, long time.Duration, what string, so func() (bool, error)) error {
	for end := time.Now().Add(long); ; {
		ok, err := so()
		if ok || err != nil {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("after %s: not %s", long, what)
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}
