package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Exposure is a file that others on this machine can get at, and should not.
type Exposure struct{ Path, Why, Remedy string }

// others are the permissions of all accounts of the machine but the owner of a file.
const others = 0o077

// Exposed are the data folder and what in it holds secrets, and some other files, as far
// as others can read them or own them. Those that are not there are none, and there are none
// where files do not tell.
func Exposed(data string, also ...string) (all []Exposure) {
	if !modes {
		return nil
	}

	// Whose files may be ours.
	mine := []uint32{0, uint32(os.Geteuid())}
	if info, err := os.Stat(data); err == nil && os.Geteuid() == 0 {
		mine = append(mine, owner(info)) // root looks after what is another account's
	}

	// The folder and what in it is secret, as far as it is there.
	paths := []string{data}
	for _, name := range []string{"encryption.key", "connector.db", "connector.db-wal"} {
		paths = append(paths, filepath.Join(data, name))
	}

	for _, path := range append(paths, also...) {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}

		if by := owner(info); !slices.Contains(mine, by) {
			all = append(all, Exposure{
				path, fmt.Sprintf("%s belongs to another account of this machine (%d)", path, by),
				fmt.Sprintf("Give it to the account of the connector: chown %d %s", os.Geteuid(), path),
			})
		} else if info.Mode().Perm()&others != 0 {
			all = append(all, Exposure{
				path, fmt.Sprintf("others on this machine can read %s (%#o)", path, info.Mode().Perm()),
				"Allow only its owner: chmod go= " + path,
			})
		}
	}

	return all
}

// private makes the data folder one that only its owner can enter, where that is allowed,
// and tells what is exposed all the same.
func private(data string, also ...string) []Exposure {
	if info, err := os.Stat(data); err == nil && info.Mode().Perm()&others != 0 {
		_ = os.Chmod(data, info.Mode().Perm()&0o700) // or it is told
	}
	return Exposed(data, also...)
}
