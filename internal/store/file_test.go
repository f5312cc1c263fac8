package store

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// A database whose file is taken away takes nothing more, and makes no new file.
func TestAFileThatIsTakenAwayIsNoticed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		befall func(path string) error
		says   string
	}{
		"removed":  {os.Remove, "was removed"},
		"moved":    {func(path string) error { return os.Rename(path, path+".old") }, "was removed"},
		"replaced": {func(path string) error { return os.Rename(path+".other", path) }, "was replaced"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "connector.db")
			if err := os.WriteFile(path+".other", nil, 0o600); err != nil {
				t.Fatal(err)
			}

			db, err := Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}

			t.Cleanup(func() { _ = db.Close() })
			write := func(*sql.Tx) error { return nil }
			if err := db.Tx(t.Context(), write); err != nil {
				t.Fatal(err)
			}

			within := func(tx *sql.Tx) error { // just before the commit
				if _, err := tx.ExecContext(t.Context(), addPerson, "josh"); err != nil {
					return err
				}
				return c.befall(path)
			}

			for what, err := range map[string]error{
				"the transaction that was under way": db.Tx(t.Context(), within),
				"the next":                           db.Tx(t.Context(), write),
				"the check":                          db.Check(t.Context()),
			} {
				if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("%s ends with %v, want that the file %s", what, err, c.says)
				}
			}

			if _, err := os.Stat(path); name != "replaced" && err == nil {
				t.Error("after the refusal: got a new file, want none")
			}
		})
	}
}
