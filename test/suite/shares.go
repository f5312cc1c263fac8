package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A part may take half as much again as its share. What is held against it is
// processor time, which another program on the machine hardly changes; the time by
// the clock only when nobody else was at work. A machine that computes more slowly
// than the one the shares were measured on gets as much more: how fast it is, is
// measured before the run.
const (
	allowance  = 1.5
	slack      = 10.0 // seconds; a small part is not held to fractions of one
	foreignest = 0.10 // the share of the processors that others may have in an idle machine
	reference  = 0.20 // seconds that measureSpeed's work takes on the machine of the shares
)

// measureSpeed is how many times as long as on the reference this machine takes for a
// piece of work; at least 1.
func measureSpeed() float64 {
	best := 0.0
	for range 3 {
		before := processorTime(syscall.RUSAGE_SELF)
		numbers := make([]int, 1_000_000)
		for i, x := 0, uint32(1); i < len(numbers); i++ {
			x = x*1664525 + 1013904223
			numbers[i] = int(x)
		}
		sort.Ints(numbers)
		if took := processorTime(syscall.RUSAGE_SELF) - before; best == 0 || took < best {
			best = took
		}
	}

	return max(1, best/reference)
}

func processorTime(of int) float64 {
	var u syscall.Rusage
	if syscall.Getrusage(of, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// use is what a run took of the machine.
type use struct {
	wall, ours float64 // seconds; of processors, all that we started and that has ended
	others     float64 // the share of the processors that others had
	memory     int64   // bytes that were taken at most, by anybody
}

// watchUse begins to watch the machine; the function that it returns ends that.
func watchUse() func() use {
	begin, busy, free := time.Now(), busyTime(), available()
	least, quit, ended := free, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(time.Second); ; {
			select {
			case <-quit:
				tick.Stop()
				return
			case <-tick.C:
				least = min(least, available())
			}
		}
	}()

	return func() use {
		close(quit)
		<-ended
		u := use{wall: time.Since(begin).Seconds(), memory: free - least}
		u.ours = processorTime(syscall.RUSAGE_CHILDREN) + processorTime(syscall.RUSAGE_SELF)
		u.others = max(0, (busyTime()-busy-u.ours)/(u.wall*float64(runtime.NumCPU())))
		return u
	}
}

// busyTime is how long the processors of this machine have worked; 0 where that is
// not told.
func busyTime() (sum float64) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}

	line, _, _ := bytes.Cut(stat, []byte("\n"))
	for i, word := range bytes.Fields(line) {
		if n, err := strconv.ParseFloat(string(word), 64); err == nil && i != 4 && i != 5 { // idle, waiting
			sum += n / 100
		}
	}

	return sum
}

// available is how much memory is left.
func available() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "MemAvailable:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10
		}
	}

	return 0
}

// over says how a part exceeded its share; nil when it did not. Parts without a
// share may take what they need.
func (r result) over(u use, speed float64) error {
	if r.cpu == 0 {
		return nil
	}

	if most := r.cpu*allowance*speed + slack; r.tookCPU > most {
		return fmt.Errorf("%s took %s of processors; its share is %s and it may take %s", r.name, seconds(r.tookCPU),
			seconds(r.cpu), seconds(most))
	}

	if most := r.wall*allowance*speed + slack; r.tookWall > most && u.others < foreignest {
		return fmt.Errorf("%s took %s; its share is %s and it may take %s", r.name, seconds(r.tookWall),
			seconds(r.wall), seconds(most))
	}

	return nil
}

// slowest is how many tests are named at the end.
const slowest = 20

// report says where the time went and what went wrong.
func (s *suite) report(u use, speed float64) error {
	fmt.Printf("\nThe slowest %d tests:\n", slowest)
	names := slices.SortedFunc(maps.Keys(s.tests), func(a, b string) int { return int(s.tests[b] - s.tests[a]) })
	for _, name := range names[:min(slowest, len(names))] {
		fmt.Printf("  %8s  %s\n", seconds(s.tests[name].Seconds()), name)
	}

	fmt.Printf("\n%-24s %10s %8s %10s %8s\n", "part", "processors", "share", "by clock", "share")
	sum := 0.0
	for _, r := range s.results {
		fmt.Printf("%-24s %10s %8s %10s %8s\n", r.name, seconds(r.tookCPU), seconds(r.cpu), seconds(r.tookWall),
			seconds(r.wall))
		sum += r.tookCPU
		if err := r.over(u, speed); err != nil {
			s.errs = append(s.errs, err)
		}
	}

	fmt.Printf("%-24s %10s %8s %10s\n", "all", seconds(sum), "", seconds(u.wall))
	fmt.Printf("Others had %.0f %% of the processors; this machine takes %.2f times the reference; %.1f GiB of "+
		"memory were taken at most.\n\n",
		100*u.others, speed, float64(u.memory)/(1<<30))

	for _, err := range s.errs {
		fmt.Println(err)
	}

	fmt.Printf("%d passed, %d failed", s.passed, s.failed)
	if s.skipped > 0 {
		fmt.Printf(", %d skipped", s.skipped)
	}

	fmt.Println()
	if len(s.errs) > 0 {
		return fmt.Errorf("%d things went wrong: %w", len(s.errs), errors.Join(s.errs...))
	}

	return nil
}
