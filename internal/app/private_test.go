package app

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestTheDataFolderIsPrivate(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	key, file := filepath.Join(data, "encryption.key"), filepath.Join(data, "connector.db")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{key: 0o644, file: 0o600, data: 0o777} {
		if path != data {
			if err := os.WriteFile(path, nil, mode); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	if got := private(data); !slices.Equal(got, []string{key}) {
		t.Errorf("others can read %v, want %v", got, key)
	}
	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
