// Command bench measures the connector against baselines in the same run.
//
// Every figure is one line: BENCH <name> <value> <comparison> <target> ok|short.
// Each contender runs in a process of its own against the same origin and the
// same sink, which are the two simulators in a third one; the sink compares
// every byte that arrives with what the origin serves. Rounds are interleaved
// and their order rotates; ratios are medians of at least five. CPU is the
// contender's own (user and system), memory its peak over what it used when
// idle after one transfer.
//
// push-bulk and what begins with sync-first, sync-unchanged and sync-hundred run in
// simulated time, with the real engine, job queue and budgets: see TestBulk and
// TestSync.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	roles := map[string]func(context.Context, []string) error{
		"world": world, "relay": relay, "copier": copier, "hello": hello,
	}

	if len(os.Args) > 1 {
		if role, ok := roles[os.Args[1]]; ok {
			exit(role(ctx, os.Args[2:]))
			return
		}
	}

	exit(measure(ctx, os.Args[1:]))
}

func exit(err error) {
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run of all figures.
type bench struct {
	dir    string // for databases and sockets, removed at the end
	binary string // the connector
	rounds int
	only   string
	short  int

	folders int // of the tree that is mirrored, of 50 assets each
	known   int // assets that a sync knows whose memory is measured

	nuxeo, login string // a Nuxeo by address, and an administrator of it
	python       string // an interpreter that has Nuxeo's client; empty: none
}

func measure(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 5, "rounds of each comparison")
	only := flags.String("only", "", "only figures whose name begins so")
	folders := flags.Int("folders", 2000, "folders of the tree that is mirrored, of 50 assets each")
	known := flags.Int("known", million, "assets that a synchronization knows whose memory is measured")
	nuxeo := flags.String("nuxeo", "",
		"measure against the Nuxeo at this address, which has the package, and nothing else")
	login := flags.String("user", "Administrator", "an administrator of it; the password is in NUXEO_FRAMEIO_PASSWORD")
	peers := flags.Bool("peers", false, "measure beside curl, rclone and a bare copier, and nothing else")
	python := flags.String("python", "", "with -nuxeo: an interpreter that has Nuxeo's client, to compare with")
	if err := flags.Parse(args); err != nil {
		return err
	}

	dir, err := os.MkdirTemp("", "nuxeo-frameio-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{
		dir:     dir,
		binary:  filepath.Join(dir, "nuxeo-frameio"),
		rounds:  *rounds,
		only:    *only,
		folders: *folders,
		known:   *known,
		nuxeo:   *nuxeo,
		login:   *login,
		python:  *python,
	}

	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.binary,
		"./cmd/nuxeo-frameio")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the connector: %w\n%s", err, out)
	}

	parts := []func(context.Context) error{
		b.throughput, b.throughputTLS, b.spent, b.pushThroughput, b.pushBulk,
		b.memory, b.accept, b.syncTime, b.syncApply, b.syncMemory,
	}
	if *peers {
		parts = []func(context.Context) error{b.peers}
	}
	if b.nuxeo != "" {
		parts = []func(context.Context) error{b.far}
	}

	for _, part := range parts {
		if err := part(ctx); err != nil {
			return err
		}
	}

	fmt.Printf("%d figures fall short of their target\n", b.short)
	return nil
}

func (b *bench) wanted(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.HasPrefix(n, b.only) })
}

// report prints a figure; atLeast says which side of the target is good.
func (b *bench) report(name string, value, target float64, atLeast bool) {
	sign, good := "<=", value <= target
	if atLeast {
		sign, good = ">=", value >= target
	}

	verdict := "ok"
	if !good {
		verdict = "short"
		b.short++
	}

	fmt.Printf("BENCH %s %.4g %s %g %s\n", name, value, sign, target, verdict)
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	if len(s) == 0 {
		return 0
	}
	if len(s)%2 == 1 {
		return s[len(s)/2]
	}
	return (s[len(s)/2-1] + s[len(s)/2]) / 2
}
