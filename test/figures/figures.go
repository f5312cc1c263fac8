// Package figures hands on what a test has measured: some things are measured in
// fake time, which only a test has, and belong to a program's figures all the same.
package figures

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// FromTest runs a test by go test with arguments, prints its lines that begin with
// BENCH, and says how many there are and how many of them end with a word for what
// misses its target. The error is the test's own, with the end of what it said.
func FromTest(ctx context.Context, bad string, args ...string) (figures, missed int, err error) {
	out, err := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-v"}, args...)...).CombinedOutput()
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		if line := lines.Text(); strings.HasPrefix(line, "BENCH ") {
			fmt.Println(line)
			figures++
			if strings.HasSuffix(line, " "+bad) {
				missed++
			}
		}
	}

	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out[max(0, len(out)-4000):])
	}

	return figures, missed, err
}
