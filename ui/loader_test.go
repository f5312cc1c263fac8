package ui

import (
	"os/exec"
	"testing"
)

// What elements load holds against late answers, hidden pages, errors and requests on top of each other.
func TestLoader(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", "loader.test.mjs")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the script: got %v, want all of its tests to pass\n%s", err, out)
	}
}
