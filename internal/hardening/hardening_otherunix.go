//go:build unix && !linux

package hardening

// Process forbids core files of this process and of those it starts
// (RLIMIT_CORE 0, which cannot be raised again without privilege).
func Process() error { return noCore() }
