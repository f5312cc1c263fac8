//go:build unix

package app

import (
	"os"
	"syscall"
)

// modes reports whether files say what others may do with them.
const modes = true

// owner is whom a file belongs to.
func owner(info os.FileInfo) uint32 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Uid
	}
	return uint32(os.Geteuid())
}
