//go:build !linux && !darwin && !freebsd

package agent

import "net"

// checkPeer cannot ask here: the directory keeps others out.
func checkPeer(*net.UnixConn) error { return nil }
