package hardening

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// lockSize is how much memory is locked at most, in bytes: less than the 8 MiB that
// most systems allow (RLIMIT_MEMLOCK).
const lockSize = 4 << 20

// LockMemory keeps the first 4 MiB of this process's heap from being swapped out
// (mlock(2)). Go puts small objects and the stacks of goroutines as far to the
// front as there is room, so that in a small program this is all of them; nothing
// promises it. The error is EPERM or ENOMEM where the user may not lock as much.
func LockMemory() error {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("locking memory: %w", err)
	}
	defer maps.Close()
	// What is where the heap is: its addresses differ from one architecture to
	// another.
	witness := fmt.Sprintf("%p", new([1 << 10]int))
	at, err := strconv.ParseUint(witness, 0, 64)
	if err != nil {
		return fmt.Errorf("locking memory: %w", err)
	}
	for s := bufio.NewScanner(maps); s.Scan(); {
		// proc_pid_maps(5): START-END rw-p OFFSET DEVICE INODE [NAME]
		fields := strings.Fields(s.Text())
		if len(fields) < 5 || fields[1] != "rw-p" || fields[4] != "0" {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		start, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		if err1 != nil || err2 != nil || at < start || at >= end {
			continue
		}
		if _, _, errno := unix.Syscall(unix.SYS_MLOCK, uintptr(start), uintptr(min(end-start, lockSize)), 0); errno != 0 {
			return fmt.Errorf("locking memory: %w", errno)
		}
		return nil
	}
	return fmt.Errorf("locking memory: %w", unix.ENOTSUP)
}
