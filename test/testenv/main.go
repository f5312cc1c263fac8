package testenv

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"testing"
)

// atOnce is how many tests run at once, which are more than there are processors: most of the time they wait for a
// server, a pause or a retry.
const atOnce = "16"

// Main is the TestMain of packages whose tests lay beds, and says at the end what they used of Frame.io's contract.
func Main(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue || f.Value.String() == "0" {
		if err := flag.Set("test.parallel", atOnce); err != nil {
			panic(err)
		}
	}

	code := m.Run()
	if err := tellCoverage(); err != nil {
		panic(err) // or an operation would seem unused
	}
	os.Exit(code)
}

// EnvContract names the variable with the path of a file to which each program of tests writes what it used of
// Frame.io's contract, as a line of JSON; see Coverage. What runs several programs sums up.
const EnvContract = "TEST_CONTRACT"

// Coverage is how much of Frame.io's contract tests used; each use was checked.
type Coverage struct {
	Missing string   `json:"missing,omitempty"` // why there is no contract
	Total   int      `json:"total"`             // operations
	Unused  []string `json:"unused"`
}

// String says it to people.
func (c Coverage) String() string {
	if c.Missing != "" {
		return "SKIP contract: " + c.Missing
	}
	return fmt.Sprintf("contract: %d of %d operations used, all requests and answers valid", c.Total-len(c.Unused),
		c.Total)
}

// With is the coverage of two programs together.
func (c Coverage) With(other Coverage) Coverage {
	c.Unused = slices.DeleteFunc(slices.Clone(c.Unused), func(operation string) bool {
		return !slices.Contains(other.Unused, operation)
	})
	return c
}

// checked is set when a bed has asked for the contract.
var checked atomic.Bool

// tellCoverage tells what was used of the contract to who sums it up, or to people.
func tellCoverage() error {
	if !checked.Load() {
		return nil
	}

	told := Coverage{}
	if c, err := contracts(); err != nil {
		told.Missing = err.Error()
	} else {
		_, told.Total, told.Unused = c.Covered()
	}

	if path := os.Getenv(EnvContract); path != "" {
		return appendLine(path, told)
	}

	fmt.Println(told)
	return nil
}
