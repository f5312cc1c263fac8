package identity

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/nuxeo-frameio/nuxeo-frameio/internal/fault"
)

// keyFile notices when the file with the keys was changed.
type keyFile struct {
	path string

	mu      sync.Mutex
	looked  time.Time
	written time.Time
	size    int64
}

// lookAgain is how often the file is looked at; it is small and local.
const lookAgain = time.Second

// changed reads the keys when the file is not the one that was read last. It
// looks at once when a key is missing.
func (f *keyFile) changed(missed bool) ([]string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !missed && time.Since(f.looked) < lookAgain {
		return nil, false
	}

	// Time and size are cheap to compare, so the file is read only if they differ.
	f.looked = time.Now()
	info, err := os.Stat(f.path)
	if err != nil || info.ModTime().Equal(f.written) && info.Size() == f.size {
		return nil, false
	}

	// A file that cannot be read now may be in the middle of a change.
	keys, err := readKeys(f.path)
	if err != nil {
		return nil, false
	}

	f.written, f.size = info.ModTime(), info.Size()
	return keys, true
}

// readKeys are the lines of a key file, the sealing key first.
func readKeys(path string) ([]string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(b)), nil
}

// KeyFile reads the keys in a file, or makes one that only its owner can read.
func KeyFile(path string) ([]string, error) {
	keys, err := readKeys(path)
	if err == nil {
		return keys, nil
	}

	// Only a key that never was may be made: a new one would open nothing.
	if !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the encryption key: %w", err)
	}

	if err := makeKey(path); err != nil {
		return nil, fmt.Errorf("making the encryption key: %w", err)
	}

	return readKeys(path)
}

func newKey() string {
	key := make([]byte, chacha20poly1305.KeySize)
	_, _ = rand.Read(key) // never fails
	return base64.StdEncoding.EncodeToString(key)
}

// RotateKey puts a new key before those of a key file. Whoever runs on the file
// seals with it within a second. It returns the new key's name.
func RotateKey(path string) (name string, err error) {
	keys, err := readKeys(path)
	if err != nil {
		return "", noKeyFile(path, err)
	}
	keys = slices.Insert(keys, 0, newKey())
	return nameOf(keys[0]), writeKeys(path, keys)
}

// RetireKeys removes the keys that seal nothing any more from a key file, and
// returns their names. used has a name for each key that does.
func RetireKeys(path string, used map[string]int) (retired []string, err error) {
	keys, err := readKeys(path)
	if err != nil {
		return nil, noKeyFile(path, err)
	}

	// The first key seals what is new, whether it has been used or not.
	var kept []string
	for i, k := range keys {
		if i == 0 || used[nameOf(k)] > 0 {
			kept = append(kept, k)
		} else {
			retired = append(retired, nameOf(k))
		}
	}

	if len(retired) == 0 {
		return nil, nil
	}

	return retired, writeKeys(path, kept)
}

// KeyNames are the names of the keys in a file, the sealing one first.
func KeyNames(path string) ([]string, error) {
	keys, err := readKeys(path)
	if err != nil {
		return nil, noKeyFile(path, err)
	}
	for i, k := range keys {
		keys[i] = nameOf(k)
	}
	return keys, nil
}

func noKeyFile(path string, err error) error {
	return fault.New(fault.NotFound, "There is no key file %s.", path).
		With("Give the folder of the installation with --data. Keys in the setting encryption-key are changed there: " +
			"put the new one first.").Because(err)
}

func nameOf(key string) string {
	r, err := newRing([]string{key})
	if err != nil {
		return "unusable"
	}
	return hex.EncodeToString([]byte(r.seal))
}

// writeKeys replaces the file as a whole, on the disk before it has its name.
func writeKeys(path string, keys []string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return err
	}

	_, err = f.WriteString(strings.Join(keys, "\n") + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}

	return os.Rename(f.Name(), path)
}

// makeKey puts a whole key at path, or leaves the one that is there: of two
// first starts one makes it, and a start that dies midway leaves none.
func makeKey(path string) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}

	// Write the whole key under another name first.
	f, err := os.CreateTemp(dir, ".key-*") // readable by its owner only
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.WriteString(newKey() + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}

	// A link, unlike a rename, never replaces the key of another start.
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}

	return nil
}
