package identity

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func vault(t *testing.T, keys ...string) *Vault {
	t.Helper()
	v, err := NewVault(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVaultGivesBackWhatItSealed(t *testing.T) {
	t.Parallel()
	v := vault(t, testKey)
	rapid.Check(t, func(t *rapid.T) {
		place, secret := rapid.String().Draw(t, "place"), rapid.String().Draw(t, "secret")
		sealed := v.Seal(place, secret)
		if got, err := v.Open(place, sealed); err != nil || got != secret {
			t.Fatalf("sealed and opened: %q, %v; want %q", got, err, secret)
		}
		if secret != "" && bytes.Equal(sealed, v.Seal(place, secret)) {
			t.Fatal("the same secret sealed twice: got equal bytes, want different ones")
		}
	})
}

func TestVaultRefuses(t *testing.T) {
	t.Parallel()
	v := vault(t, testKey)
	sealed := v.Seal("credentials/josh/access", "secret")
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if got, err := v.Open("credentials/josh/access", bad); err == nil {
			t.Errorf("byte %d damaged: opened as %q, want an error", i, got)
		}
		if got, err := v.Open("credentials/josh/access", sealed[:i]); err == nil && i > 0 {
			t.Errorf("cut at %d: opened as %q, want an error", i, got)
		}
	}

	for _, place := range []string{"", "credentials/julia/access", "credentials/josh/refresh"} {
		if got, err := v.Open(place, sealed); err == nil {
			t.Errorf("moved to %q: opened as %q, want an error", place, got)
		}
	}

	if got, err := vault(t, otherKey).Open("credentials/josh/access", sealed); err == nil {
		t.Errorf("with another key: opened as %q, want an error", got)
	}
}

func TestVaultKeyCanBeReplaced(t *testing.T) {
	t.Parallel()
	before := vault(t, testKey).Seal("p", "old")
	both := vault(t, otherKey, testKey)
	if got, err := both.Open("p", before); err != nil || got != "old" {
		t.Fatalf("sealed before a key was added: %q, %v; want \"old\"", got, err)
	}

	after := both.Seal("p", "new")
	if got, err := vault(t, otherKey).Open("p", after); err != nil || got != "new" {
		t.Errorf("sealed with two keys, opened with the first: %q, %v; want \"new\"", got, err)
	}

	if _, err := vault(t, testKey).Open("p", after); err == nil {
		t.Error("opening with the old key what came after it: got no error, want one")
	}
}

func TestVaultRefusesBadKeys(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][]string{
		"none":       nil,
		"empty":      {""},
		"short":      {"YWJj"},
		"no base64":  {"!" + testKey[1:]},
		"second bad": {testKey, "x"},
	} {
		if _, err := NewVault(keys...); err == nil {
			t.Errorf("the keys with %s are accepted, want an error", name)
		}
	}

	vault(t, " "+testKey+"\n") // as a file holds it
}

func TestKeyFileIsMadeOnce(t *testing.T) {
	t.Parallel()
	for range 20 {
		path := filepath.Join(t.TempDir(), "new", "key")
		keys := make([]string, 8)
		var wg sync.WaitGroup
		for i := range keys {
			wg.Go(func() {
				made, err := KeyFile(path)
				if err != nil {
					t.Error(err)
				}
				keys[i] = strings.Join(made, ",")
			})
		}

		wg.Wait()
		for _, key := range keys {
			if _, err := NewVault(key); err != nil || key != keys[0] {
				t.Fatalf("keys that were made at once: %q, %v; want the same valid one for all", keys, err)
			}
		}

		onlyTheKey(t, path)
	}
}

func onlyTheKey(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key's file has the mode %v, %v; want 0600", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside the key's file: %v, %v; want nothing", left, err)
	}
}

func TestKeyFileThatCannotBeReadIsNotReplaced(t *testing.T) {
	t.Parallel()
	path := t.TempDir() // a directory in its place
	if key, err := KeyFile(path); err == nil {
		t.Errorf("a directory in the key's place: made %q, want an error", key)
	}
}
