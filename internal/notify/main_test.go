package notify_test

import (
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/test/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }
