package app

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

	if got := exposed(private(data)); !slices.Equal(got, []string{key}) {
		t.Errorf("others can read %v, want %v", got, key)
	}

	settings := filepath.Join(data, "connector.toml")
	if err := os.WriteFile(settings, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	if err := os.Chmod(settings, 0o640); err != nil {
		t.Fatal(err)
	}

	if got := exposed(Exposed(data, settings)); !slices.Equal(got, []string{key, settings}) {
		t.Errorf("others can read %v, want %v", got, []string{key, settings})
	}

	if info, err := os.Stat(data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data's folder has the mode %v, %v; want 0700", info.Mode(), err)
	}
}

// What belongs to another account is its to read and change, whatever its mode.
func TestWhatBelongsToOthersIsExposed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}

	data := t.TempDir()
	key := filepath.Join(data, "encryption.key")
	if err := errors.Join(os.Chmod(data, 0o700), os.WriteFile(key, nil, 0o600), os.Chown(key, 4711, 4711)); err != nil {
		t.Fatal(err)
	}

	if got := Exposed(data); len(got) != 1 || got[0].Path != key || !strings.Contains(got[0].Why, "(4711)") ||
		!strings.HasPrefix(got[0].Remedy, "Give it to") {
		t.Errorf("the key of another account is told as %+v, want %s with its number 4711, and to give it to ours",
			got, key)
	}

	if err := os.Chown(data, 4711, 4711); err != nil {
		t.Fatal(err)
	}

	if got := Exposed(data); len(got) != 0 {
		t.Errorf("what root sees of another account's installation is told as %+v, want nothing", got)
	}
}

func exposed(all []Exposure) (paths []string) {
	for _, e := range all {
		paths = append(paths, e.Path)
	}
	return paths
}
