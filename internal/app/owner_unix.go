//go:build unix

package app

import (
	"os"
	"syscall"
)

// owner is whom a file belongs to.
func owner(info os.FileInfo) uint32 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Uid
	}
	return uint32(os.Geteuid())
}
