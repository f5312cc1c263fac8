package e2e

import (
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
