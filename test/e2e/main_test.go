package e2e

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

// TestMain lets more tests run at once than there are processors: most of the
// time they wait for a server, a pause or a retry.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue || f.Value.String() == "0" {
		if err := flag.Set("test.parallel", "16"); err != nil {
			panic(err)
		}
	}

	code := m.Run()
	fmt.Println(testenv.Covered())
	os.Exit(code)
}
