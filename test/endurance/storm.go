package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// storm runs in fake time, which only a test has: see TestStorm. Its figures come
// out as those of the other parts do.
func (e *endurance) storm(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-timeout", "10m", "-run", "^TestStorm$", "./test/endurance")
	out, err := cmd.CombinedOutput()
	lines := bufio.NewScanner(bytes.NewReader(out))
	figures := 0
	for lines.Scan() {
		if line := lines.Text(); strings.HasPrefix(line, "BENCH ") {
			fmt.Println(line)
			figures++
			if strings.HasSuffix(line, " FAIL") {
				e.failed++
			}
		}
	}
	if err != nil || figures == 0 {
		return fmt.Errorf("the storm: %w\n%s", err, out[max(0, len(out)-4000):])
	}
	return nil
}
