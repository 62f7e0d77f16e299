//go:build unix

package transfer

import (
	"io/fs"
	"syscall"
)

// nonBlocking keeps a pipe from holding up who opens it.
const nonBlocking = syscall.O_NONBLOCK

// openToOthers reports whether others than the owner may do anything with a file of
// these permissions.
func openToOthers(mode fs.FileMode) bool { return mode.Perm()&0o077 != 0 }
