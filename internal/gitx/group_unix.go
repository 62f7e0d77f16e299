//go:build unix

package gitx

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from a git that the program reads from, so
// that it is the program that ends it, and never mistakes an interruption for
// damage.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
