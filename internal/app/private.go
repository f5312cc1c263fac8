package app

import (
	"os"
	"path/filepath"
)

// private makes the data folder one that only its owner can enter, and says what in it
// others can read all the same. A folder that is somebody else's is left as it is.
func private(data string) (open []string) {
	for _, path := range []string{data, filepath.Join(data, "encryption.key"), filepath.Join(data, "connector.db")} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&0o077 == 0 {
			continue
		}
		if path == data && os.Chmod(path, info.Mode().Perm()&0o700) == nil {
			continue
		}
		open = append(open, path)
	}
	return open
}
