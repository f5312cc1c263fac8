package store

import (
	"fmt"
	"os"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// file is an SQLite file as it was when it was opened. Who removes or replaces it takes it
// away from those who have it open without their noticing: what they write is lost when
// they close it.
type file struct {
	path string
	info os.FileInfo
}

// here is the file at a path, which is made for its owner alone where there is none.
func here(path string) (*file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the database file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("the database file: %w", err)
	}

	return &file{path, info}, nil
}

// still fails with Unavailable when the file is not at its path any more, or another one
// is. It takes some microseconds.
func (f *file) still() error {
	if f == nil {
		return nil
	}

	now, err := os.Stat(f.path)
	if err == nil && os.SameFile(f.info, now) {
		return nil
	}

	// Writes would go into a file that nobody can find any more.
	what := "replaced"
	if err != nil {
		what = "removed"
	}

	return fault.New(fault.Unavailable,
		"The database file %s was %s while the connector runs; nothing is accepted any more.", f.path, what).
		With("Stop the connector, put the file back where it was, and start the connector again.").Because(err)
}
