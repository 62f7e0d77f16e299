package detect

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is how much of a processor f takes, whatever else goes on:
// clock_gettime(2), CLOCK_THREAD_CPUTIME_ID. What getrusage tells is counted in
// ticks on many systems.
func cpuTime(f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used := func() time.Duration {
		var now unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
			panic(err)
		}
		return time.Duration(now.Nano())
	}
	before := used()
	f()
	return used() - before
}
