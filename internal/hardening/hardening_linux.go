package hardening

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Process forbids core files of this process and of those it starts
// (RLIMIT_CORE 0, which cannot be raised again without privilege), and makes
// this one undumpable (prctl(2), PR_SET_DUMPABLE): processes of the same user
// can then neither trace it nor read its memory and environment in /proc. A
// program started from here is dumpable again, but without core files.
//
// Files in /proc/self belong to root from here on. So a process without
// privilege can no longer open /dev/stdin, /dev/fd/N or a shell's <(…): call
// Process after the files named by the user are open. Descriptors that are open
// work as before.
func Process() error {
	if err := noCore(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("making the process undumpable: %w", err)
	}
	return nil
}
