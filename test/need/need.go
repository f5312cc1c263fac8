// Package need says what a test does on a machine that lacks something it needs:
// it is left out and says so, or it fails where nothing may be left out.
package need

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const (
	// EnvAll names the variable under which a test that would be left out fails:
	// `make test` sets it, so that a proof can't get lost unnoticed.
	EnvAll = "TEST_NO_SKIPS"
	// EnvWithout names the variable that lists, parted by commas, what the tests are
	// to do without though the machine may have it: see the constants.
	EnvWithout = "TEST_WITHOUT"
)

// What tests need of the machine.
const (
	Postgres = "postgres"
	Chromium = "chromium"
)

// Without reports whether the tests are to do without something.
func Without(what string) bool {
	return slices.Contains(strings.Split(os.Getenv(EnvWithout), ","), what)
}

// Skip leaves a test out and says why, on standard error as well: go test keeps the
// reason to itself. Where nothing may be left out the test fails instead.
func Skip(t testing.TB, format string, args ...any) {
	t.Helper()
	why := fmt.Sprintf(format, args...)
	if os.Getenv(EnvAll) != "" {
		t.Fatalf("%s with %s set: got something left out, want nothing: %s", t.Name(), EnvAll, why)
	}
	_, _ = fmt.Fprintf(os.Stderr, "SKIPPED %s: %s\n", t.Name(), why)
	t.Skip(why)
}
