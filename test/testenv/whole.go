package testenv

import "os"

// EnvWhole names the variable under which tests that try a selection of what can go
// wrong try all of it: `make test-all` and `make endurance` set it.
const EnvWhole = "TEST_ALL"

// Whole reports whether nothing is thinned out.
func Whole() bool { return os.Getenv(EnvWhole) != "" }
