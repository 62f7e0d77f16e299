package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// MkdirPrivate makes the directory at path and its missing parents, all with
// mode 0700, durably. A directory that exists keeps its mode.
func MkdirPrivate(path string) error {
	var missing []string
	for p := filepath.Clean(path); ; p = filepath.Dir(p) {
		if _, err := os.Stat(p); err == nil || p == filepath.Dir(p) {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("making directory %q: %w", path, err)
		}
		missing = append(missing, p)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("making directory %q: %w", path, err)
	}
	for _, p := range missing {
		if err := syncPath(filepath.Dir(p)); err != nil {
			return fmt.Errorf("making directory %q: %w", path, err)
		}
	}
	return nil
}

// MkdirIn makes the folder of that name under root, with slashes between
// folders, and its missing parents, all with mode 0700. It flushes all parents
// up to root, made by it or not: whoever made them may have been killed before
// flushing.
func MkdirIn(root *os.Root, name string) error {
	if err := root.MkdirAll(name, 0o700); err != nil {
		return fmt.Errorf("making directory %q: %w", name, err)
	}
	for p := path.Clean(name); p != "."; {
		p = path.Dir(p)
		if err := syncDir(root, p); err != nil {
			return fmt.Errorf("making directory %q: %w", name, err)
		}
	}
	return nil
}

// RemoveIn removes the file or empty folder of that name under root, durably.
func RemoveIn(root *os.Root, name string) error {
	if err := root.Remove(name); err != nil {
		return fmt.Errorf("removing %q: %w", name, err)
	}
	if err := syncDir(root, path.Dir(name)); err != nil {
		return fmt.Errorf("removing %q: %w", name, err)
	}
	return nil
}

func syncPath(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return syncDir(root, ".")
}
