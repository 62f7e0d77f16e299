//go:build unix

package agent

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

func ownDir() string { return "nbseal-" + strconv.Itoa(os.Getuid()) }

// checkDir refuses a directory in which somebody else could put a socket.
func checkDir(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(st.Uid) != os.Getuid() || info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%q: %w, with mode 0700", dir, ErrPeer)
	}
	return nil
}
