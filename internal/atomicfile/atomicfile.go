// Package atomicfile replaces files so that whoever looks, whenever the power
// goes, finds either the old content whole or the new content whole.
//
// [Write] makes a temporary file in the directory of its target, under a random
// name that did not exist before, writes, flushes it to the disk, renames it
// over the target and flushes the directory. When it returns nil, the content
// survives a loss of power as far as the disk tells the truth about flushing.
// Files are private, mode 0600, unless the caller says otherwise.
//
// It does not keep extended attributes, access control lists and hard links of
// the file it replaces. On Windows it sets no access control list, a new file
// has what its directory hands down, and directories cannot be flushed: there a
// rename may be lost with the power, but is never seen half done.
//
// A process that is killed leaves a temporary file behind, which [IsTemp]
// recognises and [Sweep] removes; it holds nothing but a part of what was to be
// written.
package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// ErrChanged says that the file no longer holds what the caller had read.
var ErrChanged = errors.New("the file was changed in the meantime")

// Option changes how a file is written.
type Option func(*config)

type config struct {
	mode   fs.FileMode
	keep   bool
	absent bool
	checks []func(*os.Root, string) error
}

// Mode sets the permissions of the new file, from which the process's umask
// takes away; without it they are 0600. Windows does not heed it.
func Mode(perm fs.FileMode) Option {
	return func(c *config) { c.mode = perm.Perm() }
}

// KeepMode gives the new file the permissions of the one it replaces and, where
// the system permits, its owner and group. When the group cannot be kept, its
// members get no more than others had, so that no group reads what it could not
// read before. Without a file to replace it does nothing, nor does it on Windows.
func KeepMode() Option { return func(c *config) { c.keep = true } }

// Check has f called when the new content is safe on the disk, immediately
// before it takes the place of the old. An error from f ends the writing, leaves
// the target as it was and is returned, wrapped. Checks run in the order given.
//
// Between f and the rename lies one system call in which another program can
// still write; only programs that take a common [Lock] exclude one another.
func Check(f func() error) Option {
	return func(c *config) {
		c.checks = append(c.checks, func(*os.Root, string) error { return f() })
	}
}

// IfUnchanged is a [Check] that the file to be replaced still holds exactly the
// bytes old, as the caller read them. Otherwise, also when it is gone, the error
// is ErrChanged. It compares content and not times, whose grain is too coarse on
// many file systems. The slice must not change until Write returns.
func IfUnchanged(old []byte) Option {
	return func(c *config) {
		c.checks = append(c.checks, func(root *os.Root, name string) error {
			f, err := root.Open(name)
			if errors.Is(err, fs.ErrNotExist) {
				return ErrChanged
			} else if err != nil {
				return err
			}
			defer f.Close()
			now, err := io.ReadAll(io.LimitReader(f, int64(len(old))+1))
			if err != nil {
				return err
			}
			if !bytes.Equal(now, old) {
				return ErrChanged
			}
			return nil
		})
	}
}

// IfAbsent refuses, with fs.ErrExist, to replace anything: of two writers at
// once one succeeds. Only on a file system without hard links is there one
// system call in which the second can still replace what the first wrote.
func IfAbsent() Option { return func(c *config) { c.absent = true } }

// Write makes data the content of the file at path, whose directory must exist.
// When path is a symbolic link, the file it leads to is replaced, and the link
// stays. It refuses to replace what is not a regular file.
//
// After an error the target is as it was, except when only the flushing of the
// directory failed: then it has the new content, which may not survive a loss of
// power. The temporary file is removed in each case.
func Write(path string, data []byte, opts ...Option) error {
	dir, base, err := follow(path)
	if err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	defer root.Close()
	if err := write(root, base, data, opts); err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	return nil
}

// WriteIn is Write for the file of that name under root, with slashes between
// folders, which must exist. Nothing outside of root is touched, whatever
// symbolic links are in it, and the file itself must not be one.
func WriteIn(root *os.Root, name string, data []byte, opts ...Option) error {
	sub, err := root.OpenRoot(path.Dir(name))
	if err != nil {
		return fmt.Errorf("writing %q: %w", name, err)
	}
	defer sub.Close()
	if err := write(sub, path.Base(name), data, opts); err != nil {
		return fmt.Errorf("writing %q: %w", name, err)
	}
	return nil
}

func write(root *os.Root, base string, data []byte, opts []Option) (err error) {
	c := config{mode: 0o600}
	for _, o := range opts {
		o(&c)
	}
	old, err := root.Lstat(base)
	if errors.Is(err, fs.ErrNotExist) {
		old = nil
	} else if err != nil {
		return err
	} else if !old.Mode().IsRegular() {
		return fmt.Errorf("it is not a regular file (%v)", old.Mode().Type())
	}
	if !c.keep {
		old = nil
	}

	tmp := tempName(base)
	placed := false
	defer func() {
		// Also when a check panics.
		if placed {
			return
		}
		if rerr := root.Remove(tmp); !errors.Is(rerr, fs.ErrNotExist) {
			err = errors.Join(err, rerr)
		}
	}()
	if err := fill(root, tmp, data, c.mode, old); err != nil {
		return err
	}
	for _, check := range c.checks {
		if err := check(root, base); err != nil {
			return err
		}
	}
	if c.absent {
		// A hard link leaves tmp behind, for the deferred call to remove.
		if placed, err = placeNew(root, tmp, base); err != nil {
			return err
		}
		return syncDir(root, ".")
	}
	if err := rename(root, tmp, base); err != nil {
		return err
	}
	placed = true
	return syncDir(root, ".")
}

// placeNew gives tmp the name base if nothing has it, and reports whether tmp
// was renamed.
func placeNew(root *os.Root, tmp, base string) (renamed bool, err error) {
	err = root.Link(tmp, base)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return false, err
	}
	// No hard links here.
	if _, err := root.Lstat(base); err == nil {
		return false, fs.ErrExist
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	err = rename(root, tmp, base)
	return err == nil, err
}

// fill makes the temporary file and flushes it; old is the file whose mode and
// owner to keep, or nil.
func fill(root *os.Root, tmp string, data []byte, mode fs.FileMode, old fs.FileInfo) (err error) {
	if old != nil {
		mode = 0o600 // until it has the right owner
	}
	f, err := root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(data); err != nil {
		return err
	}
	if old != nil {
		if err := keepOwner(f, old); err != nil {
			return err
		}
	}
	return f.Sync()
}
