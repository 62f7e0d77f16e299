//go:build unix

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

func rename(root *os.Root, from, to string) error { return root.Rename(from, to) }

// syncDir flushes the names in a directory. A file system that has no such
// thing answers EINVAL or ENOTSUP, and nothing more can be done there.
func syncDir(root *os.Root, name string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// keepOwner gives f the owner, group and permissions of old, in this order: a
// change of owner clears bits.
func keepOwner(f *os.File, old fs.FileInfo) error {
	now, err := f.Stat()
	if err != nil {
		return err
	}
	mode := old.Mode().Perm()
	was, ok1 := old.Sys().(*syscall.Stat_t)
	is, ok2 := now.Sys().(*syscall.Stat_t)
	if !ok1 || !ok2 {
		return errors.New("the system does not tell the owner")
	}
	if was.Uid != is.Uid || was.Gid != is.Gid {
		// Only root may give files away, and others only to their own groups.
		if f.Chown(int(was.Uid), int(was.Gid)) != nil && was.Gid != is.Gid && f.Chown(-1, int(was.Gid)) != nil {
			mode = withoutGroup(mode)
		}
	}
	if now.Mode().Perm() == mode {
		return nil // file systems without permissions refuse chmod
	}
	return f.Chmod(mode)
}

// withoutGroup leaves to the group what it shares with all others.
func withoutGroup(mode fs.FileMode) fs.FileMode {
	others := mode & 0o007
	return mode&^0o070 | mode&(others<<3)
}
