//go:build darwin || freebsd

package agent

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// checkPeer makes sure that who is at the other end is this user: unix(4),
// LOCAL_PEERCRED.
func checkPeer(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Xucred
	if ctlErr := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	}); ctlErr != nil {
		return ctlErr
	}
	if err != nil {
		return err
	}
	if int(cred.Uid) != os.Getuid() {
		return ErrPeer
	}
	return nil
}
