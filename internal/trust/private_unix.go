//go:build unix

package trust

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// private refuses what somebody else could have written.
func private(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return errors.New("it is not a regular file")
	}
	if info.Mode().Perm()&0o022 != 0 {
		return errors.New("others can write to it; chmod 600 makes it private, after a look at what it says")
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		return errors.New("it belongs to another user")
	}
	return nil
}
