package detect

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is how much of a processor f takes, whatever else goes on: getrusage(2),
// RUSAGE_THREAD.
func cpuTime(f func()) time.Duration {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used := func() time.Duration {
		var r unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_THREAD, &r); err != nil {
			panic(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	before := used()
	f()
	return used() - before
}
