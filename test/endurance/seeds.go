package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// seedsAtOnce is how many seeds one run of the simulation's test plays.
const seedsAtOnce = 300

// failing is the line that repeats a seed that failed.
var failing = regexp.MustCompile(`go test \./test/sim [^\n]*-seed \d+`)

// simulation plays as many new seeds as its time allows.
func (e *endurance) simulation(ctx context.Context) error {
	test := filepath.Join(e.dir, "sim.test")
	if out, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", test, "./test/sim").CombinedOutput(); err != nil {
		return fmt.Errorf("building the simulation: %w\n%s", err, out)
	}

	played, broken := 0, map[string]bool{}
	for end := time.Now().Add(e.budget); played == 0 || time.Now().Before(end); played += seedsAtOnce {
		first := e.rng.Uint64N(1 << 40)
		cmd := exec.CommandContext(ctx, test, "-test.run", "^TestSeeds$", "-test.timeout", "30m",
			"-seeds", strconv.Itoa(seedsAtOnce), "-first", strconv.FormatUint(first, 10))
		cmd.Dir = "test/sim" // where the kept seeds are
		out, err := cmd.CombinedOutput()
		for _, line := range failing.FindAll(out, -1) {
			broken[string(line)] = true
		}

		if err != nil && len(broken) == 0 {
			return fmt.Errorf("the simulation from seed %d: %w\n%s", first, err, out[max(0, len(out)-4000):])
		}

		if i := bytes.Index(out, []byte("seeds in")); i > 0 {
			e.say("from %d: %s", first, bytes.TrimSpace(out[i-4:i+bytes.IndexByte(out[i:], '\n')]))
		}
	}

	for line := range broken {
		_, _ = fmt.Fprintln(os.Stdout, "  repeat with:", line)
	}

	e.say("%d seeds", played)
	e.atMost("simulation-broken", float64(len(broken)), 0)
	return nil
}
