//go:build unix

package provider

import "syscall"

// nonBlocking keeps the opening of a named pipe from waiting for its writer. To
// regular files it means nothing.
const nonBlocking = syscall.O_NONBLOCK
