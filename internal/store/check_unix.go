//go:build unix

package store

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner tells what is wrong with a file's owner and permissions. Groups may
// write: a project's files often are a group's.
func checkOwner(info fs.FileInfo) string {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid() {
		return fmt.Sprintf("it belongs to the user with the id %d", stat.Uid)
	}
	if info.Mode()&0o002 != 0 && info.Mode()&fs.ModeSymlink == 0 {
		return fmt.Sprintf("everybody can write it (mode %04o)", info.Mode().Perm())
	}
	return ""
}
