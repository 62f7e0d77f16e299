//go:build linux || darwin || freebsd

package agent

import (
	"net"
	"os"
)

// checkPeer makes sure that who is at the other end is this user.
func checkPeer(conn *net.UnixConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var uid uint32
	if ctlErr := raw.Control(func(fd uintptr) { uid, err = peerUser(int(fd)) }); ctlErr != nil {
		return ctlErr
	}
	if err == nil && int(uid) != os.Getuid() {
		err = ErrPeer
	}
	return err
}
