//go:build unix

package hardening

import (
	"fmt"

	"golang.org/x/sys/unix"
)

func noCore() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("forbidding core files: %w", err)
	}
	return nil
}
