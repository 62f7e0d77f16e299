//go:build darwin || freebsd

package agent

import "golang.org/x/sys/unix"

// peerUser asks who is at the other end: unix(4), LOCAL_PEERCRED.
func peerUser(fd int) (uint32, error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
