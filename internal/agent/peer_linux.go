package agent

import "golang.org/x/sys/unix"

// peerUser asks who is at the other end: unix(7), SO_PEERCRED.
func peerUser(fd int) (uint32, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
