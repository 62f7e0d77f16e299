//go:build !linux

package detect

import "time"

// cpuTime is how long f takes.
func cpuTime(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}
