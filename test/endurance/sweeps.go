package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/pg"
	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// allSweeps are the tests that let every write and commit of a scene go wrong.
const allSweeps = "^(TestEveryRemoteWriteMayGoWrong|TestEveryCommitMayBeTheLast|TestAFetchMayGoWrongAnywhere)$"

// failedCase is a line that names one that failed.
var failedCase = regexp.MustCompile(`(?m)^\s+--- FAIL: (\S+)`)

// sweeps plays the sweeps whole, of which `make test` plays a selection, on either
// database. It takes as long as it takes.
func (e *endurance) sweeps(ctx context.Context) error {
	broken := 0
	for _, server := range []string{"", e.pg} {
		cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-timeout", "60m", "-run", allSweeps, "./test/e2e")
		cmd.Env = append(os.Environ(), testenv.EnvWhole+"=1", pg.Env+"="+server, pg.EnvServer+"="+e.pg)
		out, err := cmd.CombinedOutput()
		failed := failedCase.FindAllSubmatch(out, -1)
		if err != nil && len(failed) == 0 {
			return fmt.Errorf("the sweeps: %w\n%s", err, out[max(0, len(out)-4000):])
		}

		for _, name := range failed {
			e.say("failed: %s", name[1])
		}

		broken += len(failed)
	}

	e.atMost("sweeps-broken", float64(broken), 0)
	return nil
}
