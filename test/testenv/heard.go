package testenv

import (
	"encoding/json"
	"os"
	"regexp"
	"sync"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

// EnvStatements names the variable with the path of a file in which every statement
// is recorded that a connector of a bed gave to SQLite: one JSON string a line, once
// in each process. What runs the tests has PostgreSQL prepare them afterwards.
const EnvStatements = "TEST_STATEMENTS"

func init() {
	if path := os.Getenv(EnvStatements); path != "" {
		store.OnStatement = (&recorder{path: path, known: map[string]bool{}}).hear
	}
}

type recorder struct {
	path  string
	mu    sync.Mutex
	known map[string]bool
}

// placeholders are lists of parameters, which differ in length only.
var placeholders = regexp.MustCompile(`\$\d+(, ?\$\d+)*`)

func (r *recorder) hear(statement string) {
	shape := placeholders.ReplaceAllString(statement, "$$")
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known[shape] {
		return
	}

	r.known[shape] = true
	if err := appendLine(r.path, statement); err != nil {
		panic(err) // or a statement would go unproved
	}
}

// appendLine writes in one go: other processes write to the same file.
func appendLine(path string, what any) error {
	line, err := json.Marshal(what)
	if err != nil {
		return err
	}

	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}

	if _, err := f.Write(append(line, '\n')); err != nil {
		return err
	}

	return f.Close()
}
