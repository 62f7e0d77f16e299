//go:build unix

package cli

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// leaveSession parts this process from the terminal and the directory that it was
// started in: setsid(2).
func leaveSession() error {
	if _, err := unix.Setsid(); err != nil {
		return fmt.Errorf("leaving the session: %w", err)
	}
	return os.Chdir("/")
}

// keepFiles makes files that this process was started with, and does not know of,
// stay with it: a process that lives on must not hold somebody's terminal or pipe.
func keepFiles() {
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		return
	}
	for _, f := range open {
		if fd, err := strconv.Atoi(f.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}
