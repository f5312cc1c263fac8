package identity

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
	"github.com/nuxeo-frameio/nuxeo-frameio/internal/store"
)

func keyOf(letter string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
}

// A key that does not open what is stored is noticed at the start, and a lost
// one is never replaced silently.
func TestOpenVaultKnowsItsDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "encryption.key")
	db, err := store.Open(t.Context(), filepath.Join(dir, "connector.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := OpenVault(t.Context(), db, nil, file); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenVault(t.Context(), db, nil, file); err != nil {
		t.Errorf("the second start: %v", err)
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string][]string{"another key": {keyOf("a")}, "no key": {"abc"}} {
		if _, err := OpenVault(t.Context(), db, keys, file); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenVault(t.Context(), db, []string{keyOf("a"), string(kept)}, file); err != nil {
		t.Errorf("a new key before the old one: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenVault(t.Context(), db, nil, file); !fault.Is(err, fault.Invalid) {
		t.Errorf("without the key file: %v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a new key was made in silence")
	}
}
