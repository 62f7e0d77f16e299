//go:build !linux

package hardening

import (
	"errors"
	"fmt"
)

// LockMemory is not done here: macOS encrypts what it swaps out, Windows where the
// administrator says so.
func LockMemory() error { return fmt.Errorf("locking memory: %w", errors.ErrUnsupported) }
