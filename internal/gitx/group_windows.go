package gitx

import "syscall"

// ownGroup keeps a terminal's Ctrl-C from a git that the program reads from, so
// that it is the program that ends it, and never mistakes an interruption for
// damage: https://learn.microsoft.com/windows/win32/procthread/process-creation-flags
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
