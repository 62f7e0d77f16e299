package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// errSharingViolation is ERROR_SHARING_VIOLATION of winerror.h.
const errSharingViolation = syscall.Errno(32)

// rename retries for up to two seconds: virus scanners and indexers open new
// files for a moment, and Windows refuses to rename what another has open.
func rename(root *os.Root, from, to string) error {
	wait := time.Millisecond
	for start := time.Now(); ; wait *= 2 {
		err := root.Rename(from, to)
		if err == nil || time.Since(start)+wait > 2*time.Second ||
			!errors.Is(err, syscall.ERROR_ACCESS_DENIED) && !errors.Is(err, errSharingViolation) {
			return err
		}
		time.Sleep(wait)
	}
}

// syncDir does nothing: Windows cannot flush a directory.
func syncDir(*os.Root, string) error { return nil }

// keepOwner does nothing: a new file has the access control list that its
// directory hands down.
func keepOwner(*os.File, fs.FileInfo) error { return nil }
