//go:build unix

package main

import (
	"os"
	"syscall"
)

// sameOwner gives a file that is open the owner of another, where there is that one and we may.
func sameOwner(as string, f *os.File) error {
	info, err := os.Stat(as)
	if err != nil {
		return nil //nolint:nilerr // there is none: ours it stays
	}

	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}

	return f.Chown(int(s.Uid), int(s.Gid))
}
