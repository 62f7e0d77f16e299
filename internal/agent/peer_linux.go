package agent

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// checkPeer makes sure that who is at the other end is this user: unix(7),
// SO_PEERCRED.
func checkPeer(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	if ctlErr := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
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
